// What HQ's messages do.
#include <algorithm>
#include <utility>

#include "sync/day_key_answer.hpp"
#include "sync/drain.hpp"

namespace rampa::sync {
namespace {

constexpr Duration hello_gap = 200ms;
constexpr std::size_t quarantined_known_max = 4096;

}  // namespace

/// Where no key of HQ is known yet, the first ack brings it; from then on every payload must be signed with it.
bool Drain::believable(Leaf leaf, const std::string& topic, ByteView payload) {
  if (settings_.identity.hq_key) return true;
  settings_.identity.hq_key = leaf == Leaf::ack ? key_of_first_ack(topic, payload) : std::nullopt;
  if (!settings_.identity.hq_key) return false;
  effects_.emplace_back(effect::KeepHqKey{hex(ByteView{*settings_.identity.hq_key})});
  return true;
}

void Drain::message(std::uint64_t attempt, std::string_view topic, ByteView payload, Stamp now) {
  if (attempt != attempt_ || (phase_ != Phase::greeting && phase_ != Phase::streaming)) return;
  const auto parsed = parse_topic(topic);
  if (!parsed || parsed->post != settings_.post || goes_up(parsed->leaf))
    return trouble("ignored a message on the foreign topic " + std::string(topic));
  if (parsed->leaf == Leaf::fetched) {  // not signed: what it makes up is checked against the address in a signed letter
    if (const auto slice = decode_slice(payload); slice && phase_ == Phase::streaming) heard(now.mono), take_fetched(fetcher_.slice(*slice, now.mono));
    if (phase_ == Phase::streaming) fill(now);
    return plan_wake();
  }
  if (!believable(parsed->leaf, std::string(topic), payload)) return trouble("ignored a message from an HQ whose key is not known yet");
  const auto body = open(topic, payload, *settings_.identity.hq_key);
  // What is not HQ's, or does not decode, is reported and dropped; what it should have said is said again after a time-out.
  if (!body)
    return trouble("ignored a message that HQ's key did not sign (" + body.error().what + "). Was HQ set up anew? Then give its "
                   "new key (`rampa-hq key`) as hq_key in the site file's [sync]");
  switch (parsed->leaf) {
    case Leaf::ack:
      if (const auto ack = decode_ack(*body)) on_ack(*ack, now);
      else trouble(ack.error().what);
      break;
    case Leaf::want:
      if (const auto want = decode_want(*body)) heard(now.mono), on_want(*want, now);
      else trouble(want.error().what);
      break;
    case Leaf::letters:
      if (const auto letters = decode_letters(*body)) letters_.add(*letters), apply_next_letter();
      else trouble(letters.error().what);
      break;
    case Leaf::not_there:
      if (const auto gone = decode_unavailable(*body)) take_fetched(fetcher_.unavailable(*gone));
      else trouble(gone.error().what);
      break;
    case Leaf::day_keys_wanted:
      if (const auto wanted = decode_day_keys_wanted(*body)) {
        std::string unread;
        publish(Leaf::day_keys, encode(answer_day_keys(*wanted, settings_, *settings_.identity.hq_key, unread)));
        if (!unread.empty()) trouble(std::move(unread));
      } else {
        trouble(wanted.error().what);
      }
      break;
    default: break;
  }
  if (phase_ == Phase::streaming) fill(now);
  plan_wake();
}

void Drain::take_fetched(std::optional<Fetcher::Done> done) {
  if (done) effects_.emplace_back(effect::Fetched{done->sha256, done->trouble});
}

void Drain::heard(MonoTime now) {
  heard_ = asked_ = now;
  greeting_.heard();
}

void Drain::on_ack(const Ack& ack, Stamp now) {
  const bool answers = greeting_.answered_by(ack);
  if (!greeting_.of_this_connection(settings_, ack) || (phase_ == Phase::greeting && !answers)) {
    // HQ has just come up and says so, or has not seen our hello yet: greet it (again) rather than wait for the time-out.
    if (greeting_.is_new_incarnation(ack) && now.mono - greeting_.said_at() >= hello_gap) {
      if (phase_ == Phase::streaming) greeting_.know_incarnation(ack);
      say_hello(now);
    }
    return;
  }
  heard(now.mono);
  status_.last_ack = now.mono;
  greeting_.know_hq_clock(ack.answered);
  status_.durability = ack.durability;
  changed_ = true;
  note_quarantined(ack);
  if (auto fork = answers ? fork_of(settings_, ack, status_.last_sequence, journal_) : std::nullopt) {
    effects_.emplace_back(effect::CloseLink{attempt_, "forked"});
    deadline_ = now.mono + settings_.pause_last;
    trouble(std::move(*fork));
    return enter(Phase::forked);
  }
  budget_.set_credit(ack.credit_bytes);
  if (phase_ == Phase::greeting) return start_streaming(ack, now);
  if (may_send(Stream::verdicts) && may_send(Stream::events)) status_.trouble.clear();  // both hear each other: what was told before is over
  if (answers) {
    answered_order_ = greeting_.order();
    letters_.answered(answered_order_);
  }
  take_streams(ack, answers, now.mono);
  note_refused(ack, now.mono);
  move_cursor(ack.cursor);
  if (greeting_.is_new_incarnation(ack)) {  // HQ restarted: it wants a hello to say which blobs it lacks
    greeting_.know_incarnation(ack);
    if (!answers) say_hello(now);
  }
}

void Drain::start_streaming(const Ack& ack, Stamp now) {
  enter(Phase::streaming);
  backoff_.reset();
  failed_in_a_row_ = status_.broker;  // should the connection break, this line is tried again first, and then the others
  connected_ = now.mono;
  budget_.restart();
  budget_.set_credit(ack.credit_bytes);
  status_.trouble.clear();
  refused_until_ = {};
  greeting_.know_incarnation(ack);
  asked_ = now.mono;
  for (const Stream stream : store::streams) sender(stream).restart(ack.streams[static_cast<std::size_t>(stream)], ends_.of(stream));
  move_cursor(ack.cursor);
  if (letters_.has_untold()) say_receipt();
  offer_restored(ack);
}

void Drain::take_streams(const Ack& ack, bool answers, MonoTime now) {
  for (const Stream stream : store::streams) {
    // Of one connection the broker keeps the order: what went before the hello and is not in its answer was lost on the way.
    const auto outcome = sender(stream).acknowledged(ack.streams[static_cast<std::size_t>(stream)], answers ? greeting_.order() : 0);
    delivered(outcome.delivered, outcome.lost, now);
    if (outcome.went_back) ++status_.resends;
  }
}

void Drain::delivered(const std::vector<Sent>& messages, std::size_t lost, MonoTime now) {
  budget_.acknowledged(messages, now);
  if (lost > 0) {
    budget_.lost();
    status_.resends += lost;
  }
  status_.round_trip = budget_.shortest_trip();
  status_.budget_bytes = budget_.bytes();
}

void Drain::note_quarantined(const Ack& ack) {
  for (const QuarantinedRecord& record : ack.quarantined) {
    if (known_quarantined_.size() >= quarantined_known_max || !known_quarantined_.emplace(record.stream, record.sequence).second) continue;
    ++status_.quarantined;
    effects_.emplace_back(effect::Quarantined{record});
  }
}

void Drain::note_refused(const Ack& ack, MonoTime now) {
  if (ack.refused.empty()) return;
  for (const RefusedFrame& frame : ack.refused) sender(frame.stream).refused(frame.first);
  for (const RefusedFrame& frame : ack.refused) refused_until_[static_cast<std::size_t>(frame.stream)] = now + settings_.refused_pause;
  const RefusedFrame& refused = ack.refused.front();
  trouble("HQ refuses " + std::string(store::name_of(refused.stream)) + " from number " + std::to_string(refused.first) + " on: " +
          refused.reason + ". They stay here and are tried again");
}

void Drain::move_cursor(std::uint64_t cursor) {
  // An ack may not run ahead of what is durable here; then it belongs to another history (fork_of()).
  cursor = std::min(cursor, status_.last_sequence);
  if (cursor != status_.cursor) {
    status_.cursor = cursor;
    effects_.emplace_back(effect::Acknowledged{cursor});
  }
  refresh_waiting();
}

void Drain::on_want(const Want& want, Stamp now) {
  auto outcome = wanted_.wanted(want, answered_order_);
  delivered(outcome.delivered, outcome.lost, now.mono);
  for (std::string& sha : outcome.done) effects_.emplace_back(effect::BlobHeld{std::move(sha), true});
  for (const WantedBlob& blob : want.blobs) effects_.emplace_back(effect::BlobHeld{blob.sha256, false});
  for (const std::string& sha : outcome.manifests) send_manifest(sha);
  status_.blobs_wanted = wanted_.size();
  changed_ = true;
}

void Drain::apply_next_letter() {
  if (auto letter = letters_.next()) effects_.emplace_back(effect::TakeLetter{std::move(*letter)});
}

void Drain::letter_done(std::uint64_t number, const std::string& refused, Stamp) {
  if (!letters_.done(number, refused)) return;
  if (auto letter = letters_.next()) effects_.emplace_back(effect::TakeLetter{std::move(*letter)});
  else say_receipt();
}

void Drain::letter_refused(std::uint64_t number, const std::string& reason, Stamp) {
  letters_.refuse(number, reason);
  say_receipt();
}

void Drain::letter_failed(std::uint64_t number, Stamp now) {
  if (letters_.failed(number, now.mono)) plan_wake();
}

void Drain::say_receipt() {
  if (phase_ == Phase::streaming) publish(Leaf::receipt, encode(letters_.receipt(++sent_order_)));
}

}  // namespace rampa::sync
