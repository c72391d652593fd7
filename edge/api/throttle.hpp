// Growing delay after failed sign-ins, per account and per source. An attempt counts as failed from its beginning, so
// that many at once do not get a free try each.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "firmware-interfaces/time.hpp"

namespace rampa::api {

/// Thread: any.
class Throttle {
 public:
  static constexpr int free_per_account = 3;
  static constexpr int free_per_source = 10;
  static constexpr int delay_max_s = 300;
  static constexpr std::size_t entries_max = 2000;  ///< beyond it the one unused longest is forgotten

  /// Zero: go ahead, and report success with succeeded(). Otherwise how long to wait; nothing was counted.
  [[nodiscard]] Duration begin(const std::string& account, const std::string& source, MonoTime now);
  void succeeded(const std::string& account, const std::string& source);
  /// The attempt was not judged (server busy): it does not count.
  void not_judged(const std::string& account, const std::string& source);

 private:
  struct Entry {
    int failures = 0;
    MonoTime until, last;
  };
  Entry& entry(const std::string& key, MonoTime now);
  void take_back(const std::string& key, bool all);
  std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

}  // namespace rampa::api
