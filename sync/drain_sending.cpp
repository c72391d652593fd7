// What goes out, in which order and when: the part of the drain that fills the line.
#include <algorithm>
#include <utility>

#include "sync/drain.hpp"
#include "sync/lost_record.hpp"
#include "sync/ranges.hpp"

namespace rampa::sync {
namespace {

constexpr Duration journal_pause = 1s;  ///< after a read error
constexpr std::size_t live_frame_bytes = 128u << 10;
constexpr std::size_t restored_ranges_max = 8;  ///< looked at per connection: each may cost reading a segment

std::string words(Stream stream, std::uint64_t number) { return std::string(store::name_of(stream)) + " number " + std::to_string(number); }

}  // namespace

bool Drain::may_send(Stream stream) const {
  const auto i = static_cast<std::size_t>(stream);
  return journal_again_[i].ns == 0 && refused_until_[i].ns == 0;
}

void Drain::fill(Stamp now) {
  for (auto* times : {&journal_again_, &refused_until_})
    for (MonoTime& until : *times)
      if (now.mono >= until) until = {};
  budget_full_ = false;
  go_on_ = {};
  while (phase_ == Phase::streaming && may_send(Stream::verdicts) && sender(Stream::verdicts).live_bytes() < settings_.live_bytes_max)
    if (send_frame(Stream::verdicts, live_frame_bytes, true, now) != Fill::went_out) break;
  for (auto done = fetcher_.complete(now.mono); done; done = fetcher_.complete(now.mono)) take_fetched(std::move(done));
  if (const auto fetch = fetcher_.next(now.mono)) publish(Leaf::fetch, encode(*fetch));
  while (phase_ == Phase::streaming) {
    const std::size_t piece = budget_.piece();
    const bool all = !status_.metered;
    const auto verdict = sender(Stream::verdicts).next(1);
    const std::array<bool, 4> wants{may_send(Stream::verdicts) && verdict && !verdict->live,
                                    may_send(Stream::events) && sender(Stream::events).next(1).has_value(),
                                    all && wanted_.next(Traffic::thumbnails, piece).has_value(),
                                    all && wanted_.next(Traffic::images, piece).has_value()};
    const auto turn = order_.next(wants, now);
    if (!turn) return budget_.ran_dry(bulk_under_way());
    if (!budget_.may_send(bulk_under_way(), now.mono)) {
      budget_full_ = true;
      if (budget_.send_at() > now.mono) go_on_ = budget_.send_at();
      return;
    }
    const Fill went = *turn == Traffic::verdicts ? send_frame(Stream::verdicts, piece, false, now)
                      : *turn == Traffic::events ? send_frame(Stream::events, piece, false, now)
                                                 : send_slice(*turn, now);
    if (went == Fill::nothing) return;
  }
}

Sent Drain::leaving(std::size_t bytes, bool live, MonoTime now) {
  if (!under_way()) asked_ = now;
  Sent sent;
  sent.bytes = bytes;
  sent.order = ++sent_order_;
  sent.at = now;
  sent.live = live;
  return sent;
}

Drain::Fill Drain::send_frame(Stream stream, std::size_t bytes_max, bool live_only, Stamp now) {
  StreamSender& s = sender(stream);
  const auto piece = s.next(settings_.frame_records_max);
  if (!piece || (live_only && !piece->live)) return Fill::nothing;
  auto made = frames_.make(stream, piece->range, piece->live, bytes_max);
  if (!made) {
    journal_again_[static_cast<std::size_t>(stream)] = now.mono + journal_pause;
    trouble("cannot read " + words(stream, piece->range.first) + " from the journal: " + made.error().what);
    return Fill::held_back;
  }
  const bool past_budget = stream == Stream::verdicts && piece->live;
  Sent sent = leaving(made->payload.size(), piece->live, now.mono);
  sent.range = made->range;
  sent.mark = budget_.sending(sent.bytes, bulk_under_way(), !past_budget, now.mono);
  s.sent(sent);
  order_.sent(stream == Stream::verdicts ? Traffic::verdicts : Traffic::events, sent.bytes);
  if (!made->lost.empty()) trouble("the journal is damaged: " + made->lost + ". HQ is told; run `rampa verify`");
  effects_.emplace_back(effect::Publish{attempt_, std::move(made->topic), std::move(made->payload)});
  return Fill::went_out;
}

Drain::Fill Drain::send_slice(Traffic traffic, Stamp now) {
  const auto piece = wanted_.next(traffic, budget_.piece());
  if (!piece) return Fill::nothing;
  const auto hash = parse_sha256(piece->sha256);
  Bytes bytes;
  if (piece->bytes > 0) {
    auto read = blobs_.read(piece->sha256, piece->offset, piece->bytes);
    if (!hash || !read || read->size() != piece->bytes) {
      cannot_give(piece->sha256, !hash ? "not a SHA-256" : !read ? read.error().what : "it is shorter than its record says");
      return Fill::went_out;
    }
    bytes = std::move(*read);
  }
  Bytes payload = encode(BlobSlice{hash.value_or(Sha256{}), piece->offset, piece->size_bytes, bytes});
  Sent sent = leaving(payload.size(), false, now.mono);
  sent.mark = budget_.sending(sent.bytes, bulk_under_way(), true, now.mono);
  wanted_.sent(*piece, sent);
  order_.sent(traffic, payload.size());
  publish_raw(Leaf::slice, std::move(payload));
  return Fill::went_out;
}

void Drain::send_manifest(const std::string& sha256) {
  const auto manifest = blobs_.manifest(sha256);
  if (!manifest) return cannot_give(sha256, manifest.error().what);
  wanted_.manifest_sent(sha256, ++sent_order_);
  publish(Leaf::manifest, encode(*manifest));
}

void Drain::cannot_give(const std::string& sha256, const std::string& reason) {
  publish(Leaf::unavailable, encode(Unavailable{sha256, reason}));
  trouble("HQ wants blob " + sha256.substr(0, 12) + "... which cannot be read: " + reason);
  wanted_.forget(sha256);
  status_.blobs_wanted = wanted_.size();
}

/// What HQ was told as lost may be there again: restored from a backup. HQ counts it as here, so nothing waits for it and
/// nothing frees it; where it gets lost on the way the next connection offers it again.
void Drain::offer_restored(const Ack& ack) {
  std::array<RangeSet, store::streams.size()> lost;
  for (const QuarantinedRecord& record : ack.quarantined)
    if (record.reason.starts_with(lost_at_post)) lost[static_cast<std::size_t>(record.stream)].add({record.sequence, record.sequence});
  std::size_t looked = 0;
  for (const Stream stream : store::streams)
    for (const Range& range : lost[static_cast<std::size_t>(stream)].list()) {
      if (looked++ >= restored_ranges_max) return;
      if (auto made = frames_.restored(stream, range)) effects_.emplace_back(effect::Publish{attempt_, std::move(made->topic), std::move(made->payload)});
    }
}

std::size_t Drain::bulk_under_way() const {
  // Only live verdicts go past the budget.
  const StreamSender& events = sender(Stream::events);
  return wanted_.bytes_under_way() + sender(Stream::verdicts).bulk_bytes() + events.bulk_bytes() + events.live_bytes();
}

bool Drain::under_way() const {
  return wanted_.bytes_under_way() > 0 || std::any_of(senders_.begin(), senders_.end(), [](const StreamSender& s) { return s.under_way(); });
}

void Drain::publish(Leaf leaf, ByteView body) {
  publish_raw(leaf, seal(topic_text({settings_.post, leaf}), body, settings_.identity.signer));
}

void Drain::publish_raw(Leaf leaf, Bytes payload) {
  effects_.emplace_back(effect::Publish{attempt_, topic_text({settings_.post, leaf}), std::move(payload)});
}

void Drain::trouble(std::string what) {
  status_.trouble = std::move(what);
  changed_ = true;
}

}  // namespace rampa::sync
