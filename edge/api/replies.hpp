// What was answered to a command, by its Idempotency-Key: a repeated request gets the first answer and does nothing twice.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <variant>

#include "edge/api/http.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::api {

/// Thread: any.
class Replies {
 public:
  static constexpr std::size_t kept_max = 1000;
  static constexpr Duration kept_for = 24h;

  struct Fresh {};      ///< go ahead, then finish() or forget()
  struct Running {};    ///< the first one is not answered yet
  struct OtherBody {};  ///< the key was used for something else
  using Found = std::variant<Fresh, Running, OtherBody, Response>;

  [[nodiscard]] Found begin(const std::string& officer, const std::string& key, const std::string& body, MonoTime now);
  void finish(const std::string& officer, const std::string& key, const Response& answer);
  /// Nothing was done: the key is free again.
  void forget(const std::string& officer, const std::string& key);

 private:
  struct Entry {
    std::string body_digest;
    MonoTime begun;
    bool done = false;
    Response answer;
  };
  std::mutex mutex_;
  std::map<std::string, Entry> entries_;  ///< "officer\nkey"
  std::deque<std::string> order_;         ///< oldest first; may name entries that are gone
};

}  // namespace rampa::api
