// From the text of a site file to what a drain lets go: by the hour, and over a metered line.
#include "edge/app/line_settings.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "sync/drain.hpp"
#include "tests/support/memory_journal.hpp"
#include "tests/support/virtual_clock.hpp"
#include "tests/unit/config/temporary_file.hpp"

namespace rampa::tests {
namespace {

constexpr std::array<std::uint8_t, 32> post_seed{1}, hq_seed{2};

const std::string rest_of_site = R"(
[post]
id = "P1"
directory = "store"
profiles = "profiles.json"

[[lane]]
id = "L1"
kind = "cargo"
presence_timeout = "none"

[[lane.device]]
role = "io"
icd = "moxa-iologik-e1214"
address = "modbus+tcp://127.0.0.1:15110?unit=1"
[lane.device.points]
loop_entry = "DI0"
loop_boom = "DI1"
loop_exit = "DI2"
photocell = "DI3"
boom_open = "DI4"
boom_closed = "DI5"
boom_raise = "relay0"
boom_lower = "relay1"
[lane.device.options]
commissioned_by = "J. Example"
commissioned_on = 2026-05-04
)";

sync::DrainSettings settings_of(const std::string& sync) {
  TemporaryFolder folder;
  folder.write("profiles.json", "{}");
  auto check = config::read_site(folder.write("site.toml", sync + rest_of_site), "firmware-interfaces/icd");
  for (const auto& f : check.findings) ADD_FAILURE() << f.line << ": " << f.key << ": " << f.cause;
  sync::DrainSettings settings = app::line_settings(check.site).drain;
  settings.identity = {sync::Epoch{9}, sync::hex(sync::public_key_of(post_seed)), sync::signer_of(post_seed), sync::public_key_of(hq_seed)};
  settings.boot_id = "boot";
  return settings;
}

enum class Primary { fine, cut };

/// A post with that file, and an HQ that answers hellos and takes everything at once.
class Line {
 public:
  Line(const std::string& sync, int hour, int minute, Primary primary = Primary::fine)
      : primary_(primary), drain_(settings_of(sync), *reader_, *blobs_, nullptr, 0, 42) {
    constexpr std::int64_t day = 86'400'000;
    clock_.step_wall(day - clock_.now().wall.ms % day + (hour * 60 + minute) * 60'000);
    drain_.advance(clock_.now());
    work();
  }
  /// A crossing: a verdict, an event, a picture of a plate and a scan. What of it goes within 70 s, by class.
  std::string goes() {
    journal_.append("verdict", "{}");
    journal_.append("capture", "{}", {picture_, scan_});
    drain_.durable(clock_.now());
    sync::Want want;
    want.blobs.push_back({sync::hex(sync::sha256(picture_)), picture_.size(), false, {{0, 0}}, 0, false, false});
    want.blobs.push_back({sync::hex(sync::sha256(scan_)), scan_.size(), false, {{0, 1}}, 0, false, false});
    say(sync::Leaf::want, want);
    pass(70s);
    std::string out;
    for (const sync::Traffic traffic : sync::traffics)
      if (bytes_[static_cast<std::size_t>(traffic)] > 0) out += std::string(out.empty() ? "" : " ") + std::string(sync::name_of(traffic));
    return out;
  }
  /// So many bytes of events that do not pack.
  void events(std::size_t bytes) {
    unsigned noise = 1;
    for (std::size_t at = 0; at < bytes; at += 1000) {
      std::string open(1000, ' ');
      for (char& c : open) c = static_cast<char>('a' + (noise = noise * 1'664'525u + 1'013'904'223u) / 4'294'967'296.0 * 26);
      journal_.append("capture", "{\"x\":\"" + open + "\"}");
    }
    drain_.durable(clock_.now());
    work();
  }
  void pass(Duration time) {
    for (const MonoTime end = clock_.mono() + time; clock_.mono() < end;) {
      clock_.advance(std::clamp<Duration>(drain_.next_wake() - clock_.mono(), 1ms, end - clock_.mono()));
      drain_.advance(clock_.now());
      work();
    }
  }
  std::size_t bytes(sync::Traffic traffic) const { return bytes_[static_cast<std::size_t>(traffic)]; }
  std::size_t broker() const { return drain_.status().broker; }

 private:
  template <class Payload>
  void say(sync::Leaf leaf, const Payload& payload) {
    const std::string topic = sync::topic_text({PostId{"P1"}, leaf});
    drain_.message(attempt_, topic, sync::seal(topic, sync::encode(payload), sync::signer_of(hq_seed)), clock_.now());
    work();
  }
  void work() {
    for (sync::Effect& effect : drain_.take_effects()) {
      if (const auto* open = std::get_if<sync::effect::OpenLink>(&effect)) {
        attempt_ = open->attempt;
        if (open->broker == 0 && primary_ == Primary::cut) drain_.link_lost(attempt_, "cut", clock_.now());
        else drain_.link_ready(attempt_, clock_.now());
        work();
      }
      if (const auto* publish = std::get_if<sync::effect::Publish>(&effect)) take(*publish);
    }
  }
  void take(const sync::effect::Publish& publish) {
    const sync::Leaf leaf = sync::parse_topic(publish.topic)->leaf;
    if (leaf == sync::Leaf::slice) {
      bytes_[static_cast<std::size_t>(sync::decode_slice(publish.payload)->size_bytes > sync::chunk_bytes ? sync::Traffic::images : sync::Traffic::thumbnails)] +=
          publish.payload.size();
      return;
    }
    const auto body = sync::open(publish.topic, publish.payload, sync::public_key_of(post_seed));
    ASSERT_TRUE(body);
    if (leaf == sync::Leaf::verdicts || leaf == sync::Leaf::events) {
      const auto frame = sync::decode_records(*body);
      ASSERT_TRUE(frame);
      const auto stream = static_cast<std::size_t>(frame->head.stream);
      held_[stream].add({frame->head.first, frame->head.first + frame->records.size() - 1});
      bytes_[stream] += publish.payload.size();
    } else if (leaf == sync::Leaf::hello) {
      session_ = sync::decode_hello(*body)->id;
    }
    sync::Ack ack;
    ack.session = session_;
    ack.answers = leaf == sync::Leaf::hello;
    ack.incarnation = "hq-1";
    ack.epoch = sync::Epoch{9};
    ack.key = sync::hex(sync::public_key_of(hq_seed));
    ack.durability = "disk";
    ack.credit_bytes = 1 << 20;
    for (std::size_t s = 0; s < 2; ++s)
      for (const sync::Range& r : held_[s].list())
        if (r.first == 1) ack.streams[s].through = r.last;
        else ack.streams[s].ranges.push_back(r);
    say(sync::Leaf::ack, ack);
  }

  VirtualClock clock_;
  MemoryJournal journal_{PostId{"P1"}};
  std::unique_ptr<store::JournalReader> reader_ = journal_.reader();
  std::unique_ptr<sync::BlobSource> blobs_ = journal_.blobs();
  const Bytes picture_ = Bytes(3000, 1), scan_ = Bytes(140'000, 2);
  const Primary primary_;
  sync::Drain drain_;
  std::uint64_t attempt_ = 0;
  std::string session_;
  std::array<sync::RangeSet, 2> held_;
  std::array<std::size_t, 4> bytes_{};
};

const std::string two_lines = R"(
[sync]
brokers = ["mqtt://127.0.0.1:1883", "mqtt://localhost:1884"]
metered = ["mqtt://localhost:1884"]
)";

TEST(LineSettings, CapsOfTheSiteFileHoldTheirClassInTheirHours) {
  const std::string sync = two_lines + R"(
[[sync.cap]]
class = "images"
kbit_per_s = 0
from = "06:00"
to = "20:00"

[[sync.cap]]
class = "thumbnails"
kbit_per_s = 0
from = "22:30"
to = "01:00"
)";
  for (int hour = 0; hour < 24; ++hour) {
    const bool images = hour < 6 || hour >= 20, thumbnails = hour != 23 && hour != 0;
    EXPECT_EQ(Line(sync, hour, 10).goes(), std::string("verdicts events") + (thumbnails ? " thumbnails" : "") + (images ? " images" : "")) << hour << ":10";
  }
  EXPECT_EQ(Line(sync, 22, 20).goes(), "verdicts events thumbnails images") << "before half past";
  EXPECT_EQ(Line(sync, 22, 35).goes(), "verdicts events images");
}

TEST(LineSettings, ACapsRateIsKilobitsPerSecond) {
  const std::string sync = two_lines + R"(
[[sync.cap]]
class = "events"
kbit_per_s = 8
from = "08:00"
to = "09:00"
)";
  Line line(sync, 8, 10);
  line.events(3'000'000);
  line.pass(1000s);
  EXPECT_NEAR(static_cast<double>(line.bytes(sync::Traffic::events)), 1'000'000, sync::LineBudget::piece_most);
  Line later(sync, 9, 0);
  later.events(3'000'000);
  later.pass(10s);
  EXPECT_EQ(later.goes(), "verdicts events thumbnails images");
  EXPECT_GT(later.bytes(sync::Traffic::events), 1'500'000u) << "what the letters a to z leave of it when packed";
}

TEST(LineSettings, WithoutCapsAllGoesAndOverTheMeteredLineOnlyRecords) {
  Line line(two_lines, 12, 0);
  EXPECT_EQ(line.goes(), "verdicts events thumbnails images");
  Line reserve(two_lines, 12, 0, Primary::cut);
  reserve.pass(1s);
  EXPECT_EQ(reserve.broker(), 1u);
  EXPECT_EQ(reserve.goes(), "verdicts events");
}

}  // namespace
}  // namespace rampa::tests
