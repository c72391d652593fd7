// Register scales on the real transport against frames that pymodbus made (tests/golden/modbus_scales/make.py): the
// request must be byte for byte pymodbus', and its answer must mean what the file says.
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "edge/runtime/system_clock.hpp"
#include "tests/support/loopback.hpp"
#include "tests/support/register_bench.hpp"

using namespace rampa;

namespace {

const char* const kFolder = "tests/golden/modbus_scales";

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return bytes;
}

std::vector<std::string> golden_names() {
  std::vector<std::string> names;
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder, missing))
    if (entry.path().extension() == ".txt") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

/// Which product a file's prefix means.
std::string product_named(const std::string& file) {
  if (file.starts_with("c500")) return "rinstrum-c500";
  if (file.starts_with("dgt")) return "dini-argeo-dgt";
  if (file.starts_with("ft13")) return "flintec-ft-13";
  return "prefix unknown: " + file;
}

std::string describe(const device::DeviceEvent& event) {
  const auto& r = std::get<device::WeighReading>(event.body);
  std::ostringstream text;
  text << "gross_g=" << r.gross_g << " net_g=" << r.net_g << " tare_g=" << r.tare_g << " motion=" << r.motion
       << " over=" << r.over_range << " net_mode=" << r.net_mode << " quality=" << name_of(event.from.quality);
  return text.str();
}

TEST(GoldenFrames, EveryFrameOfEveryScale) {
  const auto names = golden_names();
  ASSERT_EQ(names.size(), 17u);
  for (const auto& name : names) {
    SCOPED_TRACE(name);
    std::ifstream file(std::string(kFolder) + "/" + name + ".txt");
    std::string source, request, answer, meaning;
    std::getline(file, source);
    ASSERT_TRUE(source.starts_with("# ")) << "where does it come from?";
    std::getline(file, request);
    std::getline(file, answer);
    std::getline(file, meaning);
    request = from_hex(request);
    answer = from_hex(answer);

    tests::LoopbackServer listener;
    std::string asked;
    std::thread indicator([&] {
      auto peer = listener.accept();
      while (asked.size() < request.size()) {
        const auto more = peer.receive_some(2000);
        if (more.empty()) return;
        asked += more;
      }
      // The transaction number is the asker's to choose; everything else is pymodbus'.
      peer.send(asked.substr(0, 2) + answer.substr(2));
      peer.receive_all(2000);
    });

    runtime::SystemClock clock;
    const auto product = tests::product_of(product_named(name));
    device::Settings settings;
    settings.id = {"L1-scale"};
    settings.options["grams_per_count"] = "1000";
    settings.address = {"modbus+tcp", "127.0.0.1", listener.port(), "", {{"unit", "1"}}};
    tests::Collect out;
    {
      const auto transports = drivers::make_real_transports(clock);
      auto driver = drivers::make_driver({product, settings, *transports, clock});
      ASSERT_TRUE(driver) << driver.error().what;
      (*driver)->poll(out);
    }
    indicator.join();

    EXPECT_EQ(asked.substr(2), request.substr(2));
    const auto* event = out.last<device::WeighReading>();
    ASSERT_NE(event, nullptr);
    EXPECT_NE(describe(*event).find(meaning), std::string::npos) << describe(*event);
    ASSERT_EQ(event->attachments.size(), 1u);
    EXPECT_EQ(event->attachments[0].name, "raw-frame");
    EXPECT_EQ(as_text(*event->attachments[0].bytes), answer.substr(7));  // behind the MBAP header
  }
}

}  // namespace
