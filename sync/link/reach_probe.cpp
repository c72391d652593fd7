#include "sync/link/reach_probe.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "sync/link/broker_address.hpp"

namespace rampa::sync {
namespace {

constexpr Duration patience = 2s;         ///< a line by satellite has an RTT of 0.6 s
constexpr Duration steady = 150ms;        ///< a connection that is still there after it is the broker's
constexpr Duration first_look = 1s;
constexpr Duration open_again = 5s;       ///< between two looks at a port that is open and was not left: TLS or the broker says no

struct Address {
  sockaddr_storage bytes{};
  socklen_t length = 0;
};

/// The address of a name that Paho connects to: the first of IPv4, else the first. May take long where the name server is not reached.
std::optional<Address> look_up(const std::string& broker) {
  const BrokerAddress named = broker_address(broker);
  addrinfo wanted{}, *found = nullptr;
  wanted.ai_socktype = SOCK_STREAM;
  if (::getaddrinfo(named.host.c_str(), std::to_string(named.port).c_str(), &wanted, &found) != 0 || !found) return std::nullopt;
  const addrinfo* best = found;
  while (best && best->ai_family != AF_INET) best = best->ai_next;
  if (!best) best = found;
  Address out;
  std::copy_n(reinterpret_cast<const char*>(best->ai_addr), best->ai_addrlen, reinterpret_cast<char*>(&out.bytes));
  out.length = best->ai_addrlen;
  ::freeaddrinfo(found);
  return out;
}

}  // namespace

class ReachProbe::Looks {
 public:
  Looks(std::vector<Target> targets, std::function<void(std::size_t)> opened, const Clock& clock)
      : opened_(std::move(opened)), clock_(clock), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    for (Target& target : targets) doors_.push_back({std::move(target), {}, {}, {}, State::unknown, {}, {}});
    thread_ = std::thread([this] { run(); });
  }
  ~Looks() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    rouse();
    thread_.join();
    ::close(wake_);
  }
  Looks(const Looks&) = delete;
  Looks& operator=(const Looks&) = delete;

  void watch(bool on) {
    {
      std::lock_guard lock(mutex_);
      if (std::exchange(wanted_, on) == on) return;
    }
    rouse();
  }

 private:
  enum class State { unknown, shut, open };
  struct Look {
    int fd = -1;
    MonoTime begun;
    std::optional<MonoTime> connected;
  };
  struct Door {
    Target target;
    std::optional<Address> address;  ///< kept: in an outage there is often no name server either (a broker that moves then is found by the pauses' end)
    MonoTime named;                  ///< when it was last asked for
    std::vector<Look> looks;         ///< under way, oldest first: on a line that loses everything each lives for `patience`
    State state = State::unknown;
    MonoTime next;                   ///< when another look is due
    MonoTime opened;                 ///< when it was last seen open
  };

  void rouse() const {
    const std::uint64_t one = 1;
    (void)!::write(wake_, &one, sizeof one);
  }

  void run() {
    for (bool watching = false;;) {
      bool turned = false;
      {
        std::lock_guard lock(mutex_);
        if (stopping_) break;
        turned = std::exchange(watching, wanted_) != watching;
      }
      const MonoTime now = clock_.mono();
      for (Door& door : doors_) {
        if (turned) forget(door, now);
        // Also when the line is up: then the names can be asked for.
        if ((turned && !watching) || (!door.address && (door.named.ns == 0 || now >= door.named + open_again))) name(door);
        if (watching) begin(door, clock_.mono());
      }
      wait(watching);
      for (std::size_t i = 0; i < doors_.size(); ++i)
        if (opens(doors_[i], clock_.mono())) opened_(i);
    }
    for (Door& door : doors_) forget(door, clock_.mono());
  }

  void name(Door& door) {
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return;
    }
    if (auto found = look_up(door.target.broker)) door.address = *found;
    door.named = clock_.mono();
  }

  static void forget(Door& door, MonoTime now) {
    for (const Look& look : door.looks) ::close(look.fd);
    door.looks.clear();
    door.state = State::unknown;
    door.next = now + first_look;
  }

  static void begin(Door& door, MonoTime now) {
    if (!door.address || now < door.next) return;
    door.next = now + (door.state == State::open ? std::max<Duration>(open_again, door.target.every) : door.target.every);
    const int fd = ::socket(door.address->bytes.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&door.address->bytes), door.address->length) == 0 || errno == EINPROGRESS) {
      door.looks.push_back({fd, now, {}});
      return;
    }
    ::close(fd);  // no route: the line is down
    door.state = State::shut;
  }

  /// Until something is seen, a look is due, or somebody calls.
  void wait(bool watching) {
    std::vector<pollfd> fds{{wake_, POLLIN, 0}};
    MonoTime due = clock_.mono() + open_again;
    for (const Door& door : doors_) {
      if (watching && door.address) due = std::min(due, door.next);
      for (const Look& look : door.looks) {
        fds.push_back({look.fd, static_cast<short>(look.connected ? POLLIN : POLLOUT), 0});
        due = std::min(due, look.connected ? *look.connected + steady : look.begun + patience);
      }
    }
    const auto pause = std::max<std::int64_t>(0, to_ms(due - clock_.mono()) + 1);
    if (::poll(fds.data(), fds.size(), static_cast<int>(pause)) > 0 && fds[0].revents != 0) {
      std::uint64_t count = 0;
      (void)!::read(wake_, &count, sizeof count);
    }
  }

  /// Takes note of how the looks under way went; true: what was shut is open.
  static bool opens(Door& door, MonoTime now) {
    const State before = door.state;
    std::erase_if(door.looks, [&](Look& look) {
      pollfd seen{look.fd, static_cast<short>(look.connected ? POLLIN : POLLOUT), 0};
      const bool ready = ::poll(&seen, 1, 0) > 0;
      int error = 0;
      socklen_t length = sizeof error;
      if (ready && !look.connected && ::getsockopt(look.fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0) {
        look.connected = now;
        return false;
      }
      // A broker says nothing before it is greeted: what can be read of a connection is its end.
      const bool steadied = !ready && look.connected && now >= *look.connected + steady;
      if (!ready && !steadied && (look.connected || now < look.begun + patience)) return false;
      ::close(look.fd);
      if (steadied) door.state = State::open, door.opened = now;
      else if (look.begun >= door.opened) door.state = State::shut;  // an older one may end after a newer one has come through
      return true;
    });
    return before == State::shut && door.state == State::open;
  }

  const std::function<void(std::size_t)> opened_;
  const Clock& clock_;
  const int wake_;
  std::vector<Door> doors_;  ///< the thread's
  std::mutex mutex_;
  bool wanted_ = false, stopping_ = false;
  std::thread thread_;
};

ReachProbe::ReachProbe(std::vector<Target> targets, std::function<void(std::size_t)> opened, const Clock& clock)
    : looks_(std::make_unique<Looks>(std::move(targets), std::move(opened), clock)) {}
ReachProbe::~ReachProbe() = default;
void ReachProbe::watch(bool on) { looks_->watch(on); }

}  // namespace rampa::sync
