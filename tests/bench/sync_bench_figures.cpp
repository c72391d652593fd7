#include "tests/bench/sync_bench_figures.hpp"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace rampa::bench {

void Figures::section(const std::string& name, const std::string& title) {
  section_ = name;
  if (!quiet_) std::printf("\n(%s) %s\n", name.c_str(), title.c_str());
  std::fflush(stdout);
}

void Figures::put(Figure figure) {
  if (!quiet_) {
    if (!figure.not_measured.empty()) std::printf("  %-66s not measured: %s\n", figure.name.c_str(), figure.not_measured.c_str());
    else
      std::printf("  %-66s %10.2f %-12s%s%s%s\n", figure.name.c_str(), figure.value, figure.unit.c_str(), figure.goal.empty() ? "" : "  goal ",
                  figure.goal.c_str(), !figure.met ? "" : *figure.met ? ": met" : ": NOT MET");
    std::fflush(stdout);
  }
  all_.push_back(std::move(figure));
}

std::string Figures::json() const {
  nlohmann::json list = nlohmann::json::array();
  for (const Figure& f : all_) {
    nlohmann::json one{{"section", f.section}, {"name", f.name}};
    if (!f.not_measured.empty()) one["not_measured"] = f.not_measured;
    else one.update({{"value", f.value}, {"unit", f.unit}});
    if (!f.goal.empty()) one["goal"] = f.goal;
    if (f.met) one["met"] = *f.met;
    list.push_back(std::move(one));
  }
  return list.dump(2);
}

double quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1) + 0.5)];
}

}  // namespace rampa::bench
