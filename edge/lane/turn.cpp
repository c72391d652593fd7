#include "edge/lane/turn.hpp"

#include <utility>

namespace rampa::lane {

namespace {
constexpr std::size_t unwritten_records_max = 256;
constexpr Duration light_pause = 500ms;

// Over the bound the oldest record that no crossing needs goes; the count is shown, so nothing vanishes silently.
void keep_bounded(Turn& t) {
  std::size_t count = 0;
  for (const auto& group : t.s.unwritten) count += group.records.size();
  for (auto group = t.s.unwritten.begin(); count > unwritten_records_max && group != t.s.unwritten.end(); ++group) {
    auto& records = group->records;
    for (auto r = records.begin(); count > unwritten_records_max && r != records.end();) {
      const bool spare = std::holds_alternative<FaultChanged>(r->body) || std::holds_alternative<OfficerActed>(r->body) ||
                         (r->crossing.empty() && (std::holds_alternative<CaptureTaken>(r->body) || std::holds_alternative<PassageSeen>(r->body)));
      if (!spare) { ++r; continue; }
      r = records.erase(r);
      --count;
      if (++t.s.records_dropped == 1) t.notify(2, "records cannot be written and their queue is full: those that no crossing needs are dropped");
    }
  }
}
}  // namespace

void Turn::enter(Phase phase) {
  if (s.phase == phase) return;
  s.phase = phase;
  s.phase_since = now.mono;
}

void Turn::record(RecordBody body, std::vector<Attachment> attachments) {
  queued_.push_back(Record{c.id, s.crossing, now, std::move(body), std::move(attachments)});
}

void Turn::record_for(const CrossingId& crossing, RecordBody body, std::vector<Attachment> attachments) {
  queued_.push_back(Record{c.id, crossing, now, std::move(body), std::move(attachments)});
}

std::uint64_t Turn::commit(Purpose purpose) {
  if (queued_.empty()) return 0;
  Group group{purpose, s.crossing, std::exchange(queued_, {})};
  if (!s.unwritten.empty()) {  // order is kept: nothing overtakes what could not be written
    s.unwritten.push_back(std::move(group));
    keep_bounded(*this);
    return 0;
  }
  const auto number = s.next_number++;
  effects.emplace_back(Persist{number, group.records});
  s.pending[number].push_back(std::move(group));
  return number;
}

std::uint64_t Turn::ask(const std::string& role, device::CommandBody body) {
  const auto number = s.next_number++;
  effects.emplace_back(Ask{role, number, body});
  return number;
}

void Turn::settle_lights() {
  if (s.mode == "by_hand" || !has_role(c, "io")) return;
  for (const auto& [at, aspect] : s.lights_wanted) {
    const auto shown = s.lights.find(at);
    if (shown != s.lights.end() && shown->second == aspect) continue;
    if (aspect == device::Aspect::green && position(s, c, at, now.mono) != Position::open) continue;
    if (s.lights_refused && now.mono - *s.lights_refused < light_pause) continue;
    s.lights[at] = aspect;
    s.light_commands[at] = ask("io", device::SetLight{at, aspect});
  }
}

void Turn::notify(int level, std::string text) { effects.emplace_back(Notify{level, std::move(text)}); }

void Turn::attention(int level, std::string text) {
  if (s.attention == text && s.attention_level == level) return;
  s.attention = text;
  s.attention_level = level;
  if (level > 0) notify(level, std::move(text));
}

}  // namespace rampa::lane
