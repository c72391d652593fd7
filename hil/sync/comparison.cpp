#include "hil/sync/comparison.hpp"

#include <nlohmann/json.hpp>
#include <set>

#include "edge/store/store.hpp"
#include "hil/sync/business.hpp"

namespace rampa::hil {
namespace {

using nlohmann::json;

constexpr std::size_t page_records = 5000;

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
  void wrong(std::uint64_t& counter, const std::string& what) {
    ++counter;
    if (result_.first_wrong.empty()) result_.first_wrong = what;
  }

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
      compare_page(from, *here, *there, here->size() == page_records);
      if (here->size() < page_records) return {};
    }
  }

  /// HQ's page may begin and end elsewhere only where records are missing or double.
  void compare_page(std::uint64_t from, const std::vector<store::JournalReader::Raw>& here, const json& there, bool full) {
    std::map<std::uint64_t, const json*> found;
    std::uint64_t before = from - 1;
    for (const json& row : there) {
      const auto sequence = row.value("sequence", std::uint64_t{0});
      if (full && sequence >= from + page_records) break;  // belongs to the next page
      if (!found.emplace(sequence, &row).second) wrong(result_.twice, "record " + std::to_string(sequence) + " is at HQ twice");
      else if (sequence < before) wrong(result_.out_of_order, "record " + std::to_string(sequence) + " stands behind " + std::to_string(before));
      before = sequence;
    }
    for (const auto& raw : here) {
      ++result_.records;
      for (const auto& blob : raw.blobs) blobs_[blob.sha256] = blob.size_bytes;
      const auto at = found.find(raw.sequence);
      if (at == found.end()) {
        wrong(result_.lost, "record " + std::to_string(raw.sequence) + " is not at HQ");
        continue;
      }
      if (at->second->value("hash", "") != raw.hash || at->second->value("kind", "") != raw.kind)
        wrong(result_.corrupt, "record " + std::to_string(raw.sequence) + " is another one at HQ");
      judge_time(*at->second);
      found.erase(at);
    }
    for (const auto& [sequence, row] : found) wrong(result_.corrupt, "record " + std::to_string(sequence) + " is at HQ and in no journal");
  }

  /// Whether what HQ says of the time of a record holds: the record itself carries the true one.
  void judge_time(const json& row) {
    const auto truth = true_time_in(row.value("open", json()).dump());
    if (!truth) return wrong(result_.corrupt, "record " + row.value("sequence", json()).dump() + " does not say its true time");
    const json clock = row.value("clock", json());
    if (!clock.is_object() || !clock.value("behind_ms_min", json()).is_number() || !clock.value("behind_ms_max", json()).is_number()) {
      // What was written before HQ ever met the post has no earlier side.
      if (!result_.interval_ms.empty()) wrong(result_.without_interval, "HQ has no interval for record " + row.value("sequence", json()).dump());
      return;
    }
    const auto least = clock["behind_ms_min"].get<std::int64_t>(), most = clock["behind_ms_max"].get<std::int64_t>();
    const std::int64_t behind = truth->ms - row.value("wall_ms", std::int64_t{0});
    result_.interval_ms.push_back(static_cast<double>(most - least));
    if (behind < least || behind > most)
      wrong(result_.outside_interval, "record " + row.value("sequence", json()).dump() + " was written " + std::to_string(behind) +
                                          " ms after what its wall clock said, by HQ's word between " + std::to_string(least) + " and " + std::to_string(most));
  }

  Result<void> blobs() {
    for (const auto& [sha256, size] : blobs_) {
      ++result_.blobs;
      const auto image = ask({"image", sha256});  // rampa-hq reads it whole and checks its hash
      if (!image || image->value("size_bytes", std::uint64_t{0}) != size)
        wrong(result_.lost, "blob " + sha256 + ": " + (image ? "another size" : image.error().what));
    }
    return {};
  }

  Result<void> tallies() {
    auto verified = ask({"verify", "--post", "P1"});
    if (!verified) return tl::unexpected(verified.error());
    if (const auto broken = verified->value("first_broken", "?"); !broken.empty()) wrong(result_.corrupt, "rampa-hq verify: " + broken);
    auto posts = ask({"posts"});
    if (!posts) return tl::unexpected(posts.error());
    for (const json& post : *posts) {
      if (post.value("post", "") != "P1") continue;
      result_.alarms = post.value("alarms", std::uint64_t{0});
      result_.quarantined = post.value("quarantined", std::uint64_t{0});
      if (post.value("records", std::uint64_t{0}) > result_.records)  // fewer: each of them was named above
        wrong(result_.twice, "HQ counts " + post.value("records", json(0)).dump() + " records, the journal " + std::to_string(result_.records));
    }
    return {};
  }

  SyncStage& stage_;
  Comparison result_;
  std::map<std::string, std::uint64_t> blobs_;
};

}  // namespace

Result<Comparison> compare_post_with_hq(SyncStage& stage) { return Judge(stage).run(); }

}  // namespace rampa::hil
