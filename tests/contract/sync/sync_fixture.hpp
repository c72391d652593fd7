// What the contract tests of sync share: a post with its uplink, a broker and HQ as child processes.
#pragma once

#include <gtest/gtest.h>

#include <poll.h>

#include <filesystem>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>

#include "edge/runtime/system_clock.hpp"
#include "edge/store/segment_format.hpp"
#include "sync/envelope.hpp"
#include "sync/hq/report.hpp"
#include "sync/letters.hpp"
#include "sync/uplink.hpp"
#include "tests/contract/sync/broker.hpp"
#include "tests/support/memory_journal.hpp"
#include "tests/support/shared_data.hpp"

namespace rampa::tests {

constexpr auto patience = 30s;  ///< generous: a busy machine must not fail a test

/// Waits on a condition that other processes bring about; looks often, gives up after `patience`.
inline bool eventually(const std::function<bool()>& condition, Duration longest = patience) {
  const runtime::SystemClock clock;
  for (const MonoTime end = clock.mono() + longest; clock.mono() < end; ::poll(nullptr, 0, 10))
    if (condition()) return true;
  return condition();
}

/// Every post in these tests has a device key of its own.
inline std::array<std::uint8_t, 32> device_seed(const std::string& name) {
  std::array<std::uint8_t, 32> seed{};
  std::copy(name.begin(), name.end(), seed.begin());
  return seed;
}
inline sync::Identity identity_of(const std::string& name) {
  const auto key = sync::public_key_of(device_seed(name));
  return {store::format::epoch_of(PostId{name}, key), sync::hex(ByteView{key}), sync::signer_of(device_seed(name)), {}};
}

/// Quick time-outs, this broker, this post's certificate.
inline sync::UplinkSettings uplink_settings(const Broker& broker, const std::string& name) {
  sync::UplinkSettings settings;
  settings.drain.identity = identity_of(name);
  settings.drain.post = PostId{name};
  settings.drain.boot_id = "boot-1";
  settings.drain.software = "test";
  settings.drain.hello_timeout = 500ms;
  settings.drain.ack_timeout = 2s;
  settings.drain.heartbeat = 1s;
  settings.drain.pause_first = 50ms;
  settings.drain.pause_last = 300ms;
  settings.brokers = {broker.url()};
  settings.credentials = {broker.file("ca.pem"), broker.file(name + ".pem"), broker.file(name + ".key")};
  settings.jitter_seed = 7;
  return settings;
}

/// One post with its uplink; what it was told.
class Post {
 public:
  Post(const Broker& broker, const std::string& name, MemoryJournal& journal, std::uint64_t acknowledged = 0)
      : Post(uplink_settings(broker, name), journal, acknowledged) {}
  Post(const sync::UplinkSettings& settings, MemoryJournal& journal, std::uint64_t acknowledged) : journal_(journal) {
    sync::UplinkCalls calls;
    calls.acknowledged = [this](std::uint64_t sequence) {
      std::lock_guard lock(mutex_);
      cursors_.push_back(sequence);
    };
    calls.quarantined = [this](const sync::QuarantinedRecord& record) {
      std::lock_guard lock(mutex_);
      quarantined_.push_back(record);
    };
    calls.letter = [this](const sync::Letter& letter, const std::function<void(sync::LetterOutcome)>& done) {
      const auto read = sync::decode_declarations(as_bytes(letter.body));
      {
        std::lock_guard lock(mutex_);
        if (read) declarations_ += read->declarations.size();
        if (read)
          for (const auto& each : read->declarations) references_.push_back(each.reference);
      }
      done({true, read ? std::string{} : read.error().what});
    };
    calls.remark = [this](const std::string& what) {
      std::lock_guard lock(mutex_);
      remarks_.push_back(what);
    };
    auto started = sync::start_uplink(settings, journal.reader(), journal.blobs(), nullptr, acknowledged, calls, clock_);
    if (started) uplink_ = std::move(*started);
    else ADD_FAILURE() << started.error().what;
  }
  void append(int count) {
    for (int i = 0; i < count; ++i) journal_.append("passage_seen", R"({"kind":"passage_seen","what":"passed"})");
    uplink_->durable(journal_.last());
  }
  void append_blobs(const std::vector<Bytes>& blobs) { uplink_->durable(journal_.append("capture_taken", "{}", blobs)); }
  [[nodiscard]] bool drained() { return eventually([this] { return uplink_->status().cursor == journal_.last(); }); }
  [[nodiscard]] sync::LinkStatus status() const { return uplink_->status(); }
  [[nodiscard]] std::vector<std::uint64_t> cursors() const {
    std::lock_guard lock(mutex_);
    return cursors_;
  }
  [[nodiscard]] std::vector<sync::QuarantinedRecord> quarantined() const {
    std::lock_guard lock(mutex_);
    return quarantined_;
  }
  [[nodiscard]] std::vector<std::string> remarks() const {
    std::lock_guard lock(mutex_);
    return remarks_;
  }
  [[nodiscard]] std::vector<std::string> references() const {
    std::lock_guard lock(mutex_);
    return references_;
  }
  [[nodiscard]] std::size_t declarations() const {
    std::lock_guard lock(mutex_);
    return declarations_;
  }

 private:
  runtime::SystemClock clock_;
  MemoryJournal& journal_;
  mutable std::mutex mutex_;
  std::vector<std::uint64_t> cursors_;
  std::vector<sync::QuarantinedRecord> quarantined_;
  std::vector<std::string> remarks_;
  std::size_t declarations_ = 0;
  std::vector<std::string> references_;  ///< of the declarations
  std::unique_ptr<sync::Uplink> uplink_;  // last: its thread ends before what it calls into
};

class SyncContract : public ::testing::Test {
 protected:
  void SetUp() override {
    RAMPA_NEEDS_BROKER();
    std::string name = (std::filesystem::temp_directory_path() / "rampa-hq-XXXXXX").string();
    directory = ::mkdtemp(name.data());
    broker = std::make_unique<Broker>(std::vector<std::string>{"P1", "P2"});
    ASSERT_TRUE(broker->start()) << broker->log();
  }
  void TearDown() override {
    if (HasFailure() && broker) std::cerr << "mosquitto:\n" << broker->log() << "rampa-hq:\n" << hq.log();
    hq.kill();
    broker.reset();
    if (!directory.empty()) std::filesystem::remove_all(directory);
  }
  [[nodiscard]] sync::hq::Place place() const { return {directory, ""}; }
  void start_hq(std::size_t credit_kib = 8192) {
    hq = Child({program("rampa-hq"), "--directory", directory, "--json", "serve", "--broker", broker->url(), "--ca",
                       broker->file("ca.pem"), "--cert", broker->file("hq.pem"), "--key", broker->file("hq.key"), "--credit", std::to_string(credit_kib)},
                      directory + "/hq.log");
  }
  void start_hq_that_dies_after(int commits, int round) {
    hq = Child({program("sync_hq_child"), broker->url(), directory, broker->file("ca.pem"), broker->file("hq.pem"),
                       broker->file("hq.key"), "hq-child-" + std::to_string(round), std::to_string(commits)},
                      directory + "/hq.log");
  }
  nlohmann::json report(const Result<sync::hq::Report>& r) {
    if (!r) return nlohmann::json::array();
    return nlohmann::json::parse(r->json);
  }
  nlohmann::json alarms() { return report(sync::hq::report_alarms(place(), "")); }
  /// Every record of the journal is at HQ, once, in order, with the same hash, and HQ's own check is green.
  void expect_all_at_hq(const std::string& post) {
    const nlohmann::json rows = report(sync::hq::report_records(place(), {post, "", 1, 1'000'000, ""}));
    ASSERT_EQ(rows.size(), journal.last());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      ASSERT_EQ(rows[i]["sequence"], i + 1);
      ASSERT_EQ(rows[i]["hash"], journal.at(i + 1).hash);
    }
    const auto verified = sync::hq::verify_post(place(), post);
    ASSERT_TRUE(verified) << verified.error().what;
    EXPECT_TRUE(verified->sound) << verified->json;
  }
  sync::LinkSettings link_as(const std::string& who, const std::string& subscription) {
    return {broker->url(), "test-" + who, subscription, {broker->file("ca.pem"), broker->file(who + ".pem"), broker->file(who + ".key")}, 20s, 10s};
  }

  std::string directory;
  std::unique_ptr<Broker> broker;
  Child hq;
  MemoryJournal journal{PostId{"P1"}};
};

}  // namespace rampa::tests
