#include "sync/drain.hpp"

#include <algorithm>
#include <utility>

#include "sync/frame.hpp"

namespace rampa::sync {
namespace {

constexpr Duration go_back_gap = 200ms;    ///< several frames behind one lost frame complain; one answer is enough
constexpr Duration hello_gap = 200ms;
constexpr Duration journal_pause = 1s;     ///< after a read error
constexpr std::size_t quarantined_known_max = 4096;

}  // namespace

Drain::Drain(DrainSettings settings, store::JournalReader& journal, BlobSource& blobs, std::uint64_t last_sequence,
             std::uint64_t acknowledged, std::uint64_t seed)
    : settings_(std::move(settings)), journal_(journal), blobs_(blobs),
      backoff_(settings_.pause_first, settings_.pause_last, seed) {
  status_.last_sequence = last_sequence;
  status_.cursor = acknowledged;
  status_.backlog = last_sequence - std::min(last_sequence, acknowledged);
  next_ = acknowledged + 1;
  enter(Phase::waiting);
}

std::vector<Effect> Drain::take_effects() {
  if (std::exchange(changed_, false)) effects_.emplace_back(effect::StatusChanged{});
  return std::exchange(effects_, {});
}

void Drain::durable(std::uint64_t last_sequence, Stamp now) {
  if (last_sequence <= status_.last_sequence) return;
  status_.last_sequence = last_sequence;
  status_.backlog = last_sequence - std::min(last_sequence, status_.cursor);
  changed_ = true;
  if (phase_ == Phase::streaming) fill(now.mono);
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

void Drain::message(std::uint64_t attempt, std::string_view topic, ByteView payload, Stamp now) {
  if (attempt != attempt_ || (phase_ != Phase::greeting && phase_ != Phase::streaming)) return;
  const auto parsed = parse_topic(topic);
  if (!parsed || parsed->post != settings_.post || goes_up(parsed->leaf))
    return trouble("ignored a message on the foreign topic " + std::string(topic));
  // A payload that does not decode is reported and dropped; what it should have said is said again after a time-out.
  switch (parsed->leaf) {
    case Leaf::ack:
      if (const auto ack = decode_ack(payload)) on_ack(*ack, now);
      else trouble(ack.error().what);
      break;
    case Leaf::want:
      if (const auto want = decode_want(payload)) heard(now.mono), on_want(*want);
      else trouble(want.error().what);
      break;
    case Leaf::declarations:
      if (auto down = decode_declarations(payload)) {
        declarations_version_ = std::max(declarations_version_, down->version);
        effects_.emplace_back(effect::TakeDeclarations{std::move(down->declarations)});
      } else trouble(down.error().what);
      break;
    case Leaf::watch_list:
      if (auto down = decode_watch_list(payload)) {
        watch_lists_version_ = std::max(watch_lists_version_, down->version);
        effects_.emplace_back(effect::TakeWatchList{std::move(down->name), std::move(down->plates)});
      } else trouble(down.error().what);
      break;
    default: break;
  }
  if (phase_ == Phase::streaming) fill(now.mono);
  plan_wake();
}

void Drain::advance(Stamp now) {
  check_times(now);
  if (phase_ == Phase::streaming) fill(now.mono);
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
        hang_up("the broker answers but HQ does not: is rampa-hq running and on this broker?", now.mono);
      else say_hello(now);
      break;
    case Phase::streaming:
      if (in_flight() && now.mono >= silence_begun() + settings_.ack_timeout)
        return hang_up("HQ did not acknowledge in time", now.mono);
      if (now.mono < hello_due()) break;
      if (hellos_unanswered_ >= settings_.hellos_unanswered_max) hang_up("HQ no longer answers", now.mono);
      else say_hello(now);
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
  status_.broker = status_.attempts % std::max<std::size_t>(1, settings_.brokers);
  ++status_.attempts;
  ++attempt_;
  deadline_ = now + settings_.connect_timeout;
  enter(Phase::connecting);
  effects_.emplace_back(effect::OpenLink{attempt_, status_.broker});
}

void Drain::hang_up(const std::string& why, MonoTime now) {
  effects_.emplace_back(effect::CloseLink{attempt_, why});
  deadline_ = now + backoff_.next();
  sent_.clear();
  sent_bytes_ = 0;
  wanted_.clear();
  status_.blobs_wanted = 0;
  trouble(why);
  enter(Phase::waiting);
}

void Drain::say_hello(Stamp now) {
  Hello hello;
  hello.id = settings_.boot_id + "-" + std::to_string(attempt_) + "-" + std::to_string(++hello_number_);
  hello.boot_id = settings_.boot_id;
  hello.software = settings_.software;
  hello.last_sequence = status_.last_sequence;
  if (status_.last_sequence > 0)
    if (const auto last = journal_.read(status_.last_sequence, 1); last && !last->empty()) hello.last_hash = last->front().hash;
  hello.sent = now;
  hello.declarations_version = declarations_version_;
  hello.watch_lists_version = watch_lists_version_;
  hello_id_ = hello.id;
  hello_sent_ = now.mono;
  ++hellos_unanswered_;
  deadline_ = now.mono + settings_.hello_timeout;
  hello_next_ = next_;
  publish(Leaf::hello, encode(hello));
}

bool Drain::forked(const Ack& ack) {
  if (ack.cursor == 0 || ack.hash.empty()) return false;
  if (ack.cursor > status_.last_sequence) return true;
  const auto own = journal_.read(ack.cursor, 1);
  if (!own || own->empty()) return false;  // cannot tell; the frames themselves will be compared at HQ
  return own->front().hash != ack.hash;
}

void Drain::stream(Stamp now) {
  enter(Phase::streaming);
  backoff_.reset();
  status_.trouble.clear();
  sent_.clear();
  sent_bytes_ = 0;
  asked_ = now.mono;
}

void Drain::heard(MonoTime now) {
  heard_ = asked_ = now;
  hellos_unanswered_ = 0;
}

void Drain::on_ack(const Ack& ack, Stamp now) {
  const bool answers = ack.hello == hello_id_ && !ack.hello.empty();
  if (phase_ == Phase::greeting && !answers) {
    // HQ has just come up and says so: greet it again rather than wait for the time-out.
    if (now.mono - hello_sent_ >= hello_gap) say_hello(now);
    return;
  }
  heard(now.mono);
  status_.last_ack = now.mono;
  changed_ = true;
  for (const QuarantinedRecord& record : ack.quarantined) {
    if (known_quarantined_.size() >= quarantined_known_max || !known_quarantined_.insert(record.sequence).second) continue;
    ++status_.quarantined;
    effects_.emplace_back(effect::Quarantined{record});
  }
  if (answers && forked(ack)) {
    effects_.emplace_back(effect::CloseLink{attempt_, "forked"});
    deadline_ = now.mono + settings_.pause_last;
    trouble("HQ holds another history of post " + settings_.post.text + " (its cursor " + std::to_string(ack.cursor) +
            " is not in this journal). Was the journal restored, or is a second machine using this post's certificate? "
            "Nothing is sent until HQ clears it.");
    return enter(Phase::forked);
  }
  if (phase_ == Phase::greeting) {
    stream(now);
    incarnation_ = ack.incarnation;
    move_cursor(ack);
    next_ = ack.cursor + 1;
    return;
  }
  if (journal_again_.ns == 0) status_.trouble.clear();  // HQ hears us and we hear HQ: what was told before is over
  const bool hq_went_back = ack.cursor < status_.cursor;
  move_cursor(ack);
  // The broker keeps one sender's order: what went before the hello and is not in its answer was lost on the way.
  const bool lost_before_hello = answers && !sent_.empty() && sent_.front().last < hello_next_;
  if (hq_went_back || lost_before_hello || (ack.resend && now.mono - went_back_ >= go_back_gap)) go_back(now.mono);
  if (ack.incarnation != incarnation_) {  // HQ restarted: it wants a hello to say which blobs it lacks
    incarnation_ = ack.incarnation;
    if (!answers) say_hello(now);
  }
}

void Drain::move_cursor(const Ack& ack) {
  // An ack may not run ahead of what is durable here; then it belongs to another history (see forked()).
  const std::uint64_t cursor = std::min(ack.cursor, status_.last_sequence);
  if (cursor != status_.cursor) {
    status_.cursor = cursor;
    effects_.emplace_back(effect::Acknowledged{cursor});
  }
  status_.backlog = status_.last_sequence - cursor;
  while (!sent_.empty() && sent_.front().last <= cursor) {
    sent_bytes_ -= sent_.front().bytes;
    sent_.pop_front();
  }
  next_ = std::max(next_, cursor + 1);
}

void Drain::go_back(MonoTime now) {
  ++status_.resends;
  went_back_ = now;
  next_ = status_.cursor + 1;
  sent_.clear();
  sent_bytes_ = 0;
}

void Drain::on_want(const Want& want) {
  for (const std::string& sha : want.done) std::erase_if(wanted_, [&](const Wanted& w) { return w.sha256 == sha; });
  for (const WantedBlob& blob : want.blobs) {
    const auto known = std::find_if(wanted_.begin(), wanted_.end(), [&](const Wanted& w) { return w.sha256 == blob.sha256; });
    if (known == wanted_.end()) {
      wanted_.push_back({blob.sha256, blob.size_bytes, blob.have_bytes, blob.have_bytes});
      continue;
    }
    known->have = blob.have_bytes;
    known->sent = blob.resend ? blob.have_bytes : std::max(known->sent, blob.have_bytes);
  }
  status_.blobs_wanted = wanted_.size();
  changed_ = true;
}

void Drain::fill(MonoTime now) {
  if (now >= journal_again_) journal_again_ = {};
  while (phase_ == Phase::streaming && next_ <= status_.last_sequence) {
    if (now < journal_again_ || sent_.size() >= settings_.frames_in_flight_max ||
        (!sent_.empty() && sent_bytes_ >= settings_.records_in_flight_bytes_max))
      return;  // records wait, so blobs wait too
    if (!send_frame(now)) return;
  }
  while (phase_ == Phase::streaming && send_slice(now)) {}
}

bool Drain::send_frame(MonoTime now) {
  const auto read = journal_.read(next_, settings_.frame_records_max);
  if (!read || read->empty() || read->front().sequence != next_) {
    journal_again_ = now + journal_pause;
    trouble("cannot read record " + std::to_string(next_) + " from the journal: " +
            (!read ? read.error().what : "it is not there; run `rampa verify`"));
    return false;
  }
  RecordFrame frame{next_, {}};
  std::size_t bytes = 0;
  for (const auto& raw : *read) {
    if (raw.sequence != next_ + frame.records.size()) break;
    if (!frame.records.empty() && bytes + raw.bytes.size() > settings_.frame_bytes_max) break;
    bytes += raw.bytes.size();
    frame.records.push_back(raw.bytes);
  }
  next_ += frame.records.size();
  Bytes payload = encode(frame);
  if (!in_flight()) asked_ = now;
  sent_.push_back({next_ - 1, payload.size()});
  sent_bytes_ += payload.size();
  publish(Leaf::records, std::move(payload));
  return true;
}

bool Drain::send_slice(MonoTime now) {
  if (blob_bytes_in_flight() >= settings_.blob_in_flight_bytes_max) return false;
  const auto next = std::find_if(wanted_.begin(), wanted_.end(), [](const Wanted& w) { return w.sent < w.size; });
  if (next == wanted_.end()) return false;
  const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(settings_.slice_bytes, next->size - next->sent));
  auto bytes = blobs_.read(next->sha256, next->sent, count);
  const auto hash = parse_sha256(next->sha256);
  if (!hash || !bytes || bytes->empty()) {
    const std::string reason = !hash ? "not a SHA-256" : !bytes ? bytes.error().what : "it is shorter than its record says";
    publish(Leaf::unavailable, encode(Unavailable{next->sha256, reason}));
    trouble("HQ wants blob " + next->sha256.substr(0, 12) + "... which cannot be read: " + reason);
    wanted_.erase(next);
    status_.blobs_wanted = wanted_.size();
    return true;
  }
  if (!in_flight()) asked_ = now;
  BlobSlice slice{*hash, next->sent, next->size, std::move(*bytes)};
  next->sent += slice.bytes.size();
  publish(Leaf::blob, encode(slice));
  return true;
}

std::uint64_t Drain::blob_bytes_in_flight() const {
  std::uint64_t bytes = 0;
  for (const Wanted& w : wanted_) bytes += w.sent - w.have;
  return bytes;
}

MonoTime Drain::silence_begun() const { return std::max(heard_, asked_); }

MonoTime Drain::hello_due() const {
  const MonoTime quiet = in_flight() ? silence_begun() + settings_.ack_timeout / 2 : heard_ + settings_.heartbeat;
  return hellos_unanswered_ == 0 ? quiet : std::max(quiet, hello_sent_ + settings_.hello_timeout);
}

void Drain::plan_wake() {
  if (phase_ != Phase::streaming) {
    wake_ = deadline_;
    return;
  }
  wake_ = hello_due();
  if (in_flight()) wake_ = std::min(wake_, silence_begun() + settings_.ack_timeout);
  if (next_ <= status_.last_sequence && journal_again_.ns != 0) wake_ = std::min(wake_, journal_again_);
}

void Drain::publish(Leaf leaf, Bytes payload) {
  effects_.emplace_back(effect::Publish{attempt_, topic_text({settings_.post, leaf}), std::move(payload)});
}

void Drain::trouble(std::string what) {
  status_.trouble = std::move(what);
  changed_ = true;
}

}  // namespace rampa::sync
