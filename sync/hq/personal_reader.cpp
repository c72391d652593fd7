#include "sync/hq/personal_reader.hpp"

namespace rampa::sync::hq {

Result<std::string> PersonalReader::open(const store::format::Entry& entry) {
  if (entry.personal.empty()) return std::string{};
  const DayKeyName name{entry.day, entry.key_generation};
  auto known = keys_.find(name);
  if (known == keys_.end()) {
    const HeldDayKey held = held_day_key(database_, history_, name);
    known = keys_.emplace(name, held.sealed ? unseal_day_key(seed_, *held.sealed) : fail(held.on_its_way ? ErrorCode::busy : ErrorCode::not_found, held.why_not)).first;
  }
  if (!known->second) return tl::unexpected(known->second.error());
  return store::format::open_personal(entry, *known->second);
}

}  // namespace rampa::sync::hq
