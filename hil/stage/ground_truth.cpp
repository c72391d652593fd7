#include "hil/stage/ground_truth.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "edge/crossing/record_json.hpp"
#include "edge/runtime/system_clock.hpp"

namespace rampa::hil {
namespace {

using nlohmann::json;

struct PostRecord {
  std::string hash, crossing;
};

/// Calls `take` with each record of each crossing, crossings oldest first.
template <class F>
Result<void> each_record(const Stage& stage, F&& take) {
  auto text = stage.post_tool({"crossings", "--limit", "100000"});
  if (!text) return tl::unexpected(text.error());
  json list = json::parse(*text, nullptr, false);
  if (!list.is_object()) return fail(ErrorCode::bad_reply, "rampa crossings: " + text->substr(0, 200));
  auto& rows = list["crossings"];
  std::reverse(rows.begin(), rows.end());
  for (const auto& row : rows) {
    auto shown = stage.post_tool({"show", row.value("id", "")});
    if (!shown) return tl::unexpected(shown.error());
    const json crossing = json::parse(*shown, nullptr, false);
    for (const auto& record : crossing["records"])
      if (auto taken = take(record); !taken) return taken;
  }
  return {};
}

}  // namespace

Result<std::vector<CrossingSeen>> crossings_of(const Stage& stage) {
  std::vector<CrossingSeen> seen;
  auto done = each_record(stage, [&](const json& shown) -> Result<void> {
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
  });
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
