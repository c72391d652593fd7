#include "edge/app/learning_sources.hpp"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>

#include "edge/app/profiles_file.hpp"
#include "edge/risk/compiled_set.hpp"
#include "edge/store/digest.hpp"
#include "edge/store/segment_format.hpp"

namespace rampa::app {

namespace {

constexpr std::size_t sample_max = 4000, report_every = 20'000;

void take(PastFacts& past, risk::HistoryRow&& row, const Progress& progress) {
  past.history.add(row.facts, row.at, row.id);
  if (past.sample.size() < sample_max) past.sample.push_back(std::move(row.facts));
  if (progress && past.history.rows() % report_every == 0) progress(past.history.rows());
}

/// Ids of the last `most` crossings, oldest first.
Result<std::vector<CrossingId>> all_crossings(store::PictureReader& reader, std::size_t most = SIZE_MAX) {
  std::vector<CrossingId> ids;
  store::CrossingQuery query;
  query.limit = 1000;
  while (true) {
    auto rows = reader.crossings(query);
    if (!rows) return tl::unexpected(rows.error());
    for (const auto& row : *rows)
      if (!row.paper && ids.size() < most) ids.push_back(row.id);
    if (rows->size() < query.limit || ids.size() >= most) break;
    query.before = rows->back().id;
  }
  std::reverse(ids.begin(), ids.end());
  return ids;
}

using VersionByName = std::map<std::string, std::uint32_t, std::less<>>;

/// Versions of all profiles of the sets in a store, by what the post calls them.
class Versions {
 public:
  explicit Versions(std::string directory) : directory_(std::move(directory)) {}
  std::uint32_t operator()(std::string_view sha256, std::string_view profile) {
    auto known = sets_.find(sha256);
    if (known == sets_.end()) {
      VersionByName names;  // stays empty where the store has lost the set: the rows say so by their version 0
      if (const auto loaded = stored_profiles(directory_, std::string(sha256)))
        if (const auto set = std::dynamic_pointer_cast<const risk::CompiledSet>(*loaded))
          for (std::uint32_t i = 0; i < set->texts.size(); ++i) names[set->shown_id(i)] = set->texts[i].version;
      known = sets_.emplace(std::string(sha256), std::move(names)).first;
    }
    const auto found = known->second.find(profile);
    return found == known->second.end() ? 0 : found->second;
  }

 private:
  std::string directory_;
  std::map<std::string, VersionByName, std::less<>> sets_;
};

}  // namespace

Result<PastFacts> read_history_file(const std::string& file, const Progress& progress) {
  std::ifstream opened;
  if (file != "-") {
    opened.open(file);
    if (!opened) return fail(ErrorCode::not_found, file + ": cannot be read");
  }
  std::istream& in = file == "-" ? std::cin : opened;
  PastFacts past;
  risk::HistoryLines lines;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    auto row = lines.read(line);
    if (!row) return fail(row.error().code, file + ":" + std::to_string(number) + ": " + row.error().what);
    take(past, std::move(*row), progress);
  }
  if (in.bad()) return fail(ErrorCode::io, file + ": cannot be read to its end");
  return past;
}

Result<std::size_t> each_past_assessment(store::PictureReader& reader, const std::function<bool(risk::HistoryRow&&)>& use, std::size_t last_crossings) {
  auto ids = all_crossings(reader, last_crossings);
  if (!ids) return tl::unexpected(ids.error());
  std::size_t erased = 0;
  for (const auto& id : *ids) {
    auto records = reader.records_of(id);
    if (!records) return tl::unexpected(records.error());
    StoredRecord* last = nullptr;
    for (auto& record : *records)
      if (std::holds_alternative<AssessmentMade>(record.body)) last = &record;
    if (!last) continue;
    if (last->erased) {
      ++erased;
      continue;
    }
    if (!use({id.text, last->at.wall, std::move(std::get<AssessmentMade>(last->body).assessment.facts)})) break;
  }
  return erased;
}

Result<PastFacts> read_history(store::PictureReader& reader, const Progress& progress, std::size_t last_crossings) {
  PastFacts past;
  auto erased = each_past_assessment(reader, [&](risk::HistoryRow&& row) {
    take(past, std::move(row), progress);
    return true;
  }, last_crossings);
  if (!erased) return tl::unexpected(erased.error());
  past.erased = *erased;
  return past;
}

Result<risk::Outcomes> read_outcomes(const PostId& post, const std::string& directory, store::PictureReader& reader, const Progress& progress) {
  auto ids = all_crossings(reader);
  if (!ids) return tl::unexpected(ids.error());
  // The store's epoch: what a new disk under the old name begins is another store's.
  const std::string key_file = directory + "/keys/device.pub";
  std::ifstream in(key_file);
  std::string digits;
  std::getline(in, digits);
  const auto key = store::hash_from_hex(digits);
  if (!key) return fail(ErrorCode::invalid, key_file + " is missing or damaged, so it can't be told which store this is; start Rampa once, it makes it anew");
  const risk::StoreName store{post.text, store::to_hex(store::format::epoch_of(post, *key))};
  risk::Outcomes outcomes;
  auto versions = std::make_shared<Versions>(directory);
  const risk::VersionOf version_of = [versions](std::string_view sha, std::string_view profile) { return (*versions)(sha, profile); };
  std::uint64_t last = 0;
  std::size_t read = 0;
  for (const auto& id : *ids) {
    auto records = reader.records_of(id);
    if (!records) return tl::unexpected(records.error());
    for (const auto& record : *records) {
      outcomes.fold(store, record, version_of);
      last = std::max(last, record.sequence);
    }
    if (progress && ++read % 1000 == 0) progress(read);
  }
  // A crossing whose records came while this was read may be in part; the next reading completes it.
  if (last > 0) outcomes.cover(store, {1, last});
  return outcomes;
}

}  // namespace rampa::app
