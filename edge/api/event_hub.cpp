#include "edge/api/event_hub.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "edge/api/views.hpp"

namespace rampa::api {
namespace {

constexpr std::size_t notices_max = 64;
constexpr int send_buffer_bytes = 64 << 10;  // so that "too slow" shows here and not in megabytes of kernel memory

// The answer's head is written as it stands: the socket was taken from the HTTP library, which would want a length.
constexpr std::string_view head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-store\r\n"
    "X-Content-Type-Options: nosniff\r\nX-Accel-Buffering: no\r\nConnection: close\r\n\r\nretry: 1000\n\n";

}  // namespace

EventHub::EventHub(Parts& parts) : parts_(parts), wake_fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  thread_ = std::thread([this] { run(); });
}

EventHub::~EventHub() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake();
  thread_.join();
  ::close(wake_fd_);
}

void EventHub::wake() {
  const std::uint64_t one = 1;
  // Fails only where the counter is full, and then the hub is awake already.
  [[maybe_unused]] const auto n = ::write(wake_fd_, &one, sizeof one);
}

bool EventHub::reserve() {
  if (parts_.counters.streams_open.fetch_add(1) < parts_.settings.streams_max) return true;
  --parts_.counters.streams_open;
  ++parts_.counters.streams_refused;
  return false;
}

void EventHub::add(std::unique_ptr<StreamSocket> socket, std::string token) {
  ::setsockopt(socket->descriptor(), SOL_SOCKET, SO_SNDBUF, &send_buffer_bytes, sizeof send_buffer_bytes);
  auto client = std::make_unique<Client>();
  client->socket = std::move(socket);
  client->token = std::move(token);
  client->queue.emplace_back(head);
  client->queued_bytes = head.size();
  {
    std::lock_guard lock(mutex_);
    arriving_.push_back(std::move(client));
  }
  wake();
}

void EventHub::lane_changed(const LaneId& lane) {
  {
    std::lock_guard lock(mutex_);
    if (!dirty_.insert(lane).second) return;
  }
  wake();
}

void EventHub::notice(const Notice& notice) {
  {
    std::lock_guard lock(mutex_);
    if (notices_.size() >= notices_max) notices_.pop_front();  // the lane's own attention line stays on the screen
    notices_.push_back(notice);
  }
  wake();
}

void EventHub::run() {
  std::vector<pollfd> polled;
  for (;;) {
    polled.assign(1, {wake_fd_, POLLIN, 0});
    for (const auto& c : clients_)
      polled.push_back({c->socket->descriptor(), static_cast<short>(POLLIN | (c->queue.empty() ? 0 : POLLOUT)), 0});
    (void)::poll(polled.data(), polled.size(), 100);  // a time-out or EINTR only means that nothing is ready
    if (polled[0].revents) {
      std::uint64_t ignored;
      [[maybe_unused]] const auto n = ::read(wake_fd_, &ignored, sizeof ignored);
    }
    for (std::size_t i = 1; i < polled.size(); ++i) {
      if (!(polled[i].revents & (POLLIN | POLLHUP | POLLERR | POLLNVAL))) continue;
      char ignored[512];
      const auto n = ::recv(polled[i].fd, ignored, sizeof ignored, MSG_DONTWAIT);
      if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) clients_[i - 1]->gone = true;
    }
    const Stamp now = parts_.clock.now();
    bool stopping;
    {
      std::lock_guard lock(mutex_);
      stopping = stopping_;
    }
    take_in(now.mono);
    const bool period = now.mono >= next_status_;
    look_at_lanes(now, period);
    if (period) {
      next_status_ = now.mono + status_period;
      if (!clients_.empty()) broadcast("status", status(now));
    }
    if (now.mono >= next_sessions_) {
      next_sessions_ = now.mono + 500ms;
      look_at_sessions(now.mono);
    }
    if (stopping)
      for (auto& c : clients_) end(*c, "stopping");
    for (auto& c : clients_) flush(*c, now);
    const auto left = std::erase_if(clients_, [](const auto& c) { return c->gone; });
    parts_.counters.streams_open -= static_cast<int>(left);
    if (stopping) break;
  }
  parts_.counters.streams_open -= static_cast<int>(clients_.size());
  clients_.clear();
}

void EventHub::take_in(MonoTime now) {
  std::vector<std::unique_ptr<Client>> arriving;
  std::deque<Notice> notices;
  {
    std::lock_guard lock(mutex_);
    arriving.swap(arriving_);
    notices.swap(notices_);
    for (const auto& lane : dirty_) feeds_[lane].changed = true;
    dirty_.clear();
  }
  for (const auto& n : notices) {
    JsonWriter w;
    write_notice(w, n);
    broadcast("notice", w.take());
  }
  for (auto& client : arriving) {
    client->progress = now;
    greet(*client, parts_.clock.now());
    clients_.push_back(std::move(client));
  }
}

void EventHub::look_at_lanes(Stamp now, bool all) {
  if (clients_.empty()) return;  // a new client gets a whole picture anyway
  const auto look = [&](const LaneId& id, LaneFeed& feed) {
    const auto lane = parts_.port.lane(id);
    if (!lane) return;
    feed.changed = false;
    feed.not_before = now.mono + lane_period_min;
    JsonWriter w;
    write_lane(w, *lane, now, false);
    std::string text = w.take();
    if (text == feed.last) return;
    feed.last = std::move(text);
    broadcast("lane", feed.last);
  };
  if (all) {
    for (const auto& id : parts_.port.lanes()) look(id, feeds_[id]);
  } else {
    for (auto& [id, feed] : feeds_)
      if (feed.changed && now.mono >= feed.not_before) look(id, feed);
  }
}

void EventHub::look_at_sessions(MonoTime now) {
  for (auto& c : clients_) {
    const auto session = parts_.sessions.find(c->token, now, false);
    if (!session) end(*c, "signed-out");
    else if (session->locked) end(*c, "locked");
  }
}

std::string EventHub::status(Stamp now) {
  JsonWriter w;
  write_status(w, parts_.port, now);
  return w.take();
}

void EventHub::greet(Client& client, Stamp now) {
  JsonWriter hello;
  hello.object().field("boot_id", parts_.port.store_status().boot_id).field("now_ms", now.wall.ms).end();
  put(client, "hello", hello.take());
  for (const auto& id : parts_.port.lanes())
    if (const auto lane = parts_.port.lane(id)) {
      JsonWriter w;
      write_lane(w, *lane, now, false);
      std::string text = w.take();
      put(client, "lane", text);
      if (clients_.empty()) feeds_[id].last = std::move(text);  // nobody else misses it
    }
  put(client, "status", status(now));
}

void EventHub::broadcast(std::string_view event, const std::string& data) {
  for (auto& c : clients_) {
    if (c->behind || c->ending) continue;
    if (c->queued_bytes + data.size() <= queue_bytes_max) {
      put(*c, event, data);
      continue;
    }
    // Too slow. What is half sent must be finished, the rest is old by now.
    const bool half_sent = c->sent_of_front > 0;
    while (c->queue.size() > (half_sent ? 1u : 0u)) c->queue.pop_back();
    c->queued_bytes = half_sent ? c->queue.front().size() : 0;
    c->behind = true;
    ++parts_.counters.stream_resets;
  }
}

void EventHub::put(Client& client, std::string_view event, const std::string& data) {
  std::string text = "id: " + std::to_string(client.next_id++) + "\nevent: " + std::string(event) + "\ndata: " + data + "\n\n";
  client.queued_bytes += text.size();
  client.queue.push_back(std::move(text));
}

void EventHub::end(Client& client, std::string_view why) {
  if (client.ending) return;
  JsonWriter w;
  w.object().field("why", why).end();
  put(client, "bye", w.take());
  client.ending = true;
}

void EventHub::flush(Client& client, Stamp now) {
  while (!client.gone && !client.queue.empty()) {
    const std::string& front = client.queue.front();
    const auto n = ::send(client.socket->descriptor(), front.data() + client.sent_of_front,
                          front.size() - client.sent_of_front, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) client.gone = true;
      break;
    }
    client.progress = now.mono;
    client.sent_of_front += static_cast<std::size_t>(n);
    if (client.sent_of_front < front.size()) continue;
    client.queued_bytes -= front.size();
    client.sent_of_front = 0;
    client.queue.pop_front();
    if (client.queue.empty() && client.behind && !client.ending) {
      client.behind = false;
      put(client, "reset", "{}");
      greet(client, now);
    }
  }
  if (client.queue.empty() && client.ending) client.gone = true;
  if (!client.queue.empty() && now.mono - client.progress > no_progress_max) client.gone = true;
}

}  // namespace rampa::api
