// The post's connection to HQ: lines and greetings, who is believed, letters and keys of days, when to wake. What goes over it, and what
// HQ says of that, is in drain_sending.cpp.
#include "sync/drain.hpp"

#include <algorithm>
#include <utility>

namespace rampa::sync {
namespace {

constexpr Duration hello_gap = 200ms;

}  // namespace

Drain::Drain(DrainSettings settings, store::JournalReader& journal, BlobSource& blobs, FetchShelf* shelf, std::uint64_t acknowledged,
             std::uint64_t seed)
    : settings_(std::move(settings)), journal_(journal), blobs_(blobs),
      backoff_(settings_.pause_first, settings_.pause_last, seed), fetcher_(shelf), frames_(journal, settings_.identity.epoch), order_(settings_.caps), letters_(settings_.letters_through, settings_.letter_desks), lost_(settings_.lost) {
  status_.cursor = acknowledged;
  refresh_ends();
  enter(Phase::waiting);
}

std::vector<Effect> Drain::take_effects() {
  if (std::exchange(changed_, false)) effects_.emplace_back(effect::StatusChanged{});
  return std::exchange(effects_, {});
}

void Drain::refresh_ends() {
  const auto ends = journal_.ends();
  if (!ends) return trouble("cannot tell how far the journal goes: " + ends.error().what);
  ends_ = *ends;
  status_.last_sequence = ends_.verdicts + ends_.events;
  for (const Stream stream : store::streams) sender(stream).extend(ends_.of(stream));
  refresh_waiting();
}

void Drain::refresh_waiting() {
  status_.backlog = status_.last_sequence - std::min(status_.last_sequence, status_.cursor);
  for (const Stream stream : store::streams)
    status_.waiting.of(stream) = status_.last_ack.ns == 0 ? ends_.of(stream) : sender(stream).waiting();
  changed_ = true;
}

void Drain::durable(Stamp now) {
  const std::uint64_t before = status_.last_sequence;
  refresh_ends();
  if (status_.last_sequence == before) return;
  if (phase_ == Phase::streaming) fill(now);
  plan_wake();
}

void Drain::link_ready(std::uint64_t attempt, Stamp now) {
  if (attempt != attempt_ || phase_ != Phase::connecting) return;
  enter(Phase::greeting);
  hellos_unanswered_ = 0;
  say_hello(now);
  plan_wake();
}

void Drain::link_lost(std::uint64_t attempt, const std::string& why, Stamp now) {
  if (attempt != attempt_ || phase_ == Phase::waiting || phase_ == Phase::forked) return;
  hang_up(why, now.mono);
  plan_wake();
}

void Drain::reachable(std::size_t broker, Stamp now) {
  if (!away() || broker >= settings_.brokers) return;
  if (phase_ == Phase::connecting) {
    // One that is younger gets through by itself: the first SYN is said again after one second, the next after two more (RFC 6298).
    const Duration kept = broker == status_.broker ? settings_.attempt_kept : settings_.attempt_elsewhere_kept;
    if (reached_ || now.mono < deadline_ - settings_.connect_timeout + kept) return;
    effects_.emplace_back(effect::CloseLink{attempt_, "the line is back"});
  }
  failed_in_a_row_ = broker;
  connect(now.mono);
  reached_ = true;
  plan_wake();
}

void Drain::not_passed_on(std::uint64_t attempt, const std::string& why) {
  if (attempt != attempt_ || (phase_ != Phase::greeting && phase_ != Phase::streaming)) return;
  not_passed_on_ = why;
  trouble(why);
}

/// Where no key of HQ is known yet, the first ack brings it; from then on every payload must be signed with it.
bool Drain::believable_key(const std::string& topic, ByteView payload) {
  const auto body = peek(payload);
  const auto ack = body ? decode_ack(*body) : tl::unexpected(body.error());
  const auto key = ack ? parse_public_key(ack->key) : std::nullopt;
  if (!key || !open(topic, payload, *key)) return false;
  settings_.identity.hq_key = key;
  effects_.emplace_back(effect::KeepHqKey{ack->key});
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
  if (!settings_.identity.hq_key && (parsed->leaf != Leaf::ack || !believable_key(std::string(topic), payload)))
    return trouble("ignored a message from an HQ whose key is not known yet");
  const auto body = open(topic, payload, *settings_.identity.hq_key);
  // What is not HQ's, or does not decode, is reported and dropped; what it should have said is said again after a time-out.
  if (!body) {
    foreign_ = "ignored a message that HQ's key did not sign (" + body.error().what + "). Was HQ set up anew? Then give its "
               "new key (`rampa-hq key`) as hq_key in the site file's [sync]";
    return trouble(foreign_);
  }
  switch (parsed->leaf) {
    case Leaf::ack:
      if (const auto ack = decode_ack(*body)) on_ack(*ack, now);
      else trouble(ack.error().what);
      break;
    case Leaf::want:
      if (const auto want = decode_want(*body)) heard(now.mono), on_want(*want, now.mono);
      else trouble(want.error().what);
      break;
    case Leaf::letters:
      // Before HQ has answered it may give numbers that another HQ's letters have here: it says them again under others.
      if (const auto letters = decode_letters(*body); !letters) trouble(letters.error().what);
      else if (phase_ == Phase::streaming) letters_.put(*letters), take_letter();
      break;
    case Leaf::not_there:
      if (const auto gone = decode_unavailable(*body)) take_fetched(fetcher_.unavailable(*gone));
      else trouble(gone.error().what);
      break;
    case Leaf::day_keys_wanted:
      if (const auto wanted = decode_day_keys_wanted(*body)) on_day_keys_wanted(*wanted);
      else trouble(wanted.error().what);
      break;
    default: break;
  }
  if (phase_ == Phase::streaming) fill(now);
  plan_wake();
}

void Drain::want(const Fetcher::Wanted& wanted, Stamp now) {
  fetcher_.want(wanted);
  if (phase_ == Phase::streaming) fill(now);
  plan_wake();
}

void Drain::take_fetched(std::optional<Fetcher::Done> done) {
  if (done) effects_.emplace_back(effect::Fetched{done->sha256, done->trouble});
}

void Drain::advance(Stamp now) {
  check_times(now);
  if (phase_ == Phase::streaming) {
    look_for_lost(now);
    fill(now);
  }
  plan_wake();
}

void Drain::check_times(Stamp now) {
  switch (phase_) {
    case Phase::waiting:
    case Phase::forked:
      if (now.mono >= deadline_) connect(now.mono);
      break;
    case Phase::connecting:
      if (now.mono >= deadline_) hang_up("the broker did not answer in time", now.mono);
      break;
    case Phase::greeting:
      if (now.mono < deadline_) break;
      if (hellos_unanswered_ >= settings_.hellos_unanswered_max)
        hang_up(!foreign_.empty()         ? foreign_
                : !not_passed_on_.empty() ? not_passed_on_
                                          : "the broker answers but HQ does not: is rampa-hq running and on this broker?", now.mono);
      else say_hello(now);
      break;
    case Phase::streaming:
      if (under_way() && now.mono >= silence_begun() + settings_.ack_timeout) {
        ++failed_in_a_row_;  // a line that went silent is not the first to be tried again
        return hang_up(!not_passed_on_.empty() ? not_passed_on_ : "HQ did not acknowledge in time", now.mono);
      }
      leaving_ = status_.broker != 0 && now.mono >= connected_ + settings_.back_to_primary;
      if (leaving_ && now.mono >= leave_at()) {
        failed_in_a_row_ = 0;
        return hang_up("looking whether the primary line is back", now.mono, false);
      }
      if (letters_.again() && now.mono >= *letters_.again()) {
        letters_.asked_again();
        say_hello(now);
        break;
      }
      if (now.mono < hello_due()) break;
      if (hellos_unanswered_ >= settings_.hellos_unanswered_max) {
        ++failed_in_a_row_;
        hang_up(!not_passed_on_.empty() ? not_passed_on_ : "HQ no longer answers", now.mono);
      } else {
        say_hello(now);
      }
      break;
  }
}

void Drain::enter(Phase phase) {
  static constexpr const char* names[] = {"waiting", "connecting", "greeting", "streaming", "forked"};
  phase_ = phase;
  status_.phase = names[static_cast<int>(phase)];
  status_.up = phase == Phase::streaming;
  changed_ = true;
}

void Drain::connect(MonoTime now) {
  const std::size_t before = status_.broker;
  status_.broker = failed_in_a_row_++ % std::max<std::size_t>(1, settings_.brokers);  // set back when HQ answers
  if (status_.broker != before) heard_answered_ = {};  // another broker may be another HQ's, with another clock
  status_.metered = settings_.metered.contains(status_.broker);
  ++status_.attempts;
  ++attempt_;
  hello_number_ = 0;
  reached_ = false;
  foreign_.clear();
  not_passed_on_.clear();
  deadline_ = now + settings_.connect_timeout;
  enter(Phase::connecting);
  effects_.emplace_back(effect::OpenLink{attempt_, status_.broker});
}

void Drain::hang_up(const std::string& why, MonoTime now, bool is_trouble) {
  effects_.emplace_back(effect::CloseLink{attempt_, why});
  deadline_ = now + backoff_.next();
  nothing_under_way();
  if (is_trouble) trouble(why);
  enter(Phase::waiting);
}

void Drain::nothing_under_way() {
  for (const Stream stream : store::streams) {
    const StreamSender& s = sender(stream);
    sender(stream).restart({s.through(), {}}, ends_.of(stream));
  }
  wanted_.restart();
  fetcher_.disconnected();
  letters_.disconnected();
  lost_.disconnected();
  hq_takes_lost_ = false;
  answered_order_ = 0;
  status_.blobs_wanted = 0;
  status_.round_trip = {};
  refused_.reset();
  status_.refuses = false;
}

std::string Drain::connection() const {
  return settings_.boot_id + "-" + std::to_string(settings_.boot_number) + "-" + std::to_string(attempt_) + "-";
}

void Drain::say_hello(Stamp now) {
  refresh_ends();
  Hello hello;
  hello.id = connection() + std::to_string(++hello_number_);
  hello.epoch = settings_.identity.epoch;
  hello.key = settings_.identity.device_key;
  hello.boot_id = settings_.boot_id;
  hello.boot_number = settings_.boot_number;
  hello.software = settings_.software;
  hello.ends = ends_;
  hello.last_sequence = ends_.verdicts + ends_.events;
  if (hello.last_sequence > 0)
    if (const auto last = journal_.read(hello.last_sequence, 1); last && !last->empty()) hello.last_hash = last->front().hash;
  hello.letters_through = letters_.through();
  hello.desks = letters_.desks();
  hello.sent = now;
  hello.heard_answered = heard_answered_;
  hello.heard = status_.last_ack;
  hello.metered = status_.metered;
  hello_id_ = hello.id;
  hello_sent_ = now.mono;
  ++hellos_unanswered_;
  deadline_ = now.mono + settings_.hello_timeout;
  hello_order_ = ++sent_order_;
  letters_.greets(hello_order_);
  publish(Leaf::hello, encode(hello));
}

bool Drain::forked(const Ack& ack) {
  if (ack.epoch != settings_.identity.epoch || ack.cursor == 0 || ack.hash.empty()) return false;
  if (ack.cursor > status_.last_sequence) return true;
  const auto own = journal_.read(ack.cursor, 1);
  if (!own || own->empty()) return false;  // cannot tell; the frames themselves will be compared at HQ
  return own->front().hash != ack.hash;
}

void Drain::heard(MonoTime now) {
  heard_ = asked_ = now;
  not_passed_on_.clear();
  hellos_unanswered_ = 0;
}

void Drain::on_ack(const Ack& ack, Stamp now) {
  const bool answers = ack.answers && ack.session == hello_id_;
  const bool of_this_connection = ack.session.starts_with(connection());
  if (!of_this_connection || (phase_ == Phase::greeting && !answers)) {
    // HQ has just come up and says so, or has not seen our hello yet: greet it (again) rather than wait for the time-out.
    if (ack.incarnation != incarnation_ && now.mono - hello_sent_ >= hello_gap) {
      if (phase_ == Phase::streaming) {
        incarnation_ = ack.incarnation;
        hq_restarted_ = true;
        letters_.perhaps_another_hq();
      }
      say_hello(now);
    }
    return;
  }
  heard(now.mono);
  status_.last_ack = now.mono;
  heard_answered_ = ack.answered;
  status_.durability = ack.durability;
  changed_ = true;
  note_quarantined(ack);
  if (answers && forked(ack)) {
    effects_.emplace_back(effect::CloseLink{attempt_, "forked"});
    nothing_under_way();
    deadline_ = now.mono + settings_.pause_last;
    trouble("HQ holds another history of post " + settings_.post.text + " (its cursor " + std::to_string(ack.cursor) +
            " is not in this journal). Was the journal restored, or is a second machine using this post's certificate? "
            "Nothing is sent until HQ clears it.");
    return enter(Phase::forked);
  }
  budget_.set_credit(ack.credit_bytes);
  if (phase_ == Phase::greeting) return start_streaming(ack, now);
  const bool restarted = ack.incarnation != incarnation_;
  hq_restarted_ |= restarted;
  if (answers) {
    // The want that belongs to the answer before this one has come, or never will.
    status_.resends += wanted_.untold(answered_order_);
    answered_order_ = hello_order_;
    letters_.answered(answered_order_, now.mono);
    if (letters_.words_wait()) say_receipt();
  }
  take_streams(ack, answers, now.mono);
  note_taken();
  if (journal_again_.ns == 0 && refused_until_.ns == 0 && !refused_) status_.trouble = lost_.trouble();  // both hear each other: what was told before is over
  on_lost(ack, now);
  note_refused(ack, now.mono);
  move_cursor(ack.cursor);
  if (answers) hq_restarted_ = false;
  if (restarted) {  // it wants a hello to say which blobs it lacks
    incarnation_ = ack.incarnation;
    letters_.perhaps_another_hq();
    if (!answers) say_hello(now);
  }
}

void Drain::start_streaming(const Ack& ack, Stamp now) {
  enter(Phase::streaming);
  backoff_.reset();
  failed_in_a_row_ = status_.broker;  // should the connection break, this line is tried again first, and then the others
  connected_ = now.mono;
  leaving_ = false;
  hq_restarted_ = false;
  budget_.restart();
  budget_.set_credit(ack.credit_bytes);
  status_.budget_bytes = budget_.bytes();
  status_.trouble = lost_.trouble();
  refused_until_ = {};
  incarnation_ = ack.incarnation;
  asked_ = now.mono;
  for (const Stream stream : store::streams) sender(stream).restart(ack.streams[static_cast<std::size_t>(stream)], ends_.of(stream));
  on_lost(ack, now);
  move_cursor(ack.cursor);
  letters_.answered(hello_order_, now.mono);
  if (letters_.words_wait()) say_receipt();
}

void Drain::take_letter() {
  if (auto letter = letters_.next()) effects_.emplace_back(effect::TakeLetter{std::move(*letter)});
}

void Drain::on_day_keys_wanted(const DayKeysWanted& wanted) {
  const DayKeys keys = answer(wanted, settings_.day_key, *settings_.identity.hq_key);
  for (const GoneDayKey& gone : keys.gone)
    if (settings_.day_key && !gone.erased) trouble("HQ wants the key of day " + std::to_string(gone.name.day) + " which cannot be given: " + gone.reason);
  publish(Leaf::day_keys, encode(keys));
}

void Drain::letter_done(std::uint64_t number, const std::string& refused, Stamp now) {
  if (!letters_.done(number, refused, now.mono)) return;
  plan_wake();
  const std::size_t before = effects_.size();
  take_letter();
  if (effects_.size() == before) say_receipt();  // one for all that came together
}

void Drain::letter_refused(std::uint64_t number, const std::string& reason, Stamp) {
  letters_.refuse(number, reason);
  say_receipt();
}

void Drain::letter_answered(std::uint64_t number, const std::string& outcome, Stamp) {
  letters_.answer(number, outcome);
  say_receipt();
}

void Drain::letter_failed(std::uint64_t number, Stamp now) {
  if (letters_.failed(number, now.mono)) plan_wake();
}

void Drain::say_receipt() {
  if (phase_ != Phase::streaming || letters_.in_doubt()) return;
  do publish(Leaf::receipt, encode(letters_.receipt(++sent_order_)));
  while (letters_.words_wait());
}

MonoTime Drain::silence_begun() const { return std::max(heard_, asked_); }

MonoTime Drain::hello_due() const {
  MonoTime due = under_way() ? silence_begun() + settings_.ack_timeout / 2 : heard_ + settings_.heartbeat;
  // HQ is heard of, and one message is not answered: it may be lost, and only HQ's answer to a hello says so.
  if (const auto oldest = oldest_under_way()) due = std::min(due, std::max(*oldest, hello_sent_) + settings_.ack_timeout / 2);
  // Only an answered hello ends a doubt, and the last one may be lost.
  if (letters_.in_doubt() || hq_restarted_) due = std::min(due, hello_sent_ + settings_.ack_timeout / 2);
  return hellos_unanswered_ == 0 ? due : std::max(due, hello_sent_ + settings_.hello_timeout);
}

/// To look for the primary: once nothing is under way, for nothing new goes. What has not ended after a time-out goes again over
/// the line that is found then.
MonoTime Drain::leave_at() const {
  const MonoTime due = connected_ + settings_.back_to_primary;
  return under_way() || fetcher_.asked() ? due + settings_.ack_timeout : due;
}

void Drain::plan_wake() {
  if (phase_ != Phase::streaming) {
    wake_ = deadline_;
    return;
  }
  wake_ = hello_due();
  if (under_way()) wake_ = std::min(wake_, silence_begun() + settings_.ack_timeout);
  if (journal_again_.ns != 0) wake_ = std::min(wake_, journal_again_);
  if (refused_until_.ns != 0) wake_ = std::min(wake_, refused_until_);
  if (gathered_.ns != 0 && sender(Stream::events).next(1)) wake_ = std::min(wake_, gathered_);
  if (letters_.again()) wake_ = std::min(wake_, *letters_.again());
  if (const auto look = lost_.wake()) wake_ = std::min(wake_, *look);
  if (const auto fetch = fetcher_.wake(); fetch && !leaving_) wake_ = std::min(wake_, *fetch);
  if (status_.broker != 0) wake_ = std::min(wake_, leaving_ ? leave_at() : connected_ + settings_.back_to_primary);
  if (budget_full_ && budget_.wake()) wake_ = std::min(wake_, *budget_.wake());
  if (const auto release = order_.release(); release && !budget_full_) wake_ = std::min(wake_, *release);
}

void Drain::publish(Leaf leaf, ByteView body) {
  publish_raw(leaf, sealed(leaf, body));
}

void Drain::publish_raw(Leaf leaf, Bytes payload) {
  effects_.emplace_back(effect::Publish{attempt_, topic_text({settings_.post, leaf}), std::move(payload)});
}

void Drain::trouble(std::string what) {
  status_.trouble = std::move(what);
  changed_ = true;
}

}  // namespace rampa::sync
