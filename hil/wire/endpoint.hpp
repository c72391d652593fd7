// The wire end of a simulated device: a TCP listener with its connections, or a pseudo-terminal. Bytes only.
#pragma once

#include <poll.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/result.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::hil {

/// Owns its descriptors. Connections are numbered from 0; a pseudo-terminal is connection 0, open from the start.
class Endpoint {
 public:
  /// Port 0: the system chooses (see port()). Errors: io (names the address).
  static Result<Endpoint> tcp(const std::string& host, std::uint16_t port);
  /// The slave side's name is path(). `link` (may be empty): a symbolic link to it with a name that stays the same.
  static Result<Endpoint> pty(const std::string& link = {});

  Endpoint(Endpoint&& other) noexcept;
  Endpoint& operator=(Endpoint&&) = delete;
  ~Endpoint();

  [[nodiscard]] bool is_tcp() const { return listener_ >= 0; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const std::string& path() const { return path_; }

  struct Arrival {
    int connection = 0;
    Bytes bytes;
  };
  struct Seen {
    std::vector<int> opened, closed;
    std::vector<Arrival> received;
  };
  /// What happened since the last call. `deaf`: accepts connections, but leaves their bytes in the kernel (a half-open
  /// peer: the connection stands and nobody is there).
  [[nodiscard]] Seen look(bool deaf = false);

  /// Queues bytes; given out by give() at `not_before`, in the order of their times. -1: every open connection.
  void send(int connection, Bytes bytes, MonoTime not_before);
  /// Ends a connection with RST at `not_before` (a pseudo-terminal loses its queue). -1: every one.
  void reset(int connection, MonoTime not_before);
  /// Ends every TCP connection, now.
  void hang_up();
  void give(MonoTime now);
  /// Throws away what is queued.
  void drop_queue();

  /// `deaf` as in look(): unread bytes then do not wake the server.
  void want(std::vector<pollfd>& fds, bool deaf = false) const;
  [[nodiscard]] MonoTime due() const;
  [[nodiscard]] std::vector<int> open_connections() const;

 private:
  Endpoint() = default;
  void give_one(int connection, const Bytes& bytes);
  void push(int connection, int fd, Bytes& bytes);
  void push_backlog();
  void end(int connection, bool with_reset);

  struct Queued {
    int connection;
    Bytes bytes;
    bool reset = false;
  };
  int listener_ = -1;
  int pty_slave_ = -1;  ///< kept open, so that the master side survives a client that closes
  std::uint16_t port_ = 0;
  std::string path_, link_;
  int next_connection_ = 0;
  std::map<int, int> fds_;  ///< connection -> descriptor
  std::vector<int> ended_;  ///< closed by us, to be told by look()
  std::multimap<MonoTime, Queued> queue_;
  std::map<int, Bytes> backlog_;  ///< what a slow TCP reader has not taken yet; later bytes line up behind it
};

}  // namespace rampa::hil
