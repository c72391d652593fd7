#include <cstdio>
#include <iostream>

#include "edge/runtime/system_clock.hpp"
#include "hil/app/commands.hpp"
#include "hil/bench/served_post.hpp"
#include "hil/bench/world_control.hpp"
#include "hil/wire/line_server.hpp"

namespace rampa::hil::app {
namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

/// Keeps lorries coming: the n-th of a lane when its time has come and the queue is short.
class Traffic {
 public:
  Traffic(double per_hour, std::uint64_t seed) : per_hour_(per_hour), seed_(seed) {}
  void run(ServedPost& post) {
    if (per_hour_ <= 0) return;
    std::uint64_t lane_number = 0;
    for (const auto& name : post.lane_names()) {
      ++lane_number;
      auto& next = next_[name];
      if (post.world_seconds() < next.second || post.lane(name)->waiting() > 3) continue;
      SubStream draws(seed_, "gap/" + name, next.first);
      const std::uint64_t number = lane_number * 1'000'000 + ++next.first;
      Arrival arrival = make_arrival(seed_, number, {});
      (void)post.add(name, std::move(arrival.lorry));
      next.second = post.world_seconds() + draws.between(0.5, 1.5) * 3600 / per_hour_;
    }
  }

 private:
  double per_hour_;
  std::uint64_t seed_;
  std::map<std::string, std::pair<std::uint64_t, double>> next_;  ///< lane -> (count, world time of the next)
};

}  // namespace

int world(const WorldOptions& options) {
  auto check = config::read_site(options.site, options.icd_directory);
  if (!check.findings.empty()) {
    for (const auto& f : check.findings)
      std::cerr << f.file << ":" << f.line << ": " << f.key << ": " << f.cause << (f.remedy.empty() ? "" : "; " + f.remedy) << "\n";
    return 2;
  }
  runtime::SystemClock clock;
  auto made = ServedPost::make(std::move(check.site), options.speed, options.seed, clock);
  if (!made) {
    std::cerr << "rampa-hil world: " << made.error().what << "\n";
    return 2;
  }
  ServedPost& post = *made->post;
  ControlState state;
  std::unique_ptr<LineServer> control;
  if (options.control >= 0) {
    auto listening = LineServer::listen("127.0.0.1", static_cast<std::uint16_t>(options.control),
                                        [&](const std::string& line) { return control_world(post, state, line); }, clock);
    if (!listening) {
      std::cerr << "rampa-hil world: control port: " << listening.error().what << "\n";
      return 2;
    }
    control = std::move(*listening);
    post.also(*control);
  }
  for (const auto& line : made->missing) std::cerr << "not simulated: " << line << "\n";
  if (options.json) {
    std::string text = "{\"serving\":[";
    for (const auto& line : post.served()) text += (text.back() == '[' ? "" : ",") + quoted(line);
    text += "],\"missing\":[";
    for (const auto& line : made->missing) text += (text.back() == '[' ? "" : ",") + quoted(line);
    std::cout << text << "],\"control\":" << (control ? std::to_string(control->port()) : "null") << "}" << std::endl;
  } else {
    for (const auto& line : post.served()) std::cout << "serving " << line << "\n";
    if (control) std::cout << "control 127.0.0.1:" << control->port() << "\n";
    std::cout << "ready; the world runs " << options.speed << " times faster than life" << std::endl;
  }
  watch_signals();
  Traffic traffic(options.traffic_per_hour, options.seed);
  while (!stop_asked() && !state.stop) {
    traffic.run(post);
    post.step(5ms);
  }
  return 0;
}

}  // namespace rampa::hil::app
