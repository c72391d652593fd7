// Posts, a broker and HQ as real processes in one folder, with a bad line between them: what the soak and the bench of
// sync play on. Talks to them only through what they offer everybody: control ports, command lines, files.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hil/proxy/wan_relay.hpp"
#include "hil/stage/process.hpp"
#include "hil/stage/sockets.hpp"
#include "hil/sync/post_process.hpp"

namespace rampa::hil {

struct SyncStageSettings {
  std::string tree;       ///< the checkout: scripts
  std::string binaries;   ///< folder of rampa-hq and rampa-hil
  std::string directory;  ///< everything the run writes; made, and kept where it is there already
  std::uint64_t seed = 1;
  std::vector<int> broker_ports = {};  ///< of somebody else's brokers with these certificates; the line leads to the first, the post knows the others as its reserve. start_broker() is not called then
  bool plain = false;           ///< those brokers speak without TLS
  std::string database = {};    ///< HQ's, postgresql://...; empty: SQLite
};

class SyncStage {
 public:
  /// Certificates, ports, the line; no process yet. Errors: io, refused.
  static Result<std::unique_ptr<SyncStage>> make(SyncStageSettings settings);
  ~SyncStage();

  Result<void> start_broker();  ///< returns when it listens
  Result<void> start_hq();
  /// The post's process and its control port. `settings`: directory, brokers, certificates and port are filled in.
  Result<void> start_post(PostProcessSettings settings, bool with_uplink = true);

  [[nodiscard]] std::optional<Process>& broker() { return broker_; }
  [[nodiscard]] std::optional<Process>& hq() { return hq_; }
  [[nodiscard]] std::optional<Process>& post() { return post_; }

  /// One control line to the post, its answer (JSON). Errors: no_reply, timeout, disconnected.
  [[nodiscard]] Result<std::string> ask_post(const std::string& line, Duration timeout = 5s);
  [[nodiscard]] Result<std::string> hq_tool(std::vector<std::string> words) const;
  /// Orders of hil/CONTROL.md to the line between post and broker.
  void line(const std::function<void(WanRelay&)>& change);
  bool fault(std::string_view name, double value, bool on);
  [[nodiscard]] WanStatistics line_statistics();

  [[nodiscard]] const std::string& directory() const { return settings_.directory; }
  [[nodiscard]] std::string post_directory() const { return settings_.directory + "/post"; }
  [[nodiscard]] std::string hq_directory() const { return settings_.directory + "/hq"; }
  [[nodiscard]] std::string certificates() const { return settings_.directory + "/certificates"; }
  [[nodiscard]] std::string log(const std::string& name) const { return settings_.directory + "/" + name + ".log"; }
  [[nodiscard]] int broker_port() const { return settings_.broker_ports.empty() ? ports_ : settings_.broker_ports.front(); }
  /// `rampa-hq` for this directory and database, without a subcommand.
  [[nodiscard]] std::vector<std::string> hq_command() const;
  [[nodiscard]] std::vector<std::string> hq_command(int broker_port) const;  ///< that serves at this broker

 private:
  explicit SyncStage(SyncStageSettings settings) : settings_(std::move(settings)) {}
  SyncStageSettings settings_;
  int ports_ = 0;  ///< broker, post's control
  std::unique_ptr<Clock> clock_;
  std::unique_ptr<WanRelay> line_;
  std::unique_ptr<WireThread> line_thread_;
  std::unique_ptr<LoopbackClient> control_;
  std::optional<Process> broker_, hq_, post_;
};

/// True when something on 127.0.0.1 accepts connections at this port.
[[nodiscard]] bool listens(int port);

}  // namespace rampa::hil
