// Independent peers read our Modbus server: mbpoll (libmodbus' sister), pymodbus (python) and jsmodbus (JavaScript), which have no
// common ancestor with it; tshark reads what our bus sends.
// If server and bus were both wrong in the same way, these would not agree with the model.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "edge/runtime/system_clock.hpp"
#include "hil/wire/modbus_server.hpp"
#include "tests/contract/modbus/bus_bench.hpp"

namespace rampa::tests {
namespace {

using icd::Table;

struct Witness : ::testing::Test {
  runtime::SystemClock clock;
  MapModel model;
  void SetUp() override {
    for (std::uint16_t i = 0; i < 10; ++i) {
      model.values[{Table::holding_register, static_cast<std::uint16_t>(100 + i)}] =
          static_cast<std::uint16_t>(4660 + i);
      model.values[{Table::input_register, static_cast<std::uint16_t>(100 + i)}] =
          static_cast<std::uint16_t>(0xF000 + i);
      model.values[{Table::coil, static_cast<std::uint16_t>(16 + i)}] = i % 3 == 0;
      model.values[{Table::discrete_input, i}] = i % 4 == 1;
    }
  }
  /// What every witness that writes has written.
  void expect_written() {
    const auto at = [this](Table table, std::uint16_t address) { return model.values[{table, address}]; };
    EXPECT_EQ(at(Table::holding_register, 102), 99);
    EXPECT_EQ(at(Table::holding_register, 103), 7);
    EXPECT_EQ(at(Table::holding_register, 104), 8);
    EXPECT_EQ(at(Table::coil, 17), 1);
    EXPECT_EQ(at(Table::coil, 18), 1);
    EXPECT_EQ(at(Table::coil, 19), 1);
    EXPECT_EQ(at(Table::coil, 20), 0);
  }
};

void expect_registers(const std::string& output, int first, int from, int count) {
  for (int i = 0; i < count; ++i) {
    const auto line = "[" + std::to_string(first + i) + "]: \t" + std::to_string(from + i);
    EXPECT_NE(output.find(line), std::string::npos) << "no line " << line << " in\n" << output;
  }
}

TEST_F(Witness, MbpollReadsTcp) {
  RAMPA_NEEDS_TOOL("command -v mbpoll", "mbpoll");
  const auto server = hil::ModbusServer::tcp("127.0.0.1", 0, clock).value();
  server->unit(7, model);
  const hil::WireThread thread({server.get()}, clock);
  const auto base = "timeout 10 mbpoll -m tcp -a 7 -1 -0 -p " + std::to_string(server->port());
  const auto holding = run_tool(base + " -t 4 -r 100 -c 10 127.0.0.1");
  EXPECT_EQ(holding.status, 0) << holding.output;
  expect_registers(holding.output, 100, 4660, 10);
  const auto bits = run_tool(base + " -t 0 -r 16 -c 4 127.0.0.1");
  EXPECT_NE(bits.output.find("[16]: \t1"), std::string::npos) << bits.output;
  EXPECT_NE(bits.output.find("[17]: \t0"), std::string::npos) << bits.output;
  EXPECT_NE(bits.output.find("[19]: \t1"), std::string::npos) << bits.output;
  const auto missing = run_tool(base + " -t 4 -r 500 127.0.0.1");
  EXPECT_NE(missing.output.find("Illegal data address"), std::string::npos) << missing.output;
}

TEST_F(Witness, MbpollReadsRtuThroughAPseudoTerminal) {
  RAMPA_NEEDS_TOOL("command -v mbpoll", "mbpoll");
  const auto server = hil::ModbusServer::rtu(clock).value();
  server->unit(7, model);
  const hil::WireThread thread({server.get()}, clock);
  const auto holding =
      run_tool("timeout 10 mbpoll -m rtu -b 9600 -P none -a 7 -1 -0 -t 4 -r 100 -c 10 " + server->path());
  EXPECT_EQ(holding.status, 0) << holding.output;
  expect_registers(holding.output, 100, 4660, 10);
}

TEST_F(Witness, PymodbusReadsAndWritesTcp) {
  RAMPA_NEEDS_TOOL("/usr/bin/python3 -c 'import pymodbus'", "python3-pymodbus");
  const auto server = hil::ModbusServer::tcp("127.0.0.1", 0, clock).value();
  server->unit(7, model);
  hil::WireThread thread({server.get()}, clock);
  const std::string script =
      "from pymodbus.client import ModbusTcpClient as C\n"
      "c=C('127.0.0.1',port=" +
      std::to_string(server->port()) +
      ",timeout=3); assert c.connect()\n"
      "print('hold',c.read_holding_registers(100,10,slave=7).registers)\n"
      "print('input',c.read_input_registers(100,3,slave=7).registers)\n"
      "print('coils',[int(b) for b in c.read_coils(16,10,slave=7).bits[:10]])\n"
      "print('bits',[int(b) for b in c.read_discrete_inputs(0,10,slave=7).bits[:10]])\n"
      "assert not c.write_register(102,99,slave=7).isError()\n"
      "assert not c.write_registers(103,[7,8],slave=7).isError()\n"
      "assert not c.write_coil(17,True,slave=7).isError()\n"
      "assert not c.write_coils(18,[True,True,False],slave=7).isError()\n"
      "print('exception',c.read_holding_registers(500,1,slave=7).exception_code)\n"
      "print('stranger',c.read_holding_registers(100,1,slave=9).exception_code)\n";
  const auto run = run_tool("timeout 20 /usr/bin/python3 -c \"" + script + "\"");
  EXPECT_EQ(run.status, 0) << run.output;
  for (const char* line :
       {"hold [4660, 4661, 4662, 4663, 4664, 4665, 4666, 4667, 4668, 4669]", "input [61440, 61441, 61442]",
        "coils [1, 0, 0, 1, 0, 0, 1, 0, 0, 1]", "bits [0, 1, 0, 0, 0, 1, 0, 0, 0, 1]", "exception 2", "stranger 11"})
    EXPECT_NE(run.output.find(line), std::string::npos) << "no '" << line << "' in\n" << run.output;
  thread.with([this] { expect_written(); });
}

TEST_F(Witness, JsmodbusReadsAndWritesTcp) {
  const std::string peer = "tests/contract/modbus/peer";
  RAMPA_NEEDS_TOOL("command -v node && test -d " + peer + "/node_modules/jsmodbus", "jsmodbus by lock file (./dev deps)");
  const auto server = hil::ModbusServer::tcp("127.0.0.1", 0, clock).value();
  server->unit(7, model);
  hil::WireThread thread({server.get()}, clock);
  const auto run = run_tool("timeout 20 node " + peer + "/read.mjs " + std::to_string(server->port()));
  EXPECT_EQ(run.status, 0) << run.output;
  for (const char* line : {"hold [4660,4661,4662,4663,4664,4665,4666,4667,4668,4669]", "input [61440,61441,61442]",
                           "coils [1,0,0,1,0,0,1,0,0,1]", "bits [0,1,0,0,0,1,0,0,0,1]", "exception 2"})
    EXPECT_NE(run.output.find(line), std::string::npos) << "no '" << line << "' in\n" << run.output;
  thread.with([this] { expect_written(); });
}

/// What our bus sent, as tshark's dissector reads it. The bytes are those that arrived at the server.
std::string dissect(const std::deque<Bytes>& heard, const std::string& protocol, const std::string& fields) {
  const auto base = (std::filesystem::temp_directory_path() / ("rampa-witness-" + std::to_string(::getpid()))).string();
  {
    std::ofstream text(base + ".txt");
    for (const auto& bytes : heard) {
      text << "000000";
      for (const auto byte : bytes) {
        char hex[4];
        std::snprintf(hex, sizeof hex, " %02x", byte);
        text << hex;
      }
      text << "\n";
    }
  }
  const auto made = run_tool("text2pcap -q -T 40000,502 " + base + ".txt " + base + ".pcap");
  const auto read = run_tool("(timeout 30 tshark -r " + base + ".pcap -d tcp.port==502," + protocol + " -o " +
                             protocol + ".tcp.port:502 -T fields " + fields + " 2>/dev/null)");
  std::filesystem::remove(base + ".txt");
  std::filesystem::remove(base + ".pcap");
  return made.status == 0 ? read.output : made.output;
}

void ask_everything(drivers::ModbusBus& bus) {
  const icd::Timing timing;
  EXPECT_EQ(bus.read_registers(7, Table::holding_register, 100, 2, timing).value(),
            (std::vector<std::uint16_t>{4660, 4661}));
  EXPECT_TRUE(bus.read_registers(7, Table::input_register, 103, 1, timing));
  EXPECT_TRUE(bus.read_bits(7, Table::coil, 16, 9, timing));
  EXPECT_TRUE(bus.read_bits(7, Table::discrete_input, 0, 10, timing));
  EXPECT_TRUE(bus.write_coil(7, 17, true, timing));
  EXPECT_TRUE(bus.write_register(7, 105, 0x1234, timing));
  EXPECT_TRUE(bus.write_registers(7, 106, {1, 2, 3}, timing));
}

TEST_F(Witness, TsharkReadsTheBusOnTcp) {
  RAMPA_NEEDS_TOOL("command -v tshark && command -v text2pcap", "tshark");
  BusBench bench(Wire::tcp);
  bench.thread.with([&] { bench.server->unit(7, model); });
  ask_everything(*bench.bus);
  std::deque<Bytes> heard;
  bench.thread.with([&] { heard = bench.server->heard(); });
  const auto seen = dissect(heard, "mbtcp",
                            "-e mbtcp.trans_id -e mbtcp.prot_id -e mbtcp.len -e mbtcp.unit_id -e modbus.func_code "
                            "-e modbus.reference_num -e modbus.word_cnt -e modbus.bit_cnt -E separator=/s");
  EXPECT_EQ(seen,
            "1 0 6 7 3 100 2 \n2 0 6 7 4 103 1 \n3 0 6 7 1 16  9\n4 0 6 7 2 0  10\n5 0 6 7 5 17  \n"
            "6 0 6 7 6 105  \n7 0 13 7 16 106 3 \n");
}

TEST_F(Witness, TsharkReadsTheBusOnRtu) {
  RAMPA_NEEDS_TOOL("command -v tshark && command -v text2pcap", "tshark");
  BusBench bench(Wire::rtu);
  bench.thread.with([&] { bench.server->unit(7, model); });
  ask_everything(*bench.bus);
  std::deque<Bytes> heard;
  bench.thread.with([&] { heard = bench.server->heard(); });
  const auto seen = dissect(heard, "mbrtu",
                            "-o mbrtu.crc_verification:TRUE -e mbrtu.unit_id -e mbrtu.crc16.status -e modbus.func_code "
                            "-e modbus.reference_num -E separator=/s");
  EXPECT_EQ(seen, "7 1 3 100\n7 1 4 103\n7 1 1 16\n7 1 2 0\n7 1 5 17\n7 1 6 105\n7 1 16 106\n");
}

}  // namespace
}  // namespace rampa::tests
