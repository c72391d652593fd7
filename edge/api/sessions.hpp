// Who is signed in. Kept in memory only: after a restart of the appliance everybody signs in again.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "edge/api/officers.hpp"

namespace rampa::api {

struct Session {
  OfficerId badge;
  std::string name;
  Role role = Role::officer;
  std::string terminal;  ///< where from: the terminal's name or address
  MonoTime ends;
  bool locked = false;
};

/// Thread: any. Tokens are kept as digests.
class Sessions {
 public:
  Sessions(Duration idle_lock, Duration life) : idle_lock_(idle_lock), life_(life) {}

  /// Ends the officer's other session. Returns the token for the cookie.
  [[nodiscard]] std::string open(const Officer& officer, const std::string& terminal, MonoTime now);
  /// Nothing: not signed in, or ended. `activity`: a person did something, which keeps the session from locking.
  [[nodiscard]] std::optional<Session> find(const std::string& token, MonoTime now, bool activity);
  void unlock(const std::string& token, MonoTime now);
  void close(const std::string& token);
  void close_of(const OfficerId& badge);

 private:
  struct Entry {
    Session session;
    MonoTime active;
  };
  const Duration idle_lock_, life_;
  std::mutex mutex_;
  std::map<std::string, Entry> entries_;  ///< by digest of the token; one per officer at most
};

}  // namespace rampa::api
