#include "sync/hq/blob_intake.hpp"

#include <algorithm>

namespace rampa::sync::hq {
namespace {

/// Disk trouble: ends the group.
template <class Value>
Value must(Result<Value> done) {
  if (!done) throw DatabaseError(done.error().code, done.error().what);
  if constexpr (!std::is_void_v<Value>) return std::move(*done);
}

bool has(const WantRow& row, std::uint64_t chunk) { return (row.present[chunk / 8] >> (chunk % 8) & 1) != 0; }
void set(WantRow& row, std::uint64_t chunk, bool here) {
  const auto bit = static_cast<std::uint8_t>(1u << (chunk % 8));
  if (here) row.present[chunk / 8] |= bit;
  else row.present[chunk / 8] &= static_cast<std::uint8_t>(~bit);
}
std::uint64_t length_of(const WantRow& row, std::uint64_t chunk) { return std::min<std::uint64_t>(chunk_bytes, row.size_bytes - chunk * chunk_bytes); }
bool single(const WantRow& row) { return row.size_bytes <= chunk_bytes; }
const Sha256& hash_of(const WantRow& row, std::uint64_t chunk) { return single(row) ? row.sha256 : row.chunks[chunk]; }
std::uint64_t first_missing(const WantRow& row) {
  const std::uint64_t count = chunks_of(row.size_bytes);
  std::uint64_t chunk = 0;
  while (chunk < count && has(row, chunk)) ++chunk;
  return chunk;
}

}  // namespace

void BlobIntake::begin(Post& state, WantRow row) {
  Transfer& t = state.active[row.sha256];
  t.row = std::move(row);
  t.row.present.resize((chunks_of(t.row.size_bytes) + 7) / 8);
  if (t.row.have_bytes > 0) t.begun[first_missing(t.row)] = t.row.have_bytes;
}

BlobIntake::Transfer* BlobIntake::transfer(Post& state, const std::string& post, const Sha256& sha256) {
  if (const auto found = state.active.find(sha256); found != state.active.end()) return &found->second;
  auto row = ledger_.want(post, sha256);
  if (!row) return nullptr;
  begin(state, std::move(*row));
  return &state.active[sha256];
}

void BlobIntake::drop(const std::string& post, Post& state, const Sha256& sha256) {
  ledger_.give_up(post, sha256);
  images_.discard(post, sha256);
  state.dropped.insert(hex(sha256));
  state.active.erase(sha256);
  state.look = true;  // room for the next ones
}

/// Held, given up or never named: nothing more of it, please. Only what is here is said to be here.
void BlobIntake::not_wanted(Post& state, const Sha256& sha256) {
  (images_.holds(sha256) ? state.done : state.dropped).insert(hex(sha256));
}

void BlobIntake::wrong(const std::string& post, Post& state, Transfer& t, const std::string& what, Stamp now) {
  bell_.alarm(post, 0, "blob_content", hex(t.row.sha256) + ": " + what, now);
  t.touched = t.resend = true;
  if (++t.row.attempts >= blob_attempts_max) drop(post, state, Sha256{t.row.sha256});
}

void BlobIntake::take(const std::string& post, const Manifest& manifest, Stamp now) {
  Post& state = posts_[post];
  Transfer* t = transfer(state, post, manifest.blob);
  if (!t) return not_wanted(state, manifest.blob);
  if (t->row.size_bytes != manifest.size_bytes) {
    bell_.alarm(post, 0, "blob_size", hex(manifest.blob) + ": the record says " + std::to_string(t->row.size_bytes) + " bytes, the manifest " +
                                          std::to_string(manifest.size_bytes), now);
    return drop(post, state, manifest.blob);
  }
  t->touched = true;
  if (!t->row.chunks.empty()) return;
  t->row.chunks = manifest.chunks;
  t->fresh_manifest = true;
  // Content that is here under another name is not sent again.
  for (std::uint64_t chunk = 0; chunk < manifest.chunks.size(); ++chunk) {
    if (has(t->row, chunk)) continue;
    const auto place = ledger_.chunk(manifest.chunks[chunk]);
    if (!place) continue;
    const auto bytes = images_.read(place->blob, place->offset, length_of(t->row, chunk));
    if (bytes && sha256(*bytes) == manifest.chunks[chunk]) {
      must(images_.write(post, manifest.blob, chunk * chunk_bytes, *bytes));
      chunk_is_whole(post, *t, chunk, *bytes);
    }
  }
  if (whole(*t)) finish(post, state, *t, now);
}

void BlobIntake::take(const std::string& post, const BlobSlice& slice, Stamp now) {
  Post& state = posts_[post];
  Transfer* t = transfer(state, post, slice.blob);
  if (!t) return not_wanted(state, slice.blob);
  if (slice.size_bytes != t->row.size_bytes) {
    bell_.alarm(post, 0, "blob_size", hex(slice.blob) + ": the record says " + std::to_string(t->row.size_bytes) + " bytes, the slice " +
                                          std::to_string(slice.size_bytes), now);
    return drop(post, state, slice.blob);
  }
  t->touched = true;
  if (slice.size_bytes == 0) return finish(post, state, *t, now);
  if (!single(t->row) && t->row.chunks.empty()) return void(t->resend = true);
  const std::uint64_t chunk = slice.offset / chunk_bytes, at = slice.offset % chunk_bytes, length = length_of(t->row, chunk);
  if (has(t->row, chunk)) return;
  std::uint64_t& have = t->begun[chunk];
  if (at > have) {
    t->resend = true;
    return;
  }
  must(images_.write(post, slice.blob, slice.offset, slice.bytes));
  have = std::max<std::uint64_t>(have, at + slice.bytes.size());
  if (have < length) return;
  t->begun.erase(chunk);
  Bytes own;
  ByteView bytes = slice.bytes;
  if (bytes.size() != length) bytes = own = must(images_.read_unfinished(post, slice.blob, chunk * chunk_bytes, length));
  if (sha256(bytes) != hash_of(t->row, chunk))
    return wrong(post, state, *t, "chunk " + std::to_string(chunk) + " arrived with other content", now);
  chunk_is_whole(post, *t, chunk, bytes);
  // The same content elsewhere in the blob (an empty border of a picture) need not come again.
  if (!single(t->row))
    for (std::uint64_t twin = chunk + 1; twin < t->row.chunks.size(); ++twin)
      if (t->row.chunks[twin] == t->row.chunks[chunk] && !has(t->row, twin) && length_of(t->row, twin) == bytes.size()) {
        must(images_.write(post, slice.blob, twin * chunk_bytes, bytes));
        t->begun.erase(twin);
        chunk_is_whole(post, *t, twin, bytes);
      }
  if (whole(*t)) finish(post, state, *t, now);
}

void BlobIntake::take(const std::string& post, const Unavailable& gone, Stamp now) {
  Post& state = posts_[post];
  const Sha256 sha = parse_sha256(gone.sha256).value_or(Sha256{});
  if (!transfer(state, post, sha)) return;
  bell_.alarm(post, 0, "blob_unavailable", gone.sha256 + ": " + gone.reason, now);
  drop(post, state, sha);
}

void BlobIntake::chunk_is_whole(const std::string& post, Transfer& t, std::uint64_t chunk, ByteView bytes) {
  set(t.row, chunk, true);
  advance(post, t, chunk, bytes);
}

void BlobIntake::advance(const std::string& post, Transfer& t, std::uint64_t chunk, ByteView bytes) {
  if (single(t.row) || chunk != t.digested) return;
  t.digest->add(bytes);
  for (++t.digested; t.digested < t.row.chunks.size() && has(t.row, t.digested); ++t.digested)
    t.digest->add(must(images_.read_unfinished(post, t.row.sha256, t.digested * chunk_bytes, length_of(t.row, t.digested))));
}

bool BlobIntake::whole(const Transfer& t) const {
  return (single(t.row) || !t.row.chunks.empty()) && first_missing(t.row) == chunks_of(t.row.size_bytes);
}

void BlobIntake::finish(const std::string& post, Post& state, Transfer& t, Stamp now) {
  const Sha256 sha = t.row.sha256;
  if (!single(t.row)) {
    for (; t.digested < t.row.chunks.size(); ++t.digested)
      t.digest->add(must(images_.read_unfinished(post, sha, t.digested * chunk_bytes, length_of(t.row, t.digested))));
    const bool right = t.digest->finish() == sha;
    t.digested = 0;
    if (!right) {
      // Chunks that were written before a power cut may be gone; if all are there, the manifest was wrong.
      std::size_t gone = 0;
      for (std::uint64_t chunk = 0; chunk < t.row.chunks.size(); ++chunk) {
        const auto bytes = images_.read_unfinished(post, sha, chunk * chunk_bytes, length_of(t.row, chunk));
        if (bytes && sha256(*bytes) == t.row.chunks[chunk]) continue;
        set(t.row, chunk, false);
        ++gone;
      }
      t.digest = std::make_unique<Digest>();
      t.touched = t.resend = true;
      if (gone > 0) return;
      t.row.chunks.clear();
      std::fill(t.row.present.begin(), t.row.present.end(), 0);
      t.fresh_manifest = true;
      return wrong(post, state, t, "its chunks are those of its manifest, but do not make this blob", now);
    }
  } else if (t.row.size_bytes > 0) {
    const auto bytes = must(images_.read_unfinished(post, sha, 0, t.row.size_bytes));
    if (sha256(bytes) != sha) {
      set(t.row, 0, false);
      return wrong(post, state, t, "its bytes are not those that arrived", now);
    }
  } else if (sha256(ByteView{}) != sha) {
    bell_.alarm(post, 0, "blob_content", hex(sha) + ": no empty blob has this hash", now);
    return drop(post, state, sha);
  }
  must(images_.finish(post, sha));
  ledger_.held(sha, t.row.size_bytes, t.row.chunks, now.wall);
  state.done.insert(hex(sha));
  state.active.erase(sha);
  state.look = true;
  bell_.tell({"blob", post, hex(sha), 0});
}

WantedBlob BlobIntake::wanted(const Transfer& t) const {
  WantedBlob want{hex(t.row.sha256), t.row.size_bytes, !single(t.row) && t.row.chunks.empty(), {}, 0, t.resend, t.row.boost};
  if (want.manifest) return want;
  const std::uint64_t count = chunks_of(t.row.size_bytes);
  for (std::uint64_t chunk = 0; chunk < count; ++chunk) {
    if (has(t.row, chunk)) continue;
    if (!want.chunks.empty() && want.chunks.back().last + 1 == chunk) want.chunks.back().last = chunk;
    else want.chunks.push_back({chunk, chunk});
  }
  if (!want.chunks.empty())
    if (const auto begun = t.begun.find(want.chunks.front().first); begun != t.begun.end()) want.have_bytes = begun->second;
  return want;
}

void BlobIntake::choose(const std::string& post, Post& state, Stamp now) {
  if (state.anew)
    for (auto& [sha, t] : state.active) t.touched = true;
  // What HQ can settle by itself needs no asking; then there is room for others.
  for (bool settled = true; std::exchange(settled, false);) {
    for (WantRow& row : ledger_.wants(post, blobs_asked_max)) {
      const Sha256 sha = row.sha256;
      if (images_.holds(sha)) {
        ledger_.held(sha, row.size_bytes, row.chunks, now.wall);
        state.done.insert(hex(sha));  // the post may have slices of it under way
        state.active.erase(sha);
        settled = true;
        continue;
      }
      const bool boost = row.boost;
      const bool asked = state.active.contains(sha);
      if (!asked) begin(state, std::move(row));
      Transfer& t = state.active[sha];
      if (t.row.size_bytes == 0 || whole(t)) {
        const std::size_t before = state.active.size();
        finish(post, state, t, now);
        settled |= state.active.size() != before;
        continue;
      }
      t.touched |= !asked || boost != t.row.boost;
      t.row.boost = boost;
    }
  }
}

std::vector<std::pair<std::string, Want>> BlobIntake::settle(Stamp now) {
  std::vector<std::pair<std::string, Want>> out;
  for (auto& [post, state] : posts_) {
    if (state.look || state.anew) choose(post, state, now);
    state.look = state.anew = false;
    Want want;
    for (auto& [sha, t] : state.active) {
      if (!t.touched) continue;
      want.blobs.push_back(wanted(t));
      t.row.have_bytes = want.blobs.back().have_bytes;
      ledger_.save(post, t.row);
      if (t.fresh_manifest) ledger_.save_manifest(post, t.row);
      t.touched = t.resend = t.fresh_manifest = false;
    }
    want.done.assign(state.done.begin(), state.done.end());
    state.done.clear();
    want.dropped.assign(state.dropped.begin(), state.dropped.end());
    state.dropped.clear();
    if (!want.blobs.empty() || !want.done.empty() || !want.dropped.empty()) out.emplace_back(post, std::move(want));
  }
  return out;
}

}  // namespace rampa::sync::hq
