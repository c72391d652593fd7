#include "tests/bench/sync_bench_peers.hpp"

#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "edge/runtime/system_clock.hpp"
#include "hil/stage/process.hpp"
#include "hil/stage/sockets.hpp"
#include "hil/sync/rabbitmq_stage.hpp"
#include "hil/sync/sync_stage.hpp"

namespace rampa::bench {
namespace {

namespace fs = std::filesystem;
using hil::Process;

const runtime::SystemClock machine;

/// Of that program, or empty.
std::string program(const std::string& name) {
  for (const char* folder : {"/usr/sbin/", "/usr/bin/", "/usr/local/bin/"})
    if (::access((folder + name).c_str(), X_OK) == 0) return folder + name;
  return {};
}

void write_file(const std::string& file, const std::string& text) { std::ofstream(file) << text; }

std::string lines_of_1_kib(const std::string& directory, std::size_t count) {
  const std::string file = directory + "/messages";
  std::ofstream out(file);
  const std::string text(1013, 'x');
  for (std::size_t i = 0; i < count; ++i) {
    std::string number = std::to_string(i);
    number.insert(0, 10 - std::min<std::size_t>(10, number.size()), '0');
    out << number << '-' << text << '\n';
  }
  return file;
}

/// Runs a mosquitto_pub -l over the file through a shell's redirection.
Result<std::string> publish_lines(const std::string& file, int port, const std::string& topic, const std::string& log) {
  return Process::run({"sh", "-c", "exec " + program("mosquitto_pub") + " -h 127.0.0.1 -p " + std::to_string(port) + " -q 1 -i bench-publisher -t " + topic + " -l <'" + file + "'"}, log);
}

bool wait_until(Duration patience, const std::function<bool()>& done) {
  for (const MonoTime until = machine.mono() + patience; machine.mono() < until; runtime::sleep_for(20ms))
    if (done()) return true;
  return false;
}

struct Arrivals {
  std::size_t count = 0;
  double first = 0, last = 0;  ///< seconds
};
Arrivals arrivals_in(const std::string& file) {
  Arrivals out;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const double at = std::atof(line.c_str());
    if (out.count++ == 0) out.first = at;
    out.last = at;
  }
  return out;
}

}  // namespace

Result<double> mosquitto_bridge_rate(const std::string& directory, std::size_t messages) {
  if (program("mosquitto").empty() || program("mosquitto_pub").empty() || program("mosquitto_sub").empty())
    return fail(ErrorCode::not_found, "mosquitto or mosquitto-clients is not installed");
  fs::remove_all(directory);
  fs::create_directories(directory);
  const int ports = hil::free_port_block(2);
  const std::string common = "allow_anonymous true\npersistence false\nmax_queued_messages 0\nmax_packet_size 33554432\nlog_dest stderr\nlog_type error\n";
  const std::string user = ::getuid() == 0 ? "user root\n" : "";
  write_file(directory + "/edge.conf", user + "listener " + std::to_string(ports) + " 127.0.0.1\n" + common +
             "connection hq\naddress 127.0.0.1:" + std::to_string(ports + 1) + "\ntopic bench/# out 1\ncleansession false\nrestart_timeout 1\nnotifications false\n");
  write_file(directory + "/hq.conf", user + "listener " + std::to_string(ports + 1) + " 127.0.0.1\n" + common + "log_type subscribe\n");
  const std::string log = directory + "/log";
  auto edge = Process::start({program("mosquitto"), "-c", directory + "/edge.conf"}, log);
  if (!edge) return tl::unexpected(edge.error());
  if (!wait_until(5s, [&] { return hil::listens(ports); })) return fail(ErrorCode::io, "mosquitto does not listen: " + log);
  if (auto sent = publish_lines(lines_of_1_kib(directory, messages), ports, "bench/a", log); !sent) return tl::unexpected(sent.error());
  // The bridge must not find the second broker before its subscriber is there: it would hand over what nobody gets.
  edge->signal(SIGSTOP);
  const std::string hq_log = directory + "/hq.log";
  auto hq = Process::start({program("mosquitto"), "-c", directory + "/hq.conf"}, hq_log);
  if (!hq || !wait_until(5s, [&] { return hil::listens(ports + 1); })) return fail(ErrorCode::io, "the second mosquitto does not listen: " + hq_log);
  auto subscriber = Process::start({program("mosquitto_sub"), "-h", "127.0.0.1", "-p", std::to_string(ports + 1), "-q", "1", "-t", "bench/#", "-C",
                                    std::to_string(messages), "-F", "%U"}, directory + "/arrivals");
  if (!subscriber) return tl::unexpected(subscriber.error());
  const bool subscribed = wait_until(5s, [&] {
    std::ifstream in(hq_log);
    return std::string(std::istreambuf_iterator<char>(in), {}).find("bench/#") != std::string::npos;
  });
  edge->signal(SIGCONT);
  if (!subscribed) return fail(ErrorCode::io, "nobody subscribed at the second mosquitto: " + hq_log);
  const bool all = wait_until(60s + std::chrono::milliseconds(messages), [&] { return !subscriber->alive(); });
  const Arrivals got = arrivals_in(directory + "/arrivals");
  if (!all || got.count < messages) return fail(ErrorCode::timeout, std::to_string(got.count) + " of " + std::to_string(messages) + " messages crossed the bridge");
  return static_cast<double>(got.count) / (got.last - got.first);
}

Result<RabbitmqRates> rabbitmq_quorum_rates(const std::string& directory, std::size_t messages) {
  if (program("mosquitto_pub").empty() || program("mosquitto_sub").empty()) return fail(ErrorCode::not_found, "mosquitto-clients is not installed");
  fs::remove_all(directory);
  fs::create_directories(directory);
  const auto configuration = [](int mqtt_port, const std::vector<std::string>&) -> Result<std::string> {
    return "listeners.tcp = none\nmqtt.listeners.tcp.1 = 127.0.0.1:" + std::to_string(mqtt_port) +
           "\nmqtt.allow_anonymous = true\nmqtt.durable_queue_type = quorum\nmqtt.prefetch = 1000\nlog.file = false\nlog.console = true\nlog.console.level = warning\n";
  };
  auto broker = hil::RabbitmqStage::start(directory + "/broker", 1, configuration);
  if (!broker) return tl::unexpected(broker.error());
  const int port = (*broker)->port(0);
  const std::string log = directory + "/log";
  // A subscriber with a session of its own has a quorum queue; it is away while the messages come in, as HQ may be.
  const std::vector<std::string> subscribe{program("mosquitto_sub"), "-h", "127.0.0.1", "-p", std::to_string(port), "-V", "311", "-q", "1", "-c", "-i", "bench-hq", "-t", "bench/#"};
  std::vector<std::string> once = subscribe;
  once.insert(once.end(), {"-E"});
  if (auto made = Process::run(once, log); !made) return tl::unexpected(made.error());
  const std::string file = lines_of_1_kib(directory, messages);
  const MonoTime begun = machine.mono();
  if (auto sent = publish_lines(file, port, "bench/a", log); !sent) return tl::unexpected(sent.error());
  const double seconds = std::chrono::duration<double>(machine.mono() - begun).count();
  // Every one of them must be in the queue, or the rate says nothing.
  std::vector<std::string> all = subscribe;
  all.insert(all.end(), {"-C", std::to_string(messages), "-W", "120", "-F", "%U"});
  auto subscriber = Process::start(all, directory + "/arrivals");
  if (!subscriber) return tl::unexpected(subscriber.error());
  if (!wait_until(130s, [&] { return !subscriber->alive(); })) return fail(ErrorCode::timeout, "the subscriber does not end");
  const Arrivals got = arrivals_in(directory + "/arrivals");
  if (got.count < messages) return fail(ErrorCode::timeout, std::to_string(got.count) + " of " + std::to_string(messages) + " confirmed messages came out of the queue");
  return RabbitmqRates{static_cast<double>(messages) / seconds, static_cast<double>(got.count) / (got.last - got.first)};
}

}  // namespace rampa::bench
