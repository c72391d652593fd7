// The drivers of the digital I/O modules and of the NII scanner on the real transport against conversations that pymodbus
// made (tests/golden/digital_io, tests/golden/nii_scanner): what a driver asks and writes must be byte for byte pymodbus', and what it
// then says of the lane must be what the file says. Time is the file's, so that nothing depends on the machine's speed.
#include <gtest/gtest.h>

#include <optional>
#include <sstream>

#include "config/site.hpp"
#include "drivers/registry/registry.hpp"
#include "edge/lane/guard.hpp"
#include "tests/support/golden.hpp"
#include "tests/support/virtual_clock.hpp"
#include "tests/unit/golden_frames/golden_peer.hpp"

using namespace rampa;

namespace {

std::string in_words(const device::DeviceEvent& event) {
  std::ostringstream text;
  const auto quality = [&] { text << " quality=" << name_of(event.from.quality); };
  if (const auto* image = std::get_if<device::PointImage>(&event.body)) {
    text << "points";
    for (const auto& point : image->points) text << ' ' << point.point << '=' << point.on;
    quality();
  } else if (const auto* condition = std::get_if<device::DeviceCondition>(&event.body)) {
    text << "condition " << name_of(condition->level) << (condition->fault.empty() ? "" : " ") << condition->fault;
  } else if (const auto* scanner = std::get_if<device::ScannerReport>(&event.body)) {
    text << "scanner " << static_cast<int>(scanner->state) << (scanner->scan_id.empty() ? "" : " scan=") << scanner->scan_id;
    quality();
  } else if (const auto* strip = std::get_if<device::ScanStrip>(&event.body)) {
    text << "strip " << strip->scan_id << " first=" << strip->first_line << " lines=" << strip->lines
         << " pixels=" << tests::to_hex(as_text(*event.attachments.at(0).bytes));
  } else if (const auto* scan = std::get_if<device::ScanImage>(&event.body)) {
    text << "image " << scan->scan_id << ' ' << scan->width_px << 'x' << scan->height_px << " bits=" << scan->bits
         << " complete=" << scan->complete << " missing=" << scan->lines_missing << " repeated=" << scan->lines_repeated;
    quality();
  } else {
    text << "an event that no golden file knows";
  }
  return text.str();
}

struct Said : device::EventSink {
  std::vector<std::string> lines;
  void publish(device::DeviceEvent event) override { lines.push_back(in_words(event)); }
  Result<void> publish_durably(device::DeviceEvent event, Duration) override {
    publish(std::move(event));
    return {};
  }
};

/// The lane that make.py of tests/golden/digital_io wires.
std::vector<device::PointWiring> wiring(const std::string& outputs) {
  std::vector<device::PointWiring> all;
  int n = 0;
  for (const char* point : {"loop_entry", "loop_boom", "loop_exit", "photocell", "boom_open", "boom_closed"})
    all.push_back({point, "DI" + std::to_string(n++), std::string_view(point) == "loop_boom"});
  n = 0;
  for (const char* point : {"boom_raise", "boom_lower", "light_red", "light_green"}) all.push_back({point, outputs + std::to_string(n++), false});
  return all;
}

/// A driver from its ICD file, through the registry, on real sockets.
class Conversation {
 public:
  explicit Conversation(const std::filesystem::path& folder) : area_(folder.parent_path().filename().string()) {
    const std::string name = folder.filename().string();
    auto read = config::read_product("firmware-interfaces/icd/" + name.substr(0, name.find('.')) + ".json");
    EXPECT_TRUE(read.findings.empty()) << name;
    product_ = read.product;
    // The answers come at once; how fast the machine under the test is does not matter here.
    product_.timing.reply_timeout = 20s;
    const auto first = tests::read_step(tests::sorted_entries(folder).front());
    const int unit = first.wire.front().request[6];
    settings_.address = {"modbus+tcp", "127.0.0.1", modbus_.port(), "", {{"unit", std::to_string(unit)}}};
    if (area_ == "nii_scanner") {
      settings_.id = {"L1-scanner"};
      settings_.options["stream_address"] = "tcp://127.0.0.1:" + std::to_string(lines_.port());
    } else {
      settings_.id = {"L1-io"};
      settings_.wiring = wiring(product_.find("DO0") ? "DO" : "relay");
      settings_.options = {{"commissioned_by", "J. Example"}, {"commissioned_on", "2026-05-04"}};
    }
    transports_ = drivers::make_real_transports(clock_);
    auto made = drivers::make_driver({product_, settings_, *transports_, clock_});
    EXPECT_TRUE(made) << made.error().what;
    if (made) driver_ = std::move(*made);
  }

  void play(const tests::GoldenStep& step) {
    clock_.advance(step.after);
    modbus_.expect(step.wire);
    if (step.action.size() == 3 && step.action[1] == "lines") play_lines(step.action[2]);
    said_.lines.clear();
    act(step.action.front());
    EXPECT_EQ(modbus_.differences(), "");
    EXPECT_EQ(said_.lines, step.meaning);
  }
  [[nodiscard]] bool made() const { return driver_ != nullptr; }

 private:
  void act(const std::string& action) {
    if (action == "poll") return void(driver_->poll(said_));
    if (action == "raise") return command(device::MoveBoom{device::Boom::first, device::Motion::raise});
    if (action == "permit") return command(device::WithholdScan{false});
    if (action == "withhold") return command(device::WithholdScan{true});
    if (action == "abort") return command(device::AbortScan{});
    ADD_FAILURE() << "no such action: " << action;
  }

  void command(device::CommandBody body) {
    const device::Command asked{++commands_, settings_.id, std::move(body), clock_.mono() + 500ms};
    // What the guard permits is another test's matter; a permit knows its command by number, and red is always permitted.
    device::Command red = asked;
    red.body = device::SetLight{device::Boom::first, device::Aspect::red};
    auto permit = lane::Guard::permit(red, lane::State{}, lane::Config{}, clock_.mono());
    ASSERT_TRUE(permit);
    const auto report = driver_->execute(asked, std::move(*permit), said_);
    said_.lines.push_back("command " + std::string(name_of(report.outcome)));
  }

  void play_lines(const std::string& name) {
    if (!stream_) stream_.emplace(lines_.accept());  // the driver has connected in its first poll
    ASSERT_TRUE(stream_->send(tests::golden(area_ + "/" + name + ".bin")));
    ASSERT_TRUE(stream_->arrived());
  }

  std::string area_;
  tests::VirtualClock clock_;
  tests::GoldenPeer modbus_;
  tests::LoopbackServer lines_;
  std::optional<tests::LoopbackPeer> stream_;
  icd::Product product_;
  device::Settings settings_;
  std::unique_ptr<drivers::Transports> transports_;
  Said said_;
  std::unique_ptr<device::Driver> driver_;  // goes first, and ends its connections
  std::uint64_t commands_ = 0;
};

void play_all(const std::string& area, const std::vector<std::string>& wanted) {
  std::vector<std::string> found;
  for (const auto& folder : tests::sorted_entries("tests/golden/" + area, true)) {
    if (folder.filename() == "printed") continue;  // printed_frames_test.cpp
    found.push_back(folder.filename().string());
    SCOPED_TRACE(found.back());
    Conversation conversation(folder);
    ASSERT_TRUE(conversation.made());
    for (const auto& file : tests::sorted_entries(folder)) {
      SCOPED_TRACE(file.filename().string());
      conversation.play(tests::read_step(file));
    }
  }
  EXPECT_EQ(found, wanted);
}

TEST(GoldenConversations, DigitalIoModules) {
  play_all("digital_io", {"advantech-adam-6060", "advantech-adam-6060.unit-0", "moxa-iologik-e1214", "moxa-iologik-e1214.another-model",
                          "moxa-iologik-e1214.no-system-parameters", "wago-750", "wago-750.watchdog-off"});
}

TEST(GoldenConversations, NiiScanner) { play_all("nii_scanner", {"nii-il-1", "nii-il-1.watchdog-off"}); }

}  // namespace
