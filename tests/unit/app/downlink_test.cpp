// HQ's letters about files: what is fetched is used off the uplink's thread, refused to HQ where it cannot be, and still there after
// a restart.
#include <gtest/gtest.h>

#include <fstream>
#include <future>

#include "edge/app/cached_lists.hpp"
#include "edge/app/downlink.hpp"
#include "edge/app/folder_lock.hpp"
#include "edge/app/hq_watch_lists.hpp"
#include "edge/app/profiles_watch.hpp"
#include "edge/app/waiter.hpp"
#include "edge/app/watch_list_files.hpp"
#include "sync/digest.hpp"
#include "tests/unit/risk/sets.hpp"
#include "tests/unit/store/live_store.hpp"
#include "tests/unit/watch_list/lists.hpp"

namespace rampa::tests {
namespace {

struct Told {
  std::uint64_t number = 0;
  std::string reason;
};

class DownlinkTest : public testing::Test {
 protected:
  DownlinkTest() {
    site.post = PostId{"RS-TEST"};
    site.directory = scratch.path() + "/store";
    site.profiles_file = scratch.path() + "/profiles";
    std::filesystem::create_directories(site.profiles_file);
    lane::Config lane;
    lane.id = LaneId{"L1"};
    site.lanes = {lane};
    start();
  }
  ~DownlinkTest() override { stop(); }
  void start() {
    auto store = store::open(small_settings(site.directory), clock);
    ASSERT_TRUE(store) << store.error().what;
    post = std::make_unique<app::Appliance>(site, compiled(""), std::move(*store), clock, true);
    ASSERT_TRUE(post->start());
    auto opened = app::Downlink::open(*post, clock);
    ASSERT_TRUE(opened) << opened.error().what;
    downlink = std::move(*opened);
    ASSERT_TRUE(downlink->shelf());
    downlink->connect({[this](const sync::Fetcher::Wanted& one) {
                         wanted.push_back(one.sha256);
                         wanted_over_any_line = one.over == sync::Fetcher::Over::any_line;
                         wanted_behind = one.turn == sync::Fetcher::Turn::behind;
                       },
                       [this](std::uint64_t letter, const std::string& reason) { refused.push_back({letter, reason}); }});
  }
  void stop() {
    if (downlink) downlink->connect({});
    downlink.reset();
    post.reset();
  }
  /// A start takes what is kept, as serve() does.
  void restart() {
    stop();
    start();
    auto from_hq = store::read_cached_lists(site.directory);
    ASSERT_TRUE(from_hq);
    app::take_lists(post->declarations(), *from_hq, {});
    findings.clear();
    for (auto& list : lists().all(findings)) post->declarations().replace_watch_list(std::move(list));
  }
  app::HqWatchLists lists() const { return {store::real_disk(), site.directory + "/watch-lists"}; }

  std::future<sync::LetterOutcome> apply(const std::string& kind, const Bytes& body) {
    auto done = std::make_shared<std::promise<sync::LetterOutcome>>();
    downlink->apply({++number, kind, std::string(body.begin(), body.end())}, [done](sync::LetterOutcome outcome) { done->set_value(std::move(outcome)); });
    return done->get_future();
  }
  /// The letter, and the file as if it were fetched.
  void send(const std::string& kind, const Bytes& body, const Bytes& file) {
    auto answer = apply(kind, body);
    ASSERT_EQ(answer.wait_for(30s), std::future_status::ready);
    ASSERT_EQ(answer.get().refused, "");
    const std::string sha = sync::hex(sync::sha256(file));
    std::ofstream(site.directory + "/fetch/" + sha, std::ios::binary).write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
    downlink->fetched(sha, "");
  }
  void send_list(const std::string& name, const Bytes& file) {
    send("watch_list", sync::encode(sync::WatchListLetter{name, {}, sync::WatchListLetter::File{sync::hex(sync::sha256(file)), file.size()}}), file);
  }
  void send_plates(const std::string& name, const std::vector<std::string>& plates) {
    auto answer = apply("watch_list", sync::encode(sync::WatchListLetter{name, plates, {}}));
    downlink->work();
    ASSERT_EQ(answer.wait_for(30s), std::future_status::ready);
    ASSERT_EQ(answer.get().refused, "");
  }
  risk::WatchHits hits(const std::string& plate, const std::string& operator_number = "") {
    risk::WatchQuestion vehicle;
    vehicle.plates.push_back({plate, "", {}});
    if (!operator_number.empty()) vehicle.operators = {operator_number};
    return post->declarations().watch_hits(vehicle);
  }
  std::size_t fetch_files() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(site.directory + "/fetch")) ++count;
    return count;
  }

  ScratchDirectory scratch;
  runtime::SystemClock clock;
  config::Site site;
  std::unique_ptr<app::Appliance> post;
  std::shared_ptr<app::Downlink> downlink;
  std::vector<std::string> wanted;
  bool wanted_over_any_line = false, wanted_behind = false;  ///< the last one
  std::vector<Told> refused;
  std::vector<config::Finding> findings;
  std::uint64_t number = 0;
};

Bytes stolen() {
  auto head = head_of("stolen", risk::WatchKind::plates);
  head.severity = SelectivityChannel::red;
  head.instruction = {{"en", "Hold the vehicle."}};
  return risk::encode(listing({{"BG123AA", {"SRB", "", "", "case 7"}}}, head));
}

TEST_F(DownlinkTest, OfWhichDeskTheLettersAreIsKeptOverARestart) {
  const std::string a(32, 'a'), b(32, 'b');
  const auto gap_of = [&](const std::string& desk) {
    sync::LetterOutcome outcome;
    downlink->apply({++number, std::string(sync::gap_letter), "{}", desk}, [&](sync::LetterOutcome told) { outcome = std::move(told); });
    EXPECT_TRUE(outcome.kept);
  };
  EXPECT_TRUE(downlink->letter_desks().empty());
  gap_of("");  // an HQ that does not name its desk
  restart();
  EXPECT_EQ(downlink->letter_desks(), (std::vector<sync::DeskCursor>{{"", 1}}));
  gap_of(a);
  gap_of(a);
  restart();
  EXPECT_EQ(downlink->letter_desks(), (std::vector<sync::DeskCursor>{{a, 3}, {"", 1}}));
  gap_of(b);
  gap_of(a);
  restart();
  EXPECT_EQ(downlink->letter_desks(), (std::vector<sync::DeskCursor>{{a, 5}, {b, 4}, {"", 1}}));
  std::filesystem::remove(site.directory + "/letter-desks");  // of a version that did not write it
  restart();
  EXPECT_EQ(downlink->letter_desks(), (std::vector<sync::DeskCursor>{{"", 5}})) << "nothing comes twice";
  stop();
  std::ofstream(site.directory + "/letter-desks") << "damaged";
  auto store = store::open(small_settings(site.directory), clock);
  ASSERT_TRUE(store);
  app::Appliance other(site, compiled(""), std::move(*store), clock, true);
  const auto opened = app::Downlink::open(other, clock);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().what.find("letter-desks is damaged"), std::string::npos) << opened.error().what;
  std::filesystem::remove(site.directory + "/letter-desks");
}

TEST_F(DownlinkTest, ABuiltListComesWithSeverityAndInstructionAndOutlivesARestart) {
  send_list("stolen", stolen());
  EXPECT_EQ(hits("BG123AA").names, Names{}) << "not on the uplink's thread";
  downlink->work();
  for (int boot = 0; boot < 2; ++boot) {
    const auto found = hits("BG123AA");
    EXPECT_EQ(found.names, Names{"stolen"});
    EXPECT_EQ(found.red, Names{"stolen"});
    EXPECT_EQ(found.instructions, Names{"stolen\nen\nHold the vehicle."});
    EXPECT_EQ(hits("8G1Z3AA").names, Names{"stolen"}) << "confused by a camera";
    if (boot == 0) restart();
  }
  EXPECT_TRUE(findings.empty());
  EXPECT_EQ(fetch_files(), 0u);
  EXPECT_TRUE(refused.empty());
}

TEST_F(DownlinkTest, TheNewestListOfANameCountsWhicheverWayItCame) {
  send_plates("stolen", {"BG1", "BG2"});
  EXPECT_EQ(hits("BG1").names, Names{"stolen"});
  send_list("stolen", stolen());
  downlink->work();
  for (int boot = 0; boot < 2; ++boot, restart()) {
    EXPECT_EQ(hits("BG1").names, Names{});
    EXPECT_EQ(hits("BG123AA").names, Names{"stolen"});
  }
  send_plates("stolen", {"BG3"});
  for (int boot = 0; boot < 2; ++boot, restart()) {
    EXPECT_EQ(hits("BG123AA").names, Names{});
    EXPECT_EQ(hits("BG3").names, Names{"stolen"});
  }
  send_list("stolen", stolen());
  downlink->work();
  send_plates("stolen", {});
  for (int boot = 0; boot < 2; ++boot, restart()) EXPECT_EQ(hits("BG123AA").names, Names{}) << "HQ took it back";
  // One that is still on its way when a newer one of its name comes is not used any more, and leaves nothing behind.
  const Bytes list = stolen();
  ASSERT_EQ(apply("watch_list", sync::encode(sync::WatchListLetter{"stolen", {}, sync::WatchListLetter::File{sync::hex(sync::sha256(list)), list.size()}})).get().refused, "");
  EXPECT_GT(fetch_files(), 0u);
  send_plates("stolen", {"BG4"});
  std::ofstream(site.directory + "/fetch/" + sync::hex(sync::sha256(list)), std::ios::binary) << "what came of it";
  downlink->fetched(sync::hex(sync::sha256(list)), "");
  downlink->work();
  EXPECT_EQ(hits("BG4").names, Names{"stolen"});
  EXPECT_EQ(fetch_files(), 0u);
  EXPECT_TRUE(refused.empty());
}

TEST_F(DownlinkTest, AListOfHashesNeedsItsKeyAtThePostAndSaysSoToHq) {
  const std::string key = scratch.path() + "/a.key", other = scratch.path() + "/b.key";
  std::ofstream(key) << std::string(64, '1');
  std::ofstream(other) << std::string(64, '2');
  const auto list = [&] { return risk::encode(listing({{"RS100200300", {}}}, head_of("operators-1", risk::WatchKind::operators), *app::read_watch_key(key))); };
  send_list("operators-1", list());
  downlink->work();
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0].number, number);
  EXPECT_NE(refused[0].reason.find("keeps hashes and no key is here; put the key"), std::string::npos) << refused[0].reason;
  const std::string place = site.directory + "/watch-lists";
  std::filesystem::create_directories(place);
  std::filesystem::copy_file(other, place + "/other.key");
  send_list("operators-1", list());
  downlink->work();
  ASSERT_EQ(refused.size(), 2u);
  EXPECT_NE(refused[1].reason.find("none of the 1 keys"), std::string::npos) << refused[1].reason;
  std::filesystem::copy_file(key, place + "/this.key");
  send_list("operators-1", list());
  downlink->work();
  ASSERT_EQ(refused.size(), 2u);
  for (int boot = 0; boot < 2; ++boot, restart()) {
    EXPECT_EQ(hits("BG9", "RS100200300").names, Names{"operators-1"});
    EXPECT_EQ(hits("BG9", "RS100200301").names, Names{});
  }
  // In none of the post's files does the number stand in the open; its key lies only where people put it.
  for (const auto& entry : std::filesystem::recursive_directory_iterator(site.directory)) {
    if (!entry.is_regular_file() || entry.path().extension() == ".key") continue;
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    EXPECT_EQ(text.find("RS100200300"), std::string::npos) << entry.path();
    EXPECT_EQ(text.find(std::string(64, '1')), std::string::npos) << entry.path();
  }
}

TEST_F(DownlinkTest, ADamagedListIsRefusedAndTheOldOneStays) {
  send_list("stolen", stolen());
  downlink->work();
  Bytes damaged = stolen();
  damaged.back() ^= 1;
  send_list("stolen", damaged);
  downlink->work();
  send_list("stolen", risk::encode(listing({{"BG5", {}}}, head_of("another", risk::WatchKind::plates))));
  downlink->work();
  ASSERT_EQ(refused.size(), 2u);
  EXPECT_NE(refused[0].reason.find("check sum of the entries"), std::string::npos) << refused[0].reason;
  EXPECT_NE(refused[1].reason.find("the file is of the list \"another\", HQ's letter is about \"stolen\""), std::string::npos) << refused[1].reason;
  EXPECT_EQ(hits("BG123AA").names, Names{"stolen"});
  EXPECT_EQ(fetch_files(), 0u);
  EXPECT_EQ(apply("watch_list", Bytes{'{', '}'}).get().refused, "watch_list: v is missing");
}

TEST_F(DownlinkTest, WhatHqDoesNotHaveIsRefusedWithItsWords) {
  const std::string sha(64, 'a');
  ASSERT_EQ(apply("bundle", sync::encode(sync::BundleLetter{"set.bundle", sha, 10})).get().refused, "");
  EXPECT_EQ(wanted, std::vector<std::string>{sha});
  downlink->fetched(sha, "not offered to this post");
  downlink->work();
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0].reason, "bundle set.bundle: not offered to this post");
}

TEST_F(DownlinkTest, ACommandIsCarriedOutAnsweredAndInTheJournal) {
  std::vector<std::string> answers;
  downlink->connect({{}, {}, [&](std::uint64_t letter, const std::string& outcome) { answers.push_back(std::to_string(letter) + " " + outcome); }});
  const auto command = [&](const std::string& what, const std::string& argument = "") {
    auto answer = apply("command", sync::encode(sync::CommandLetter{what, argument, "M. Petrovic"}));
    EXPECT_EQ(answer.wait_for(30s), std::future_status::ready);
    const auto outcome = answer.get();
    EXPECT_TRUE(outcome.kept);
    downlink->work();
    return outcome.refused;
  };
  EXPECT_EQ(command("say_status"), "");
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].substr(0, 13), "1 {\"now_ms\":1");
  EXPECT_NE(answers[0].find("\"id\":\"RS-TEST\""), std::string::npos);
  EXPECT_EQ(command("look_for_image", std::string(64, 'a')), "");
  EXPECT_EQ(answers.back(), "2 not here");
  EXPECT_EQ(command("fetch_now"), "");
  EXPECT_EQ(answers.back(), "3 0 files asked for");
  EXPECT_EQ(command("open_boom"), "this version of Rampa knows no command \"open_boom\"");
  EXPECT_EQ(answers.size(), 3u);
  const std::uint64_t taken = downlink->letters_through();
  stop();
  EXPECT_EQ(taken, 4u);
  auto journal = store::open_journal(site.directory);
  ASSERT_TRUE(journal);
  const auto records = (*journal)->read(1, 1000);
  ASSERT_TRUE(records);
  std::size_t noted = 0;
  for (const auto& raw : *records) {
    const std::string text(raw.bytes.begin(), raw.bytes.end());
    noted += text.find("hq: M. Petrovic") != std::string::npos && text.find("\"what\":\"command\"") != std::string::npos;
  }
  EXPECT_EQ(noted, 4u) << "the refused one, too";
}

TEST_F(DownlinkTest, WhatWaitsForAnUnmeteredLineComesOverAnyWhereHqOrdersIt) {
  ASSERT_EQ(apply("bundle", sync::encode(sync::BundleLetter{"set-7", std::string(64, 'a'), 10})).get().refused, "");
  EXPECT_FALSE(wanted_over_any_line);
  ASSERT_EQ(apply("command", sync::encode(sync::CommandLetter{"fetch_now", "", "M. Petrovic"})).get().refused, "");
  downlink->work();
  EXPECT_EQ(wanted, (std::vector<std::string>{std::string(64, 'a'), std::string(64, 'a')}));
  EXPECT_TRUE(wanted_over_any_line);
}

TEST_F(DownlinkTest, ACodeListIsReplacedByANewerVersionOnlyAndOutlivesARestart) {
  const auto send_codes = [&](std::uint64_t version, const std::string& text) {
    auto answer = apply("code_list", sync::encode(sync::CodeListLetter{"offices", version, {{"RS11011", {{"en", text}}}}}));
    EXPECT_EQ(answer.wait_for(30s), std::future_status::ready);
    return answer.get().refused;
  };
  EXPECT_TRUE(post->code_lists().empty());
  EXPECT_EQ(send_codes(7, "Batrovci"), "");
  EXPECT_EQ(send_codes(7, "Batrovci"), "") << "said again";
  EXPECT_NE(send_codes(7, "another"), "");
  EXPECT_EQ(send_codes(6, "another"), "code list offices: version 6 is not newer than 7, which is here");
  EXPECT_EQ(send_codes(8, "Batrovci 2"), "");
  for (int start_number = 0; start_number < 2; ++start_number) {
    ASSERT_EQ(post->code_lists().size(), 1u);
    EXPECT_EQ(post->code_lists()[0].version, 8u);
    EXPECT_EQ(post->code_lists()[0].codes, 1u);
    EXPECT_NE(post->code_list("offices").value_or("").find("Batrovci 2"), std::string::npos);
    EXPECT_FALSE(post->code_list("countries"));
    if (start_number == 0) restart();
  }
  std::ofstream(site.directory + "/code-lists/offices") << "{";
  restart();
  EXPECT_TRUE(post->code_lists().empty()) << "damaged: left out, and HQ may send any version";
  EXPECT_EQ(send_codes(1, "Batrovci"), "");
}

TEST(CodeLists, AFolderOfMoreThanHqSendsIsNotReadIntoMemory) {
  const ScratchDirectory scratch;
  const std::string folder = scratch.path() + "/code-lists";
  std::filesystem::create_directory(folder);
  sync::CodeListLetter list{"", 1, {}};
  for (int i = 0; i < 10'000; ++i) list.codes.push_back({"C" + std::to_string(i), {{"en", std::string(180, 'x')}}});
  for (int i = 0; i < 20; ++i) {
    list.name = "list" + std::to_string(i);
    const Bytes text = encode(list);
    ASSERT_LT(text.size(), 4u << 20);
    std::ofstream(folder + "/" + list.name).write(reinterpret_cast<const char*>(text.data()), static_cast<std::streamsize>(text.size()));
  }
  app::CodeLists lists(folder);
  const auto damaged = lists.load();
  ASSERT_EQ(damaged.size(), 1u);
  EXPECT_NE(damaged[0].find(folder), std::string::npos) << damaged[0];
  EXPECT_NE(damaged[0].find("move away"), std::string::npos) << damaged[0];
  EXPECT_LT(lists.all().size(), 12u);
  list.name = "one more";
  const auto refused = lists.take(list);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid);
  EXPECT_FALSE(lists.text_of("one more"));
}

TEST_F(DownlinkTest, AnAnswerToAReferralIsARecordOfItsCrossingAndOfNoOther) {
  const CrossingId crossing{"L1-1-1"};
  app::Waiter<Result<std::vector<std::uint64_t>>> opened_there;
  post->store().persist({opened(crossing, clock.now())}, [opened_there](auto result) mutable { opened_there.give(std::move(result)); });
  ASSERT_TRUE(opened_there.wait(30s));
  ASSERT_TRUE(post->store().wait_for_picture(30s));
  const auto send_answer = [&](const std::string& of) {
    auto answer = apply("referral_answer", sync::encode(sync::ReferralAnswerLetter{CrossingId{of}, "release", "The papers are right.", "M. Petrovic"}));
    EXPECT_EQ(answer.wait_for(30s), std::future_status::ready);
    return answer.get().refused;
  };
  EXPECT_EQ(send_answer("L1-1-1"), "");
  EXPECT_EQ(send_answer("L1-1-2"), "this post knows no crossing L1-1-2");
  EXPECT_EQ(send_answer("L9-1-1"), "no lane of this post has a crossing L9-1-1");
  ASSERT_TRUE(post->store().wait_for_picture(30s));
  auto picture = post->picture_reader();
  ASSERT_TRUE(picture);
  const auto records = (*picture)->records_of(crossing);
  ASSERT_TRUE(records);
  ASSERT_EQ(records->size(), 2u);
  const auto* note = std::get_if<AuditNote>(&(*records)[1].body);
  ASSERT_TRUE(note);
  EXPECT_EQ(note->what, "referral_answer");
  EXPECT_EQ(note->who, "hq: M. Petrovic");
  EXPECT_EQ(note->detail, "release: The papers are right.");
  EXPECT_FALSE(post->lane(LaneId{"L1"})->hq_answer) << "another crossing, or none, stands there";
}

// ---- pictures to compare with

Bytes jpeg(std::size_t size, std::uint8_t seed = 1) {
  Bytes bytes(size, seed);
  bytes[0] = 0xff, bytes[1] = 0xd8, bytes[2] = 0xff;
  return bytes;
}

sync::ReferenceImageLetter picture_of(const Bytes& file, const std::string& plate) {
  sync::ReferenceImageLetter letter;
  letter.name = "seen.jpg";
  letter.sha256 = sync::hex(sync::sha256(file));
  letter.size_bytes = file.size();
  letter.media_type = sync::jpeg_type;
  letter.plate = plate;
  letter.note = "False wall behind the axle.";
  letter.by = "M. Petrovic";
  return letter;
}

class ReferenceTest : public DownlinkTest {
 protected:
  std::string refusal(const sync::ReferenceImageLetter& letter) {
    auto answer = apply("reference_image", sync::encode(letter));
    EXPECT_EQ(answer.wait_for(30s), std::future_status::ready);
    return answer.get().refused;
  }
  void send_picture(const sync::ReferenceImageLetter& letter, const Bytes& file) {
    send("reference_image", sync::encode(letter), file);
    downlink->work();
  }
  std::vector<api::ReferenceImageView> of_plate(const std::string& plate) { return post->reference_images({CrossingId{"L1-9-9"}, {plate}, {plate}}); }
  std::vector<AuditNote> notes(const std::string& what) {
    std::vector<AuditNote> out;
    EXPECT_TRUE(post->store().wait_for_picture(30s));
    auto reader = post->picture_reader();
    for (const char* lane : {"", "L1"})
      if (const auto found = (*reader)->newest("audit", LaneId{lane}, 100))
        for (const auto& record : *found)
          if (const auto* note = std::get_if<AuditNote>(&record.body); note && note->what == what) out.push_back(*note);
    return out;
  }
  /// A picture of an earlier crossing of this post.
  void take_evidence(const Bytes& own) {
    app::Waiter<Result<std::vector<std::uint64_t>>> written;
    post->store().persist({opened(CrossingId{"L1-1-1"}, clock.now())}, [](auto) {});
    CaptureTaken capture;
    capture.role = "plate_front";
    capture.body = device::PlateRead{};
    Record record = opened(CrossingId{"L1-1-1"}, clock.now());
    record.body = capture;
    record.attachments = {{"scene.jpg", "image/jpeg", std::make_shared<const Bytes>(own)}};
    post->store().persist({std::move(record)}, [written](auto result) mutable { written.give(std::move(result)); });
    ASSERT_TRUE(written.wait(30s));
    ASSERT_TRUE(post->store().wait_for_picture(30s));
  }
  std::size_t pictures() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(site.directory + "/reference-images")) count += entry.path().extension().empty();
    return count;
  }
};

TEST_F(ReferenceTest, IsFetchedShownForItsPlateAndOutlivesARestart) {
  const Bytes file = jpeg(5000);
  auto letter = picture_of(file, "BG 123-AA");
  ASSERT_EQ(refusal(letter), "");
  downlink->work();
  downlink->work();
  EXPECT_EQ(wanted, std::vector<std::string>{letter.sha256}) << "asked for once";
  EXPECT_TRUE(of_plate("BG123AA").empty()) << "not before it is here";
  restart();
  downlink->work();
  EXPECT_EQ(wanted.size(), 2u) << "over the new line";
  send_picture(letter, file);
  for (int boot = 0; boot < 2; ++boot, restart()) {
    const auto found = of_plate("BG123AA");
    ASSERT_EQ(found.size(), 2u) << "two letters named it";
    EXPECT_EQ(found[0].note, "False wall behind the axle.");
    EXPECT_EQ(found[0].by, "M. Petrovic");
    EXPECT_EQ(found[0].plate, "BG 123-AA");
    EXPECT_GT(found[0].came.ms, 0);
    EXPECT_EQ(post->reference_image(letter.sha256), file);
    EXPECT_TRUE(of_plate("BG124AA").empty());
    EXPECT_EQ(fetch_files(), 0u);
  }
  EXPECT_EQ(pictures(), 1u);
  EXPECT_TRUE(refused.empty());
  const auto noted = notes("reference-image-taken");
  ASSERT_EQ(noted.size(), 2u);
  EXPECT_EQ(noted[0].who, "hq: M. Petrovic");
  EXPECT_NE(noted[0].detail.find("sha256 " + letter.sha256 + ", 5000 bytes, for a plate"), std::string::npos) << noted[0].detail;
  EXPECT_EQ(noted[0].detail.find("123"), std::string::npos) << "a note's text is not encrypted";
}

TEST_F(ReferenceTest, WhatIsHereAlreadyIsNotFetchedAgain) {
  const Bytes file = jpeg(5000), own = jpeg(3000, 7);
  send_picture(picture_of(file, "BG1AA"), file);
  const std::size_t asked = wanted.size();
  auto container = picture_of(file, "");
  container.container = "CSQU 305438-3";
  ASSERT_EQ(refusal(container), "");
  downlink->work();
  EXPECT_EQ(of_plate("csqu3054383").size(), 1u);
  take_evidence(own);
  ASSERT_EQ(refusal(picture_of(own, "BG2AA")), "");
  downlink->work();
  EXPECT_EQ(of_plate("BG2AA").size(), 1u);
  EXPECT_EQ(post->reference_image(sync::hex(sync::sha256(own))), own);
  EXPECT_EQ(wanted.size(), asked);
  EXPECT_EQ(fetch_files(), 0u);
}

TEST_F(ReferenceTest, OwnEvidenceThatIsDamagedIsAskedOfHqAndHoldsNothingUp) {
  const Bytes own = jpeg(3000, 7), other = jpeg(100);
  const auto letter = picture_of(own, "BG1AA");
  take_evidence(own);
  std::size_t damaged = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(site.directory))
    if (entry.is_regular_file() && entry.path().filename() == letter.sha256) {
      std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(1000).put('!');
      ++damaged;
    }
  ASSERT_EQ(damaged, 1u);
  ASSERT_EQ(refusal(letter), "");
  send_picture(picture_of(other, "BG2AA"), other);
  EXPECT_EQ(of_plate("BG2AA").size(), 1u) << "the one behind it";
  EXPECT_TRUE(of_plate("BG1AA").empty());
  EXPECT_TRUE(std::ranges::count(wanted, letter.sha256)) << "HQ is asked";
  ASSERT_EQ(apply("command", sync::encode(sync::CommandLetter{"fetch_now", "", "M. Petrovic"})).get().refused, "");
  downlink->work();  // the pause after what could not be read is over
  send_picture(letter, own);
  EXPECT_EQ(of_plate("BG1AA").size(), 2u);
  EXPECT_EQ(post->reference_image(letter.sha256), own);
}

TEST_F(ReferenceTest, SeveralThatAreStillToComeDoNotTakeTheEvidencesRoomTogether) {
  const auto free_mib = std::filesystem::space(site.directory).available >> 20;
  site.store.reserve_mib = (free_mib - 100) / 2;  // some 100 MiB for reference images, and others use this disk, too
  restart();
  auto letter = picture_of(jpeg(100), "BG1AA");
  int taken = 0;
  for (char n = '0'; n < '0' + 10; ++n) {
    letter.sha256 = std::string(64, n);
    letter.size_bytes = 64u << 20;
    taken += refusal(letter).empty();
  }
  EXPECT_LT(taken, 10) << "640 MiB";
}

TEST_F(ReferenceTest, OneForACrossingIsAmongItsRecordsAndAnUnknownCrossingIsRefused) {
  app::Waiter<Result<std::vector<std::uint64_t>>> opened_there;
  post->store().persist({opened(CrossingId{"L1-1-1"}, clock.now())}, [opened_there](auto result) mutable { opened_there.give(std::move(result)); });
  ASSERT_TRUE(opened_there.wait(30s));
  ASSERT_TRUE(post->store().wait_for_picture(30s));
  const Bytes file = jpeg(100);
  auto letter = picture_of(file, "");
  letter.crossing = "L1-1-2";
  EXPECT_EQ(refusal(letter), "this post knows no crossing L1-1-2");
  letter.crossing = "L1-1-1";
  send_picture(letter, file);
  EXPECT_EQ(post->reference_images({CrossingId{"L1-1-1"}, {}, {}}).size(), 1u);
  EXPECT_TRUE(post->reference_images({CrossingId{"L1-1-2"}, {}, {}}).empty());
  ASSERT_TRUE(post->store().wait_for_picture(30s));
  const auto records = (*post->picture_reader())->records_of(CrossingId{"L1-1-1"});
  ASSERT_TRUE(records);
  ASSERT_EQ(records->size(), 2u);
  EXPECT_EQ(std::get<AuditNote>((*records)[1].body).what, "reference-image-taken");
}

TEST_F(ReferenceTest, WhatIsTooLargeOrNoPictureIsRefusedToHq) {
  const Bytes text(100, 'x');
  auto letter = picture_of(text, "BG1AA");
  send_picture(letter, text);  // HQ says JPEG
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0].number, number);
  EXPECT_EQ(refused[0].reason, "reference_image: its content is not image/jpeg");
  letter.size_bytes = 99;
  send_picture(letter, text);
  ASSERT_EQ(refused.size(), 2u);
  EXPECT_EQ(refused[1].reason, "reference_image: it has 100 bytes, HQ's letter says 99");
  letter.media_type = "image/svg+xml";
  EXPECT_NE(refusal(letter).find("media_type is image/svg+xml"), std::string::npos);
  letter = picture_of(jpeg(10), "BG1AA");
  letter.size_bytes = sync::reference_image_bytes_max + 1;
  EXPECT_NE(refusal(letter).find("a post takes 1 to"), std::string::npos);
  letter = picture_of(jpeg(10), "BG1AA");
  ASSERT_EQ(refusal(letter), "");
  downlink->fetched(letter.sha256, "HQ has nothing of this name for this post");
  downlink->work();
  ASSERT_EQ(refused.size(), 3u);
  EXPECT_EQ(refused[2].reason, "reference_image: HQ has nothing of this name for this post");
  EXPECT_TRUE(of_plate("BG1AA").empty());
  EXPECT_EQ(pictures(), 0u);
  EXPECT_EQ(fetch_files(), 0u);
  EXPECT_EQ(notes("reference-image-refused").size(), 3u);
  site.store.reference_images_mib = 0;
  restart();
  EXPECT_NE(refusal(letter).find("takes no reference images"), std::string::npos);
}

TEST_F(ReferenceTest, ItWaitsForAnUnmeteredLineUnlessHqOrdersItAndLeavesTheDiskItsReserve) {
  const auto letter = picture_of(jpeg(100), "BG1AA");
  ASSERT_EQ(refusal(letter), "");
  downlink->work();
  EXPECT_EQ(wanted.size(), 1u);
  EXPECT_FALSE(wanted_over_any_line);
  EXPECT_TRUE(wanted_behind) << "a watch list does not wait for it";
  ASSERT_EQ(apply("command", sync::encode(sync::CommandLetter{"fetch_now", "", "M. Petrovic"})).get().refused, "");
  downlink->work();
  EXPECT_EQ(wanted.size(), 2u);
  EXPECT_TRUE(wanted_over_any_line);
  site.store.reserve_mib = 1u << 30;
  restart();
  EXPECT_NE(refusal(picture_of(jpeg(101), "BG1AA")).find("no room for reference images"), std::string::npos);
}

TEST_F(ReferenceTest, TheyAreTheFirstToGoWhereTheDiskGetsTight) {
  const Bytes file = jpeg(5000);
  send_picture(picture_of(file, "BG1AA"), file);
  ASSERT_EQ(refusal(picture_of(jpeg(6000), "BG2AA")), "") << "still to come";
  const auto before = site.store.reserve_mib;
  restart();
  downlink->work();
  EXPECT_EQ(pictures(), 1u);
  site.store.reserve_mib = 1u << 30;
  restart();
  downlink->work();
  EXPECT_EQ(pictures(), 0u);
  EXPECT_TRUE(of_plate("BG1AA").empty());
  site.store.reserve_mib = before;
  restart();
  EXPECT_EQ(refusal(picture_of(jpeg(5000), "BG1AA")), "") << "HQ may send it again";
}

TEST_F(ReferenceTest, OfAThousandThatAreStillToComeNoneKeepsAWatchListOut) {
  auto letter = picture_of(jpeg(100), "BG1AA");
  std::size_t taken = 0;
  for (std::size_t i = 0; i < sync::notes_max; ++i) {
    letter.sha256 = sync::hex(sync::sha256(as_bytes(std::to_string(i))));
    taken += refusal(letter).empty();
  }
  EXPECT_EQ(taken, app::ReferenceImages::letters_max);
  send_list("stolen", stolen());
  downlink->work();
  EXPECT_TRUE(refused.empty());
  EXPECT_EQ(hits("BG123AA").names, Names{"stolen"});
}

TEST_F(ReferenceTest, ABundleThatIsStillToComeDoesNotHoldItUp) {
  ASSERT_EQ(apply("bundle", sync::encode(sync::BundleLetter{"set.bundle", std::string(64, 'b'), 10})).get().refused, "");
  EXPECT_FALSE(wanted_behind);
  const Bytes file = jpeg(100);
  send_picture(picture_of(file, "BG1AA"), file);
  EXPECT_EQ(of_plate("BG1AA").size(), 1u);
  EXPECT_EQ(fetch_files(), 1u) << "the bundle's note";
}

TEST(ReferenceImages, TheOldestGoFirstAndNoneIsKeptForEver) {
  const ScratchDirectory scratch;
  const std::string folder = scratch.path() + "/reference-images", fetched = scratch.path() + "/fetched";
  app::ReferenceImages images(folder, {2500, 30});
  const auto came = [&](std::uint64_t number, const Bytes& file, std::int64_t at_ms) {
    const auto letter = picture_of(file, "BG1AA");
    ASSERT_TRUE(images.expect(number, letter));
    if (!images.holds(letter.sha256)) {
      std::ofstream(fetched, std::ios::binary).write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
      ASSERT_TRUE(images.keep(letter, fetched));
    }
    ASSERT_TRUE(images.show(number, WallTime{at_ms}));
  };
  constexpr std::int64_t day = 86'400'000, now = 1'784'000'000'000;
  const auto shown = [&] { return images.of({CrossingId{"x"}, {"BG1AA"}, {}}); };
  came(1, jpeg(1000, 1), now);
  came(2, jpeg(1000, 2), now + day);
  came(3, jpeg(1000, 1), now + 2 * day);  // the first one again
  EXPECT_EQ(shown().size(), 3u);
  came(4, jpeg(1000, 3), now + 3 * day);  // letter 1 goes, its picture stays: letter 3 names it; then letter 2 with its picture
  ASSERT_EQ(shown().size(), 2u);
  EXPECT_EQ(shown()[0].came.ms, now + 3 * day) << "the newest first";
  EXPECT_FALSE(images.holds(sync::hex(sync::sha256(jpeg(1000, 2)))));
  EXPECT_TRUE(images.holds(sync::hex(sync::sha256(jpeg(1000, 1)))));
  const auto large = images.expect(5, picture_of(jpeg(2501), "BG1AA"));
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, ErrorCode::invalid);
  EXPECT_EQ(images.drop_old(WallTime{now + 32 * day}), 0u);
  EXPECT_EQ(images.drop_old(WallTime{now + 32 * day + 1}), 1u);
  EXPECT_EQ(shown().size(), 1u);
  // Damage is found, told, and does not count as here.
  const std::string sha = sync::hex(sync::sha256(jpeg(1000, 3)));
  std::ofstream(folder + "/" + sha, std::ios::binary) << std::string(1000, 'x');
  EXPECT_EQ(images.read(sha).error().code, ErrorCode::io);
  EXPECT_FALSE(images.holds(sha));
  app::ReferenceImages again(folder, {2500, 30});
  ASSERT_EQ(again.load().size(), 1u);
  EXPECT_TRUE(again.of({CrossingId{"x"}, {"BG1AA"}, {}}).empty());
}

// An installation compiles, and waits for whoever installs by hand. The line goes on meanwhile: its acknowledgements, hellos and
// letters are all the uplink's thread's.
TEST_F(DownlinkTest, WhileABundleIsInstalledTheUplinksThreadGoesOn) {
  app::Waiter<bool> begun;
  app::Waiter<std::uint64_t> refused_letter;
  downlink->connect({{}, [&](std::uint64_t letter, const std::string&) { refused_letter.give(letter); }});
  app::ProfilesWatch::Calls calls;
  calls.before = [&] {
    begun.give(true);
    downlink->work();
  };
  auto by_hand = std::make_unique<app::FolderLock>(site.profiles_file, app::FolderLock::For::installing);
  auto watch = std::make_unique<app::ProfilesWatch>("", "", std::move(calls), 10h);  // comes round when it is woken
  const Bytes file(100, 'x');  // no bundle at all: to be refused, once the folder is free
  auto uplink = std::async(std::launch::async, [&] {
    send("bundle", sync::encode(sync::BundleLetter{"set.bundle", sync::hex(sync::sha256(file)), file.size()}), file);
    downlink->work_by([&] { watch->wake(); });
    EXPECT_TRUE(begun.wait(30s));
    downlink->fetched(std::string(64, 'b'), "");
    Declaration declaration;
    declaration.reference = "26RS1";
    auto answer = apply("declarations", sync::encode(sync::DeclarationsLetter{{declaration}}));
    return answer.wait_for(30s) == std::future_status::ready && answer.get().kept;
  });
  const bool went_on = uplink.wait_for(60s) == std::future_status::ready;
  EXPECT_FALSE(refused_letter.wait(Duration{})) << "it was to be under way still";
  by_hand.reset();
  EXPECT_TRUE(went_on) << "the uplink's thread waited for the installation";
  EXPECT_TRUE(uplink.get());
  EXPECT_EQ(refused_letter.wait(30s), 1u);
  downlink->work_by({});
  watch.reset();
  EXPECT_EQ(fetch_files(), 0u);
}

}  // namespace
}  // namespace rampa::tests
