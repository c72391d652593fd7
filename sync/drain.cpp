// The phases of a connection: when it is opened, greeted, taken for dead.
#include "sync/drain.hpp"

#include <algorithm>
#include <utility>

namespace rampa::sync {

Drain::Drain(DrainSettings settings, store::JournalReader& journal, BlobSource& blobs, FetchShelf* shelf, std::uint64_t acknowledged,
             std::uint64_t seed)
    : settings_(std::move(settings)), journal_(journal), blobs_(blobs),
      backoff_(settings_.pause_first, settings_.pause_last, seed), letters_(settings_.letters_through), frames_(settings_, journal),
      fetcher_(shelf), order_(settings_.caps) {
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
  say_hello(now);
  plan_wake();
}

void Drain::link_lost(std::uint64_t attempt, const std::string& why, Stamp now) {
  if (attempt != attempt_ || phase_ == Phase::waiting || phase_ == Phase::forked) return;
  hang_up(why, now.mono);
  plan_wake();
}

void Drain::want(const std::string& sha256, std::uint64_t size_bytes, Stamp now) {
  fetcher_.want(sha256, size_bytes);
  if (phase_ == Phase::streaming) fill(now);
  plan_wake();
}

void Drain::advance(Stamp now) {
  check_times(now);
  if (phase_ == Phase::streaming) fill(now);
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
      if (greeting_.unanswered() >= settings_.hellos_unanswered_max)
        hang_up("the broker answers but HQ does not: is rampa-hq running and on this broker?", now.mono);
      else say_hello(now);
      break;
    case Phase::streaming:
      if (under_way() && now.mono >= silence_begun() + settings_.ack_timeout) {
        ++failed_in_a_row_;  // a line that went silent is not the first to be tried again
        return hang_up("HQ did not acknowledge in time", now.mono);
      }
      if (status_.broker != 0 && !under_way() && !fetcher_.busy() && now.mono >= connected_ + settings_.back_to_primary) {
        failed_in_a_row_ = 0;
        return hang_up("looking whether the primary line is back", now.mono);
      }
      if (letters_.again().ns != 0 && now.mono >= letters_.again()) {
        letters_.asked_again();
        say_hello(now);
        break;
      }
      if (now.mono < hello_due()) break;
      if (greeting_.unanswered() >= settings_.hellos_unanswered_max) {
        ++failed_in_a_row_;
        hang_up("HQ no longer answers", now.mono);
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
  greeting_.begin(++attempt_);
  deadline_ = now + settings_.connect_timeout;
  enter(Phase::connecting);
  effects_.emplace_back(effect::OpenLink{attempt_, status_.broker});
}

void Drain::hang_up(const std::string& why, MonoTime now) {
  effects_.emplace_back(effect::CloseLink{attempt_, why});
  deadline_ = now + backoff_.next();
  for (const Stream stream : store::streams) {  // nothing is under way any more
    const StreamSender& s = sender(stream);
    sender(stream).restart({s.through(), {}}, ends_.of(stream));
  }
  wanted_.restart();
  fetcher_.disconnected();
  letters_.disconnected();
  answered_order_ = 0;
  status_.blobs_wanted = 0;
  status_.round_trip = {};
  trouble(why);
  enter(Phase::waiting);
}

void Drain::say_hello(Stamp now) {
  refresh_ends();
  deadline_ = now.mono + settings_.hello_timeout;
  const Greeting::Standing standing{ends_, letters_.through(), status_.last_ack, status_.metered};
  publish(Leaf::hello, encode(greeting_.say(settings_, standing, journal_, ++sent_order_, now)));
}

MonoTime Drain::silence_begun() const { return std::max(heard_, asked_); }

MonoTime Drain::hello_due() const {
  const MonoTime quiet = under_way() ? silence_begun() + settings_.ack_timeout / 2 : heard_ + settings_.heartbeat;
  return greeting_.unanswered() == 0 ? quiet : std::max(quiet, greeting_.said_at() + settings_.hello_timeout);
}

void Drain::plan_wake() {
  if (phase_ != Phase::streaming) {
    wake_ = deadline_;
    return;
  }
  wake_ = hello_due();
  if (under_way()) wake_ = std::min(wake_, silence_begun() + settings_.ack_timeout);
  for (const auto* times : {&journal_again_, &refused_until_})
    for (const MonoTime until : *times)
      if (until.ns != 0) wake_ = std::min(wake_, until);
  if (go_on_.ns != 0) wake_ = std::min(wake_, go_on_);
  if (letters_.again().ns != 0) wake_ = std::min(wake_, letters_.again());
  if (const auto fetch = fetcher_.wake()) wake_ = std::min(wake_, *fetch);
  if (status_.broker != 0 && !under_way() && !fetcher_.busy()) wake_ = std::min(wake_, connected_ + settings_.back_to_primary);
  if (const auto release = order_.release(); release && !budget_full_) wake_ = std::min(wake_, *release);
}

}  // namespace rampa::sync
