// The HTTP interface of one post: API.md says what it answers. Poco stays inside server.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "edge/api/appliance_port.hpp"
#include "firmware-interfaces/result.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::api {

struct Settings {
  std::string listen = "127.0.0.1";  ///< not fit to face a network bare: stand it behind nginx (nginx.conf.example)
  std::uint16_t port = 8080;         ///< 0: any free one, see Server::port()
  std::string web_directory;         ///< built terminal (edge/terminal/dist); empty or missing: API only, and `/` says so
  std::string officers_file;         ///< accounts, made with mode 0600 when absent
  bool secure_cookie = false;        ///< true behind TLS: the cookie gets `Secure`
  bool trust_forwarded_for = false;  ///< true behind nginx on loopback: X-Real-IP names the source of a login
  Duration idle_lock = 5min;         ///< a session without activity is locked and needs its password again
  Duration session_life = 12h;
  Duration action_timeout = 5s;      ///< how long an action waits for the lane's answer
  int streams_max = 32;              ///< SSE clients at once; more get 503
  int request_threads = 16;
  bool cheap_passwords = false;      ///< tests only: argon2id at its least cost
};

/// Thread: start() starts its own threads; the destructor ends them all.
class Server {
 public:
  virtual ~Server() = default;
  [[nodiscard]] virtual std::uint16_t port() const = 0;
  /// At first start (no account yet) the code that `POST /api/v1/claim` wants; the app prints it on the appliance's own
  /// console and nowhere else. Empty once claimed. Every start before the claim makes a new one.
  [[nodiscard]] virtual std::string claim_code() const = 0;
};

/// `port` and `clock` must outlive the server. Errors: io (cannot listen, officers file unreadable or damaged: names the
/// file and the remedy; a damaged accounts file never reopens the claim).
[[nodiscard]] Result<std::unique_ptr<Server>> start(const Settings& settings, AppliancePort& port, Clock& clock);

}  // namespace rampa::api
