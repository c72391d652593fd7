#include "hil/stage/stage.hpp"

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include "edge/runtime/system_clock.hpp"
#include "hil/stage/sockets.hpp"

namespace rampa::hil {
namespace fs = std::filesystem;
namespace {

constexpr int ports_of_a_stage = 120;

Result<std::string> text_of(const std::string& file) {
  std::ifstream in(file);
  if (!in) return fail(ErrorCode::not_found, file + ": cannot be read");
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Of Debian's package libfaketime; empty where it is not installed.
std::string library_of_clock() {
  std::error_code ignored;
  for (const auto& machine : fs::directory_iterator("/usr/lib", ignored)) {
    const fs::path library = machine.path() / "faketime/libfaketimeMT.so.1";
    if (fs::exists(library, ignored)) return library.string();
  }
  return {};
}

}  // namespace

Result<Stage> Stage::make(StageSettings settings) {
  std::error_code problem;
  fs::create_directories(settings.directory, problem);
  if (problem) return fail(ErrorCode::io, settings.directory + ": " + problem.message());
  settings.directory = fs::absolute(settings.directory).lexically_normal().string();
  settings.tree = fs::absolute(settings.tree).lexically_normal().string();
  if (settings.icd_directory.empty()) settings.icd_directory = settings.tree + "/firmware-interfaces/icd";
  Stage stage(std::move(settings));
  const int first = free_port_block(ports_of_a_stage);
  stage.broker_port_ = first;
  stage.control_port_ = first + 1;
  stage.http_port_ = stage.settings_.http_port ? stage.settings_.http_port : first + 2;
  stage.certificates_ = stage.settings_.directory + "/certificates";
  stage.line_port_ = first + 3;
  if (stage.settings_.own_clock)
    if (auto set = stage.set_clock_offset(0ms); !set) return tl::unexpected(set.error());
  if (auto written = stage.write_site(first + 4); !written) return tl::unexpected(written.error());
  const std::string scripts = stage.settings_.tree + "/sync/hq/";
  for (const auto& command : {std::vector<std::string>{"sh", scripts + "make_certificates.sh", stage.certificates_, stage.post_},
                              std::vector<std::string>{"sh", scripts + "make_broker_config.sh", stage.certificates_, std::to_string(stage.broker_port_)}})
    if (auto made = Process::run(command, stage.log("certificates")); !made) return tl::unexpected(made.error());
  return stage;
}

/// The site file with this stage's folder, ports and certificates. Ports of devices keep their differences.
Result<void> Stage::write_site(int first_port) {
  auto text = text_of(settings_.site_file);
  if (!text) return tl::unexpected(text.error());
  const std::string home = fs::absolute(settings_.site_file).parent_path().string();
  std::map<std::string, int> ports;
  std::istringstream lines(*text);
  std::ostringstream out;
  std::string section;
  static const std::regex key_value("^(\\w+)\\s*=\\s*\"([^\"]*)\"(.*)$"), device_port("127\\.0\\.0\\.1:([0-9]+)");
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line[0] == '[') section = line;
    std::smatch m;
    if (std::regex_match(line, m, key_value)) {
      const std::string key = m[1], value = m[2];
      if (section == "[post]" && key == "id") post_ = value;
      if (key == "directory") line = "directory = \"" + settings_.directory + "/post\"";
      else if (key == "declarations") continue;
      else if (key == "profiles" || key == "watch_lists")
        line = key + " = \"" + fs::path(home).append(value).lexically_normal().string() + "\"";
      else if (key == "ca_file") line = "ca_file = \"" + certificates_ + "/ca.pem\"";
      else if (key == "certificate_file") line = "certificate_file = \"" + certificates_ + "/" + post_ + ".pem\"";
      else if (key == "key_file") line = "key_file = \"" + certificates_ + "/" + post_ + ".key\"";
    }
    if (section == "[http]" && line.rfind("port", 0) == 0) line = "port = " + std::to_string(http_port_);
    if (section == "[sync]" && line.rfind("brokers", 0) == 0) line = "brokers = [\"mqtts://127.0.0.1:" + std::to_string(line_port_) + "\"]";
    else {
      std::string replaced;
      auto at = line.cbegin();
      for (; std::regex_search(at, line.cend(), m, device_port); at = m.suffix().first) {
        auto [port, fresh] = ports.try_emplace(m[1], first_port + static_cast<int>(ports.size()));
        if (fresh && static_cast<int>(ports.size()) > ports_of_a_stage - 4) return fail(ErrorCode::invalid, settings_.site_file + ": more ports than a stage has");
        replaced += m.prefix().str() + "127.0.0.1:" + std::to_string(port->second);
      }
      line = replaced + std::string(at, line.cend());
    }
    out << line << "\n";
    if (line == "[[lane]]")
      for (const auto& setting : settings_.lane_settings) out << setting << "\n";
    if (line == "[post]") out << "declarations = \"" << settings_.directory << "/declarations.jsonl\"\n";
  }
  if (post_.empty()) return fail(ErrorCode::invalid, settings_.site_file + ": [post] has no id");
  if (auto written = set_declarations(""); !written) return written;
  site_ = settings_.directory + "/site.toml";
  std::ofstream(site_) << out.str();
  return {};
}

Result<void> Stage::set_declarations(const std::string& json_lines) const {
  std::ofstream out(settings_.directory + "/declarations.jsonl");
  out << json_lines;
  out.close();
  if (!out) return fail(ErrorCode::io, settings_.directory + "/declarations.jsonl: cannot be written");
  return {};
}

Result<void> Stage::set_clock_offset(std::chrono::milliseconds offset) const {
  if (!settings_.own_clock) return fail(ErrorCode::refused, "this run has no clock of its own");
  const std::string file = settings_.directory + "/clock";
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%+.3f\n", static_cast<double>(offset.count()) / 1000);
  std::ofstream out(file + ".new");
  out << text.data();
  out.close();
  if (!out || std::rename((file + ".new").c_str(), file.c_str()) != 0) return fail(ErrorCode::io, file + ": cannot be written");
  return {};
}

Result<void> Stage::start_broker() {
  const std::string mosquitto = ::access("/usr/sbin/mosquitto", X_OK) == 0 ? "/usr/sbin/mosquitto" : "mosquitto";
  auto started = Process::start({mosquitto, "-c", certificates_ + "/mosquitto.conf"}, log("broker"));
  if (!started) return tl::unexpected(started.error());
  broker_ = std::move(*started);
  return {};
}

Result<void> Stage::start_hq() {
  auto started = Process::start({settings_.binaries + "/rampa-hq", "--directory", settings_.directory + "/hq", "serve", "--broker",
                                 "mqtts://127.0.0.1:" + std::to_string(broker_port_), "--ca", certificates_ + "/ca.pem", "--cert",
                                 certificates_ + "/hq.pem", "--key", certificates_ + "/hq.key"}, log("hq"));
  if (!started) return tl::unexpected(started.error());
  hq_ = std::move(*started);
  return {};
}

Result<void> Stage::start_world() {
  std::ostringstream speed;
  speed << settings_.speed;
  auto started = Process::start({settings_.binaries + "/rampa-hil", "world", "--site", site_, "--icd", settings_.icd_directory,
                                 "--speed", speed.str(), "--seed", std::to_string(settings_.seed), "--control", std::to_string(control_port_)}, log("world"));
  if (!started) return tl::unexpected(started.error());
  world_ = std::move(*started);
  return {};
}

Result<void> Stage::start_appliance() {
  std::vector<std::string> environment{"RAMPA_CHEAP_PASSWORDS=1"};
  if (!settings_.preload.empty()) {
    // tests/kills/README.md: on the next start the shim takes back what was not synced, sector by sector, name by name.
    environment.push_back("LD_PRELOAD=" + settings_.preload);
    environment.push_back("RAMPA_LOSING_DIR=" + settings_.directory + "/post");
    environment.push_back("RAMPA_LOSING_MODE=tear");
    environment.push_back("RAMPA_LOSING_SEED=" + std::to_string(settings_.seed + ++starts_));
  }
  if (settings_.own_clock) {
    const std::string library = library_of_clock();
    if (library.empty()) return fail(ErrorCode::not_found, "libfaketime is not installed: ./dev deps installs it");
    environment.push_back("LD_PRELOAD=" + library);
    environment.push_back("FAKETIME_TIMESTAMP_FILE=" + settings_.directory + "/clock");
    environment.push_back("FAKETIME_CACHE_DURATION=1");
    environment.push_back("FAKETIME_DONT_FAKE_MONOTONIC=1");
  }
  auto started = Process::start({settings_.binaries + "/rampa", "serve", "--simulated", "--site", site_, "--icd-dir",
                                 settings_.icd_directory}, log("appliance"), std::move(environment));
  if (!started) return tl::unexpected(started.error());
  appliance_ = std::move(*started);
  return {};
}

Result<Duration> Stage::wait_for_appliance(Duration patience) {
  const runtime::SystemClock clock;
  const MonoTime begin = clock.mono();
  while (clock.mono() - begin < patience) {
    if (!appliance_ || !appliance_->alive()) return fail(ErrorCode::io, "the appliance ended at once; its log is " + log("appliance"));
    auto answer = http_call(http_port_, "GET", "/healthz", "", {}, 1s);
    if (answer && answer->status == 200) return clock.mono() - begin;
    runtime::sleep_for(20ms);
  }
  return fail(ErrorCode::timeout, "the appliance does not answer; its log is " + log("appliance"));
}

std::string claim_code_in(std::string_view log) {
  constexpr std::string_view words = "claim code: ";
  const auto at = log.rfind(words);
  if (at == std::string_view::npos) return {};
  const auto end = log.find('\n', at);
  if (end == std::string_view::npos) return {};  // half written; the next look finds it whole
  return std::string(log.substr(at + words.size(), end - at - words.size()));
}

std::string Stage::claim_code() const {
  const auto text = text_of(log("appliance"));
  return text ? claim_code_in(*text) : std::string{};
}

Result<std::string> Stage::post_tool(std::vector<std::string> words, std::vector<int> fine) const {
  std::vector<std::string> command{settings_.binaries + "/rampa"};
  command.insert(command.end(), words.begin(), words.end());
  for (const char* word : {"--json", "--site"}) command.emplace_back(word);
  command.push_back(site_);
  command.insert(command.end(), {"--icd-dir", settings_.icd_directory});
  return Process::run(std::move(command), log("tools"), std::move(fine));
}

Result<std::string> Stage::hq_tool(std::vector<std::string> words, std::vector<int> fine) const {
  std::vector<std::string> command{settings_.binaries + "/rampa-hq", "--json", "--directory", settings_.directory + "/hq"};
  command.insert(command.end(), words.begin(), words.end());
  return Process::run(std::move(command), log("tools"), std::move(fine));
}

}  // namespace rampa::hil
