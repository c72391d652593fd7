#include "sync/drain.hpp"

#include <algorithm>
#include <utility>

namespace rampa::sync {
namespace {

constexpr Duration hello_gap = 200ms;
constexpr Duration journal_pause = 1s;     ///< after a read error
constexpr std::size_t quarantined_known_max = 4096;

Leaf leaf_of(Stream stream) { return stream == Stream::verdicts ? Leaf::verdicts : Leaf::events; }

}  // namespace

Drain::Drain(DrainSettings settings, store::JournalReader& journal, BlobSource& blobs, FetchShelf* shelf, std::uint64_t acknowledged,
             std::uint64_t seed)
    : settings_(std::move(settings)), journal_(journal), blobs_(blobs),
      backoff_(settings_.pause_first, settings_.pause_last, seed), fetcher_(shelf), frames_(journal, settings_.identity.epoch), order_(settings_.caps), letters_(settings_.letters_through), lost_(settings_.lost) {
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
      if (const auto letters = decode_letters(*body)) letters_.put(*letters), take_letter();
      else trouble(letters.error().what);
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

void Drain::want(const std::string& sha256, std::uint64_t size_bytes, Stamp now, Fetcher::Over over) {
  fetcher_.want(sha256, size_bytes, over);
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
        return hang_up("looking whether the primary line is back", now.mono);
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
  status_.broker = failed_in_a_row_++ % std::max<std::size_t>(1, settings_.brokers);  // set back when HQ answers
  status_.metered = settings_.metered.contains(status_.broker);
  ++status_.attempts;
  ++attempt_;
  hello_number_ = 0;
  foreign_.clear();
  not_passed_on_.clear();
  deadline_ = now + settings_.connect_timeout;
  enter(Phase::connecting);
  effects_.emplace_back(effect::OpenLink{attempt_, status_.broker});
}

void Drain::hang_up(const std::string& why, MonoTime now) {
  effects_.emplace_back(effect::CloseLink{attempt_, why});
  deadline_ = now + backoff_.next();
  nothing_under_way();
  trouble(why);
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
  hello.sent = now;
  hello.heard_answered = heard_answered_;
  hello.heard = status_.last_ack;
  hello.metered = status_.metered;
  hello_id_ = hello.id;
  hello_sent_ = now.mono;
  ++hellos_unanswered_;
  deadline_ = now.mono + settings_.hello_timeout;
  hello_order_ = ++sent_order_;
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
      if (phase_ == Phase::streaming) incarnation_ = ack.incarnation;
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
  if (answers) {
    // The want that belongs to the answer before this one has come, or never will.
    status_.resends += wanted_.untold(answered_order_);
    answered_order_ = hello_order_;
    letters_.answered(answered_order_);
  }
  take_streams(ack, answers, now.mono);
  note_taken();
  if (journal_again_.ns == 0 && refused_until_.ns == 0 && !refused_) status_.trouble = lost_.trouble();  // both hear each other: what was told before is over
  on_lost(ack, now);
  note_refused(ack, now.mono);
  move_cursor(ack.cursor);
  if (ack.incarnation != incarnation_) {  // HQ restarted: it wants a hello to say which blobs it lacks
    incarnation_ = ack.incarnation;
    if (!answers) say_hello(now);
  }
}

void Drain::start_streaming(const Ack& ack, Stamp now) {
  enter(Phase::streaming);
  backoff_.reset();
  failed_in_a_row_ = status_.broker;  // should the connection break, this line is tried again first, and then the others
  connected_ = now.mono;
  leaving_ = false;
  budget_.restart();
  budget_.set_credit(ack.credit_bytes);
  status_.trouble = lost_.trouble();
  refused_until_ = {};
  incarnation_ = ack.incarnation;
  asked_ = now.mono;
  for (const Stream stream : store::streams) sender(stream).restart(ack.streams[static_cast<std::size_t>(stream)], ends_.of(stream));
  on_lost(ack, now);
  move_cursor(ack.cursor);
  if (letters_.words_wait()) say_receipt();
}

void Drain::take_streams(const Ack& ack, bool answers, MonoTime now) {
  std::vector<Sent> messages;
  std::size_t lost = 0;
  for (const Stream stream : store::streams) {
    // Of one connection the broker keeps the order: what went before the hello and is not in its answer was lost on the way.
    const auto outcome = sender(stream).acknowledged(ack.streams[static_cast<std::size_t>(stream)], answers ? hello_order_ : 0);
    messages.insert(messages.end(), outcome.delivered.begin(), outcome.delivered.end());
    lost += outcome.lost;
    if (outcome.went_back) ++status_.resends;
  }
  delivered(messages, lost, ack.held, now);
}

void Drain::delivered(const std::vector<Sent>& messages, std::size_t lost, Duration held, MonoTime now) {
  budget_.acknowledged(messages, held, now);
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
  for (const RefusedFrame& frame : ack.refused) {
    sender(frame.stream).refused(frame.first);
    if (frame.first > 1) lost_.untold(frame.stream, frame.first - 1, UINT64_MAX);  // word of it may have got lost
  }
  const RefusedFrame& refused = ack.refused.front();
  refused_ = refused;
  status_.refuses = true;
  refused_until_ = now + settings_.refused_pause;
  trouble("HQ refuses " + std::string(store::name_of(refused.stream)) + " from number " + std::to_string(refused.first) + " on: " +
          refused.reason + ". They stay here and are tried again");
}

/// What HQ refused it has taken since; or, where it could not tell which record it was (0), it refused nothing when it was tried again.
void Drain::note_taken() {
  if (refused_ && (refused_->first == 0 ? refused_until_.ns == 0 : sender(refused_->stream).at_hq(refused_->first))) refused_.reset(), refused_until_ = {};
  status_.refuses = refused_.has_value();
}

void Drain::move_cursor(std::uint64_t cursor) {
  // An ack may not run ahead of what is durable here; then it belongs to another history (see forked()).
  cursor = std::min(cursor, status_.last_sequence);
  if (cursor != status_.cursor) {
    status_.cursor = cursor;
    effects_.emplace_back(effect::Acknowledged{cursor});
  }
  refresh_waiting();
}

void Drain::on_want(const Want& want, MonoTime now) {
  auto outcome = wanted_.wanted(want, answered_order_);
  delivered(outcome.delivered, outcome.lost, want.held, now);
  for (std::string& sha : outcome.done) effects_.emplace_back(effect::BlobHeld{std::move(sha), true});
  for (const WantedBlob& blob : want.blobs) effects_.emplace_back(effect::BlobHeld{blob.sha256, false});
  status_.blobs_wanted = wanted_.size();
  changed_ = true;
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

void Drain::letter_done(std::uint64_t number, const std::string& refused, Stamp) {
  if (!letters_.done(number, refused)) return;
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
  if (phase_ != Phase::streaming) return;
  do publish(Leaf::receipt, encode(letters_.receipt(++sent_order_)));
  while (letters_.words_wait());
}

void Drain::fill(Stamp now) {
  if (now.mono >= journal_again_) journal_again_ = {};
  if (now.mono >= refused_until_) refused_until_ = {};
  budget_full_ = false;
  const bool records = journal_again_.ns == 0 && refused_until_.ns == 0;
  while (records && phase_ == Phase::streaming && sender(Stream::verdicts).live_bytes() < settings_.live_bytes_max)
    if (send_frame(Stream::verdicts, 128u << 10, true, now) != Fill::went_out) break;
  for (auto done = fetcher_.complete(now.mono); done; done = fetcher_.complete(now.mono)) take_fetched(std::move(done));
  if (const auto fetch = leaving_ ? std::nullopt : fetcher_.next(status_.metered, now.mono)) publish(Leaf::fetch, encode(*fetch));
  if (const std::size_t waiting = fetcher_.waiting(status_.metered); waiting != std::exchange(status_.fetches_waiting, waiting)) changed_ = true;
  while (phase_ == Phase::streaming) {
    const std::size_t piece = budget_.piece();
    const bool can = !leaving_ && journal_again_.ns == 0 && refused_until_.ns == 0, all = !leaving_ && !status_.metered;
    const auto verdict = sender(Stream::verdicts).next(1);
    const std::array wants{can && verdict && !verdict->live, can && sender(Stream::events).next(1).has_value(),
                           all && wanted_.next(Traffic::thumbnails, piece).has_value(), all && wanted_.next(Traffic::images, piece).has_value()};
    const bool nothing = std::none_of(wants.begin(), wants.end(), [](bool one) { return one; });
    if (!nothing && !budget_.may_send(bulk_under_way(), now.mono)) {
      budget_full_ = true;
      return;
    }
    const auto turn = order_.next(wants, now);
    if (!turn) return budget_.idle(bulk_under_way());
    const Fill went = *turn == Traffic::verdicts ? send_frame(Stream::verdicts, piece, false, now)
                      : *turn == Traffic::events ? send_frame(Stream::events, piece, false, now)
                                                 : send_blob(*turn, now);
    if (went == Fill::held_back) return;
  }
}

Drain::Fill Drain::send_frame(Stream stream, std::size_t bytes_max, bool live_only, Stamp now) {
  StreamSender& s = sender(stream);
  const auto piece = s.next(settings_.frame_records_max);
  if (!piece || (live_only && !piece->live)) return Fill::nothing;
  const std::uint64_t first = piece->range.first;
  const bool after_gap = first > 1 && lost_.contains(stream, first - 1);
  // Where HQ holds the record before it, HQ takes what does not name its hash only once it knows why.
  if (after_gap && s.at_hq(first - 1) && !lost_.told(stream, first - 1)) {
    s.set_aside({first, first});
    return Fill::went_out;
  }
  const auto frame = frames_.read(stream, piece->range, piece->live, after_gap, bytes_max);
  if (!frame) return cannot_read(stream, first, frame.error(), now);
  const std::string topic = topic_text({settings_.post, leaf_of(stream)});
  Bytes payload = seal(topic, frame->body, settings_.identity.signer);
  if (!under_way()) asked_ = now.mono;
  const std::size_t bytes = payload.size();
  s.sent({frame->range, bytes, ++sent_order_, budget_.sent(bytes, bulk_under_way(), now.mono), piece->live});
  order_.sent(stream == Stream::verdicts ? Traffic::verdicts : Traffic::events, bytes);
  effects_.emplace_back(effect::Publish{attempt_, topic, std::move(payload)});
  return Fill::went_out;
}

/// What is damaged is passed by; where the journal as a whole is away, all waits.
Drain::Fill Drain::cannot_read(Stream stream, std::uint64_t number, const Error& error, Stamp now) {
  for (const std::uint64_t at : {number, number - 1}) {  // or the record before, whose hash is needed
    const auto gap = at > 0 ? journal_.gap(stream, at) : std::optional<store::JournalReader::Gap>{};
    if (!gap) break;
    if (!*gap || (*gap)->before.of(stream) >= at || (*gap)->after.of(stream) < at) continue;
    take_gap(**gap, now);
    return Fill::went_out;
  }
  journal_again_ = now.mono + journal_pause;
  trouble("cannot read " + std::string(store::name_of(stream)) + " number " + std::to_string(number) + " from the journal: " + error.what);
  return Fill::held_back;
}

void Drain::take_gap(const store::JournalReader::Gap& gap, Stamp now) {
  for (const Stream stream : store::streams)
    if (gap.after.of(stream) > gap.before.of(stream)) sender(stream).set_aside({gap.before.of(stream) + 1, gap.after.of(stream)});
  lost_.found(gap, now.mono);
  status_.lost = lost_.count();
  trouble(lost_.trouble());
}

void Drain::look_for_lost(Stamp now) {
  if (const auto look = lost_.look(now.mono)) {
    const auto gap = journal_.gap(look->stream, look->numbers.first);
    if (!gap) {
      lost_.cannot_tell(*look, now.mono);
    } else {
      // Readable again, or more or less of it than before: what is in the gap is set aside, the rest goes on.
      if (!*gap || Range{(*gap)->before.of(look->stream) + 1, (*gap)->after.of(look->stream)} != look->numbers) {
        if (!*gap) lost_.back(look->stream, look->numbers);
        sender(look->stream).give_back(look->numbers);
        let_go(look->stream, look->numbers.last + 1);
      }
      if (*gap) take_gap(**gap, now);
      status_.lost = lost_.count();
      changed_ = true;
    }
  }
  say_lost();
}

/// The record behind a gap, where it waited for HQ to be told.
void Drain::let_go(Stream stream, std::uint64_t waited) {
  if (sender(stream).is_aside(waited) && !lost_.contains(stream, waited)) sender(stream).give_back({waited, waited});
}

void Drain::say_lost() {
  if (!hq_takes_lost_) return;
  const auto records = lost_.tell(sent_order_ + 1);
  if (records.empty()) return;
  ++sent_order_;
  publish(Leaf::lost, encode(Lost{records}));
  for (const LostRecords& each : records) {
    effects_.emplace_back(effect::ToldLost{each});
    let_go(each.stream, each.numbers.last + 1);
  }
}

void Drain::on_lost(const Ack& ack, Stamp now) {
  if (!ack.lost) return;
  hq_takes_lost_ = true;
  lost_.at_hq(*ack.lost, now.mono);
  // Of one connection the broker keeps the order: what HQ does not go on without after this answer, it was not told of.
  for (const LostLog::Look& told : lost_.told_ones())
    if (!sender(told.stream).at_hq(told.numbers)) lost_.untold(told.stream, told.numbers.first, hello_order_);
  // And what it once knew it has forgotten where it names it no more. A full answer may only have had no room for it.
  for (const LostLog::Look& known : lost_.known_and_not_named())
    if (ack.lost->size() < lost_told_max || !sender(known.stream).at_hq(known.numbers)) lost_.untold(known.stream, known.numbers.first, UINT64_MAX);
  status_.lost = lost_.count();
  say_lost();
}

Drain::Fill Drain::send_blob(Traffic traffic, Stamp now) {
  const auto piece = wanted_.next(traffic, budget_.piece());
  if (!piece) return Fill::nothing;
  auto payload = payload_of(*piece);
  if (!payload) {
    cannot_give(piece->sha256, payload.error().what);
    return Fill::went_out;
  }
  const std::size_t bytes = payload->size();
  if (!under_way()) asked_ = now.mono;
  wanted_.sent(*piece, bytes, ++sent_order_, budget_.sent(bytes, bulk_under_way(), now.mono));
  order_.sent(traffic, bytes);
  publish_raw(piece->manifest ? Leaf::manifest : Leaf::slice, std::move(*payload));
  return Fill::went_out;
}

Result<Bytes> Drain::payload_of(const BlobSender::Piece& piece) {
  if (piece.manifest) {
    const auto manifest = blobs_.manifest(piece.sha256);
    if (!manifest) return tl::unexpected(manifest.error());
    return sealed(Leaf::manifest, encode(*manifest));
  }
  const auto hash = parse_sha256(piece.sha256);
  if (!hash) return fail(ErrorCode::invalid, "not a SHA-256");
  auto bytes = piece.bytes > 0 ? blobs_.read(piece.sha256, piece.offset, piece.bytes) : Bytes{};
  if (!bytes) return tl::unexpected(bytes.error());
  if (bytes->size() != piece.bytes) return fail(ErrorCode::invalid, "it is shorter than its record says");
  return encode(BlobSlice{*hash, piece.offset, piece.size_bytes, *bytes});
}

void Drain::cannot_give(const std::string& sha256, const std::string& reason) {
  publish(Leaf::unavailable, encode(Unavailable{sha256, reason}));
  trouble("HQ wants blob " + sha256.substr(0, 12) + "... which cannot be read: " + reason);
  wanted_.forget(sha256);
  status_.blobs_wanted = wanted_.size();
}

std::size_t Drain::bulk_under_way() const {
  // Only live verdicts go past the budget.
  const StreamSender& events = senders_[static_cast<std::size_t>(Stream::events)];
  return wanted_.bytes_under_way() + senders_[static_cast<std::size_t>(Stream::verdicts)].bulk_bytes() + events.bulk_bytes() + events.live_bytes();
}

bool Drain::under_way() const { return oldest_under_way().has_value(); }

MonoTime Drain::silence_begun() const { return std::max(heard_, asked_); }

/// When the message went out that is under way for the longest time.
std::optional<MonoTime> Drain::oldest_under_way() const {
  std::optional<MonoTime> oldest = wanted_.oldest_under_way();
  for (const StreamSender& s : senders_)
    if (const auto at = s.oldest_under_way(); at && (!oldest || *at < *oldest)) oldest = at;
  return oldest;
}

MonoTime Drain::hello_due() const {
  MonoTime due = under_way() ? silence_begun() + settings_.ack_timeout / 2 : heard_ + settings_.heartbeat;
  // HQ is heard of, and one message is not answered: it may be lost, and only HQ's answer to a hello says so.
  if (const auto oldest = oldest_under_way()) due = std::min(due, std::max(*oldest, hello_sent_) + settings_.ack_timeout / 2);
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
