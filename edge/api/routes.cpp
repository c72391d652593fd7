#include <spdlog/spdlog.h>

#include "edge/api/parts.hpp"

namespace rampa::api {
namespace {

enum class Access { anyone, locked_too, signed_in, decides, shift_leader, administrator };

struct Route {
  std::string_view method;
  std::string_view pattern;  ///< `*` stands for one segment
  Access access;
  Response (*endpoint)(Parts&, Call&);
};

constexpr Route routes[] = {
    {"GET", "/healthz", Access::anyone, healthz},
    {"GET", "/readyz", Access::anyone, readyz},
    {"GET", "/version", Access::anyone, version},
    {"GET", "/metrics", Access::anyone, metrics},
    {"GET", "/api/v1/session", Access::anyone, get_session},
    {"POST", "/api/v1/claim", Access::anyone, claim},
    {"POST", "/api/v1/session", Access::anyone, sign_in},
    {"POST", "/api/v1/session/unlock", Access::locked_too, unlock},
    {"DELETE", "/api/v1/session", Access::locked_too, sign_out},
    {"POST", "/api/v1/session/keepalive", Access::signed_in, keepalive},
    {"POST", "/api/v1/session/password", Access::signed_in, change_password},
    {"GET", "/api/v1/officers", Access::administrator, list_officers},
    {"POST", "/api/v1/officers", Access::administrator, add_officer},
    {"POST", "/api/v1/officers/*", Access::administrator, change_officer},
    {"GET", "/api/v1/lanes", Access::signed_in, list_lanes},
    {"GET", "/api/v1/lanes/*", Access::signed_in, get_lane},
    {"POST", "/api/v1/lanes/*/actions", Access::decides, act_at_lane},
    {"GET", "/api/v1/crossings", Access::signed_in, list_crossings},
    {"GET", "/api/v1/crossings/*", Access::signed_in, get_crossing},
    {"GET", "/api/v1/crossings/*/reference-images", Access::signed_in, list_reference_images},
    {"GET", "/api/v1/reference-images/*", Access::signed_in, get_reference_image},
    {"GET", "/api/v1/blobs/*", Access::signed_in, get_blob},
    {"POST", "/api/v1/paper-crossings", Access::decides, enter_paper_crossing},
    {"GET", "/api/v1/devices", Access::signed_in, list_devices},
    {"GET", "/api/v1/status", Access::signed_in, get_status},
    {"GET", "/api/v1/profiles", Access::signed_in, get_profiles},
    {"GET", "/api/v1/code-lists", Access::signed_in, list_code_lists},
    {"GET", "/api/v1/code-lists/*", Access::signed_in, get_code_list},
    {"GET", "/api/v1/urgent-profiles", Access::shift_leader, list_urgent_profiles},
    {"POST", "/api/v1/urgent-profiles", Access::shift_leader, propose_urgent_profile},
    {"POST", "/api/v1/urgent-profiles/*/confirm", Access::shift_leader, confirm_urgent_profile},
    {"POST", "/api/v1/urgent-profiles/*/withdraw", Access::shift_leader, withdraw_urgent_profile},
};

bool matches(std::string_view pattern, const std::vector<std::string>& segments, std::vector<std::string>& arguments) {
  arguments.clear();
  std::size_t i = 0;
  while (!pattern.empty()) {
    pattern.remove_prefix(1);  // the slash
    const auto slash = pattern.find('/');
    const std::string_view part = pattern.substr(0, slash);
    if (i >= segments.size()) return false;
    if (part == "*") arguments.push_back(segments[i]);
    else if (part != segments[i]) return false;
    ++i;
    pattern = slash == std::string_view::npos ? std::string_view{} : pattern.substr(slash);
  }
  return i == segments.size();
}

/// A page of another origin must not be able to make a browser do anything here.
std::optional<Response> refuse_foreign(const Request& request) {
  if (request.header("x-rampa").empty())
    return problem(403, "header-missing", "requests that change something need the header X-Rampa: 1", request);
  const std::string origin = request.header("origin");
  if (!origin.empty()) {
    const auto scheme = origin.find("://");
    if (scheme == std::string::npos || origin.substr(scheme + 3) != request.header("host"))
      return problem(403, "not-same-origin", "the request comes from a page of " + origin, request);
  }
  if (!request.body.empty() && request.header("content-type").substr(0, 16) != "application/json")
    return problem(415, "media-type", "send application/json", request);
  return std::nullopt;
}

/// Session of the request, or why there is none.
tl::expected<Session, Response> session_of(Parts& parts, const Request& request, const std::string& token, bool locked_too,
                                         bool activity) {
  const auto session = parts.sessions.find(token, parts.clock.mono(), activity);
  if (!session) return tl::unexpected(problem(401, "not-signed-in", "sign in first", request));
  if (session->locked && !locked_too)
    return tl::unexpected(problem(423, "session-locked", "locked after a time without activity; unlock with the password", request));
  return *session;
}

}  // namespace

Response answer(Parts& parts, const Request& request) {
  const bool reading = request.method == "GET" || request.method == "HEAD";
  const std::string_view method = request.method == "HEAD" ? "GET" : std::string_view(request.method);
  Call call{request, {}, std::nullopt, request.cookie(session_cookie)};
  bool known_path = false;
  for (const Route& route : routes) {
    if (!matches(route.pattern, request.segments, call.arguments)) continue;
    known_path = true;
    if (route.method != method) continue;
    if (!reading)
      if (auto refused = refuse_foreign(request)) return *refused;
    if (route.access != Access::anyone) {
      auto session = session_of(parts, request, call.token, route.access == Access::locked_too,
                                request.header("x-rampa-background").empty());
      if (!session) return session.error();
      call.session = *session;
      if (route.access == Access::administrator && session->role != Role::administrator)
        return problem(403, "role", "only an administrator may do that", request);
      if (route.access == Access::shift_leader && session->role != Role::shift_leader)
        return problem(403, "role", "only a shift leader may see or make urgent profiles", request);
      if (route.access == Access::decides && !decides(session->role))
        return problem(403, "role", "an administrator keeps accounts and decides nothing at a lane; sign in as an officer", request);
    }
    return route.endpoint(parts, call);
  }
  if (known_path) return problem(405, "method", request.method + " is not possible here", request);
  const bool api = !request.segments.empty() && request.segments.front() == "api";
  if (!api && reading) return parts.files.answer(request);
  return problem(404, "not-found", "nothing is here: " + request.path, request);
}

std::vector<std::string> route_names() {
  std::vector<std::string> names{"GET /api/v1/events"};
  for (const Route& route : routes) names.push_back(std::string(route.method) + " " + std::string(route.pattern));
  return names;
}

tl::expected<Session, Response> admit_stream(Parts& parts, const Request& request) {
  if (request.method != "GET") return tl::unexpected(problem(405, "method", "only GET is possible here", request));
  // A stream that reconnects by itself must not keep a session from locking.
  return session_of(parts, request, request.cookie(session_cookie), false, false);
}

Response failed(const Error& error, const Request& request) {
  switch (error.code) {
    case ErrorCode::not_found: return problem(404, "not-found", error.what, request);
    case ErrorCode::invalid: return problem(400, "invalid", error.what, request);
    case ErrorCode::refused: return problem(409, "refused", error.what, request);
    case ErrorCode::outcome_unknown:
    case ErrorCode::timeout: return problem(504, "outcome-unknown", error.what, request);
    case ErrorCode::busy: return problem(503, "busy", error.what, request).with("Retry-After", "1");
    default: return problem(503, "store", error.what, request);
  }
}

Result<void> audit(Parts& parts, std::string what, std::string who, std::string detail) {
  const std::string label = what;
  auto written = parts.port.write_audit_note(AuditNote{std::move(what), std::move(who), std::move(detail)}, 5s);
  if (!written) {
    ++parts.counters.audit_failures;
    spdlog::error("audit note '{}' was not written: {}", label, written.error().what);
  }
  return written;
}

Result<std::unique_ptr<store::PictureReader>> Readers::take() {
  {
    std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto reader = std::move(idle_.back());
      idle_.pop_back();
      return reader;
    }
  }
  return port_.picture_reader();
}

void Readers::give_back(std::unique_ptr<store::PictureReader> reader) {
  std::lock_guard lock(mutex_);
  if (idle_.size() < kept_max) idle_.push_back(std::move(reader));
}

}  // namespace rampa::api
