#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <iostream>

#include "edge/runtime/system_clock.hpp"
#include "hil/app/commands.hpp"
#include "hil/proxy/control_wan.hpp"
#include "hil/wire/line_server.hpp"

namespace rampa::hil::app {
namespace {

bool split(const std::string& text, std::string& host, std::uint16_t& port) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return false;
  host = text.substr(0, colon);
  const int number = std::atoi(text.c_str() + colon + 1);
  if (number < 0 || number > 65535) return false;
  port = static_cast<std::uint16_t>(number);
  return true;
}

/// Control lines on standard input, answers on standard output. Its end ends nothing.
class StandardInput : public WireServer {
 public:
  StandardInput(LineServer::Answer answer, bool open) : answer_(std::move(answer)), open_(open) {}
  void want(std::vector<pollfd>& fds) const override {
    if (open_) fds.push_back({0, POLLIN, 0});
  }
  [[nodiscard]] MonoTime due() const override { return never; }
  void serve() override {
    char block[4096];
    pollfd ready{0, POLLIN, 0};
    while (open_ && ::poll(&ready, 1, 0) > 0) {
      const auto n = ::read(0, block, sizeof block);
      if (n < 0 && errno == EINTR) return;
      if (n <= 0) open_ = false;
      else text_.append(block, static_cast<std::size_t>(n));
      for (auto end = text_.find('\n'); end != std::string::npos; end = text_.find('\n')) {
        std::cout << answer_(text_.substr(0, end)) << std::endl;
        text_.erase(0, end + 1);
      }
    }
  }

 private:
  LineServer::Answer answer_;
  std::string text_;
  bool open_;
};

}  // namespace

int wan(const WanOptions& options) {
  std::string host, to_host;
  std::uint16_t port = 0, to_port = 0;
  if (!split(options.listen, host, port) || !split(options.to, to_host, to_port) || to_port == 0) {
    std::cerr << "rampa-hil wan: --listen and --to must be HOST:PORT\n";
    return 2;
  }
  runtime::SystemClock clock;
  auto made = WanRelay::listen(host, port, to_host, to_port, clock, options.seed);
  if (!made) {
    std::cerr << "rampa-hil wan: " << made.error().what << "\n";
    return 2;
  }
  WanRelay& line = **made;
  for (const auto& fault : options.faults) {
    const auto equals = fault.find('=');
    const double value = equals == std::string::npos ? 0 : std::atof(fault.c_str() + equals + 1);
    if (!line.fault(fault.substr(0, equals), value, true)) {
      std::cerr << "rampa-hil wan: no fault '" << fault << "'; known:";
      for (const auto& name : line.faults()) std::cerr << " " << name;
      std::cerr << "\n";
      return 2;
    }
  }
  bool stop = false;
  const LineServer::Answer answer = [&](const std::string& order) { return control_wan(line, stop, order); };
  StandardInput input(answer, options.standard_input);
  std::unique_ptr<LineServer> control;
  std::vector<WireServer*> servers{&line, &input};
  if (options.control >= 0) {
    auto listening = LineServer::listen("127.0.0.1", static_cast<std::uint16_t>(options.control), answer, clock);
    if (!listening) {
      std::cerr << "rampa-hil wan: control port: " << listening.error().what << "\n";
      return 2;
    }
    control = std::move(*listening);
    servers.push_back(control.get());
  }
  if (options.json)
    std::cout << "{\"port\":" << line.port() << ",\"control\":" << (control ? std::to_string(control->port()) : "null") << "}" << std::endl;
  else
    std::cout << "forwarding " << host << ":" << line.port() << " to " << options.to << (control ? ", control 127.0.0.1:" + std::to_string(control->port()) : "") << std::endl;
  watch_signals();
  while (!stop_asked() && !stop) poll_once(servers, clock, 50ms);
  return 0;
}

}  // namespace rampa::hil::app
