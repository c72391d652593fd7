#include "hil/bench/virtual_store.hpp"

#include <algorithm>

namespace rampa::hil {

void VirtualStore::persist(std::uint64_t token, std::vector<Record> records, MonoTime now) {
  // As measured on a disk: a group takes about 4 ms, one in a hundred twice that.
  const double took_ms = draws_.between(2, draws_.chance(0.01) ? 12 : 5) * slow_by_;
  const MonoTime at = std::max(now, free_at_) + std::chrono::microseconds(static_cast<std::int64_t>(took_ms * 1000));
  free_at_ = at;
  for (auto& record : records) record.attachments.clear();
  pending_.push_back({token, std::move(records), at});
}

MonoTime VirtualStore::due() const { return stalled_ || pending_.empty() ? MonoTime{INT64_MAX} : pending_.front().at; }

VirtualStore::Answer VirtualStore::commit() {
  Group group = std::move(pending_.front());
  pending_.pop_front();
  if (full_) return {group.token, fail(ErrorCode::no_space, "simulated disk is full"), {}};
  if (failing_) return {group.token, fail(ErrorCode::io, "simulated disk fails"), {}};
  std::vector<std::uint64_t> sequences;
  for (std::size_t i = 0; i < group.records.size(); ++i) sequences.push_back(++last_sequence_);
  return {group.token, std::move(sequences), std::move(group.records)};
}

std::optional<VirtualStore::Answer> VirtualStore::take(MonoTime now) {
  if (due() > now) return std::nullopt;
  return commit();
}

std::optional<VirtualStore::Answer> VirtualStore::take_now() {
  if (stalled_ || pending_.empty()) return std::nullopt;
  return commit();
}

bool VirtualStore::fault(std::string_view name, double value, bool on) {
  if (name == "full") full_ = on;
  else if (name == "failing") failing_ = on;
  else if (name == "stalled") stalled_ = on;
  else if (name == "slow") slow_by_ = on && value > 0 ? value : 1;
  else return false;
  return true;
}

}  // namespace rampa::hil
