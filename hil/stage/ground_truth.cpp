#include "hil/stage/ground_truth.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "edge/crossing/record_json.hpp"
#include "edge/runtime/system_clock.hpp"

namespace rampa::hil {
namespace {

using nlohmann::json;

constexpr std::size_t all_of_them = 100'000;

/// The records of a crossing as `rampa show` prints them.
Result<json> records_of(const Stage& stage, const std::string& id) {
  auto shown = stage.post_tool({"show", id});
  if (!shown) return tl::unexpected(shown.error());
  json crossing = json::parse(*shown, nullptr, false);
  if (!crossing.is_object() || !crossing["records"].is_array()) return fail(ErrorCode::bad_reply, "rampa show " + id + ": " + shown->substr(0, 200));
  return std::move(crossing["records"]);
}

/// Calls `take` with each record of each crossing, crossings oldest first.
template <class F>
Result<void> each_record(const Stage& stage, F&& take) {
  auto rows = newest_crossings(stage, all_of_them);
  if (!rows) return tl::unexpected(rows.error());
  for (auto row = rows->rbegin(); row != rows->rend(); ++row) {
    auto records = records_of(stage, row->id);
    if (!records) return tl::unexpected(records.error());
    for (const auto& record : *records)
      if (auto taken = take(record); !taken) return taken;
  }
  return {};
}

Result<void> take_in(std::vector<CrossingSeen>& seen, const json& shown) {
  const std::string body = shown.at("body").dump();
  auto decoded = decode(body, body);  // the tool prints open and personal fields together
  if (!decoded) return tl::unexpected(decoded.error());
  Record record;
  record.lane.text = shown.value("lane", "");
  record.crossing.text = shown.value("crossing", "");
  record.at.wall.ms = shown.value("wall_ms", std::int64_t{0});
  record.body = std::move(*decoded);
  add_record(seen, record);
  return {};
}

/// Both chains are whole and equally long; the number of records, or what is wrong.
Result<std::size_t> verify_both(const Stage& stage) {
  auto here = stage.post_tool({"verify"}, {0, 1});
  if (!here) return tl::unexpected(here.error());
  auto there = stage.hq_tool({"verify", "--post", stage.post()}, {0, 1});
  if (!there) return tl::unexpected(there.error());
  const json post = json::parse(*here, nullptr, false), hq = json::parse(*there, nullptr, false);
  if (!post.is_object() || !hq.is_object()) return fail(ErrorCode::bad_reply, "verify: " + here->substr(0, 100) + " / " + there->substr(0, 100));
  if (const auto broken = post.value("first_broken", "?"); !broken.empty()) return fail(ErrorCode::invalid, "rampa verify: " + broken);
  if (const auto broken = hq.value("first_broken", "?"); !broken.empty()) return fail(ErrorCode::invalid, "rampa-hq verify: " + broken);
  const auto ours = post.value("records", std::size_t{0}), theirs = hq.value("records", std::size_t{0});
  if (ours != theirs || ours == 0)
    return fail(ErrorCode::invalid, "the post has " + std::to_string(ours) + " records, HQ " + std::to_string(theirs));
  return ours;
}

}  // namespace

Result<std::vector<CrossingRow>> newest_crossings(const Stage& stage, std::size_t limit) {
  auto text = stage.post_tool({"crossings", "--limit", std::to_string(limit)});
  if (!text) return tl::unexpected(text.error());
  const json list = json::parse(*text, nullptr, false);
  if (!list.is_object()) return fail(ErrorCode::bad_reply, "rampa crossings: " + text->substr(0, 200));
  std::vector<CrossingRow> rows;
  for (const auto& row : list.at("crossings")) rows.push_back({row.value("id", ""), row.value("outcome", ""), row.value("acknowledged", false)});
  return rows;
}

Result<CrossingSeen> crossing_of(const Stage& stage, const std::string& id) {
  auto records = records_of(stage, id);
  if (!records) return tl::unexpected(records.error());
  std::vector<CrossingSeen> seen;
  for (const auto& record : *records)
    if (auto taken = take_in(seen, record); !taken) return tl::unexpected(taken.error());
  if (seen.size() != 1) return fail(ErrorCode::bad_reply, "rampa show " + id + ": not one crossing");
  return std::move(seen.front());
}

Result<std::vector<CrossingSeen>> crossings_of(const Stage& stage) {
  std::vector<CrossingSeen> seen;
  auto done = each_record(stage, [&](const json& shown) { return take_in(seen, shown); });
  if (!done) return tl::unexpected(done.error());
  return seen;
}

HqCheck compare_with_hq(const Stage& stage, Duration patience) {
  HqCheck check;
  const runtime::SystemClock clock;
  const MonoTime give_up = clock.mono() + patience;
  for (;;) {
    auto text = stage.hq_tool({"posts"});
    check.detail = text ? "HQ does not know the post" : text.error().what;
    if (text) {
      const json posts = json::parse(*text, nullptr, false);
      for (const auto& post : posts)
        if (post.is_object() && post.value("post", "") == stage.post()) {
          const auto behind = post.value("behind", -1);
          const auto records = post.value("records", 0);
          check.detail = "HQ is behind by " + std::to_string(behind) + " records";
          if (behind == 0 && records > 0) check.detail.clear();
        }
    }
    std::map<std::int64_t, std::string> there;
    if (check.detail.empty()) {
      auto records = stage.hq_tool({"records", "--post", stage.post(), "--limit", "1000000"});
      const json list = records ? json::parse(*records, nullptr, false) : json();
      if (!list.is_array()) check.detail = "rampa-hq records gives no list";
      else
        for (const auto& record : list) there[record.value("sequence", std::int64_t{0})] = record.value("hash", "");
    }
    if (check.detail.empty()) {
      // The chains first: they are quickly asked again while pictures are still on their way.
      if (const auto verified = verify_both(stage); verified) check.verified = *verified;
      else check.detail = verified.error().what;
    }
    if (check.detail.empty()) {
      check.records = 0;
      auto compared = each_record(stage, [&](const json& record) -> Result<void> {
        const auto sequence = record.value("sequence", std::int64_t{0});
        const auto found = there.find(sequence);
        if (found == there.end()) return fail(ErrorCode::not_found, "HQ lacks record " + std::to_string(sequence));
        if (found->second != record.value("hash", "")) return fail(ErrorCode::invalid, "HQ has another record " + std::to_string(sequence));
        ++check.records;
        return {};
      });
      if (compared) {
        check.all = true;
        return check;
      }
      check.detail = compared.error().what;
    }
    if (clock.mono() >= give_up) return check;
    runtime::sleep_for(250ms);
  }
}

}  // namespace rampa::hil
