// What the sync bench found out, with its goal beside it.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace rampa::bench {

struct Figure {
  std::string section, name;
  double value = 0;
  std::string unit;
  std::string goal;          ///< empty: a figure for comparison
  std::optional<bool> met;
  std::string not_measured;  ///< why; then there is no value
};

class Figures {
 public:
  explicit Figures(bool quiet) : quiet_(quiet) {}
  void section(const std::string& name, const std::string& title);
  void add(const std::string& name, double value, const std::string& unit) { put({section_, name, value, unit, {}, {}, {}}); }
  /// `met`: the goal is reached.
  void add(const std::string& name, double value, const std::string& unit, const std::string& goal, bool met) {
    put({section_, name, value, unit, goal, met, {}});
  }
  void missing(const std::string& name, const std::string& why) { put({section_, name, 0, {}, {}, {}, why}); }
  [[nodiscard]] const std::vector<Figure>& all() const { return all_; }
  [[nodiscard]] std::string json() const;

 private:
  void put(Figure figure);
  bool quiet_;
  std::string section_;
  std::vector<Figure> all_;
};

/// 0 <= q <= 1; 0 where there are none.
[[nodiscard]] double quantile(std::vector<double> values, double q);

}  // namespace rampa::bench
