// The real post's side and the real rampa-hq with a broker between them that lies. What was promised holds all the same: HQ
// gets everything once and in order, and the post never believes that HQ has what it has not.
#include "hil/mqtt/hostile_broker.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "edge/runtime/system_clock.hpp"
#include "hil/sync/comparison.hpp"

namespace rampa::hil {
namespace {

namespace fs = std::filesystem;
using mqtt::HostileBroker;
using mqtt::Mischief;
using nlohmann::json;

std::uint64_t about_slices(const Mischief& mischief) { return mischief.about("rampa/2/P1/up/slice"); }

struct Lies {
  std::string name;
  std::vector<std::pair<std::string, double>> faults;
  bool damages = false;  ///< HQ keeps what is damaged in quarantine, rightly
  std::uint64_t (*told)(const Mischief&);
};

std::ostream& operator<<(std::ostream& out, const Lies& lies) { return out << lies.name; }

class BrokerThatLies : public ::testing::TestWithParam<Lies> {
 protected:
  static constexpr std::uint64_t records = 600;

  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "rampa-hostile-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    broker_ = *HostileBroker::listen(0, clock_, 11);
    broker_thread_ = std::make_unique<WireThread>(std::vector<WireServer*>{broker_.get()}, clock_);
    auto stage = SyncStage::make({".", fs::read_symlink("/proc/self/exe").parent_path().string(), directory_, 1, {broker_->port()}, true});
    ASSERT_TRUE(stage) << stage.error().what;
    stage_ = std::move(*stage);
  }
  void TearDown() override {
    stage_.reset();
    broker_thread_.reset();
    if (!HasFailure()) fs::remove_all(directory_);
  }
  Mischief mischief() {
    Mischief out;
    broker_thread_->with([&] { out = broker_->mischief(); });
    return out;
  }
  void lie(bool on) {
    broker_thread_->with([&] {
      for (const auto& [name, share] : GetParam().faults) ASSERT_TRUE(broker_->fault(name, share, on)) << name;
    });
  }
  json post_status() {
    const auto text = stage_->ask_post(R"({"op":"status"})");
    return text ? json::parse(*text, nullptr, false) : json::object();
  }
  /// HQ's own word: {"cursor","blobs_missing",...} of the post.
  json hq_status() {
    const auto text = stage_->hq_tool({"posts"});
    const json posts = text ? json::parse(*text, nullptr, false) : json();
    return posts.is_array() && !posts.empty() ? posts[0] : json::object();
  }
  bool all_is_at_hq(std::uint64_t records_written) {
    return post_status().value("acknowledged", std::uint64_t{0}) >= records_written && hq_status().value("blobs_missing", 1) == 0;
  }
  template <class F>
  bool eventually(Duration patience, F&& done) {
    for (const MonoTime until = clock_.mono() + patience; clock_.mono() < until; ::poll(nullptr, 0, 50))
      if (done()) return true;
    return false;
  }
  /// What the post believes, then what HQ says that it has.
  void expect_no_false_belief() {
    const auto believed = post_status().value("acknowledged", std::uint64_t{0});
    if (believed > 0) { EXPECT_GE(hq_status().value("cursor", std::uint64_t{0}), believed); }
  }

  runtime::SystemClock clock_;
  std::string directory_;
  std::unique_ptr<HostileBroker> broker_;
  std::unique_ptr<WireThread> broker_thread_;
  std::unique_ptr<SyncStage> stage_;
};

TEST_P(BrokerThatLies, changes_nothing_of_what_was_promised) {
  lie(true);
  ASSERT_TRUE(stage_->start_hq());
  PostProcessSettings post;
  post.records = records;
  post.rate_per_s = 150;
  post.business.picture_every = 60;
  post.business.image_every = 50;
  post.business.image_bytes = 300u << 10;  // three chunks: HQ asks for a manifest, and slices follow one another
  ASSERT_TRUE(stage_->start_post(post));
  std::uint64_t goal = records;
  ASSERT_TRUE(eventually(60s, [&] {
    expect_no_false_belief();
    if (post_status().value("last_sequence", std::uint64_t{0}) < goal) return false;
    if (GetParam().told(mischief()) >= 3) return true;
    if (all_is_at_hq(goal)) (void)stage_->ask_post(json{{"op", "write"}, {"until", goal += 100}, {"rate", post.rate_per_s}}.dump());  // with two images more
    return false;
  })) << "the broker had no occasion to lie";
  lie(false);
  ASSERT_TRUE(eventually(90s, [&] {
    expect_no_false_belief();
    return all_is_at_hq(goal);
  })) << post_status().dump() << hq_status().dump();
  // A blob that arrived with other content three times HQ has given up, with an alarm; its verify orders it again.
  if (GetParam().damages) {
    ASSERT_TRUE(eventually(60s, [&] {
      const auto text = stage_->hq_tool({"verify", "--post", "P1"});
      const json verified = text ? json::parse(*text, nullptr, false) : json();
      return verified.is_object() && verified.value("first_broken", "?").empty();
    })) << hq_status().dump();
  }
  stage_->post()->end(10s);
  const auto compared = compare_post_with_hq(*stage_);
  ASSERT_TRUE(compared) << compared.error().what;
  EXPECT_EQ(compared->first_wrong, "");
  EXPECT_EQ(compared->records, goal);
  EXPECT_EQ(compared->lost + compared->twice + compared->corrupt + compared->out_of_order, 0u);
  if (!GetParam().damages) { EXPECT_EQ(compared->alarms + compared->quarantined, 0u); }
}

INSTANTIATE_TEST_SUITE_P(
    , BrokerThatLies,
    ::testing::Values(Lies{"none", {}, false, [](const Mischief& m) { return m.forwarded; }},
                      Lies{"acknowledges_and_forgets", {{"forget", 0.2}, {"no_puback", 0.2}}, false, [](const Mischief& m) { return std::min(m.forgotten, about_slices(m)); }},
                      Lies{"doubles_reorders_replays", {{"duplicate", 0.3}, {"reorder", 0.3}, {"replay", 0.2}}, false, [](const Mischief& m) { return std::min({m.doubled, m.reordered, about_slices(m)}); }},
                      Lies{"damages_and_makes_up", {{"corrupt", 0.1}, {"garbage", 0.1}, {"oversize", 0.01}, {"misdeliver", 0.1}}, true,
                           [](const Mischief& m) { return std::min({m.corrupted, m.made_up, m.misdelivered, about_slices(m)}); }},
                      Lies{"breaks_off_and_refuses", {{"kick", 0.05}, {"refuse", 0.3}, {"wrong_session", 0.5}, {"no_suback", 0.2}}, false,
                           [](const Mischief& m) { return std::min(m.kicked, m.refused); }}),
    [](const auto& chosen) { return chosen.param.name; });

}  // namespace
}  // namespace rampa::hil
