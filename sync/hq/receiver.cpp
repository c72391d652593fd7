#include "sync/hq/receiver.hpp"

#include <utility>

#include "sync/digest.hpp"
#include "sync/frame.hpp"

namespace rampa::sync::hq {
namespace format = store::format;
namespace {

constexpr Duration resend_gap = 200ms;       ///< many frames behind one lost frame: one request is enough
constexpr std::size_t blobs_asked_max = 8;   ///< per post at a time
constexpr std::size_t quarantined_told_max = 100;
constexpr int blob_attempts_max = 3;

template <class Work>
Result<void> guarded(Work work) {
  try {
    return work();
  } catch (const DatabaseError& error) {
    return fail(error.code, error.what());
  } catch (const std::exception& error) {
    return fail(ErrorCode::io, error.what());
  }
}

/// Disk trouble inside take(): ends the group.
void must(const Result<void>& done) {
  if (!done) throw DatabaseError(done.error().code, done.error().what);
}

}  // namespace

Receiver::Receiver(Ledger& ledger, BlobShelf& shelf, Downlink& downlink, std::string incarnation)
    : ledger_(ledger), shelf_(shelf), downlink_(downlink), incarnation_(std::move(incarnation)) {}

Result<void> Receiver::begin() {
  return guarded([&]() -> Result<void> {
    ledger_.begin();
    return {};
  });
}

Result<void> Receiver::take(const Topic& topic, ByteView payload, Stamp now) {
  return guarded([&]() -> Result<void> {
    const std::string& name = topic.post.text;
    Post& p = post(name);
    switch (topic.leaf) {
      case Leaf::hello: take_hello(name, p, payload, now); break;
      case Leaf::records: take_records(name, p, payload, now); break;
      case Leaf::blob: take_slice(name, p, payload, now); break;
      case Leaf::unavailable: take_unavailable(name, payload, now); break;
      default: break;
    }
    return {};
  });
}

Result<std::vector<Answer>> Receiver::commit(Stamp now) {
  std::vector<Answer> answers;
  const auto done = guarded([&]() -> Result<void> {
    for (auto& [name, p] : posts_) {
      if (p.moved) ledger_.set_cursor(name, p.state, now.wall);
      if (p.new_blobs) ask_for_blobs(name, p, false);
    }
    ledger_.commit();
    return {};
  });
  if (!done) {
    rollback();
    return tl::unexpected(done.error());
  }
  // From here on nothing can fail: what is acknowledged is on the disk.
  for (auto& [name, p] : posts_) {
    if (p.answer) {
      const Ack ack{p.state.cursor, p.state.cursor && p.state.head ? hex(ByteView{*p.state.head}) : "", incarnation_,
                    p.hello, p.resend, p.quarantined, now.wall};
      answers.push_back({topic_text({PostId{name}, Leaf::ack}), encode(ack)});
    }
    if (!p.want.blobs.empty() || !p.want.done.empty())
      answers.push_back({topic_text({PostId{name}, Leaf::want}), encode(p.want)});
    for (Answer& down : p.down) answers.push_back(std::move(down));
    p.answer = p.resend = p.moved = p.new_blobs = false;
    p.hello.clear();
    p.quarantined.clear();
    p.want = {};
    p.down.clear();
  }
  return answers;
}

void Receiver::rollback() {
  ledger_.rollback();
  posts_.clear();  // read again from the ledger when next needed
  notices_.clear();
}

Result<std::vector<Answer>> Receiver::announce(Stamp now) {
  if (const auto begun = begin(); !begun) return tl::unexpected(begun.error());
  const auto loaded = guarded([&]() -> Result<void> {
    for (const std::string& name : ledger_.posts()) post(name).answer = true;
    return {};
  });
  if (!loaded) {
    rollback();
    return tl::unexpected(loaded.error());
  }
  return commit(now);
}

std::vector<Notice> Receiver::take_notices() { return std::exchange(notices_, {}); }

Receiver::Post& Receiver::post(const std::string& name) {
  Post& p = posts_[name];
  if (!p.loaded) {
    p.state = ledger_.post(name);
    p.loaded = true;
  }
  return p;
}

void Receiver::alarm(const std::string& name, std::uint64_t sequence, const std::string& what, const std::string& detail, Stamp now) {
  ledger_.alarm(name, sequence, what, detail, now.wall);
  notices_.push_back({"alarm", name, what + ": " + detail, sequence});
}

void Receiver::damaged(const std::string& name, const Error& error, ByteView payload, Stamp now) {
  ledger_.quarantine(name, {}, error.what, payload, now.wall);
  notices_.push_back({"quarantine", name, error.what, 0});
}

void Receiver::ask_again(Post& p, Stamp now) {
  const std::uint64_t from = p.state.cursor + 1;
  p.answer = true;
  if (p.resend_from == from && now.mono - p.resend_told < resend_gap) return;
  p.resend = true;
  p.resend_from = from;
  p.resend_told = now.mono;
}

void Receiver::take_hello(const std::string& name, Post& p, ByteView payload, Stamp now) {
  const auto hello = decode_hello(payload);
  if (!hello) return damaged(name, hello.error(), payload, now);
  ledger_.greet(name, *hello, now.wall);
  p.answer = true;
  p.hello = hello->id;
  p.quarantined = ledger_.quarantined(name, quarantined_told_max);
  if (hello->last_sequence < p.state.cursor)
    alarm(name, hello->last_sequence, "post_went_back",
          "the post says its last record is " + std::to_string(hello->last_sequence) + ", HQ has up to " +
              std::to_string(p.state.cursor) + ": restored journal, or two machines with one certificate?", now);
  else if (const auto own = ledger_.hash_at(name, hello->last_sequence); own && *own != hello->last_hash)
    alarm(name, hello->last_sequence, "conflict", "the post's record hashes to " + hello->last_hash + ", HQ holds " + *own, now);
  p.asked.clear();
  ask_for_blobs(name, p, true);
  for (const DownlinkItem& item : downlink_.items()) {
    if (item.post != "all" && item.post != name) continue;
    const auto known = item.leaf == Leaf::declarations ? hello->declarations_version : hello->watch_lists_version;
    if (item.version <= known) continue;
    if (auto content = Downlink::payload(item)) p.down.push_back({topic_text({PostId{name}, item.leaf}), std::move(*content)});
    else alarm(name, 0, "downlink", content.error().what, now);
  }
  notices_.push_back({"greeted", name, "", hello->last_sequence});
}

void Receiver::take_records(const std::string& name, Post& p, ByteView payload, Stamp now) {
  const auto frame = decode_records(payload);
  if (!frame) {
    damaged(name, frame.error(), payload, now);
    // Damaged on the way heals by sending again; a format that HQ does not know does not, and people must look.
    if (frame.error().code == ErrorCode::bad_reply) ask_again(p, now);
    else alarm(name, 0, "unknown_format", frame.error().what, now);
    return;
  }
  if (frame->first_sequence > p.state.cursor + 1) return ask_again(p, now);
  const std::uint64_t before = p.state.cursor;
  for (std::size_t i = 0; i < frame->records.size(); ++i) {
    const std::uint64_t sequence = frame->first_sequence + i;
    if (sequence <= before) compare(name, p, sequence, frame->records[i], now);
    else take_record(name, p, sequence, frame->records[i], now);
  }
  p.answer = true;
  if (p.state.cursor != before) notices_.push_back({"records", name, "", p.state.cursor});
}

/// A record that HQ already has: the same one is fine, another one is an alarm and never overwrites.
void Receiver::compare(const std::string& name, Post& p, std::uint64_t sequence, ByteView bytes, Stamp now) {
  const auto held = ledger_.hash_at(name, sequence);
  if (!held) return;  // it is in quarantine, and stays there
  const auto record = format::parse(bytes);
  if (record && record->length == bytes.size() && record->entry.sequence == sequence && hex(ByteView{record->hash}) == *held) return;
  const std::string detail = record ? "arrived again with hash " + hex(ByteView{record->hash}) + ", HQ holds " + *held
                                    : "arrived again unreadable: " + record.error().what;
  ledger_.quarantine(name, sequence, detail, bytes, now.wall);
  p.quarantined.push_back({sequence, detail});
  alarm(name, sequence, "conflict", detail, now);
}

void Receiver::take_record(const std::string& name, Post& p, std::uint64_t sequence, ByteView bytes, Stamp now) {
  const auto record = format::parse(bytes);
  std::string reason;
  if (!record) reason = record.error().what;
  else if (record->length != bytes.size()) reason = "its length says " + std::to_string(record->length) + " bytes";
  else if (record->entry.sequence != sequence) reason = "it says it is number " + std::to_string(record->entry.sequence);
  p.moved = true;
  p.state.cursor = sequence;
  if (!reason.empty()) {
    ledger_.quarantine(name, sequence, reason, bytes, now.wall);
    alarm(name, sequence, "quarantined", reason, now);
    p.quarantined.push_back({sequence, reason});
    p.state.head.reset();
    return;
  }
  Chain chain = Chain::unverifiable;
  if (p.state.head) chain = format::chain_hash(*p.state.head, bytes) == record->hash ? Chain::linked : Chain::broken;
  if (chain == Chain::broken)
    alarm(name, sequence, "chain_broken", "its hash does not follow from record " + std::to_string(sequence - 1), now);
  ledger_.add(name, *record, bytes, chain, now.wall);
  p.state.head = record->hash;
  p.new_blobs |= !record->entry.blobs.empty();
}

void Receiver::take_slice(const std::string& name, Post& p, ByteView payload, Stamp now) {
  const auto slice = decode_slice(payload);
  if (!slice) {
    damaged(name, slice.error(), payload, now);
    return ask_for_blobs(name, p, true);
  }
  const std::string sha = hex(slice->blob);
  const BlobRow row = ledger_.blob(sha);
  if (row.state != BlobState::missing) {  // held, given up or never named: nothing more of it, please
    p.want.done.push_back(sha);
    return;
  }
  if (slice->size_bytes != row.size_bytes) {
    alarm(name, 0, "blob_size", sha + ": the record says " + std::to_string(row.size_bytes) + " bytes, the slice " +
                                    std::to_string(slice->size_bytes), now);
    ledger_.set_blob(sha, BlobState::unavailable, row.attempts);
    p.want.done.push_back(sha);
    return;
  }
  std::uint64_t have = shelf_.have(name, sha);
  if (have > row.size_bytes) {
    shelf_.discard(name, sha);
    have = 0;
  }
  bool gap = slice->offset > have;
  if (slice->offset == have) {
    must(shelf_.append(name, *slice));
    have += slice->bytes.size();
  }
  if (have == row.size_bytes) {
    const auto finished = shelf_.finish(name, sha);
    if (finished) {
      ledger_.set_blob(sha, BlobState::held, row.attempts);
      p.want.done.push_back(sha);
      p.asked.erase(sha);
      std::erase_if(p.want.blobs, [&](const WantedBlob& w) { return w.sha256 == sha; });
      p.new_blobs = true;  // room for the next ones
      notices_.push_back({"blob", name, sha, 0});
      return;
    }
    if (finished.error().code != ErrorCode::bad_reply) must(finished);
    alarm(name, 0, "blob_content", sha + ": " + finished.error().what, now);
    const bool give_up = row.attempts + 1 >= blob_attempts_max;
    ledger_.set_blob(sha, give_up ? BlobState::unavailable : BlobState::missing, row.attempts + 1);
    if (give_up) return p.want.done.push_back(sha);
    have = 0;
    gap = true;
  }
  // One entry per blob and answer: the newest progress; a request to go back stays until it is said.
  for (WantedBlob& w : p.want.blobs)
    if (w.sha256 == sha) {
      w.have_bytes = have;
      w.resend |= gap;
      return;
    }
  p.want.blobs.push_back({sha, row.size_bytes, have, gap});
}

void Receiver::take_unavailable(const std::string& name, ByteView payload, Stamp now) {
  const auto gone = decode_unavailable(payload);
  if (!gone) return damaged(name, gone.error(), payload, now);
  const BlobRow row = ledger_.blob(gone->sha256);
  if (row.state != BlobState::missing) return;
  ledger_.set_blob(gone->sha256, BlobState::unavailable, row.attempts);
  alarm(name, 0, "blob_unavailable", gone->sha256 + ": " + gone->reason, now);
  Post& p = post(name);
  p.asked.erase(gone->sha256);
  p.new_blobs = true;
}

void Receiver::ask_for_blobs(const std::string& name, Post& p, bool resend) {
  // What the shelf can settle by itself needs no asking; then there is room for others.
  for (bool settled = true; std::exchange(settled, false);)
    for (const MissingBlob& blob : ledger_.missing_blobs(name, blobs_asked_max)) {
      if (blob.size_bytes == 0 && !shelf_.holds(blob.sha256)) {
        must(shelf_.append(name, BlobSlice{parse_sha256(blob.sha256).value_or(Sha256{}), 0, 0, {}}));
        if (!shelf_.finish(name, blob.sha256)) {
          ledger_.set_blob(blob.sha256, BlobState::unavailable, 0);
          settled = true;
          continue;
        }
      }
      if (shelf_.holds(blob.sha256)) {
        ledger_.set_blob(blob.sha256, BlobState::held, 0);
        settled = true;
        continue;
      }
      if (!p.asked.insert(blob.sha256).second && !resend) continue;
      std::erase_if(p.want.blobs, [&](const WantedBlob& w) { return w.sha256 == blob.sha256; });
      std::uint64_t have = shelf_.have(name, blob.sha256);
      if (have > blob.size_bytes) shelf_.discard(name, blob.sha256);
      if (have >= blob.size_bytes) have = 0;
      p.want.blobs.push_back({blob.sha256, blob.size_bytes, have, resend});
    }
}

}  // namespace rampa::sync::hq
