#include "hil/sync/comparison.hpp"

#include <map>
#include <nlohmann/json.hpp>

#include "hil/sync/business.hpp"

namespace rampa::hil {
namespace {

using nlohmann::json;

constexpr std::size_t page_records = 5000;

void wrong(Comparison& result, std::uint64_t& counter, const std::string& what) {
  ++counter;
  if (result.first_wrong.empty()) result.first_wrong = what;
}

/// Whether what HQ says of the time of a record holds: the record itself carries the true one.
void judge_time(Comparison& result, const json& row) {
  const std::string name = "record " + row.value("sequence", json()).dump();
  const auto truth = true_time_in(row.value("open", json()).dump());
  if (!truth) return wrong(result, result.corrupt, name + " does not say its true time");
  const json clock = row.value("clock", json());
  if (!clock.is_object() || !clock.value("behind_ms_min", json()).is_number() || !clock.value("behind_ms_max", json()).is_number()) {
    // What was written before HQ ever met the post has no earlier side.
    if (!result.interval_ms.empty()) wrong(result, result.without_interval, "HQ has no interval for " + name);
    return;
  }
  const auto least = clock["behind_ms_min"].get<std::int64_t>(), most = clock["behind_ms_max"].get<std::int64_t>();
  const std::int64_t behind = truth->ms - row.value("wall_ms", std::int64_t{0});
  result.interval_ms.push_back(static_cast<double>(most - least));
  if (behind < least || behind > most)
    wrong(result, result.outside_interval, name + " was written " + std::to_string(behind) + " ms after what its wall clock said, by HQ's word between " +
                                               std::to_string(least) + " and " + std::to_string(most));
}

class Judge {
 public:
  explicit Judge(SyncStage& stage) : stage_(stage) {}

  Result<Comparison> run() {
    if (auto compared = records(); !compared) return tl::unexpected(compared.error());
    if (auto compared = blobs(); !compared) return tl::unexpected(compared.error());
    if (auto compared = tallies(); !compared) return tl::unexpected(compared.error());
    return result_;
  }

 private:
  Result<json> ask(std::vector<std::string> words) {
    auto text = stage_.hq_tool(words);
    if (!text) return tl::unexpected(text.error());
    json parsed = json::parse(*text, nullptr, false);
    if (parsed.is_discarded()) return fail(ErrorCode::bad_reply, "rampa-hq " + words.front() + ": " + text->substr(0, 200));
    return parsed;
  }

  Result<void> records() {
    auto journal = store::open_journal(stage_.post_directory());
    if (!journal) return tl::unexpected(journal.error());
    for (std::uint64_t from = 1;; from += page_records) {
      auto here = (*journal)->read(from, page_records);
      if (!here) return tl::unexpected(here.error());
      auto there = ask({"records", "--post", "P1", "--from", std::to_string(from), "--limit", std::to_string(page_records)});
      if (!there) return tl::unexpected(there.error());
      for (const auto& raw : *here)
        for (const auto& blob : raw.blobs) blobs_[blob.sha256] = blob.size_bytes;
      compare_records(result_, *here, *there, here->size() == page_records ? from + page_records : 0);
      if (here->size() < page_records) return {};
    }
  }

  Result<void> blobs() {
    for (const auto& [sha256, size] : blobs_) {
      ++result_.blobs;
      const auto image = ask({"image", sha256});  // rampa-hq reads it whole and checks its hash
      if (!image || image->value("size_bytes", std::uint64_t{0}) != size)
        wrong(result_, result_.lost, "blob " + sha256 + ": " + (image ? "another size" : image.error().what));
    }
    return {};
  }

  Result<void> tallies() {
    auto verified = ask({"verify", "--post", "P1"});
    if (!verified) return tl::unexpected(verified.error());
    if (const auto broken = verified->value("first_broken", "?"); !broken.empty()) wrong(result_, result_.corrupt, "rampa-hq verify: " + broken);
    auto posts = ask({"posts"});
    if (!posts) return tl::unexpected(posts.error());
    for (const json& post : *posts) {
      if (post.value("post", "") != "P1") continue;
      result_.alarms = post.value("alarms", std::uint64_t{0});
      result_.quarantined = post.value("quarantined", std::uint64_t{0});
      if (post.value("records", std::uint64_t{0}) > result_.records)  // fewer: each of them was named above
        wrong(result_, result_.twice, "HQ counts " + post.value("records", json(0)).dump() + " records, the journal " + std::to_string(result_.records));
    }
    return {};
  }

  SyncStage& stage_;
  Comparison result_;
  std::map<std::string, std::uint64_t> blobs_;
};

}  // namespace

void compare_records(Comparison& result, const std::vector<store::JournalReader::Raw>& here, const json& rows, std::uint64_t next) {
  std::map<std::uint64_t, const json*> found;
  for (const json& row : rows) {
    const auto sequence = row.value("sequence", std::uint64_t{0});
    if (next > 0 && sequence >= next) break;  // HQ's page goes further where records are missing
    if (!found.emplace(sequence, &row).second) wrong(result, result.twice, "record " + std::to_string(sequence) + " is at HQ twice");
  }
  for (const auto& raw : here) {
    ++result.records;
    const std::string name = "record " + std::to_string(raw.sequence);
    const auto at = found.find(raw.sequence);
    if (at == found.end()) {
      wrong(result, result.lost, name + " is not at HQ");
      continue;
    }
    const json& row = *at->second;
    if (row.value("hash", "") != raw.hash || row.value("kind", "") != raw.kind) wrong(result, result.corrupt, name + " is another one at HQ");
    const auto stream = row.value("stream", "");
    const auto number = row.value("number", std::uint64_t{0});
    if (stream != store::name_of(raw.stream) || number != raw.stream_sequence)
      wrong(result, result.out_of_order, name + " is number " + std::to_string(raw.stream_sequence) + " of the " + std::string(store::name_of(raw.stream)) +
                                             ", at HQ number " + std::to_string(number) + " of the " + stream);
    judge_time(result, row);
    found.erase(at);
  }
  for (const auto& [sequence, row] : found) wrong(result, result.corrupt, "record " + std::to_string(sequence) + " is at HQ and in no journal");
}

Result<Comparison> compare_post_with_hq(SyncStage& stage) { return Judge(stage).run(); }

}  // namespace rampa::hil
