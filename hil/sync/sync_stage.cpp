#include "hil/sync/sync_stage.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

#include "edge/runtime/system_clock.hpp"

namespace rampa::hil {
namespace fs = std::filesystem;
namespace {

std::string url_of(int port, bool plain) { return (plain ? "mqtt://127.0.0.1:" : "mqtts://127.0.0.1:") + std::to_string(port); }

}  // namespace

bool listens(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const bool there = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return there;
}

Result<std::unique_ptr<SyncStage>> SyncStage::make(SyncStageSettings settings) {
  std::error_code problem;
  settings.directory = fs::absolute(settings.directory).lexically_normal().string();
  fs::create_directories(settings.directory, problem);
  if (problem) return fail(ErrorCode::io, settings.directory + ": " + problem.message());
  settings.tree = fs::absolute(settings.tree).lexically_normal().string();
  std::unique_ptr<SyncStage> stage(new SyncStage(std::move(settings)));
  stage->clock_ = std::make_unique<runtime::SystemClock>();
  stage->ports_ = free_port_block(2);
  const std::string scripts = stage->settings_.tree + "/sync/hq/";
  for (const auto& command : {std::vector<std::string>{"sh", scripts + "make_certificates.sh", stage->certificates(), "P1"},
                              std::vector<std::string>{"sh", scripts + "make_broker_config.sh", stage->certificates(), std::to_string(stage->broker_port())}})
    if (auto made = Process::run(command, stage->log("certificates")); !made) return tl::unexpected(made.error());
  auto line = WanRelay::listen("127.0.0.1", 0, "127.0.0.1", static_cast<std::uint16_t>(stage->broker_port()), *stage->clock_, stage->settings_.seed);
  if (!line) return tl::unexpected(line.error());
  stage->line_ = std::move(*line);
  stage->line_thread_ = std::make_unique<WireThread>(std::vector<WireServer*>{stage->line_.get()}, *stage->clock_, 50ms);
  return stage;
}

SyncStage::~SyncStage() = default;

Result<void> SyncStage::start_broker() {
  const std::string mosquitto = ::access("/usr/sbin/mosquitto", X_OK) == 0 ? "/usr/sbin/mosquitto" : "mosquitto";
  auto started = Process::start({mosquitto, "-c", certificates() + "/mosquitto.conf"}, log("broker"));
  if (!started) return tl::unexpected(started.error());
  broker_ = std::move(*started);
  for (int i = 0; i < 500; ++i) {
    if (listens(broker_port())) return {};
    if (!broker_->alive()) break;
    runtime::sleep_for(10ms);
  }
  return fail(ErrorCode::io, "the broker does not listen; its log is " + log("broker"));
}

Result<void> SyncStage::start_hq() {
  auto started = Process::start(hq_command(broker_port()), log("hq"));
  if (!started) return tl::unexpected(started.error());
  hq_ = std::move(*started);
  return {};
}

std::vector<std::string> SyncStage::hq_command() const {
  std::vector<std::string> command{settings_.binaries + "/rampa-hq", "--json", "--directory", hq_directory()};
  if (!settings_.database.empty()) command.insert(command.end(), {"--database", settings_.database});
  return command;
}

std::vector<std::string> SyncStage::hq_command(int broker_port) const {
  std::vector<std::string> command = hq_command();
  command.insert(command.end(), {"serve", "--broker", url_of(broker_port, settings_.plain), "--ca", certificates() + "/ca.pem", "--cert", certificates() + "/hq.pem",
                                 "--key", certificates() + "/hq.key"});
  return command;
}

Result<void> SyncStage::start_post(PostProcessSettings settings, bool with_uplink) {
  const auto number = [](auto n) { return std::to_string(n); };
  const int control = ports_ + 1;
  std::vector<std::string> command{settings_.binaries + "/rampa-hil", "sync-post", "--directory", post_directory(), "--post", "P1",
                                   "--ca", certificates() + "/ca.pem", "--cert", certificates() + "/P1.pem", "--key", certificates() + "/P1.key",
                                   "--control", number(control), "--seed", number(settings.business.seed), "--record-bytes", number(settings.business.record_bytes),
                                   "--image-every", number(settings.business.image_every), "--image-bytes", number(settings.business.image_bytes),
                                   "--picture-every", number(settings.business.picture_every), "--records", number(settings.records),
                                   "--rate", number(settings.rate_per_s), "--quota-images-mib", number(settings.quota_images_mib),
                                   "--quota-thumbnails-mib", number(settings.quota_thumbnails_mib), "--clock-offset-s", number(settings.clock.offset_s),
                                   "--clock-rate-ppm", number(settings.clock.rate_ppm), "--boot-began-ns", number(settings.clock.boot_began_ns)};
  if (settings.business.closes) command.emplace_back("--closes");
  if (!settings.clock.boot.empty()) command.insert(command.end(), {"--boot", settings.clock.boot});
  if (with_uplink) command.insert(command.end(), {"--broker", url_of(line_->port(), settings_.plain)});
  for (std::size_t i = 1; with_uplink && i < settings_.broker_ports.size(); ++i) command.insert(command.end(), {"--broker", url_of(settings_.broker_ports[i], settings_.plain)});
  auto started = Process::start(std::move(command), log("post"));
  if (!started) return tl::unexpected(started.error());
  post_ = std::move(*started);
  control_ = std::make_unique<LoopbackClient>(control);
  return {};
}

Result<std::string> SyncStage::ask_post(const std::string& line, Duration timeout) {
  if (!control_) return fail(ErrorCode::no_reply, "no post was started");
  if (auto sent = control_->send(line + "\n"); !sent) return tl::unexpected(sent.error());
  auto answer = control_->receive_line(timeout);
  if (!answer) control_->close();
  return answer;
}

Result<std::string> SyncStage::hq_tool(std::vector<std::string> words) const {
  std::vector<std::string> command = hq_command();
  command.insert(command.end(), words.begin(), words.end());
  return Process::run(std::move(command), log("tools"), {0, 1});
}

void SyncStage::line(const std::function<void(WanRelay&)>& change) {
  line_thread_->with([&] { change(*line_); });
}

bool SyncStage::fault(std::string_view name, double value, bool on) {
  bool known = false;
  line([&](WanRelay& relay) { known = relay.fault(name, value, on); });
  return known;
}

WanStatistics SyncStage::line_statistics() {
  WanStatistics out;
  line([&](WanRelay& relay) { out = relay.statistics(); });
  return out;
}

}  // namespace rampa::hil
