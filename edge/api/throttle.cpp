#include "edge/api/throttle.hpp"

#include <algorithm>

namespace rampa::api {
namespace {

constexpr Duration forget_after = 1h;

Duration delay_after(int failures, int free) {
  if (failures <= free) return {};
  const int doublings = std::min(failures - free - 1, 9);
  return std::chrono::seconds(std::min(1 << doublings, Throttle::delay_max_s));
}

std::string account_key(const std::string& account) { return "a:" + account; }
std::string source_key(const std::string& source) { return "s:" + source; }

}  // namespace

Throttle::Entry& Throttle::entry(const std::string& key, MonoTime now) {
  if (!entries_.contains(key) && entries_.size() >= entries_max) {
    const auto oldest = std::min_element(entries_.begin(), entries_.end(),
                                         [](const auto& a, const auto& b) { return a.second.last < b.second.last; });
    entries_.erase(oldest);
  }
  Entry& e = entries_[key];
  if (e.failures > 0 && now - e.last > forget_after) e = Entry{};
  e.last = now;
  return e;
}

Duration Throttle::begin(const std::string& account, const std::string& source, MonoTime now) {
  std::lock_guard lock(mutex_);
  // Looked up anew each time: making the second entry may drop the first one where the table is full.
  const MonoTime account_until = entry(account_key(account), now).until;
  const MonoTime source_until = entry(source_key(source), now).until;
  const MonoTime until = std::max(account_until, source_until);
  if (now < until) return until - now;
  const auto count = [&](const std::string& key, int free) {
    Entry& e = entry(key, now);
    ++e.failures;
    e.until = now + delay_after(e.failures, free);
  };
  count(account_key(account), free_per_account);
  count(source_key(source), free_per_source);
  return {};
}

void Throttle::take_back(const std::string& key, bool all) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  Entry& e = found->second;
  e.failures = all ? 0 : std::max(0, e.failures - 1);
  e.until = {};
  if (e.failures == 0) entries_.erase(found);
}

void Throttle::succeeded(const std::string& account, const std::string& source) {
  std::lock_guard lock(mutex_);
  take_back(account_key(account), true);
  take_back(source_key(source), false);
}

void Throttle::not_judged(const std::string& account, const std::string& source) {
  std::lock_guard lock(mutex_);
  take_back(account_key(account), false);
  take_back(source_key(source), false);
}

}  // namespace rampa::api
