#include "drivers/transport/push_listener.hpp"

#include "firmware-interfaces/device/address_rules.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

#include "drivers/transport/http/peer_rates.hpp"
#include "drivers/transport/http/socket.hpp"

namespace rampa::drivers {
namespace {

constexpr int tick_ms = 50;                    // how late a deadline may be noticed
constexpr Duration drain_deadline = 1s;        // after our answer, for the peer to close
constexpr std::size_t drain_bytes_max = 512 * 1024;

/// A callback and how many takers are inside it.
struct Route {
  std::function<int(const PushedRequest&)> take;
  int running = 0;
};

struct Connection {
  enum class Phase { reading, waiting, writing, draining, over };
  std::uint64_t number = 0;
  http::Descriptor socket;
  std::string peer;
  http::RequestParser parser;
  Phase phase = Phase::reading;
  MonoTime deadline;
  std::string out;
  std::size_t drained = 0;
  bool continued = false;
  std::size_t handed_over = 0;  ///< body bytes that a taker still holds
};

class Listener final : public SocketPushListener {
 public:
  Listener(http::Descriptor listening, const Clock& clock, const PushLimits& limits)
      : listening_(std::move(listening)),
        wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
        clock_(clock),
        limits_(limits),
        rates_(limits.requests_per_second_max, limits.requests_burst_max),
        port_(http::bound_port(listening_)) {
    for (std::size_t i = 0; i < limits_.takers; ++i) takers_.emplace_back([this] { take_requests(); });
    mover_ = std::thread([this] { move_bytes(); });
  }

  ~Listener() override {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    work_.notify_all();
    wake();
    mover_.join();
    for (auto& taker : takers_) taker.join();
  }

  void on_path(const std::string& path, std::function<int(const PushedRequest&)> take) override {
    std::lock_guard lock(mutex_);
    routes_[path] = std::make_shared<Route>(Route{std::move(take)});
  }

  void off_path(const std::string& path) override {
    std::unique_lock lock(mutex_);
    const auto found = routes_.find(path);
    if (found == routes_.end()) return;
    const auto route = found->second;
    routes_.erase(found);
    idle_.wait(lock, [&] { return route->running == 0; });
  }

  [[nodiscard]] std::uint16_t port() const override { return port_; }

  [[nodiscard]] PushCounters counters() const override {
    std::lock_guard lock(mutex_);
    return counters_;
  }

 private:
  struct Job {
    std::uint64_t connection = 0;
    PushedRequest request;
  };

  void wake() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto n = ::write(wake_.get(), &one, sizeof one);  // full means that it is awake already
  }

  void count(std::uint64_t PushCounters::*which) {
    std::lock_guard lock(mutex_);
    ++(counters_.*which);
  }

  // ---- takers: run callbacks, which may wait for the disk ----

  void take_requests() {
    std::unique_lock lock(mutex_);
    for (;;) {
      work_.wait(lock, [&] { return stopping_ || !jobs_.empty(); });
      if (stopping_) return;
      Job job = std::move(jobs_.front());
      jobs_.pop_front();
      const auto found = routes_.find(job.request.path.substr(0, job.request.path.find('?')));
      int status = 404;
      if (found != routes_.end()) {
        const auto route = found->second;
        ++route->running;
        lock.unlock();
        status = run(*route, job.request);
        lock.lock();
        if (--route->running == 0) idle_.notify_all();
        ++(status == 200 ? counters_.taken : counters_.not_taken);
      } else {
        ++counters_.refused_path;
      }
      answers_.emplace_back(job.connection, status);
      wake();
    }
  }

  static int run(const Route& route, const PushedRequest& request) {
    try {
      const int status = route.take(request);
      return status >= 200 && status < 600 ? status : 503;
    } catch (...) {
      return 503;  // not durable, so not received; the driver's own health shows why
    }
  }

  // ---- mover: the only thread that touches sockets ----

  void move_bytes() {
    std::vector<pollfd> polled;
    std::vector<Connection*> of_poll;
    for (;;) {
      // Out of descriptors, the listening socket stays readable: rest for a tick instead of spinning.
      const short accepting = std::exchange(accept_rests_, false) ? 0 : POLLIN;
      polled.assign({{wake_.get(), POLLIN, 0}, {listening_.get(), accepting, 0}});
      of_poll.assign(2, nullptr);
      for (auto& c : connections_) {
        if (c.phase == Connection::Phase::waiting) continue;
        const short events = c.phase == Connection::Phase::writing ? POLLOUT : POLLIN;
        polled.push_back({c.socket.get(), events, 0});
        of_poll.push_back(&c);
      }
      ::poll(polled.data(), polled.size(), tick_ms);
      if (polled[0].revents != 0) {
        std::uint64_t sink = 0;
        [[maybe_unused]] const auto n = ::read(wake_.get(), &sink, sizeof sink);
      }
      {
        std::lock_guard lock(mutex_);
        if (stopping_) return;
      }
      const MonoTime now = clock_.mono();
      send_answers(now);
      for (std::size_t i = 2; i < polled.size(); ++i)
        if (polled[i].revents != 0) serve(*of_poll[i], now);
      if (polled[1].revents != 0) accept_all(now);
      for (auto& c : connections_) watch_deadline(c, now);
      connections_.remove_if([](const Connection& c) { return c.phase == Connection::Phase::over; });
    }
  }

  void accept_all(MonoTime now) {
    for (int i = 0; i < 16; ++i) {
      auto accepted = http::accept_one(listening_);
      if (!accepted) {
        accept_rests_ = accepted.error().code == ErrorCode::io;
        return;
      }
      const auto same_peer = std::count_if(connections_.begin(), connections_.end(),
                                           [&](const Connection& c) { return c.peer == accepted->peer; });
      if (connections_.size() >= limits_.connections_max ||
          static_cast<std::size_t>(same_peer) >= limits_.connections_per_peer_max) {
        turn_away(accepted->socket, 503, &PushCounters::refused_busy);
        continue;
      }
      if (!rates_.allow(accepted->peer, now)) {
        turn_away(accepted->socket, 429, &PushCounters::refused_rate);
        continue;
      }
      connections_.push_back({++last_number_, std::move(accepted->socket), std::move(accepted->peer),
                              http::RequestParser(limits_.request), Connection::Phase::reading,
                              now + limits_.request_deadline, {}, 0, false, 0});
    }
  }

  /// One try to say why, then the connection is closed; it never takes a place in the table.
  void turn_away(const http::Descriptor& socket, int status, std::uint64_t PushCounters::*which) {
    const std::string text = http::reply_text(status);
    [[maybe_unused]] const auto n = ::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
    count(which);
  }

  void answer(Connection& c, int status, MonoTime now) {
    c.out = http::reply_text(status);
    c.phase = Connection::Phase::writing;
    c.deadline = now + limits_.answer_deadline;
    write(c, now);
  }

  void send_answers(MonoTime now) {
    std::vector<std::pair<std::uint64_t, int>> answers;
    {
      std::lock_guard lock(mutex_);
      answers.swap(answers_);
    }
    for (const auto& [number, status] : answers)
      for (auto& c : connections_)
        if (c.number == number) answer(c, status, now);
  }

  void serve(Connection& c, MonoTime now) {
    switch (c.phase) {
      case Connection::Phase::reading: read(c, now); break;
      case Connection::Phase::writing: write(c, now); break;
      case Connection::Phase::draining: drain(c); break;
      case Connection::Phase::waiting:
      case Connection::Phase::over: break;
    }
  }

  void read(Connection& c, MonoTime now) {
    std::array<std::uint8_t, 64 * 1024> block;
    const auto n = ::recv(c.socket.get(), block.data(), block.size(), 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {  // closed in the middle of a request: half a body is no body
      c.phase = Connection::Phase::over;
      count(&PushCounters::refused_malformed);
      return;
    }
    const auto state = c.parser.feed({block.data(), static_cast<std::size_t>(n)});
    if (state == http::RequestParser::State::refused) {
      count(&PushCounters::refused_malformed);
      answer(c, c.parser.refusal().status, now);
      return;
    }
    if (bytes_held() > limits_.bytes_held_max) {
      count(&PushCounters::refused_busy);
      answer(c, 503, now);
      return;
    }
    if (state == http::RequestParser::State::complete) return hand_over(c, now);
    if (state == http::RequestParser::State::body && c.parser.request().expects_continue && !c.continued) {
      c.continued = true;
      constexpr std::string_view go = "HTTP/1.1 100 Continue\r\n\r\n";
      [[maybe_unused]] const auto sent = ::send(c.socket.get(), go.data(), go.size(), MSG_NOSIGNAL);
    }
  }

  void hand_over(Connection& c, MonoTime now) {
    http::Request request = c.parser.take();
    c.handed_over = request.body.size();
    {
      std::lock_guard lock(mutex_);
      if (jobs_.size() < limits_.waiting_max) {
        jobs_.push_back({c.number, {c.peer, std::move(request.path), std::move(request.content_type), std::move(request.body)}});
        c.phase = Connection::Phase::waiting;
      } else {
        ++counters_.refused_busy;
      }
    }
    if (c.phase == Connection::Phase::waiting) {
      work_.notify_one();
    } else {
      answer(c, 503, now);
    }
  }

  void write(Connection& c, MonoTime now) {
    const auto n = ::send(c.socket.get(), c.out.data(), c.out.size(), MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n < 0) {
      c.phase = Connection::Phase::over;
      return;
    }
    c.out.erase(0, static_cast<std::size_t>(n));
    if (!c.out.empty()) return;
    // Closing with unread bytes would make the system send a reset that can overtake the answer.
    ::shutdown(c.socket.get(), SHUT_WR);
    c.phase = Connection::Phase::draining;
    c.deadline = now + drain_deadline;
  }

  static void drain(Connection& c) {
    std::array<std::uint8_t, 64 * 1024> block;
    const auto n = ::recv(c.socket.get(), block.data(), block.size(), 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n > 0) c.drained += static_cast<std::size_t>(n);
    if (n <= 0 || c.drained > drain_bytes_max) c.phase = Connection::Phase::over;
  }

  void watch_deadline(Connection& c, MonoTime now) {
    if (c.phase == Connection::Phase::waiting || c.phase == Connection::Phase::over || now < c.deadline) return;
    if (c.phase != Connection::Phase::draining) count(&PushCounters::too_slow);
    if (c.phase == Connection::Phase::reading) return answer(c, 408, now);
    c.phase = Connection::Phase::over;
  }

  [[nodiscard]] std::size_t bytes_held() const {
    std::size_t sum = 0;
    for (const auto& c : connections_)
      sum += c.phase == Connection::Phase::reading ? c.parser.bytes_held()
             : c.phase == Connection::Phase::waiting ? c.handed_over
                                                     : 0;
    return sum;
  }

  http::Descriptor listening_, wake_;
  const Clock& clock_;
  const PushLimits limits_;
  http::PeerRates rates_;                ///< mover's
  std::list<Connection> connections_;    ///< mover's
  std::uint64_t last_number_ = 0;        ///< mover's
  bool accept_rests_ = false;            ///< mover's
  const std::uint16_t port_;

  mutable std::mutex mutex_;  ///< guards everything below
  std::condition_variable work_, idle_;
  std::map<std::string, std::shared_ptr<Route>> routes_;
  std::deque<Job> jobs_;
  std::vector<std::pair<std::uint64_t, int>> answers_;
  PushCounters counters_;
  bool stopping_ = false;

  std::vector<std::thread> takers_;
  std::thread mover_;
};

}  // namespace

Result<std::shared_ptr<SocketPushListener>> listen_for_pushes(const device::Address& address, const Clock& clock,
                                                             const PushLimits& limits) {
  if (address.host.empty())
    return fail(ErrorCode::invalid, "push address without host; write this machine's address on the device network, push://ADDRESS:PORT/path");
  if (auto host = check_host(address); !host) return tl::unexpected(host.error());
  auto listening = http::listen_tcp(address.host, address.port);
  if (!listening) return tl::unexpected(listening.error());
  return std::make_shared<Listener>(std::move(*listening), clock, limits);
}

Result<std::shared_ptr<PushListener>> make_push_listener(const device::Address& address, const Clock& clock) {
  auto made = listen_for_pushes(address, clock, PushLimits{});
  if (!made) return tl::unexpected(made.error());
  return std::shared_ptr<PushListener>(std::move(*made));
}

}  // namespace rampa::drivers
