// Records of made-up crossings, with sequences as a journal would give them.
#pragma once

#include <string>
#include <vector>

#include "edge/risk/effectiveness.hpp"

namespace rampa::tests {

class Journal {
 public:
  std::vector<StoredRecord> records;
  std::int64_t now_ms = 1'000;

  void put(const std::string& lane, const std::string& crossing, RecordBody body) {
    StoredRecord r;
    r.sequence = records.size() + 1;
    r.lane.text = lane;
    r.crossing.text = crossing;
    r.at = {MonoTime{now_ms * 1'000'000}, WallTime{monday_ms + now_ms}};
    r.body = std::move(body);
    records.push_back(std::move(r));
  }

  AssessmentMade made(SelectivityChannel channel, const std::vector<std::string>& hits) {
    AssessmentMade m;
    m.assessment.channel = channel;
    m.assessment.profile_set_sha256 = "abc";
    for (const auto& id : hits) {
      Hit hit;
      hit.profile = id;
      hit.channel = channel;
      m.assessment.hits.push_back(hit);
    }
    return m;
  }

  /// Assessed, controlled (no word: not), closed after so many minutes.
  void cross(const std::string& lane, const std::string& id, SelectivityChannel channel, const std::vector<std::string>& hits, const std::string& finding, int minutes) {
    put(lane, id, CrossingOpened{"cargo", "entry"});
    put(lane, id, made(channel, hits));
    now_ms += minutes * 60'000;
    if (!finding.empty()) put(lane, id, ControlRecorded{"documents", finding, "1001", ""});
    put(lane, id, CrossingClosed{"released", ""});
  }

  static constexpr std::int64_t monday_ms = 1'784'505'600'000;  // 2026-07-20
};

}  // namespace rampa::tests
