// What the endpoints share, and the table that sends a request to one of them.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "edge/api/appliance_port.hpp"
#include "edge/api/http.hpp"
#include "edge/api/officers.hpp"
#include "edge/api/passwords.hpp"
#include "edge/api/replies.hpp"
#include "edge/api/server.hpp"
#include "edge/api/sessions.hpp"
#include "edge/api/static_files.hpp"
#include "edge/api/throttle.hpp"

namespace rampa::api {

/// Counted since start; shown by /metrics.
struct Counters {
  std::array<std::atomic<std::uint64_t>, 6> answers{};  ///< by status / 100
  std::atomic<std::uint64_t> sign_in_failures{0}, actions_accepted{0}, actions_refused{0}, actions_unknown{0};
  std::atomic<std::uint64_t> streams_refused{0}, stream_resets{0}, audit_failures{0};
  std::atomic<int> streams_open{0};
};

/// A few connections to SQLite's picture, lent to one request at a time.
class Readers {
 public:
  explicit Readers(AppliancePort& port) : port_(port) {}
  /// Runs `use` with a reader. A reader that reported an error is not kept: its file may have been replaced.
  template <class Use>
  auto with(Use use) -> decltype(use(std::declval<store::PictureReader&>())) {
    auto reader = take();
    if (!reader) return tl::unexpected(reader.error());
    auto result = use(**reader);
    if (result || result.error().code == ErrorCode::not_found) give_back(std::move(*reader));
    return result;
  }

 private:
  static constexpr std::size_t kept_max = 4;
  [[nodiscard]] Result<std::unique_ptr<store::PictureReader>> take();
  void give_back(std::unique_ptr<store::PictureReader> reader);
  AppliancePort& port_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<store::PictureReader>> idle_;
};

struct Parts {
  Settings settings;
  AppliancePort& port;
  Clock& clock;
  std::unique_ptr<Officers> officers;
  Passwords passwords;
  Sessions sessions;
  Throttle throttle;
  Replies replies;
  Readers readers;
  StaticFiles files;
  Counters counters;

  Parts(Settings s, AppliancePort& p, Clock& c, std::unique_ptr<Officers> o)
      : settings(std::move(s)), port(p), clock(c), officers(std::move(o)), passwords(settings.cheap_passwords),
        sessions(settings.idle_lock, settings.session_life), readers(p), files(settings.web_directory) {}
};

/// One request on its way through an endpoint.
struct Call {
  const Request& request;
  std::vector<std::string> arguments;  ///< what stood at the pattern's `*`
  std::optional<Session> session;      ///< there wherever the route wants one
  std::string token;
};

inline constexpr std::string_view session_cookie = "rampa_session";

/// Everything but the event stream. Thread: any.
[[nodiscard]] Response answer(Parts& parts, const Request& request);

/// "GET /api/v1/lanes/*" and so on: everything that is answered, for the test that keeps API.md true.
[[nodiscard]] std::vector<std::string> route_names();

/// May this request open an event stream? The session, or the problem to answer.
[[nodiscard]] tl::expected<Session, Response> admit_stream(Parts& parts, const Request& request);

/// Judges a password with delays, decoy and counting. The officer, or the problem to answer (`wrong_word`, 401 or 403).
[[nodiscard]] tl::expected<Officer, Response> check_password(Parts& parts, const Request& request, const std::string& badge,
                                                             const std::string& password, int wrong_status,
                                                             std::string_view wrong_word);

/// An appliance's error as a problem.
[[nodiscard]] Response failed(const Error& error, const Request& request);

/// Writes an audit note; a failure is logged and counted, and returned.
Result<void> audit(Parts& parts, std::string what, std::string who, std::string detail);

// Endpoints, by file.
Response get_session(Parts&, Call&);
Response claim(Parts&, Call&);
Response sign_in(Parts&, Call&);
Response unlock(Parts&, Call&);
Response keepalive(Parts&, Call&);
Response change_password(Parts&, Call&);
Response sign_out(Parts&, Call&);

Response list_officers(Parts&, Call&);
Response add_officer(Parts&, Call&);
Response change_officer(Parts&, Call&);

Response list_lanes(Parts&, Call&);
Response get_lane(Parts&, Call&);
Response act_at_lane(Parts&, Call&);

Response list_crossings(Parts&, Call&);
Response get_crossing(Parts&, Call&);
Response get_blob(Parts&, Call&);
Response list_reference_images(Parts&, Call&);
Response get_reference_image(Parts&, Call&);
Response enter_paper_crossing(Parts&, Call&);

Response healthz(Parts&, Call&);
Response readyz(Parts&, Call&);
Response version(Parts&, Call&);
Response metrics(Parts&, Call&);
Response list_devices(Parts&, Call&);
Response get_status(Parts&, Call&);
Response get_profiles(Parts&, Call&);
Response list_code_lists(Parts&, Call&);
Response get_code_list(Parts&, Call&);

Response list_urgent_profiles(Parts&, Call&);
Response propose_urgent_profile(Parts&, Call&);
Response confirm_urgent_profile(Parts&, Call&);
Response withdraw_urgent_profile(Parts&, Call&);

/// Shared by commands with an Idempotency-Key: `run` answers once per key. Its flag says whether the answer is kept
/// (something happened, or may have) or the key is free again.
struct Outcome {
  Response response;
  bool keep = false;
};
template <class Run>
Response once(Parts& parts, Call& call, Run run) {
  const Request& request = call.request;
  const std::string key = request.header("idempotency-key");
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  };
  bool good = !key.empty() && key.size() <= 64;
  for (const char c : key) good = good && allowed(c);
  if (!good) return problem(400, "key-missing", "Idempotency-Key must have 1 to 64 characters of A-Z a-z 0-9 . _ -", request);
  const std::string& officer = call.session->badge.text;
  auto found = parts.replies.begin(officer, key, request.path + "\n" + request.body, parts.clock.mono());
  if (std::holds_alternative<Replies::OtherBody>(found))
    return problem(422, "key-reused", "this Idempotency-Key was used for another request", request);
  if (std::holds_alternative<Replies::Running>(found))
    return problem(409, "in-progress", "the first request with this Idempotency-Key is not answered yet", request);
  if (auto* kept = std::get_if<Response>(&found)) return kept->with("Idempotent-Replay", "1");
  try {
    Outcome outcome = run();
    if (outcome.keep) parts.replies.finish(officer, key, outcome.response);
    else parts.replies.forget(officer, key);
    return outcome.response;
  } catch (...) {  // a bug below: nobody knows what happened, and the key must not stay "running" for ever
    parts.replies.finish(officer, key, problem(500, "internal", "failed while carrying out; look at the lane", request));
    throw;
  }
}

}  // namespace rampa::api
