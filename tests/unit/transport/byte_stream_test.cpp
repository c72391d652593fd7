// Real byte streams against the bench's stream server, on TCP and on a pseudo-terminal.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "drivers/transport/port.hpp"
#include "drivers/transport/trace.hpp"
#include "drivers/transport/transport.hpp"
#include "edge/runtime/system_clock.hpp"
#include "hil/wire/stream_server.hpp"

namespace rampa::tests {
namespace {

/// Answers what it is told, in capitals.
class Shouter : public hil::StreamModel {
 public:
  std::vector<int> open;
  Bytes heard;
  void opened(int connection) override { open.push_back(connection); }
  void closed(int connection) override { std::erase(open, connection); }
  void received(int connection, ByteView bytes) override {
    heard.insert(heard.end(), bytes.begin(), bytes.end());
    Out out{connection, {bytes.begin(), bytes.end()}, {}};
    for (auto& byte : out.bytes) byte = static_cast<std::uint8_t>(std::toupper(byte));
    outs_.push_back(std::move(out));
  }
  void advance(MonoTime) override {}
  std::vector<Out> take_output() override { return std::exchange(outs_, {}); }
  bool fault(std::string_view, double, bool) override { return false; }
  [[nodiscard]] std::vector<std::string> faults() const override { return {}; }

 private:
  std::vector<Out> outs_;
};

struct Streams : ::testing::TestWithParam<bool> {
  runtime::SystemClock clock;
  drivers::Traces traces{clock};
  Shouter model;
  std::unique_ptr<hil::StreamServer> server =
      (GetParam() ? hil::StreamServer::tcp("127.0.0.1", 0, model, clock) : hil::StreamServer::pty(model, clock))
          .value();
  hil::WireThread thread{{server.get()}, clock};
  std::unique_ptr<drivers::Transports> transports = drivers::make_real_transports(clock, traces);
  device::Address address = GetParam() ? device::Address{"tcp", "127.0.0.1", server->port(), {}, {}}
                                       : device::Address{"serial", {}, 0, server->path(), {{"format", "8N1"}}};
  std::shared_ptr<drivers::ByteStream> stream = transports->stream(address).value();

  std::string read(std::size_t size) {
    std::string text;
    while (text.size() < size) {
      const auto some = stream->read_some(256, 1s);
      if (!some) break;
      text += as_text(*some);
    }
    return text;
  }
  void fault(std::string_view name, double value, bool on) {
    thread.with([&] { ASSERT_TRUE(server->fault(name, value, on)); });
  }
};

TEST_P(Streams, BytesGoBothWays) {
  EXPECT_FALSE(stream->connected());
  traces.of(address.cable())->keep(10);
  ASSERT_TRUE(stream->connect(1s));
  ASSERT_TRUE(stream->connected());
  ASSERT_TRUE(stream->write(as_bytes("gross 12\r\n"), 1s));
  EXPECT_EQ(read(10), "GROSS 12\r\n");
  const auto frames = traces.of(address.cable())->frames();
  ASSERT_GE(frames.size(), 2u);
  EXPECT_EQ(as_text(frames[0].bytes), "gross 12\r\n");
  EXPECT_EQ(frames[0].direction, drivers::Direction::sent);
  EXPECT_EQ(frames[1].direction, drivers::Direction::received);
}

TEST_P(Streams, SilenceIsATimeout) {
  ASSERT_TRUE(stream->connect(1s));
  for (const char* name : {"silent", "half_open"}) {
    fault(name, 0, true);
    ASSERT_TRUE(stream->write(as_bytes("x"), 1s));
    const auto from = clock.mono();
    const auto nothing = stream->read_some(16, 50ms);
    ASSERT_FALSE(nothing);
    EXPECT_EQ(nothing.error().code, ErrorCode::timeout);
    EXPECT_GE(clock.mono() - from, 50ms);
    EXPECT_TRUE(stream->connected());
    fault(name, 0, false);
  }
}

TEST_P(Streams, NoiseAndDribbleArrive) {
  ASSERT_TRUE(stream->connect(1s));
  fault("dribble", 1, true);
  ASSERT_TRUE(stream->write(as_bytes("slow"), 1s));
  EXPECT_EQ(read(4), "SLOW");
  fault("dribble", 0, false);
  fault("noise", 5, true);
  ASSERT_TRUE(stream->write(as_bytes("loud"), 1s));
  EXPECT_EQ(read(9).substr(5), "LOUD");
}

TEST_P(Streams, ReopensAfterClose) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(stream->connect(1s));
    ASSERT_TRUE(stream->write(as_bytes("again"), 1s));
    EXPECT_EQ(read(5), "AGAIN");
    stream->close();
    EXPECT_FALSE(stream->connected());
    EXPECT_EQ(stream->read_some(1, 1ms).error().code, ErrorCode::disconnected);
    EXPECT_EQ(stream->write(as_bytes("x"), 1ms).error().code, ErrorCode::disconnected);
  }
}

TEST_P(Streams, OneObjectPerCable) {
  EXPECT_EQ(transports->stream(address).value(), stream);
  EXPECT_EQ(transports->modbus(address).error().code, ErrorCode::invalid);
  if (address.host.empty()) {
    auto other = address;
    other.query["baud"] = "1200";
    const auto conflict = transports->stream(other);
    ASSERT_FALSE(conflict);
    EXPECT_NE(conflict.error().what.find("baud"), std::string::npos);
  }
}

const auto kName = [](const auto& info) { return info.param ? "Tcp" : "Pty"; };
INSTANTIATE_TEST_SUITE_P(Wire, Streams, ::testing::Bool(), kName);

struct TcpStreams : Streams {};

TEST_P(TcpStreams, ResetIsSeenAndWritingAfterItKillsNobody) {
  ASSERT_TRUE(stream->connect(1s));
  ASSERT_TRUE(stream->write(as_bytes("x"), 1s));
  EXPECT_EQ(read(1), "X");
  fault("reset", 0, true);
  const auto gone = stream->read_some(16, 1s);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, ErrorCode::disconnected);
  EXPECT_FALSE(stream->connected());
  EXPECT_EQ(stream->write(as_bytes("y"), 100ms).error().code, ErrorCode::disconnected);  // no SIGPIPE
  ASSERT_TRUE(stream->connect(1s));
  ASSERT_TRUE(stream->write(as_bytes("z"), 1s));
  EXPECT_EQ(read(1), "Z");
}

INSTANTIATE_TEST_SUITE_P(Wire, TcpStreams, ::testing::Values(true), kName);

TEST(TcpConnect, NobodyThereAndNobodyAnswering) {
  runtime::SystemClock clock;
  const auto transports = drivers::make_real_transports(clock);
  // A listener that never accepts: once its queue is full, connecting gets no answer at all.
  const int full = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(full, reinterpret_cast<sockaddr*>(&here), sizeof here), 0);
  socklen_t size = sizeof here;
  ASSERT_EQ(::getsockname(full, reinterpret_cast<sockaddr*>(&here), &size), 0);
  const device::Address address{"tcp", "127.0.0.1", ntohs(here.sin_port), {}, {}};
  const auto refused = transports->stream(address).value()->connect(1s);  // bound, not listening
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::no_reply);
  ASSERT_EQ(::listen(full, 0), 0);
  std::vector<std::unique_ptr<drivers::Transports>> callers;
  std::vector<std::shared_ptr<drivers::ByteStream>> waiting;
  bool timed_out = false;
  for (int i = 0; i < 10 && !timed_out; ++i) {
    callers.push_back(drivers::make_real_transports(clock));
    waiting.push_back(callers.back()->stream(address).value());
    const auto from = clock.mono();
    const auto connected = waiting.back()->connect(50ms);
    if (connected) continue;
    timed_out = true;
    EXPECT_EQ(connected.error().code, ErrorCode::no_reply);
    EXPECT_NE(connected.error().what.find("50 ms"), std::string::npos) << connected.error().what;
    EXPECT_GE(clock.mono() - from, 50ms);
  }
  EXPECT_TRUE(timed_out);
  ::close(full);
}

TEST(TcpConnect, APeerThatVanishesWithoutAWordIsNoticedWithinHalfAMinute) {
  const int listening = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof here;
  ASSERT_EQ(::bind(listening, reinterpret_cast<sockaddr*>(&here), sizeof here), 0);
  ASSERT_EQ(::listen(listening, 1), 0);
  ASSERT_EQ(::getsockname(listening, reinterpret_cast<sockaddr*>(&here), &size), 0);
  const auto port = drivers::Port::connect_tcp("127.0.0.1", ntohs(here.sin_port), 1s);
  ASSERT_TRUE(port);
  const auto option = [&](int level, int name) {
    int value = 0;
    socklen_t length = sizeof value;
    EXPECT_EQ(::getsockopt(port->descriptor(), level, name, &value, &length), 0);
    return value;
  };
  EXPECT_EQ(option(SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_LE(option(IPPROTO_TCP, TCP_KEEPIDLE) + option(IPPROTO_TCP, TCP_KEEPINTVL) * option(IPPROTO_TCP, TCP_KEEPCNT), 30);
  ::close(listening);
}

TEST(Serial, NoSuchLineAndNoSuchBaud) {
  runtime::SystemClock clock;
  const auto transports = drivers::make_real_transports(clock);
  const auto missing = transports->stream({"serial", {}, 0, "/dev/no-such-line", {}}).value()->connect(1s);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::no_reply);
  EXPECT_NE(missing.error().what.find("/dev/no-such-line"), std::string::npos);
  EXPECT_EQ(transports->stream({"serial", {}, 0, "/dev/ttyS0", {{"baud", "17"}}}).error().code, ErrorCode::invalid);
}

}  // namespace
}  // namespace rampa::tests
