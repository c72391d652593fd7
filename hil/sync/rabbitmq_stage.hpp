// A real RabbitMQ of Debian in a folder of its own: one node or a cluster, with MQTT alone, on loopback. Nothing of the
// machine's own RabbitMQ, if one runs, is used or touched: name server, cookie, ports and data are the stage's.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hil/stage/process.hpp"

namespace rampa::hil {

/// Text of the rabbitmq.conf of a node that takes MQTT at this port; `nodes`: names of all nodes of the cluster.
using RabbitmqConfiguration = std::function<Result<std::string>(int mqtt_port, const std::vector<std::string>& nodes)>;

/// What is shipped (sync/hq/make_rabbitmq_*.sh), for these posts, with certificates in `directory`; they are made where they are missing.
[[nodiscard]] RabbitmqConfiguration shipped_rabbitmq(const std::string& tree, const std::string& directory, const std::vector<std::string>& posts);

class RabbitmqStage {
 public:
  /// Returns when every node takes MQTT: some 10 s for one, 20 s for three. Errors: not_found (not installed), io, and what `configuration` says.
  static Result<std::unique_ptr<RabbitmqStage>> start(const std::string& directory, int nodes, const RabbitmqConfiguration& configuration);
  ~RabbitmqStage();

  void kill(int node) { nodes_[static_cast<std::size_t>(node)]->kill(); }  ///< SIGKILL
  /// Of some that were killed, together: they wait for each other. Returns when they take MQTT. Errors: io.
  Result<void> restart(const std::vector<int>& nodes);

  [[nodiscard]] int port(int node) const { return first_port_ + 2 + 2 * node; }
  [[nodiscard]] pid_t pid(int node) const { return nodes_[static_cast<std::size_t>(node)]->pid(); }
  [[nodiscard]] std::string log() const { return directory_ + "/rabbitmq.log"; }
  /// `rabbitmqctl` at this node. Errors: io, refused.
  [[nodiscard]] Result<std::string> control(int node, std::vector<std::string> words) const;

 private:
  explicit RabbitmqStage(std::string directory) : directory_(std::move(directory)) {}
  [[nodiscard]] static std::string name(int node) { return "rampa-" + std::to_string(node + 1) + "@localhost"; }
  [[nodiscard]] std::vector<std::string> environment(int node) const;
  Result<void> start_node(int node);
  Result<void> wait_for(int node);
  std::string directory_;
  int first_port_ = 0;  ///< Erlang's name server; then of each node MQTT and Erlang's distribution
  std::optional<Process> names_;
  std::vector<std::optional<Process>> nodes_;  // ended before the name server
};

}  // namespace rampa::hil
