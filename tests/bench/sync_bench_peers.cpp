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
#include "hil/sync/sync_stage.hpp"

namespace rampa::bench {
namespace {

namespace fs = std::filesystem;
using hil::Process;

const runtime::SystemClock machine;

/// Of that program, or empty.
std::string program(const std::string& name) {
  for (const char* folder : {"/usr/sbin/", "/usr/bin/", "/usr/lib/rabbitmq/bin/", "/usr/local/bin/"})
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

Result<double> rabbitmq_quorum_rate(const std::string& directory, std::size_t messages) {
  const std::string server = ::access("/usr/lib/rabbitmq/bin/rabbitmq-server", X_OK) == 0 ? "/usr/lib/rabbitmq/bin/rabbitmq-server" : "";
  if (server.empty()) return fail(ErrorCode::not_found, "rabbitmq-server is not installed (a Debian package; only this comparison needs it)");
  if (program("mosquitto_pub").empty() || program("mosquitto_sub").empty()) return fail(ErrorCode::not_found, "mosquitto-clients is not installed");
  fs::remove_all(directory);
  fs::create_directories(directory);
  const int ports = hil::free_port_block(4);  // Erlang's name server, its distribution, AMQP, MQTT
  const std::string log = directory + "/log", mqtt = std::to_string(ports + 3);
  write_file(directory + "/plugins", "[rabbitmq_mqtt].\n");
  write_file(directory + "/rabbit.conf", "listeners.tcp.1 = 127.0.0.1:" + std::to_string(ports + 2) + "\nmqtt.listeners.tcp.1 = 127.0.0.1:" + mqtt +
             "\nmqtt.allow_anonymous = true\nmqtt.default_user = guest\nmqtt.default_pass = guest\nmqtt.durable_queue_type = quorum\nmqtt.prefetch = 1000\n");
  const std::string host = "127.0.0.1";
  const std::vector<std::string> environment{
      "HOME=" + directory, "ERL_EPMD_PORT=" + std::to_string(ports), "ERL_EPMD_ADDRESS=" + host, "RABBITMQ_NODENAME=bench@localhost", "RABBITMQ_DIST_PORT=" + std::to_string(ports + 1),
      "RABBITMQ_MNESIA_BASE=" + directory + "/data", "RABBITMQ_LOG_BASE=" + directory + "/logs", "RABBITMQ_CONFIG_FILE=" + directory + "/rabbit.conf",
      "RABBITMQ_ENABLED_PLUGINS_FILE=" + directory + "/plugins", "RABBITMQ_CONF_ENV_FILE=/dev/null"};
  auto names = Process::start({"epmd", "-port", std::to_string(ports), "-address", host}, log);  // or Erlang would leave one behind
  if (!names) return tl::unexpected(names.error());
  auto node = Process::start({server}, log, environment);
  if (!node) return tl::unexpected(node.error());
  if (!wait_until(60s, [&] { return hil::listens(ports + 3) || !node->alive(); }) || !node->alive()) return fail(ErrorCode::io, "RabbitMQ did not start within 60 s; its log is " + log);
  // A subscriber with a session of its own has a quorum queue; it is away while the messages come in, as HQ may be.
  const std::vector<std::string> subscribe{program("mosquitto_sub"), "-h", host, "-p", mqtt, "-V", "311", "-q", "1", "-c", "-i", "bench-hq", "-t", "bench/#"};
  std::vector<std::string> once = subscribe;
  once.insert(once.end(), {"-E"});
  if (auto made = Process::run(once, log); !made) return tl::unexpected(made.error());
  const std::string file = lines_of_1_kib(directory, messages);
  const MonoTime begun = machine.mono();
  if (auto sent = publish_lines(file, ports + 3, "bench/a", log); !sent) return tl::unexpected(sent.error());
  const double seconds = std::chrono::duration<double>(machine.mono() - begun).count();
  // Every one of them must be in the queue, or the rate says nothing.
  std::vector<std::string> all = subscribe;
  all.insert(all.end(), {"-C", std::to_string(messages), "-W", "120", "-F", "%U"});
  auto got = Process::run(all, log);
  node->end(20s);
  if (!got) return fail(ErrorCode::timeout, "not every confirmed message came out of the queue: " + got.error().what);
  return static_cast<double>(messages) / seconds;
}

}  // namespace rampa::bench
