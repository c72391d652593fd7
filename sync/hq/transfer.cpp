#include "sync/hq/transfer.hpp"

#include <algorithm>
#include <numeric>

namespace rampa::sync::hq {
namespace {

/// Disk trouble: ends the group.
template <class Value>
Value must(Result<Value> done) {
  if (!done) throw DatabaseError(done.error().code, done.error().what);
  if constexpr (!std::is_void_v<Value>) return std::move(*done);
}

}  // namespace

Transfer::Transfer(std::string post, WantRow row, ImageStore& images) : post_(std::move(post)), row_(std::move(row)), images_(images) { prepare(); }

void Transfer::prepare() {
  const std::uint64_t chunks = count();
  row_.present.resize((chunks + 7) / 8);
  missing_ = 0;
  std::uint64_t first = chunks;
  for (std::uint64_t chunk = chunks; chunk-- > 0;)
    if (!has(chunk)) {
      first = chunk;
      ++missing_;
    }
  begun_.clear();
  if (row_.have_bytes > 0 && first < chunks) begun_[first] = row_.have_bytes;
  looked_ = 0;
  copies_.clear();
  by_hash_.clear();
  coming_.assign(row_.chunks.size(), false);
  digest_ = std::make_unique<Digest>();
  digested_ = 0;
  check_.reset();
  if (row_.chunks.empty()) return;
  by_hash_.resize(chunks);
  std::iota(by_hash_.begin(), by_hash_.end(), 0u);
  std::sort(by_hash_.begin(), by_hash_.end(), [this](std::uint32_t a, std::uint32_t b) {
    return row_.chunks[a] != row_.chunks[b] ? row_.chunks[a] < row_.chunks[b] : a < b;
  });
  // Copies that a restart cut short.
  for (std::size_t at = 0; at < by_hash_.size();) {
    std::size_t end = at + 1;
    while (end < by_hash_.size() && row_.chunks[by_hash_[end]] == row_.chunks[by_hash_[at]]) ++end;
    if (end - at > 1)
      for (std::size_t i = at; i < end; ++i)
        if (has(by_hash_[i])) {
          expect_twins(by_hash_[i]);
          break;
        }
    at = end;
  }
}

std::uint64_t Transfer::length_of(std::uint64_t chunk) const { return std::min<std::uint64_t>(chunk_bytes, row_.size_bytes - chunk * chunk_bytes); }

bool Transfer::has(std::uint64_t chunk) const { return (row_.present[chunk / 8] >> (chunk % 8) & 1) != 0; }

void Transfer::set(std::uint64_t chunk, bool here) {
  if (has(chunk) == here) return;
  const auto bit = static_cast<std::uint8_t>(1u << (chunk % 8));
  row_.present[chunk / 8] ^= bit;
  here ? --missing_ : ++missing_;
  dirty = true;
}

std::optional<Bytes> Transfer::own(std::uint64_t chunk) const {
  auto bytes = images_.read_unfinished(post_, row_.sha256, chunk * chunk_bytes, length_of(chunk));
  if (!bytes && bytes.error().code == ErrorCode::not_found) return {};
  Bytes here = must(std::move(bytes));
  if (here.size() != length_of(chunk)) return {};
  return here;
}

void Transfer::learn(const std::vector<Sha256>& chunks) {
  row_.chunks = chunks;
  row_.have_bytes = 0;
  fresh_manifest = dirty = tell = true;
  prepare();
}

void Transfer::forget_progress() {
  row_.chunks.clear();
  row_.have_bytes = 0;
  std::fill(row_.present.begin(), row_.present.end(), std::uint8_t{0});
  fresh_manifest = dirty = true;
  prepare();
}

Transfer::Taken Transfer::take(const BlobSlice& slice) {
  const std::uint64_t chunk = slice.offset / chunk_bytes, at = slice.offset % chunk_bytes, length = length_of(chunk);
  if (has(chunk)) return Taken::fine;
  const auto begun = begun_.find(chunk);
  const std::uint64_t have = begun == begun_.end() ? 0 : begun->second;
  if (at > have || (begun == begun_.end() && begun_.size() >= chunks_begun_max && at + slice.bytes.size() < length)) return Taken::lost;
  must(images_.write(post_, slice.blob, slice.offset, slice.bytes));
  dirty = true;
  const std::uint64_t end = std::max<std::uint64_t>(have, at + slice.bytes.size());
  if (end < length) {
    begun_[chunk] = end;
    return Taken::fine;
  }
  begun_.erase(chunk);
  std::optional<Bytes> kept;
  ByteView bytes = slice.bytes;
  if (bytes.size() != length) {
    kept = own(chunk);
    if (!kept) return Taken::lost;  // its first part is not on the disk any more
    bytes = *kept;
  }
  if (sha256(bytes) != hash_of(chunk)) return Taken::wrong;
  whole_chunk(chunk, bytes);
  wrong_chunks_ = 0;
  if (!single()) expect_twins(chunk);
  return Taken::fine;
}

void Transfer::whole_chunk(std::uint64_t chunk, ByteView bytes) {
  set(chunk, true);
  begun_.erase(chunk);
  if (single() || check_ || chunk != digested_) return;
  digest_->add(bytes);
  ++digested_;
}

/// The same content elsewhere in the blob (an empty border of a picture) need not come again.
void Transfer::expect_twins(std::uint64_t of) {
  const auto [from, to] = std::equal_range(by_hash_.begin(), by_hash_.end(), static_cast<std::uint32_t>(of),
                                           [this](std::uint32_t a, std::uint32_t b) { return row_.chunks[a] < row_.chunks[b]; });
  for (auto twin = from; twin != to; ++twin)
    if (!has(*twin) && !coming_[*twin] && length_of(*twin) == length_of(of)) {
      coming_[*twin] = true;
      copies_.emplace_back(*twin, static_cast<std::uint32_t>(of));
    }
}

/// Content that is here under another name is not sent again.
void Transfer::look(Ledger& ledger, WorkRoom& room) {
  const std::uint64_t chunks = row_.chunks.size();
  for (; looked_ < chunks && room.lookups > 0; ++looked_) {
    const std::uint64_t chunk = looked_;
    if (has(chunk) || coming_[chunk]) continue;
    if (room.chunks == 0) return;
    --room.lookups;
    if (const auto place = images_.has_time() ? ledger.chunk(row_.chunks[chunk]) : std::nullopt) {
      --room.chunks;
      const auto bytes = images_.read(place->blob, place->offset, length_of(chunk));
      if (bytes && sha256(*bytes) == row_.chunks[chunk]) {
        must(images_.write(post_, row_.sha256, chunk * chunk_bytes, *bytes));
        whole_chunk(chunk, *bytes);
        expect_twins(chunk);
        continue;
      }
    }
    tell = true;
  }
}

void Transfer::copy(WorkRoom& room) {
  for (; !copies_.empty() && room.chunks > 0; copies_.pop_front()) {
    const auto [chunk, twin] = copies_.front();
    coming_[chunk] = false;
    if (has(chunk)) continue;
    --room.chunks;
    const auto bytes = own(twin);
    if (!bytes || sha256(*bytes) != row_.chunks[chunk]) {
      chunk_is_gone(twin);
      continue;
    }
    must(images_.write(post_, row_.sha256, chunk * chunk_bytes, *bytes));
    whole_chunk(chunk, *bytes);
  }
}

/// It was here, and the disk has lost it.
void Transfer::chunk_is_gone(std::uint64_t chunk) {
  set(chunk, false);
  tell = resend = true;
  if (chunk < digested_) {
    digest_ = std::make_unique<Digest>();
    digested_ = 0;
  }
}

void Transfer::hash(WorkRoom& room) {
  for (; digested_ < count() && has(digested_) && room.chunks > 0; ++digested_) {
    --room.chunks;
    const auto bytes = own(digested_);
    if (!bytes) return chunk_is_gone(digested_);
    digest_->add(*bytes);
  }
}

Transfer::State Transfer::work(Ledger& ledger, WorkRoom& room) {
  if (!knows_chunks()) return State::waits;
  if (single()) {
    if (missing_ > 0 && row_.size_bytes > 0) return State::waits;
    if (room.chunks == 0) return State::works;
    --room.chunks;
    if (row_.size_bytes == 0) return sha256(ByteView{}) == row_.sha256 ? State::whole : State::wrong;
    const auto bytes = own(0);
    if (bytes && sha256(*bytes) == row_.sha256) return State::whole;
    chunk_is_gone(0);
    return State::wrong;
  }
  if (check_) return check(room);
  look(ledger, room);
  copy(room);
  hash(room);
  if (looked_ < count() || !copies_.empty() || (digested_ < count() && has(digested_))) return State::works;
  if (missing_ > 0) return State::waits;
  if (digest_->finish() == row_.sha256) return State::whole;
  check_.emplace();
  return check(room);
}

/// Chunks that were written before a power cut may be gone; if all are there, the manifest was wrong.
Transfer::State Transfer::check(WorkRoom& room) {
  for (; check_->next < count(); ++check_->next) {
    if (room.chunks == 0) return State::works;
    --room.chunks;
    const auto bytes = own(check_->next);
    if (bytes && sha256(*bytes) == row_.chunks[check_->next]) continue;
    set(check_->next, false);
    ++check_->gone;
  }
  const bool gone = check_->gone > 0;
  check_.reset();
  digest_ = std::make_unique<Digest>();
  digested_ = 0;
  tell = resend = true;
  if (gone) return State::works;
  forget_progress();
  return State::wrong;
}

WantRow& Transfer::save() {
  row_.have_bytes = wanted().have_bytes;
  return row_;
}

WantedBlob Transfer::wanted() const {
  WantedBlob want{hex(row_.sha256), row_.size_bytes, !knows_chunks(), {}, 0, resend, row_.boost};
  if (want.manifest) return want;
  const std::uint64_t end = single() ? count() : looked_;
  for (std::uint64_t chunk = 0; chunk < end; ++chunk) {
    if (has(chunk) || (!single() && coming_[chunk])) continue;
    if (!want.chunks.empty() && want.chunks.back().last + 1 == chunk) want.chunks.back().last = chunk;
    else want.chunks.push_back({chunk, chunk});
  }
  if (!want.chunks.empty())
    if (const auto begun = begun_.find(want.chunks.front().first); begun != begun_.end()) want.have_bytes = begun->second;
  return want;
}

}  // namespace rampa::sync::hq
