#include "edge/api/sessions.hpp"

#include "edge/api/passwords.hpp"

namespace rampa::api {

std::string Sessions::open(const Officer& officer, const std::string& terminal, MonoTime now) {
  std::string token = new_token();
  std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](const auto& e) { return e.second.session.badge == officer.badge || e.second.session.ends <= now; });
  entries_[digest(token)] = {Session{officer.badge, officer.name, officer.role, terminal, now + life_, false}, now};
  return token;
}

std::optional<Session> Sessions::find(const std::string& token, MonoTime now, bool activity) {
  if (token.size() != 64) return std::nullopt;
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(digest(token));
  if (found == entries_.end()) return std::nullopt;
  Entry& e = found->second;
  if (now >= e.session.ends) {
    entries_.erase(found);
    return std::nullopt;
  }
  if (now - e.active >= idle_lock_) e.session.locked = true;  // and stays so until unlock()
  else if (activity && !e.session.locked) e.active = now;
  return e.session;
}

void Sessions::unlock(const std::string& token, MonoTime now) {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(digest(token));
  if (found == entries_.end()) return;
  found->second.session.locked = false;
  found->second.active = now;
}

void Sessions::close(const std::string& token) {
  std::lock_guard lock(mutex_);
  entries_.erase(digest(token));
}

void Sessions::close_of(const OfficerId& badge) {
  std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](const auto& e) { return e.second.session.badge == badge; });
}

}  // namespace rampa::api
