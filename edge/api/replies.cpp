#include "edge/api/replies.hpp"

#include "edge/api/passwords.hpp"

namespace rampa::api {

Replies::Found Replies::begin(const std::string& officer, const std::string& key, const std::string& body, MonoTime now) {
  const std::string name = officer + "\n" + key;
  const std::string body_digest = digest(body);
  std::lock_guard lock(mutex_);
  while (!order_.empty()) {
    const auto oldest = entries_.find(order_.front());
    if (oldest != entries_.end()) {
      const bool drop = oldest->second.done && (order_.size() > kept_max || now - oldest->second.begun > kept_for);
      if (!drop) break;
      entries_.erase(oldest);
    }
    order_.pop_front();
  }
  const auto found = entries_.find(name);
  if (found != entries_.end()) {
    if (found->second.body_digest != body_digest) return OtherBody{};
    if (!found->second.done) return Running{};
    return found->second.answer;
  }
  entries_[name] = Entry{body_digest, now, false, {}};
  order_.push_back(name);
  return Fresh{};
}

void Replies::finish(const std::string& officer, const std::string& key, const Response& answer) {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(officer + "\n" + key);
  if (found == entries_.end()) return;
  found->second.answer = answer;
  found->second.done = true;
}

void Replies::forget(const std::string& officer, const std::string& key) {
  std::lock_guard lock(mutex_);
  const std::string name = officer + "\n" + key;
  entries_.erase(name);
  std::erase(order_, name);
}

}  // namespace rampa::api
