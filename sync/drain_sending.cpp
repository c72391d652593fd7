// The drain's other half: what HQ says of what it got, what goes over the line, in what order and how much of it, and what the journal
// cannot give.
#include <algorithm>
#include <utility>

#include "sync/drain.hpp"

namespace rampa::sync {
namespace {

constexpr Duration journal_pause = 1s;  ///< after a read error
constexpr std::size_t quarantined_known_max = 4096;

Leaf leaf_of(Stream stream) { return stream == Stream::verdicts ? Leaf::verdicts : Leaf::events; }

}  // namespace

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
    if (!hq_restarted_) budget_.lost();
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

void Drain::fill(Stamp now) {
  if (now.mono >= journal_again_) journal_again_ = {};
  if (now.mono >= refused_until_) refused_until_ = {};
  if (now.mono >= gathered_) gathered_ = {};
  budget_full_ = false;
  const bool records = journal_again_.ns == 0 && refused_until_.ns == 0;
  while (records && phase_ == Phase::streaming && sender(Stream::verdicts).live_bytes() < settings_.live_bytes_max)
    if (send_frame(Stream::verdicts, 128u << 10, true, now) != Fill::went_out) break;
  for (auto done = fetcher_.complete(status_.metered, now.mono); done; done = fetcher_.complete(status_.metered, now.mono)) take_fetched(std::move(done));
  if (const auto fetch = leaving_ ? std::nullopt : fetcher_.next(status_.metered, now.mono)) publish(Leaf::fetch, encode(*fetch));
  if (const std::size_t waiting = fetcher_.waiting(status_.metered); waiting != std::exchange(status_.fetches_waiting, waiting)) changed_ = true;
  while (phase_ == Phase::streaming) {
    const std::size_t piece = budget_.piece();
    const bool can = !leaving_ && journal_again_.ns == 0 && refused_until_.ns == 0, all = !leaving_ && !status_.metered;
    const auto verdict = sender(Stream::verdicts).next(1);
    const std::array wants{can && verdict && !verdict->live, can && !gathering() && sender(Stream::events).next(1).has_value(),
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
  if (stream == Stream::events && frame->range.last == s.last()) gathered_ = now.mono + settings_.gather;
  effects_.emplace_back(effect::Publish{attempt_, topic, std::move(payload)});
  return Fill::went_out;
}

/// The newest events wait for company; with a backlog to send there is no need to.
bool Drain::gathering() const {
  const StreamSender& events = senders_[static_cast<std::size_t>(Stream::events)];
  return gathered_.ns != 0 && events.under_way() && !events.behind();
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

/// When the message went out that is under way for the longest time.
std::optional<MonoTime> Drain::oldest_under_way() const {
  std::optional<MonoTime> oldest = wanted_.oldest_under_way();
  for (const StreamSender& s : senders_)
    if (const auto at = s.oldest_under_way(); at && (!oldest || *at < *oldest)) oldest = at;
  return oldest;
}

}  // namespace rampa::sync
