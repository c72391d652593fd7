#include "sync/greeting.hpp"

namespace rampa::sync {

void Greeting::begin(std::uint64_t attempt) {
  attempt_ = attempt;
  number_ = 0;
  unanswered_ = 0;
}

Hello Greeting::say(const DrainSettings& settings, const Standing& standing, store::JournalReader& journal, std::uint64_t order, Stamp now) {
  Hello hello;
  hello.id = settings.boot_id + "-" + std::to_string(attempt_) + "-" + std::to_string(++number_);
  hello.epoch = settings.identity.epoch;
  hello.key = settings.identity.device_key;
  hello.boot_id = settings.boot_id;
  hello.boot_number = settings.boot_number;
  hello.software = settings.software;
  hello.ends = standing.ends;
  hello.last_sequence = standing.ends.verdicts + standing.ends.events;
  if (hello.last_sequence > 0)
    if (const auto last = journal.read(hello.last_sequence, 1); last && !last->empty()) hello.last_hash = last->front().hash;
  hello.letters_through = standing.letters_through;
  hello.sent = now;
  hello.heard_answered = answered_;
  hello.heard = standing.last_ack;
  hello.metered = standing.metered;
  id_ = hello.id;
  said_at_ = now.mono;
  order_ = order;
  ++unanswered_;
  return hello;
}

bool Greeting::of_this_connection(const DrainSettings& settings, const Ack& ack) const {
  return ack.session.starts_with(settings.boot_id + "-" + std::to_string(attempt_) + "-");
}

std::optional<std::string> fork_of(const DrainSettings& settings, const Ack& ack, std::uint64_t last_sequence, store::JournalReader& journal) {
  if (ack.epoch != settings.identity.epoch || ack.cursor == 0 || ack.hash.empty()) return {};
  if (ack.cursor <= last_sequence) {
    const auto own = journal.read(ack.cursor, 1);
    // Where it cannot be told, the frames themselves will be compared at HQ.
    if (!own || own->empty() || own->front().hash == ack.hash) return {};
  }
  return "HQ holds another history of post " + settings.post.text + " (its cursor " + std::to_string(ack.cursor) +
         " is not in this journal). Was the journal restored, or is a second machine using this post's certificate? "
         "Nothing is sent until HQ clears it.";
}

std::optional<PublicKey> key_of_first_ack(const std::string& topic, ByteView payload) {
  const auto body = peek(payload);
  const auto ack = body ? decode_ack(*body) : tl::unexpected(body.error());
  const auto key = ack ? parse_public_key(ack->key) : std::nullopt;
  if (!key || !open(topic, payload, *key)) return {};
  return key;
}

}  // namespace rampa::sync
