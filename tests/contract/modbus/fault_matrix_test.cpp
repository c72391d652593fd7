// The bus against every fault of the wire, on TCP and on a pseudo-terminal. Two registers with different values are
// read in turn, so a reply that is taken for another's shows. Promises under test:
//   no wrong value is ever returned as good;
//   after a fault the link heals within two polls;
//   a write is reported done only if the device has acted on this very write.
#include "tests/contract/modbus/bus_bench.hpp"

namespace rampa::tests {
namespace {

using icd::Table;

constexpr std::uint16_t kFirst = 100, kSecond = 200, kTarget = 300;
constexpr std::uint16_t kFirstValue = 0x1111, kSecondValue = 0x2222;

struct Case {
  std::string fault;
  double value = 0;
};

struct FaultMatrix : ::testing::TestWithParam<Wire> {
  MapModel model;
  BusBench bench{GetParam()};
  icd::Timing timing;
  int wrong = 0;
  std::uint16_t next = kFirst;

  void SetUp() override {
    timing.reply_timeout = 100ms;
    timing.reply_late_max = 200ms;
    timing.backoff_min = 20ms;
    timing.backoff_max = 80ms;
    bench.thread.with([this] {
      model.values = {{{Table::holding_register, kFirst}, kFirstValue},
                      {{Table::holding_register, kSecond}, kSecondValue},
                      {{Table::holding_register, kTarget}, 0}};
      bench.server->unit(1, model);
      bench.server->unit(2, model);
    });
  }

  /// One poll of the register whose turn it is; counts wrong values.
  Result<void> poll() {
    bench.wait_for_turn(1);
    const auto address = next;
    next = next == kFirst ? kSecond : kFirst;
    const auto values = bench.bus->read_registers(1, Table::holding_register, address, 1, timing);
    if (!values) return tl::unexpected(values.error());
    if (values->at(0) != (address == kFirst ? kFirstValue : kSecondValue)) ++wrong;
    return {};
  }

  /// As expect_heals(); and every reply that suffered must have been thrown away, though its value may be right.
  void expect_rejected(const Case& fault) { expect_heals(fault, 1, true); }

  /// `struck` polls suffer; then at most one more may fail.
  void expect_heals(const Case& fault, int struck = 1, bool rejected = false) {
    SCOPED_TRACE(fault.fault + " " + std::to_string(fault.value));
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(poll().has_value()) << "before the fault";
    bench.faults(fault.fault, fault.value, struck);
    for (int i = 0; i < struck; ++i) {
      const auto polled = poll();
      EXPECT_FALSE(rejected && polled.has_value()) << "a reply that is not the answer was taken";
    }
    (void)poll();
    for (int i = 0; i < 6; ++i) {
      const auto polled = poll();
      EXPECT_TRUE(polled.has_value()) << "poll " << i + 2 << " after the fault: " << polled.error().what;
    }
    EXPECT_EQ(wrong, 0) << "wrong values returned as good";
    bench.thread.with([this] { bench.server->clear_faults(); });
  }
};

TEST_P(FaultMatrix, SilentAndDeaf) {
  expect_rejected({"silent"});
  expect_rejected({"deaf"});
  expect_heals({"silent"}, 3);
}

TEST_P(FaultMatrix, LateUpToItsBound) {
  // Up to reply_late_max after the time-out, less what the test machine itself may delay.
  for (const double ms : {50., 99., 101., 120., 150., 200., 250., 290.}) expect_heals({"late", ms});
}

TEST_P(FaultMatrix, LateSeveralTimesInARow) {
  for (const double ms : {110., 180., 280.}) expect_heals({"late", ms}, 3);
}

TEST_P(FaultMatrix, Duplicate) {
  expect_heals({"duplicate"});
  expect_heals({"duplicate"}, 4);
}

/// What only TCP has: connections, and transactions by which a copy is known. RTU can't tell a copy that comes alone
/// from an answer (see modbus_rtu_line.cpp).
struct TcpFaults : FaultMatrix {};

TEST_P(TcpFaults, DuplicateThatComesLater) {
  for (const double ms : {1., 5., 20., 90., 150.}) expect_heals({"duplicate", ms}, 3);
}

TEST_P(FaultMatrix, CopyThatComesBetweenPolls) {
  bench.thread.with([this] { bench.server->reply_delay(15ms); });
  for (int round = 0; round < 5; ++round) {
    bench.faults("duplicate", 5, 1);
    EXPECT_TRUE(poll().has_value());
    runtime::sleep_for(30ms);  // the host's poll period, in which the copy comes
    EXPECT_TRUE(poll().has_value());
  }
  EXPECT_EQ(wrong, 0);
}

TEST_P(FaultMatrix, OldAnswerBeforeTheRightOne) {
  expect_heals({"old_first"});
  expect_heals({"old_first"}, 3);
}

/// A device that takes its time gives a late reply room to come before the right one.
TEST_P(FaultMatrix, LateRepliesOfASlowDevice) {
  bench.thread.with([this] { bench.server->reply_delay(30ms); });
  for (const double ms : {80., 100., 130., 180., 220., 260.}) expect_heals({"late", ms});
  for (const double ms : {90., 200.}) expect_heals({"late", ms}, 3);
}

TEST_P(FaultMatrix, Truncated) {
  for (const double bytes : {1., 2., 4., 6.}) expect_rejected({"truncated", bytes});
}

TEST_P(FaultMatrix, WrongUnitLengthFunctionTransaction) {
  expect_rejected({"wrong_unit"});
  expect_rejected({"wrong_length"});
  expect_rejected({"wrong_function"});
  if (GetParam() == Wire::tcp) expect_rejected({"wrong_tid"});
}

TEST_P(FaultMatrix, Exceptions) {
  for (const double code : {1., 2., 3., 4., 5., 6., 10., 11.}) expect_rejected({"exception", code});
}

TEST_P(FaultMatrix, EveryBitOfTheHeader) {
  const int bits = GetParam() == Wire::tcp ? 72 : 24;
  for (int bit = 0; bit < bits; ++bit) expect_rejected({"bit_flip_header", static_cast<double>(bit)});
}

TEST_P(FaultMatrix, DribbledReplyIsWhole) {
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(poll());
  bench.faults("dribble", 2, 1);
  EXPECT_TRUE(poll().has_value());
  expect_heals({"dribble"}, 3);
  expect_heals({"dribble", 30});  // slower than the time-out: fails, heals
}

TEST_P(TcpFaults, ConnectionsAreCounted) {
  ASSERT_TRUE(poll());
  const auto before = bench.bus->connections();
  ASSERT_TRUE(poll());
  EXPECT_EQ(bench.bus->connections(), before);
  bench.faults("silent", 0, 1);
  ASSERT_FALSE(poll());
  ASSERT_TRUE(poll());
  EXPECT_GT(bench.bus->connections(), before) << "a driver must arm itself anew";
}

TEST_P(TcpFaults, AConnectionThatThePeerEndedIsSeenBeforeAnythingIsAsked) {
  ASSERT_TRUE(poll());
  const auto before = bench.bus->connections();
  bench.thread.with([&] { bench.server->hang_up(); });
  EXPECT_GT(bench.bus->connections(), before);
  const auto ended = bench.bus->connections();
  ASSERT_TRUE(poll()) << "renewed quietly";
  EXPECT_GT(bench.bus->connections(), ended);
}

TEST_P(TcpFaults, Reset) {
  expect_heals({"reset"});
  expect_heals({"reset"}, 3);
}

TEST_P(FaultMatrix, MixedFaultsInAFixedOrder) {
  auto names = bench.server->faults();
  std::uint32_t draw = 12345;
  int good = 0;
  for (int i = 0; i < 120; ++i) {
    draw = draw * 1664525u + 1013904223u;
    const auto& name = names[(draw >> 16) % names.size()];
    double value = 0;
    if (name == "late") value = static_cast<double>(draw >> 8 & 0xFF);
    if (name == "exception") value = 6;
    if (name == "bit_flip_header") value = -1;
    if (i % 3 == 0) bench.faults(name, value, 1);
    good += poll().has_value();
    bench.thread.with([this] { bench.server->clear_faults(); });
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_GE(good, 60) << "of 120 polls, 40 of them struck";
}

TEST_P(FaultMatrix, SilenceIsToldFromAbsence) {
  bench.faults("deaf", 0, 1);
  auto first = poll();
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code, ErrorCode::no_reply) << "nothing ever answered here";
  ASSERT_TRUE(poll());
  bench.faults("deaf", 0, 1);
  auto later = poll();
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().code, ErrorCode::timeout) << "it answered before";
  const auto in_pause = bench.bus->read_registers(1, Table::holding_register, kFirst, 1, timing);
  ASSERT_FALSE(in_pause);
  EXPECT_EQ(in_pause.error().code, ErrorCode::timeout);
}

TEST_P(FaultMatrix, LateReplyOfOneUnitNeverReachesAnother) {
  MapModel other;
  bench.thread.with([&] {
    other.values = {{{Table::holding_register, kFirst}, 0x5555}, {{Table::holding_register, kSecond}, 0x6666}};
    bench.server->unit(2, other);
  });
  for (const double ms : {110., 130., 170., 240.}) {
    bench.wait_for_turn(1);
    bench.faults("late", ms, 1, 1);
    (void)bench.bus->read_registers(1, Table::holding_register, kFirst, 1, timing);
    int good = 0;
    while (bench.bus->pause(1) > Duration{0} || good < 5) {
      bench.wait_for_turn(2);
      const auto values = bench.bus->read_registers(2, Table::holding_register, kFirst, 1, timing);
      ASSERT_TRUE(values.has_value()) << values.error().what;
      EXPECT_EQ(values->at(0), 0x5555);
      ++good;
    }
  }
  while (bench.bus->pause(1) > Duration{0}) bench.wait_for_turn(1);
  ASSERT_TRUE(poll());
  EXPECT_EQ(wrong, 0);
  bench.thread.with([this] { bench.server->unit(2, model); });
}

// ---- writes ----------------------------------------------------------------------------------------------------

struct WriteFaults : FaultMatrix {
  std::uint16_t written = 0;

  Result<void> write() {
    bench.wait_for_turn(1);
    return bench.bus->write_register(1, kTarget, ++written, timing);
  }
  std::uint16_t in_device() {
    std::uint16_t value = 0;
    bench.thread.with([&] { value = model.values[{Table::holding_register, kTarget}]; });
    return value;
  }
};

TEST_P(WriteFaults, NoValidAnswerIsOutcomeUnknown) {
  std::vector<Case> cases{
      {"deaf"},           {"silent"},       {"late", 150},    {"truncated"},     {"wrong_unit"},
      {"wrong_function"}, {"exception", 4}, {"exception", 5}, {"exception", 11}, {"bit_flip_header", 9}};
  if (GetParam() == Wire::tcp)
    cases.insert(cases.end(), {{"wrong_tid"}, {"wrong_length"}, {"reset"}, {"bit_flip_header", 66} /* the echo */});
  for (const auto& fault : cases) {
    SCOPED_TRACE(fault.fault);
    bench.faults(fault.fault, fault.value, 1);
    const auto struck = write();
    ASSERT_FALSE(struck.has_value()) << "done was reported without a valid answer";
    EXPECT_EQ(struck.error().code, ErrorCode::outcome_unknown) << struck.error().what;
    ASSERT_TRUE(write().has_value()) << "the next write must go through";
    EXPECT_EQ(in_device(), written);
  }
}

TEST_P(WriteFaults, RefusalsAreNoUnknowns) {
  const std::map<int, ErrorCode> expected{
      {1, ErrorCode::refused}, {2, ErrorCode::refused}, {3, ErrorCode::refused}, {6, ErrorCode::busy}};
  for (const auto& [code, meaning] : expected) {
    bench.faults("exception", code, 1);
    const auto refused = write();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, meaning) << code;
    EXPECT_NE(in_device(), written);
  }
}

TEST_P(WriteFaults, LateEchoDoesNotConfirmTheNextEqualWrite) {
  for (const double ms : {110., 180., 280.}) {
    bench.wait_for_turn(1);
    bench.faults("late", ms, 1);
    const auto first = bench.bus->write_register(1, kTarget, 1, timing);
    ASSERT_FALSE(first);
    EXPECT_EQ(first.error().code, ErrorCode::outcome_unknown);
    bench.wait_for_turn(1);
    bench.faults("deaf", 0, 1);
    const auto second = bench.bus->write_register(1, kTarget, 1, timing);
    ASSERT_FALSE(second) << "an old echo confirmed a write that never arrived";
    EXPECT_EQ(second.error().code, ErrorCode::outcome_unknown);
  }
}

TEST_P(WriteFaults, NothingIsSentToAUnitInItsPause) {
  ASSERT_TRUE(write());
  bench.faults("deaf", 0, 1);
  ASSERT_FALSE(write());
  std::uint64_t before = 0, after = 0;
  bench.thread.with([&] { before = bench.server->requests(1); });
  const auto in_pause = bench.bus->write_register(1, kTarget, 99, timing);
  bench.thread.with([&] { after = bench.server->requests(1); });
  ASSERT_FALSE(in_pause);
  EXPECT_NE(in_pause.error().code, ErrorCode::outcome_unknown) << "nothing left, so nothing is unknown";
  EXPECT_EQ(before, after);
}

TEST_P(WriteFaults, CoilsAndManyRegisters) {
  bench.thread.with([this] {
    model.values[{Table::coil, 16}] = 0;
    model.values[{Table::discrete_input, 3}] = 1;
    for (std::uint16_t i = 0; i < 4; ++i)
      model.values[{Table::holding_register, static_cast<std::uint16_t>(400 + i)}] = 0;
  });
  ASSERT_TRUE(bench.bus->write_coil(1, 16, true, timing));
  EXPECT_EQ(bench.bus->read_bits(1, Table::coil, 16, 1, timing).value(), std::vector<bool>{true});
  ASSERT_TRUE(bench.bus->write_coil(1, 16, false, timing));
  EXPECT_EQ(bench.bus->read_bits(1, Table::coil, 16, 1, timing).value(), std::vector<bool>{false});
  EXPECT_EQ(bench.bus->read_bits(1, Table::discrete_input, 3, 1, timing).value(), std::vector<bool>{true});
  const std::vector<std::uint16_t> values{1, 0xFFFF, 0x47F1, 0x2000};
  ASSERT_TRUE(bench.bus->write_registers(1, 400, values, timing));
  EXPECT_EQ(bench.bus->read_registers(1, Table::holding_register, 400, 4, timing).value(), values);
  const auto nowhere = bench.bus->write_registers(1, 500, values, timing);
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().code, ErrorCode::refused);
}

const auto kName = [](const auto& info) { return info.param == Wire::tcp ? "Tcp" : "Rtu"; };
INSTANTIATE_TEST_SUITE_P(Wire, FaultMatrix, ::testing::Values(Wire::tcp, Wire::rtu), kName);
INSTANTIATE_TEST_SUITE_P(Wire, TcpFaults, ::testing::Values(Wire::tcp), kName);
INSTANTIATE_TEST_SUITE_P(Wire, WriteFaults, ::testing::Values(Wire::tcp, Wire::rtu), kName);

}  // namespace
}  // namespace rampa::tests
