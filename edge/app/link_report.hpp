// What people are told of the line to HQ: its state, and a line in the log for each change of it. A drain says its state on every
// acknowledgement and again with every attempt, and some trouble (a blob that cannot be read) is over as soon as it is told: it is
// shown for a while all the same, and the log names it once an hour. Pure: no clock, no threads.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "edge/api/appliance_port.hpp"
#include "sync/drain.hpp"

namespace rampa::app {

class LinkReport {
 public:
  static constexpr Duration over_shown = 10min;    ///< trouble that is over
  static constexpr Duration said_again = 1h;       ///< the same trouble in the log
  static constexpr std::size_t troubles_max = 20;  ///< different ones, within that time

  /// `brokers`: the lines by their names in the site file.
  explicit LinkReport(std::vector<std::string> brokers) : brokers_(std::move(brokers)) {}

  struct Line {
    bool warns = false;
    std::string text;
  };
  /// What the log is to say of it.
  [[nodiscard]] std::vector<Line> take(const sync::LinkStatus& link, Stamp now);
  [[nodiscard]] api::LinkView view(MonoTime now) const;

 private:
  [[nodiscard]] std::string described() const;
  [[nodiscard]] bool to_be_said(const std::string& trouble, MonoTime now);

  std::vector<std::string> brokers_;
  api::LinkView view_;
  std::string said_state_;                  ///< of the line, as the log has it
  std::map<std::string, MonoTime> said_;    ///< troubles, when the log named them
};

}  // namespace rampa::app
