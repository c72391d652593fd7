// What people should see of HQ's work: notices for the log and `serve --json`, and alarms, which stay in the ledger.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sync/hq/ledger.hpp"

namespace rampa::sync::hq {

struct Notice {
  std::string event;  ///< "greeted", "records", "blob", "refused", "quarantine", "alarm", "receipt", "ready", "link_lost", "dropped"
  std::string post;
  std::string detail;
  std::uint64_t sequence = 0;  ///< of the journal; 0: none
};

inline constexpr std::size_t notices_max = 8192;  ///< of one group

class Bell {
 public:
  explicit Bell(Ledger& ledger) : ledger_(ledger) {}
  void tell(Notice notice) {
    if (notices_.size() < notices_max) notices_.push_back(std::move(notice));
    else if (notices_.size() == notices_max) notices_.push_back({"alarm", "", "more happened in this group than is told", 0});
  }
  void alarm(const std::string& post, std::uint64_t sequence, const std::string& what, const std::string& detail, Stamp now) {
    if (ledger_.alarm(post, sequence, what, detail, now.wall)) tell({"alarm", post, what + ": " + detail, sequence});
  }
  [[nodiscard]] std::vector<Notice> take() { return std::exchange(notices_, {}); }

 private:
  Ledger& ledger_;
  std::vector<Notice> notices_;
};

}  // namespace rampa::sync::hq
