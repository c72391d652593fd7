// What people should see of HQ's work: notices for the log and `serve --json`, and alarms, which stay in the ledger.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sync/hq/ledger.hpp"

namespace rampa::sync::hq {

struct Notice {
  std::string event;  ///< "greeted", "records", "blob", "refused", "quarantine", "alarm", "receipt", "ready", "link_lost"
  std::string post;
  std::string detail;
  std::uint64_t sequence = 0;  ///< of the journal; 0: none
};

class Bell {
 public:
  explicit Bell(Ledger& ledger) : ledger_(ledger) {}
  void tell(Notice notice) { notices_.push_back(std::move(notice)); }
  void alarm(const std::string& post, std::uint64_t sequence, const std::string& what, const std::string& detail, Stamp now) {
    if (ledger_.alarm(post, sequence, what, detail, now.wall)) notices_.push_back({"alarm", post, what + ": " + detail, sequence});
  }
  [[nodiscard]] std::vector<Notice> take() { return std::exchange(notices_, {}); }

 private:
  Ledger& ledger_;
  std::vector<Notice> notices_;
};

}  // namespace rampa::sync::hq
