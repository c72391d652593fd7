// Frames that makers print in their manuals (tests/golden/digital_io/printed), through the one Modbus library's door on a real socket.
#include <gtest/gtest.h>

#include "drivers/transport/transport.hpp"
#include "tests/support/virtual_clock.hpp"
#include "tests/unit/golden_frames/golden_peer.hpp"

using namespace rampa;

namespace {

std::string told(drivers::ModbusBus& bus, const std::vector<std::string>& words, const icd::Timing& timing) {
  const int unit = 1;
  if (words.size() != 4) return "four words are needed";
  const auto address = static_cast<std::uint16_t>(std::stoi(words[2])), last = static_cast<std::uint16_t>(std::stoi(words[3]));
  if (words[0] == "read") {
    const auto bits = bus.read_bits(unit, words[1] == "coil" ? icd::Table::coil : icd::Table::discrete_input, address, last, timing);
    if (!bits) return bits.error().what;
    std::string text;
    for (const bool bit : *bits) text += bit ? '1' : '0';
    return text;
  }
  const auto written = words[1] == "coil" ? bus.write_coil(unit, address, last != 0, timing) : bus.write_register(unit, address, last, timing);
  return written ? "done" : written.error().what;
}

TEST(PrintedFrames, AreWhatWeSendAndUnderstand) {
  const auto files = tests::sorted_entries("tests/golden/digital_io/printed");
  ASSERT_EQ(files.size(), 6u);
  for (const auto& file : files) {
    SCOPED_TRACE(file.filename().string());
    const auto step = tests::read_step(file);
    tests::GoldenPeer peer;
    peer.expect(step.wire);
    tests::VirtualClock clock;
    const auto transports = drivers::make_real_transports(clock);
    const auto bus = transports->modbus({"modbus+tcp", "127.0.0.1", peer.port(), "", {{"unit", "1"}}});
    ASSERT_TRUE(bus) << bus.error().what;
    icd::Timing timing;
    timing.reply_timeout = 20s;
    ASSERT_EQ(step.meaning.size(), 1u);
    EXPECT_EQ(told(**bus, step.action, timing), step.meaning.front());
    EXPECT_EQ(peer.differences(), "");
  }
}

}  // namespace
