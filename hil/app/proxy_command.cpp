#include <cstdlib>
#include <iostream>

#include "edge/runtime/system_clock.hpp"
#include "hil/app/commands.hpp"
#include "hil/bench/world_control.hpp"
#include "hil/proxy/tcp_proxy.hpp"
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

}  // namespace

int proxy(const ProxyOptions& options) {
  std::string host, to_host;
  std::uint16_t port = 0, to_port = 0;
  if (!split(options.listen, host, port) || !split(options.to, to_host, to_port) || to_port == 0) {
    std::cerr << "rampa-hil proxy: --listen and --to must be HOST:PORT\n";
    return 2;
  }
  runtime::SystemClock clock;
  auto made = TcpProxy::listen(host, port, to_host, to_port, clock, options.seed);
  if (!made) {
    std::cerr << "rampa-hil proxy: " << made.error().what << "\n";
    return 2;
  }
  TcpProxy& link = **made;
  for (const auto& fault : options.faults) {
    const auto equals = fault.find('=');
    const double value = equals == std::string::npos ? 0 : std::atof(fault.c_str() + equals + 1);
    if (!link.fault(fault.substr(0, equals), value, true)) {
      std::cerr << "rampa-hil proxy: no fault '" << fault << "'; known:";
      for (const auto& name : link.faults()) std::cerr << " " << name;
      std::cerr << "\n";
      return 2;
    }
  }
  ControlState state;
  std::unique_ptr<LineServer> control;
  std::vector<WireServer*> servers{&link};
  if (options.control >= 0) {
    auto listening = LineServer::listen("127.0.0.1", static_cast<std::uint16_t>(options.control),
                                        [&](const std::string& line) { return control_faults(link, state, line); }, clock);
    if (!listening) {
      std::cerr << "rampa-hil proxy: control port: " << listening.error().what << "\n";
      return 2;
    }
    control = std::move(*listening);
    servers.push_back(control.get());
  }
  if (options.json)
    std::cout << "{\"port\":" << link.port() << ",\"control\":" << (control ? std::to_string(control->port()) : "null") << "}" << std::endl;
  else
    std::cout << "forwarding " << host << ":" << link.port() << " to " << options.to << (control ? ", control 127.0.0.1:" + std::to_string(control->port()) : "") << std::endl;
  watch_signals();
  while (!stop_asked() && !state.stop) poll_once(servers, clock, 50ms);
  return 0;
}

}  // namespace rampa::hil::app
