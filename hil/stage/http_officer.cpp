#include "hil/stage/http_officer.hpp"

#include <nlohmann/json.hpp>

#include "edge/runtime/system_clock.hpp"
#include "hil/stage/sockets.hpp"

namespace rampa::hil {
namespace {

using nlohmann::json;
constexpr const char* password = "bench-password-1";

json parsed(const std::string& text) { return json::parse(text, nullptr, false); }

}  // namespace

Result<std::string> HttpOfficer::call(const std::string& method, const std::string& path, const std::string& body, int& status) {
  std::map<std::string, std::string> headers{{"X-Rampa", "1"}};
  if (!cookie_.empty()) headers["Cookie"] = cookie_;
  if (path.find("/actions") != std::string::npos) headers["Idempotency-Key"] = "bench-" + std::to_string(runtime::random_bits()) + "-" + std::to_string(++keys_);
  auto answer = http_call(stage_.http_port(), method, path, body, headers);
  if (!answer) return tl::unexpected(answer.error());
  status = answer->status;
  if (!answer->cookie.empty()) cookie_ = answer->cookie;
  return answer->body;
}

Result<void> HttpOfficer::sign_in() {
  cookie_.clear();
  int status = 0;
  auto session = call("GET", "/api/v1/session", "", status);
  if (!session) return tl::unexpected(session.error());
  if (!parsed(*session).value("claimed", false)) {
    std::string code;  // the page may answer a moment before the code is in the log
    for (int i = 0; i < 250 && (code = stage_.claim_code()).empty(); ++i) runtime::sleep_for(20ms);
    auto claimed = call("POST", "/api/v1/claim", json{{"code", code}, {"badge", "1"}, {"name", "Bench administrator"}, {"password", password}}.dump(), status);
    if (!claimed) return tl::unexpected(claimed.error());
    if (status != 201) return fail(ErrorCode::refused, "claim: " + *claimed);
    for (auto [badge, role] : {std::pair{"1001", "shift_leader"}, {"1002", "officer"}, {"1003", "shift_leader"}}) {
      auto made = call("POST", "/api/v1/officers", json{{"badge", badge}, {"name", std::string("Bench officer ") + badge}, {"role", role}, {"password", password}}.dump(), status);
      if (!made) return tl::unexpected(made.error());
      if (status != 201) return fail(ErrorCode::refused, "officer: " + *made);
    }
  }
  cookie_.clear();
  auto in = call("POST", "/api/v1/session", json{{"badge", "1001"}, {"password", password}}.dump(), status);
  if (!in) return tl::unexpected(in.error());
  if (status != 200) return fail(ErrorCode::refused, "sign in: " + *in);
  return {};
}

Result<std::vector<LaneSight>> HttpOfficer::lanes() {
  int status = 0;
  auto text = call("GET", "/api/v1/lanes", "", status);
  if (!text) return tl::unexpected(text.error());
  if (status == 401 || status == 423) {
    if (auto in = sign_in(); !in) return tl::unexpected(in.error());
    text = call("GET", "/api/v1/lanes", "", status);
    if (!text) return tl::unexpected(text.error());
  }
  const json all = parsed(*text);
  if (status != 200 || !all.is_object()) return fail(ErrorCode::bad_reply, "lanes: " + *text);
  std::vector<LaneSight> sights;
  for (const auto& lane : all.at("lanes")) {
    auto text_of = [&](const char* key) { return lane.contains(key) && lane[key].is_string() ? lane[key].get<std::string>() : std::string{}; };
    LaneSight sight;
    sight.lane = text_of("id");
    sight.kind = text_of("kind");
    sight.phase = text_of("phase");
    sight.crossing = text_of("crossing");
    sight.channel = text_of("channel");
    if (lane["verdict"].is_object()) sight.verdict = lane["verdict"].value("verdict", "");
    for (const auto& control : lane["ordered"]) sight.ordered.push_back(control);
    for (const auto& control : lane["controls"]) sight.recorded.push_back(control.value("control", ""));
    if (lane.contains("scan") && lane["scan"].is_object()) sight.scan_complete = lane["scan"].value("complete", false);
    for (const auto& boom : lane["booms"]) sight.boom_closed = sight.boom_closed && boom.value("position", "") == "closed";
    for (const char* point : {"loop_boom", "photocell"})
      if (lane["presence"].contains(point) && lane["presence"][point].is_boolean() && lane["presence"][point].get<bool>()) sight.zone_free = false;
    sight.second_needed = lane["policy"].value("override_needs_second", true);
    sights.push_back(std::move(sight));
  }
  return sights;
}

Result<bool> HttpOfficer::act(const std::string& lane, const OfficerWish& wish) {
  json body{{"action", wish.action}};
  if (!wish.crossing.empty()) body["crossing"] = wish.crossing;
  if (wish.action == "override") body["verdict"] = wish.verdict;
  if (!wish.reason.empty()) body["reason"] = wish.reason;
  if (wish.action == "record_control") {
    body["control"] = wish.control;
    body["finding"] = wish.finding;
  }
  if (wish.action == "open_boom" || wish.action == "close_boom") body["boom"] = wish.boom;
  if (wish.with_second) body["second"] = {{"badge", "1002"}, {"password", password}};
  int status = 0;
  auto answer = call("POST", "/api/v1/lanes/" + lane + "/actions", body.dump(), status);
  if (!answer) return tl::unexpected(answer.error());
  refusal_.clear();
  if (status == 200) return true;
  const json problem = parsed(*answer);
  refusal_ = problem.is_object() ? problem.value("detail", *answer) : *answer;
  if (status == 409) return false;
  return fail(ErrorCode::refused, lane + " " + wish.action + ": " + std::to_string(status) + " " + refusal_);
}

}  // namespace rampa::hil
