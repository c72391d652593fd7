// From rows to a list: each text once, whatever order and however often it was written.
#include <algorithm>

#include "edge/risk/container_code.hpp"
#include "edge/risk/plate_text.hpp"
#include "edge/risk/watch_list.hpp"

namespace rampa::risk {
namespace {

constexpr std::size_t hashed_length_max = 64;
constexpr std::size_t complaints_max = 100;

/// What one of two rows leaves empty is taken from the other. Nothing: they contradict each other, in `where`.
std::optional<WatchAttributes> united(const WatchAttributes& a, const WatchAttributes& b, std::string_view& where) {
  WatchAttributes both;
  const auto field = [&](std::string WatchAttributes::* of, std::string_view name) {
    const std::string &x = a.*of, &y = b.*of;
    if (!x.empty() && !y.empty() && x != y) where = name;
    both.*of = x.empty() ? y : x;
  };
  where = {};
  field(&WatchAttributes::country, "country");
  field(&WatchAttributes::second_plate, "second plate");
  field(&WatchAttributes::carrier, "carrier");
  field(&WatchAttributes::note, "note");
  if (!where.empty()) return std::nullopt;
  return both;
}

}  // namespace

WatchListBuilder::WatchListBuilder(WatchListHead head, KeyedHasher hasher) {
  list_.head_ = std::move(head);
  list_.hasher_ = std::move(hasher);
  intern({});
}

std::uint32_t WatchListBuilder::intern(const WatchAttributes& attributes) {
  const auto [at, fresh] = interned_.try_emplace(attributes, static_cast<std::uint32_t>(list_.attributes_.size()));
  if (fresh) list_.attributes_.push_back(attributes);
  return at->second;
}

Result<void> WatchListBuilder::add(const WatchEntry& entry, std::uint32_t line) {
  const auto& head = list_.head_;
  const auto& a = entry.attributes;
  const auto bad = [](std::string what) { return fail(ErrorCode::invalid, std::move(what)); };
  if (!a.country.empty() && (a.country.size() != 3 || !std::all_of(a.country.begin(), a.country.end(), [](char c) { return c >= 'A' && c <= 'Z'; })))
    return bad("country \"" + a.country + "\" is no ISO 3166 alpha-3 code; write three capital letters, as SRB");
  if (!a.second_plate.empty() && !packed(a.second_plate))
    return bad("second plate \"" + a.second_plate + "\" is longer than " + std::to_string(plate_length_max) + " characters; write the plate alone");
  if (a.note.size() > 200) return bad("the note is longer than 200 bytes; write the file's number and keep the text there");
  if (a.carrier.size() > hashed_length_max) return bad("the carrier's number is longer than " + std::to_string(hashed_length_max) + " characters");
  if (head.kind == WatchKind::containers && !is_container_code(entry.text)) {
    const auto digit = container_check_digit(entry.text);
    if (!digit || entry.text.size() != 11)
      return bad("\"" + entry.text + "\" is no container code (ISO 6346); write four letters (the last U, J or Z), six digits and the check digit");
    if (entry.text[10] == static_cast<char>('0' + *digit)) return bad("\"" + entry.text + "\" is no container code (ISO 6346): its fourth letter is none of U, J and Z; correct the code");
    return bad("\"" + entry.text + "\": the check digit of the others is " + std::to_string(*digit) + "; correct the code");
  }
  const std::uint32_t attributes = intern(a);
  if (head.hashed()) {
    if (entry.text.size() > hashed_length_max) return bad("longer than " + std::to_string(hashed_length_max) + " characters; write one number in a row");
    if (!list_.hasher_) return bad("this list is kept as keyed hashes; give the key");
    hashed_.push_back({list_.hasher_(hashed_text(head, entry.text)), attributes, line});
    return {};
  }
  if (entry.text.size() < 2) return bad("\"" + entry.text + "\" is one character; every short plate would be one edit from it");
  const auto key = packed(entry.text);
  if (!key) return bad("\"" + entry.text + "\" is longer than " + std::to_string(plate_length_max) + " characters; write one plate in a row");
  plates_.push_back({*key, attributes, line});
  return {};
}

template <class Row>
Result<std::size_t> WatchListBuilder::unite(std::vector<Row>& rows) {
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.key != b.key ? a.key < b.key : a.line < b.line; });
  std::string complaints;
  std::size_t wrong = 0, kept = 0, duplicates = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (kept == 0 || rows[kept - 1].key != rows[i].key) {
      rows[kept++] = rows[i];
      continue;
    }
    std::string_view where;
    const auto both = united(list_.attributes_[rows[kept - 1].attributes], list_.attributes_[rows[i].attributes], where);
    if (both) {
      rows[kept - 1].attributes = intern(*both);
      ++duplicates;
    } else if (++wrong <= complaints_max) {
      complaints += (complaints.empty() ? "" : "\n") + std::string("line ") + std::to_string(rows[i].line) + ": stands already at line " +
                    std::to_string(rows[kept - 1].line) + " with another " + std::string(where) + "; keep one of the two";
    }
  }
  if (wrong > complaints_max) complaints += "\nand " + std::to_string(wrong - complaints_max) + " more";
  if (wrong > 0) return fail(ErrorCode::invalid, complaints);
  rows.resize(kept);
  return duplicates;
}

Result<WatchListBuilder::Built> WatchListBuilder::finish(const Options& options) {
  const auto tell = [&](std::string_view step, std::size_t done, std::size_t of) {
    if (options.progress) options.progress(step, done, of);
  };
  Built built;
  const bool any_attributes = list_.attributes_.size() > 1;
  tell("sorting", 0, size());
  if (list_.head_.hashed()) {
    const auto duplicates = unite(hashed_);
    if (!duplicates) return tl::unexpected(duplicates.error());
    built.duplicates = *duplicates;
    list_.hashes_.reserve(hashed_.size());
    for (const auto& row : hashed_) {
      list_.hashes_.push_back(row.key);
      if (any_attributes) list_.attribute_of_.push_back(row.attributes);
    }
    hashed_ = {};
    list_.rule_ = PossibleRule::never;
  } else {
    const auto duplicates = unite(plates_);
    if (!duplicates) return tl::unexpected(duplicates.error());
    built.duplicates = *duplicates;
    std::vector<PlateKey> keys;
    keys.reserve(plates_.size());
    if (any_attributes) list_.attribute_of_.reserve(plates_.size());
    for (const auto& row : plates_) {
      keys.push_back(row.key);
      if (any_attributes) list_.attribute_of_.push_back(row.attributes);
    }
    plates_ = {};
    const std::size_t count = keys.size();
    auto index = PlateIndex::build(std::move(keys), [&](std::size_t done) { tell("indexing", done, count); });
    if (!index) return tl::unexpected(index.error());
    list_.index_ = std::move(*index);
    tell("measuring false alerts", 0, options.reads);
    list_.false_alerts_ = measure_false_alerts(list_, options.reads, options.seed);
    list_.rule_ = rule_for(list_.false_alerts_, list_.head_.false_alerts_max_ppm);
  }
  interned_.clear();
  built.list = std::move(list_);
  list_ = {};
  return built;
}

}  // namespace rampa::risk
