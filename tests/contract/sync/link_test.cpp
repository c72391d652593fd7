// Which MQTT a link speaks with which broker, and what it makes of the reasons that MQTT 5 gives: a real mosquitto, the simulated
// broker that speaks 3.1.1 alone, and one that answers by a script.
#include <fstream>

#include "hil/mqtt/hostile_broker.hpp"
#include "sync/link/reasons.hpp"
#include "tests/contract/sync/link_client.hpp"

using namespace rampa;
using namespace rampa::sync;
using namespace rampa::tests;

namespace {

const runtime::SystemClock machine;

/// Answers each packet of a type with the bytes of its script; a type without one closes the connection.
class ScriptedBroker : public hil::WireServer {
 public:
  /// `v311_code`: what its CONNACK says to 3.1.1.
  explicit ScriptedBroker(std::map<hil::mqtt::PacketType, Bytes> script, std::uint8_t v311_code = 0)
      : endpoint_(std::move(*hil::Endpoint::tcp("127.0.0.1", 0))), script_(std::move(script)), v311_code_(v311_code) {}
  void want(std::vector<pollfd>& fds) const override { endpoint_.want(fds); }
  [[nodiscard]] MonoTime due() const override { return endpoint_.due(); }
  void serve() override {
    auto seen = endpoint_.look();
    for (const int connection : seen.opened) splitters_[connection] = {};
    for (const auto& arrival : seen.received) {
      auto& splitter = splitters_[arrival.connection];
      splitter.add(arrival.bytes);
      while (const auto packet = splitter.next()) answer(arrival.connection, *packet);
    }
    endpoint_.give(machine.mono());
  }
  [[nodiscard]] std::string url() const { return "mqtt://127.0.0.1:" + std::to_string(port()); }
  [[nodiscard]] int port() const { return endpoint_.port(); }
  [[nodiscard]] const std::vector<int>& levels() const { return levels_; }

 private:
  void answer(int connection, const hil::mqtt::Packet& packet) {
    const int level = packet.type == hil::mqtt::PacketType::connect ? hil::mqtt::level_of(packet) : 0;
    if (level != 0) levels_.push_back(level);
    const auto it = script_.find(packet.type);
    if (level == 4) return endpoint_.send(connection, hil::mqtt::connack_bytes(false, v311_code_), machine.mono());
    if (it == script_.end()) return endpoint_.reset(connection, machine.mono());
    Bytes bytes = it->second;
    if (packet.type == hil::mqtt::PacketType::publish) {  // the packet id of what is acknowledged
      const std::uint16_t id = hil::mqtt::publication_of(packet)->id;
      bytes[2] = static_cast<std::uint8_t>(id >> 8);
      bytes[3] = static_cast<std::uint8_t>(id);
    }
    endpoint_.send(connection, std::move(bytes), machine.mono());
  }

  hil::Endpoint endpoint_;
  std::map<hil::mqtt::PacketType, Bytes> script_;
  std::map<int, hil::mqtt::PacketSplitter> splitters_;
  std::vector<int> levels_;
  std::uint8_t v311_code_;
};

const Bytes connack{0x20, 3, 0, 0, 0};

LinkSettings plain(const std::string& url, std::shared_ptr<BrokerVersions> versions) {
  LinkSettings settings{url, "test", "x/#", {}};
  settings.versions = std::move(versions);
  return settings;
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

struct LinkContract : SyncContract {
  std::shared_ptr<BrokerVersions> versions = std::make_shared<BrokerVersions>();
  LinkSettings as(const std::string& who) {
    LinkSettings settings = link_as(who, who == "hq" ? uplink_filter() : downlink_filter(PostId{who}));
    settings.versions = versions;
    return settings;
  }
  /// What mosquitto says of the last connection of this client id: 5, 2 for 3.1.1, or 0.
  int spoken(const std::string& client) {
    const std::string log = broker->log();
    const auto at = log.rfind(" as " + client + " (p");
    return at == std::string::npos ? 0 : log.at(at + client.size() + 7) - '0';
  }
};

}  // namespace

TEST_F(LinkContract, Mqtt5IsSpokenWhereTheBrokerTakesIt) {
  Client client(as("P1"));
  ASSERT_TRUE(client.ready()) << client.why_lost();
  EXPECT_EQ(spoken("test-P1"), 5);
  start_hq();
  Post post(*broker, "P1", journal);
  post.append(100);
  ASSERT_TRUE(post.drained()) << post.status().trouble;
  EXPECT_EQ(spoken("rampa-post-P1"), 5);
  EXPECT_EQ(spoken("rampa-hq"), 5);
}

TEST_F(LinkContract, APostSaysThatHqIsNotThere) {
  Post post(*broker, "P1", journal);
  post.append(1);
  ASSERT_TRUE(eventually([&] { return contains(post.status().trouble, "is rampa-hq running and on this broker?"); })) << post.status().trouble;
  start_hq();
  ASSERT_TRUE(post.drained()) << post.status().trouble;
  EXPECT_EQ(post.status().trouble, "") << "what was said is over";
}

TEST_F(LinkContract, APostThatTheAccessListDoesNotKnowSaysSo) {
  start_hq();
  std::ofstream(broker->file("strict.acl")) << "user hq\ntopic readwrite rampa/#\n";
  broker->kill();
  broker->set("acl_file", broker->file("strict.acl"));
  ASSERT_TRUE(broker->start()) << broker->log();
  Post post(*broker, "P1", journal);
  post.append(1);
  ASSERT_TRUE(eventually([&] { return contains(post.status().trouble, "0x87"); })) << post.status().trouble;
  EXPECT_TRUE(eventually([&] { return post.status().phase == "waiting" && contains(post.status().trouble, "mosquitto.acl.example"); }))
      << "HQ's silence is not what is wrong: " << post.status().trouble;
}

TEST_F(LinkContract, WhatTheAccessListRefusesIsNamed) {
  Client other(as("P2"));
  ASSERT_TRUE(other.ready()) << other.why_lost();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(other.link->publish(topic_text({PostId{"P1"}, Leaf::hello}), Bytes(10, 1)));
  ASSERT_TRUE(eventually([&] { return !other.texts("refused").empty(); }));
  EXPECT_TRUE(contains(other.texts("refused").front(), "0x87")) << other.texts("refused").front();
  EXPECT_TRUE(contains(other.texts("refused").front(), "mosquitto.acl.example")) << other.texts("refused").front();
  EXPECT_EQ(other.why_lost(), "") << "the connection stands";
}

TEST_F(LinkContract, ABrokerOfFewMessagesAtATimeIsSpokenToIn311) {
  broker->kill();
  broker->set("max_inflight_messages", "20");
  ASSERT_TRUE(broker->start()) << broker->log();
  {
    Client first(as("P2"));
    EXPECT_FALSE(first.ready());
    ASSERT_EQ(first.texts("again").size(), 1u) << first.why_lost();
    EXPECT_TRUE(contains(first.texts("again").front(), "takes only 20 messages at a time")) << first.texts("again").front();
    EXPECT_TRUE(contains(first.texts("again").front(), "max_inflight_messages")) << "the remedy";
    EXPECT_EQ(spoken("test-P2"), 5);
  }
  for (int i = 0; i < 2; ++i) {  // it is remembered
    Client again(as("P2"));
    ASSERT_TRUE(again.ready()) << again.why_lost();
    EXPECT_EQ(spoken("test-P2"), 2);
  }
  start_hq();
  Post post(*broker, "P1", journal);
  post.append(500);
  ASSERT_TRUE(post.drained()) << post.status().trouble;
  EXPECT_EQ(spoken("rampa-post-P1"), 2);
  EXPECT_EQ(spoken("rampa-hq"), 2);
  EXPECT_TRUE(contains(hq.log(), "takes only 20 messages at a time")) << "HQ's log says it, too";
  EXPECT_EQ(post.status().attempts, 1u) << "the other version is the same attempt: no pause, and no other broker of the list";
  EXPECT_EQ(post.remarks().size(), 1u);
  broker->kill();
  ASSERT_TRUE(eventually([&] { return !post.status().up; }));
  ASSERT_TRUE(broker->start()) << broker->log();
  post.append(500);
  ASSERT_TRUE(post.drained()) << post.status().trouble;
  EXPECT_EQ(post.remarks().size(), 1u) << "said once";
  expect_all_at_hq("P1");
}

TEST_F(LinkContract, WhatTheBrokerIsTooSmallForIsNotSent) {
  broker->kill();
  broker->set("max_packet_size", "100000");
  ASSERT_TRUE(broker->start()) << broker->log();
  Client client(as("P1"));
  ASSERT_TRUE(client.ready()) << client.why_lost();
  const std::string topic = topic_text({PostId{"P1"}, Leaf::events});
  EXPECT_TRUE(client.link->publish(topic, Bytes(90'000, 1)));
  const auto refused = client.link->publish(topic, Bytes(100'000, 1));
  ASSERT_FALSE(refused);
  EXPECT_TRUE(contains(refused.error().what, "raise max_packet_size")) << refused.error().what;
  EXPECT_TRUE(client.link->publish(topic, Bytes(10, 1))) << "the connection stands";
}

TEST(Link, ABrokerThatRefusesTheVersionIsSpokenToIn311) {
  auto broker = *hil::mqtt::HostileBroker::listen(0, machine, 1);
  hil::WireThread serving({broker.get()}, machine);
  const auto versions = std::make_shared<BrokerVersions>();
  const LinkSettings settings = plain("mqtt://127.0.0.1:" + std::to_string(broker->port()), versions);
  const auto refused = [&] {
    std::uint64_t out = 0;
    serving.with([&] { out = broker->mischief().versions_refused; });
    return out;
  };
  Client first(settings);
  EXPECT_FALSE(first.ready());
  ASSERT_EQ(first.texts("again").size(), 1u) << first.why_lost();
  EXPECT_TRUE(contains(first.texts("again").front(), "does not speak MQTT 5")) << first.texts("again").front();
  for (int i = 0; i < 3; ++i) {
    Client next(settings);
    ASSERT_TRUE(next.ready()) << next.why_lost();
  }
  EXPECT_EQ(refused(), 1u) << "a reconnect does not pay for asking again";
}

TEST(Link, ABrokerThatClosesUnansweredIsSpokenToIn311) {
  ScriptedBroker broker({{hil::mqtt::PacketType::subscribe, hil::mqtt::suback_bytes(1, 1)}});
  hil::WireThread serving({&broker}, machine);
  const auto versions = std::make_shared<BrokerVersions>();
  for (int i = 0; i < 2; ++i) {
    Client fifth(plain(broker.url(), versions));
    EXPECT_FALSE(fifth.ready());
    ASSERT_EQ(fifth.texts("again").size(), 1u) << fifth.why_lost();
    Client fourth(plain(broker.url(), versions));
    ASSERT_TRUE(eventually([&] { return fourth.get(fourth.connected); })) << fourth.why_lost();
  }
  Client settled(plain(broker.url(), versions));
  ASSERT_TRUE(eventually([&] { return settled.get(settled.connected); })) << settled.why_lost();
  serving.with([&] { EXPECT_EQ(broker.levels(), (std::vector<int>{5, 4, 5, 4, 4})) << "believed when it has helped twice in a row"; });
}

TEST(Link, ARefusedConnectionNamesTheRemedy) {
  ScriptedBroker broker({{hil::mqtt::PacketType::connect, {0x20, 3, 0, 0x87, 0}}});
  hil::WireThread serving({&broker}, machine);
  Client client(plain(broker.url(), std::make_shared<BrokerVersions>()));
  EXPECT_FALSE(client.ready());
  EXPECT_TRUE(contains(client.why_lost(), "0x87")) << client.why_lost();
  EXPECT_TRUE(contains(client.why_lost(), "mosquitto.acl.example")) << client.why_lost();
  EXPECT_TRUE(client.texts("again").empty()) << "another version would be refused as well";
}

// Paho gives tokens of 3.1.1 a reason that is none.
TEST(Link, AFailureIn311NamesTheRemedyToo) {
  {
    ScriptedBroker broker({}, 5);
    hil::WireThread serving({&broker}, machine);
    Client client(plain(broker.url(), nullptr));
    EXPECT_FALSE(client.ready());
    EXPECT_TRUE(contains(client.why_lost(), "mosquitto.acl.example")) << client.why_lost();
  }
  int closed = 0;
  { closed = ScriptedBroker({}).port(); }
  Client client(plain("mqtt://127.0.0.1:" + std::to_string(closed), nullptr));
  EXPECT_FALSE(client.ready());
  EXPECT_TRUE(contains(client.why_lost(), "is the broker there")) << client.why_lost();
}

TEST(Link, ARefusedSubscriptionNamesTheReason) {
  ScriptedBroker broker({{hil::mqtt::PacketType::connect, connack}, {hil::mqtt::PacketType::subscribe, {0x90, 4, 0, 1, 0, 0x87}}});
  hil::WireThread serving({&broker}, machine);
  Client client(plain(broker.url(), std::make_shared<BrokerVersions>()));
  EXPECT_FALSE(client.ready());
  EXPECT_TRUE(contains(client.why_lost(), "0x87")) << client.why_lost();
}

TEST(Link, AUsedUpQuotaIsNamed) {
  ScriptedBroker broker({{hil::mqtt::PacketType::connect, connack},
                         {hil::mqtt::PacketType::subscribe, {0x90, 4, 0, 1, 0, 1}},
                         {hil::mqtt::PacketType::publish, {0x40, 4, 0, 0, 0x97, 0}}});
  hil::WireThread serving({&broker}, machine);
  Client client(plain(broker.url(), std::make_shared<BrokerVersions>()));
  ASSERT_TRUE(client.ready()) << client.why_lost();
  ASSERT_TRUE(client.link->publish("a", Bytes(1, 1)));
  ASSERT_TRUE(eventually([&] { return !client.texts("refused").empty(); })) << client.why_lost();
  EXPECT_TRUE(contains(client.texts("refused").front(), "0x97")) << client.texts("refused").front();
}

TEST(Link, WhyTheBrokerEndsAConnectionIsNamed) {
  Bytes goodbye{0x90, 4, 0, 1, 0, 1};
  for (const std::uint8_t byte : {0xe0, 2, 0x95, 0}) goodbye.push_back(byte);
  ScriptedBroker broker({{hil::mqtt::PacketType::connect, connack}, {hil::mqtt::PacketType::subscribe, goodbye}});
  hil::WireThread serving({&broker}, machine);
  Client client(plain(broker.url(), std::make_shared<BrokerVersions>()));
  (void)client.ready();
  ASSERT_TRUE(eventually([&] { return !client.why_lost().empty(); }));
  EXPECT_TRUE(contains(client.why_lost(), "0x95")) << client.why_lost();
  EXPECT_TRUE(contains(client.why_lost(), "max_packet_size")) << client.why_lost();
}

TEST(Link, BrokerVersionsAreLearned) {
  BrokerVersions versions;
  EXPECT_EQ(versions.next("a"), MqttVersion::v5);
  versions.unanswered("a");
  EXPECT_EQ(versions.next("a"), MqttVersion::v311);
  versions.taken("a", MqttVersion::v311);
  EXPECT_EQ(versions.next("a"), MqttVersion::v5) << "once may have been the line";
  versions.taken("a", MqttVersion::v5);
  versions.unanswered("a");
  EXPECT_EQ(versions.next("a"), MqttVersion::v311);
  versions.taken("a", MqttVersion::v311);
  EXPECT_EQ(versions.next("a"), MqttVersion::v5) << "not in a row";
  versions.unanswered("a");
  EXPECT_EQ(versions.next("a"), MqttVersion::v311);
  versions.taken("a", MqttVersion::v311);
  EXPECT_EQ(versions.next("a"), MqttVersion::v311);
  EXPECT_EQ(versions.next("b"), MqttVersion::v5);
  versions.only_v311("b");
  EXPECT_EQ(versions.next("b"), MqttVersion::v311);
}

TEST(Link, ReasonsOf311AreThoseOf5) {
  EXPECT_EQ(reason_of_v311(connack_wrong_version_v311), reason_wrong_version);
  EXPECT_EQ(reason_of_v311(5), 0x87);
  EXPECT_EQ(reason_of_v311(0x80), 0x80);
  EXPECT_TRUE(contains(reason_text(0xff), "0xff"));
}
