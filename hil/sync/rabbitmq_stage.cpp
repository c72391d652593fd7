#include "hil/sync/rabbitmq_stage.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <numeric>

#include "edge/runtime/system_clock.hpp"
#include "hil/stage/sockets.hpp"
#include "hil/sync/sync_stage.hpp"

namespace rampa::hil {
namespace {

namespace fs = std::filesystem;
const std::string programs = "/usr/lib/rabbitmq/bin/";  // those in /usr/sbin become another user and write under /var
constexpr Duration start_patience = 300s;  ///< of a busy machine

Result<void> write_file(const std::string& file, const std::string& text) {
  std::ofstream out(file, std::ios::trunc);
  out << text;
  out.close();
  if (!out) return fail(ErrorCode::io, file + " cannot be written");
  return {};
}

}  // namespace

RabbitmqConfiguration shipped_rabbitmq(const std::string& tree, const std::string& directory, const std::vector<std::string>& posts) {
  return [=](int mqtt_port, const std::vector<std::string>& nodes) -> Result<std::string> {
    const std::string scripts = tree + "/sync/hq/", log = directory + "/make.log";
    std::vector<std::string> certificates{"sh", scripts + "make_certificates.sh", directory}, definitions{"sh", scripts + "make_rabbitmq_definitions.sh"};
    certificates.insert(certificates.end(), posts.begin(), posts.end());
    definitions.insert(definitions.end(), posts.begin(), posts.end());
    std::error_code problem;
    fs::create_directories(directory, problem);
    if (auto made = Process::run(std::move(certificates), log); !made) return made;
    const auto users = Process::run(std::move(definitions), log);
    if (!users) return users;
    if (auto written = write_file(directory + "/definitions.json", *users); !written) return tl::unexpected(written.error());
    std::vector<std::string> configuration{"sh", scripts + "make_rabbitmq_config.sh", directory, std::to_string(mqtt_port)};
    configuration.insert(configuration.end(), nodes.begin(), nodes.end());
    return Process::run(std::move(configuration), log);
  };
}

Result<std::unique_ptr<RabbitmqStage>> RabbitmqStage::start(const std::string& directory, int nodes, const RabbitmqConfiguration& configuration) {
  if (::access((programs + "rabbitmq-server").c_str(), X_OK) != 0) return fail(ErrorCode::not_found, "rabbitmq-server is not installed (packages.txt)");
  std::error_code problem;
  fs::create_directories(directory, problem);
  std::unique_ptr<RabbitmqStage> stage(new RabbitmqStage(fs::absolute(directory).lexically_normal().string()));
  stage->first_port_ = free_port_block(1 + 2 * nodes + 1);
  // Nodes know each other by this word; it keeps other people's nodes out, and is of no use elsewhere.
  const std::string cookie = stage->directory_ + "/.erlang.cookie";
  fs::remove(cookie, problem);
  if (auto written = write_file(cookie, "RAMPA" + std::to_string(runtime::random_bits())); !written) return tl::unexpected(written.error());
  if (::chmod(cookie.c_str(), 0400) != 0) return fail(ErrorCode::io, cookie + " cannot be protected");
  if (auto written = write_file(stage->directory_ + "/enabled_plugins", "[rabbitmq_mqtt].\n"); !written) return tl::unexpected(written.error());
  std::vector<std::string> names;
  for (int node = 0; node < nodes; ++node) names.push_back(name(node));
  for (int node = 0; node < nodes; ++node) {
    const auto text = configuration(stage->port(node), names);
    if (!text) return tl::unexpected(text.error());
    if (auto written = write_file(stage->directory_ + "/" + names[static_cast<std::size_t>(node)] + ".conf", *text); !written) return tl::unexpected(written.error());
  }
  // Erlang would start one by itself and leave it behind.
  auto started = Process::start({"epmd", "-port", std::to_string(stage->first_port_), "-address", "127.0.0.1"}, stage->log());
  if (!started) return tl::unexpected(started.error());
  stage->names_ = std::move(*started);
  stage->nodes_.resize(static_cast<std::size_t>(nodes));
  // The first alone: where several begin a cluster and read the definitions at once, one may be left without the virtual host.
  if (auto up = stage->restart({0}); !up) return tl::unexpected(up.error());
  std::vector<int> others(names.size() - 1);
  std::iota(others.begin(), others.end(), 1);
  if (auto up = stage->restart(others); !up) return tl::unexpected(up.error());
  return stage;
}

RabbitmqStage::~RabbitmqStage() {
  for (auto& node : nodes_)
    if (node) node->kill();  // an orderly end takes seconds, and nobody needs what it keeps
}

std::vector<std::string> RabbitmqStage::environment(int node) const {
  const std::string data = directory_ + "/" + name(node);
  return {"HOME=" + directory_, "ERL_EPMD_PORT=" + std::to_string(first_port_), "ERL_EPMD_ADDRESS=127.0.0.1", "RABBITMQ_NODENAME=" + name(node),
          "RABBITMQ_DIST_PORT=" + std::to_string(port(node) + 1), "RABBITMQ_MNESIA_BASE=" + data, "RABBITMQ_LOG_BASE=" + data, "RABBITMQ_CONFIG_FILE=" + data + ".conf",
          "RABBITMQ_ENABLED_PLUGINS_FILE=" + directory_ + "/enabled_plugins", "RABBITMQ_CONF_ENV_FILE=/dev/null",
          "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}", "RABBITMQ_CTL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}",
          "RUNNING_UNDER_SYSTEMD=true"};  // its script then becomes the server: a signal to the child reaches it
}

Result<void> RabbitmqStage::start_node(int node) {
  auto started = Process::start({programs + "rabbitmq-server"}, log(), environment(node));
  if (!started) return tl::unexpected(started.error());
  nodes_[static_cast<std::size_t>(node)] = std::move(*started);
  return {};
}

Result<void> RabbitmqStage::wait_for(int node) {
  const runtime::SystemClock clock;
  for (const MonoTime until = clock.mono() + start_patience; clock.mono() < until; runtime::sleep_for(50ms)) {
    if (listens(port(node))) return {};
    if (!nodes_[static_cast<std::size_t>(node)]->alive()) break;
  }
  return fail(ErrorCode::io, name(node) + " does not take MQTT; its log is " + log());
}

Result<void> RabbitmqStage::restart(const std::vector<int>& nodes) {
  for (const int node : nodes)
    if (auto started = start_node(node); !started) return started;
  for (const int node : nodes)
    if (auto up = wait_for(node); !up) return up;
  return {};
}

Result<std::string> RabbitmqStage::control(int node, std::vector<std::string> words) const {
  words.insert(words.begin(), {programs + "rabbitmqctl", "-q"});
  return Process::run(std::move(words), log(), {0}, environment(node));
}

}  // namespace rampa::hil
