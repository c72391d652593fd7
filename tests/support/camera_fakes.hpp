// Fakes for camera drivers: a sink that remembers, and transports whose other end is the test.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "drivers/transport/transport.hpp"
#include "firmware-interfaces/device/events.hpp"

namespace rampa::tests {

/// Thread: any.
class RememberingSink : public device::EventSink {
 public:
  void publish(device::DeviceEvent event) override {
    std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    came_.notify_all();
  }
  Result<void> publish_durably(device::DeviceEvent event, Duration) override {
    std::lock_guard lock(mutex_);
    if (disk_full_) {
      ++refused_;
      came_.notify_all();
      return fail(ErrorCode::no_space, "disk full");
    }
    events_.push_back(std::move(event));
    ++durable_;
    came_.notify_all();
    return {};
  }
  void disk_full(bool full) {
    std::lock_guard lock(mutex_);
    disk_full_ = full;
  }
  [[nodiscard]] int durable() const {
    std::lock_guard lock(mutex_);
    return durable_;
  }
  template <class Body>
  [[nodiscard]] std::vector<device::DeviceEvent> all() const {
    std::lock_guard lock(mutex_);
    std::vector<device::DeviceEvent> out;
    for (const auto& e : events_)
      if (std::holds_alternative<Body>(e.body)) out.push_back(e);
    return out;
  }
  /// Waits in real time until so many events of this kind came. False after `timeout`.
  template <class Body>
  bool wait_for(std::size_t count, std::chrono::milliseconds timeout = std::chrono::seconds(10)) {
    std::unique_lock lock(mutex_);
    return came_.wait_for(lock, timeout, [&] {
      return count <= static_cast<std::size_t>(std::count_if(events_.begin(), events_.end(), [](const auto& e) { return std::holds_alternative<Body>(e.body); }));
    });
  }
  /// Waits until so many durable events were refused by the full disk.
  bool wait_refused(int count, std::chrono::milliseconds timeout = std::chrono::seconds(10)) {
    std::unique_lock lock(mutex_);
    return came_.wait_for(lock, timeout, [&] { return refused_ >= count; });
  }
  /// The last condition that was published; "none" where none was.
  [[nodiscard]] std::string condition() const {
    const auto conditions = all<device::DeviceCondition>();
    if (conditions.empty()) return "none";
    const auto& last = std::get<device::DeviceCondition>(conditions.back().body);
    return std::string(name_of(last.level)) + (last.fault.empty() ? "" : ":" + last.fault);
  }

 private:
  mutable std::mutex mutex_;
  std::vector<device::DeviceEvent> events_;
  int durable_ = 0, refused_ = 0;
  std::condition_variable came_;
  bool disk_full_ = false;
};

class FakeListener : public drivers::PushListener {
 public:
  void on_path(const std::string& path, std::function<int(const drivers::PushedRequest&)> take) override { takes_[path] = std::move(take); }
  void off_path(const std::string& path) override { takes_.erase(path); }
  int post(const std::string& path, const std::string& content_type, std::string_view body, const std::string& peer = "10.0.0.5") {
    const auto found = takes_.find(path);
    const ByteView bytes = as_bytes(body);
    return found == takes_.end() ? 404 : found->second({peer, path, content_type, Bytes(bytes.begin(), bytes.end())});
  }

 private:
  std::map<std::string, std::function<int(const drivers::PushedRequest&)>> takes_;
};

class FakeStream : public drivers::ByteStream {
 public:
  Result<void> connect(Duration) override {
    if (!reachable) return fail(ErrorCode::no_reply, "nobody there");
    ++connects;
    connected_ = true;
    return {};
  }
  [[nodiscard]] bool connected() const override { return connected_; }
  void close() override { connected_ = false; }
  Result<Bytes> read_some(std::size_t max, Duration) override {
    if (!connected_) return fail(ErrorCode::disconnected, "closed");
    if (incoming.empty()) {
      if (hang_up) return connected_ = false, hang_up = false, fail(ErrorCode::disconnected, "peer closed");
      return fail(ErrorCode::timeout, "nothing");
    }
    const std::string some = incoming.substr(0, max);
    incoming.erase(0, some.size());
    const ByteView bytes = as_bytes(some);
    return Bytes(bytes.begin(), bytes.end());
  }
  Result<void> write(ByteView, Duration) override { return {}; }

  bool reachable = true, hang_up = false;
  int connects = 0;
  std::string incoming;

 private:
  bool connected_ = false;
};

class FakeHttp : public drivers::HttpClient {
 public:
  Result<drivers::HttpReply> get(const std::string& path, std::size_t, Duration) override {
    ++gets;
    return answer(path);
  }
  std::function<Result<drivers::HttpReply>(const std::string&)> answer;
  int gets = 0;
};

class FakeVideo : public drivers::VideoSource {
 public:
  Result<void> run(Duration) override { return {}; }
  Result<std::optional<drivers::VideoFrame>> newest() override {
    ++looks;
    return answer();
  }
  void close() override { ++closes; }
  std::function<Result<std::optional<drivers::VideoFrame>>()> answer;
  int looks = 0, closes = 0;
};

class FakeTransports : public drivers::Transports {
 public:
  Result<std::shared_ptr<drivers::ByteStream>> stream(const device::Address&) override { return byte_stream; }
  Result<std::shared_ptr<drivers::ModbusBus>> modbus(const device::Address&) override { return fail(ErrorCode::refused, "none"); }
  Result<std::shared_ptr<drivers::HttpClient>> http(const device::Address&) override { return http_client; }
  Result<std::shared_ptr<drivers::PushListener>> push(const device::Address&) override {
    if (!can_listen) return fail(ErrorCode::io, "port taken");
    return listener;
  }
  Result<std::shared_ptr<drivers::VideoSource>> video(const device::Address&, const drivers::VideoAccess& access) override {
    asked_by = access.user;
    return video_source;
  }
  std::string asked_by;
  std::shared_ptr<FakeVideo> video_source = std::make_shared<FakeVideo>();
  std::shared_ptr<FakeStream> byte_stream = std::make_shared<FakeStream>();
  std::shared_ptr<FakeHttp> http_client = std::make_shared<FakeHttp>();
  std::shared_ptr<FakeListener> listener = std::make_shared<FakeListener>();
  bool can_listen = true;
};

}  // namespace rampa::tests
