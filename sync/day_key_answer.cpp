#include "sync/day_key_answer.hpp"

#include <utility>

namespace rampa::sync {

DayKeys answer_day_keys(const DayKeysWanted& wanted, const DrainSettings& settings, const PublicKey& hq, std::string& trouble) {
  DayKeys answer;
  for (const DayKeyName& name : wanted.keys) {
    if (!settings.day_key) {
      answer.gone.push_back({name, false, "this post gives HQ no keys ([sync] hq_reads_personal)"});
      continue;
    }
    auto key = settings.day_key(name);
    if (!key) {
      answer.gone.push_back({name, false, key.error().what});
      trouble = "HQ wants the key of day " + std::to_string(name.day) + " which cannot be read: " + key.error().what;
    } else if (!*key) {
      answer.gone.push_back({name, true, "destroyed"});
    } else if (auto sealed = seal_day_key(hq, **key)) {
      answer.keys.push_back({name, std::move(*sealed)});
    } else {
      answer.gone.push_back({name, false, sealed.error().what});
    }
  }
  return answer;
}

}  // namespace rampa::sync
