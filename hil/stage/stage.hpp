// A whole post on this machine as real processes: broker, HQ, simulated world, appliance; in one folder, on free ports.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "hil/stage/process.hpp"

namespace rampa::hil {

struct StageSettings {
  std::string tree;       ///< the checkout: scripts and ICD files
  std::string binaries;   ///< folder of rampa, rampa-hq, rampa-hil
  std::string site_file;  ///< ports, folders and certificates in it are replaced by the stage's own
  std::string directory;  ///< everything the run writes; made
  std::string icd_directory;  ///< empty: the tree's
  double speed = 4;       ///< of the world
  std::uint64_t seed = 1;
  int http_port = 0;      ///< of the terminal page; 0: a free one
  std::vector<std::string> lane_settings;  ///< lines added to every [[lane]] of the site file
  std::string preload;    ///< LD_PRELOAD for the appliance (a disk that loses what was not synced)
  bool own_clock = false; ///< the appliance's wall clock is the run's to step (libfaketime; nobody else's clock moves)
};

/// The newest claim code in the text of an appliance's log; empty where its line is not there or not written to its end.
[[nodiscard]] std::string claim_code_in(std::string_view log);

class Stage {
 public:
  /// Makes certificates and the site file; starts nothing yet. Errors: io, invalid.
  static Result<Stage> make(StageSettings settings);

  /// JSON lines that the post knows from its start, instead of the site file's. Before start_appliance().
  Result<void> set_declarations(const std::string& json_lines) const;
  Result<void> start_broker();
  Result<void> start_hq();
  Result<void> start_world();
  Result<void> start_appliance();
  /// Until the appliance's HTTP interface answers. Gives how long that took.
  Result<Duration> wait_for_appliance(Duration patience);

  [[nodiscard]] std::optional<Process>& broker() { return broker_; }
  [[nodiscard]] std::optional<Process>& hq() { return hq_; }
  [[nodiscard]] std::optional<Process>& world() { return world_; }
  [[nodiscard]] std::optional<Process>& appliance() { return appliance_; }

  /// The appliance's wall clock from now on: so much beside the machine's. Errors: refused (not own_clock), io.
  Result<void> set_clock_offset(std::chrono::milliseconds offset) const;

  [[nodiscard]] int http_port() const { return http_port_; }
  [[nodiscard]] int broker_port() const { return broker_port_; }
  /// Where the appliance looks for the broker: the line between post and HQ is made there (LiveRun), and can be cut.
  [[nodiscard]] int line_port() const { return line_port_; }
  [[nodiscard]] int control_port() const { return control_port_; }
  [[nodiscard]] const std::string& post() const { return post_; }
  [[nodiscard]] const std::string& site_file() const { return site_; }
  [[nodiscard]] const StageSettings& settings() const { return settings_; }
  [[nodiscard]] std::string log(const std::string& name) const { return settings_.directory + "/" + name + ".log"; }
  /// The code that a first start printed; empty while it did not (or not all of it).
  [[nodiscard]] std::string claim_code() const;

  /// Tools of the post and of HQ, as JSON text.
  [[nodiscard]] Result<std::string> post_tool(std::vector<std::string> words, std::vector<int> fine = {0}) const;
  [[nodiscard]] Result<std::string> hq_tool(std::vector<std::string> words, std::vector<int> fine = {0, 1}) const;

 private:
  explicit Stage(StageSettings settings) : settings_(std::move(settings)) {}
  Result<void> write_site(int first_port);

  StageSettings settings_;
  std::string post_, site_, certificates_;
  std::uint64_t starts_ = 0;
  int broker_port_ = 0, line_port_ = 0, http_port_ = 0, control_port_ = 0;
  std::optional<Process> broker_, hq_, world_, appliance_;  // ended in the opposite order
};

}  // namespace rampa::hil
