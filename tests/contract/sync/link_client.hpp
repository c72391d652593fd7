// A bare MQTT link and what it was told.
#pragma once

#include <algorithm>
#include <mutex>

#include "tests/contract/sync/sync_fixture.hpp"

namespace rampa::tests {

struct Client {
  explicit Client(const sync::LinkSettings& settings) {
    sync::LinkCalls calls{[this] { set(connected); }, [this] { set(subscribed); }, [this](const std::string& why) { say("lost", why); },
                          [this](const std::string& topic, const Bytes&) { say("message", topic); }};
    calls.again = [this](const std::string& why) { say("again", why); };
    calls.refused = [this](const std::string& why) { say("refused", why); };
    auto opened = sync::open_link(settings, std::move(calls));
    if (opened) link = std::move(*opened);
    else say("lost", opened.error().what);
  }
  void set(bool& flag) {
    std::lock_guard lock(mutex);
    flag = true;
  }
  void say(const std::string& what, const std::string& text) {
    std::lock_guard lock(mutex);
    said.emplace_back(what, text);
  }
  bool get(const bool& flag) {
    std::lock_guard lock(mutex);
    return flag;
  }
  /// The texts of one kind: "lost", "again", "refused", "message".
  std::vector<std::string> texts(const std::string& what) {
    std::lock_guard lock(mutex);
    std::vector<std::string> out;
    for (const auto& [kind, text] : said)
      if (kind == what) out.push_back(text);
    return out;
  }
  bool ready() {
    const auto over = [this] { return !texts("lost").empty() || !texts("again").empty(); };
    if (!eventually([&] { return get(connected) || over(); }) || over()) return false;
    return link->subscribe() && eventually([&] { return get(subscribed) || over(); }) && !over();
  }
  std::string why_lost() {
    const auto why = texts("lost");
    return why.empty() ? std::string{} : why.front();
  }
  std::mutex mutex;
  bool connected = false, subscribed = false;
  std::vector<std::pair<std::string, std::string>> said;
  std::unique_ptr<sync::MqttLink> link;  // last: no callback after it is gone
};

}  // namespace rampa::tests
