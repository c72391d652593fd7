#include "sync/hq/blob_intake.hpp"

#include <algorithm>

#include "sync/hq/eviction.hpp"

namespace rampa::sync::hq {
namespace {

constexpr int choices_max = 16;  ///< in one group; each may settle blobs_asked_max that are here already

}  // namespace

Transfer& BlobIntake::begin(Post& state, const std::string& post, WantRow row) {
  row.chunks = ledger_.manifest(post, row.sha256);
  const Sha256 sha = row.sha256;
  state.works = true;
  return state.active.try_emplace(sha, post, std::move(row), images_).first->second;
}

Transfer* BlobIntake::transfer(Post& state, const std::string& post, const Sha256& sha256) {
  if (const auto found = state.active.find(sha256); found != state.active.end()) return &found->second;
  auto row = ledger_.want(post, sha256);
  if (!row) return nullptr;
  make_room(post, state, sha256, 0);
  return &begin(state, post, std::move(*row));
}

/// For this one, with a manifest of so many bytes. What another one has is in the ledger, so it can be read again.
void BlobIntake::make_room(const std::string& post, Post& state, const Sha256& keep, std::size_t bytes) {
  for (const auto& [sha, t] : state.active) bytes += t.row().chunks.size() * sizeof(Sha256);
  while (state.active.size() >= transfers_max || bytes > manifest_bytes_max) {
    auto victim = state.active.end();
    for (auto at = state.active.begin(); at != state.active.end(); ++at)  // rather one that nothing happens to
      if (at->first != keep && (victim == state.active.end() || (victim->second.tell && !at->second.tell))) victim = at;
    if (victim == state.active.end()) return;
    save(post, victim->second);
    bytes -= victim->second.row().chunks.size() * sizeof(Sha256);
    state.active.erase(victim);
  }
}

void BlobIntake::save(const std::string& post, Transfer& t) {
  if (!t.dirty) return;
  ledger_.save(post, t.save());
  if (t.fresh_manifest) ledger_.save_manifest(post, t.row());
  t.dirty = t.fresh_manifest = false;
}

void BlobIntake::drop(const std::string& post, Post& state, const Sha256& sha256) {
  const Sha256 sha = sha256;  // it may lie in what goes now
  ledger_.give_up(post, sha);
  images_.discard(post, sha);
  state.dropped.insert(hex(sha));
  state.active.erase(sha);
  state.look = true;  // room for the next ones
}

/// Held, given up or never named: nothing more of it, please. Only what is here is said to be here: where there is no time to look, it
/// is said when the post sends it again.
void BlobIntake::not_wanted(Post& state, const Sha256& sha256) {
  const bool named_here = ledger_.blob(sha256) == BlobState::held;
  if (named_here && !images_.has_time()) return;
  (named_here && images_.holds(sha256) ? state.done : state.dropped).insert(hex(sha256));
}

void BlobIntake::wrong(const std::string& post, Post& state, Transfer& t, int times, const std::string& what, Stamp now) {
  bell_.alarm(post, 0, "blob_content", hex(t.row().sha256) + ": " + what, now);
  t.tell = t.resend = t.dirty = true;
  if (times >= blob_attempts_max) drop(post, state, t.row().sha256);
}

void BlobIntake::take(const std::string& post, const Manifest& manifest, Stamp now) {
  Post& state = posts_[post];
  Transfer* t = transfer(state, post, manifest.blob);
  if (!t) return not_wanted(state, manifest.blob);
  if (t->row().size_bytes != manifest.size_bytes) {
    bell_.alarm(post, 0, "blob_size", hex(manifest.blob) + ": the record says " + std::to_string(t->row().size_bytes) + " bytes, the manifest " +
                                          std::to_string(manifest.size_bytes), now);
    return drop(post, state, manifest.blob);
  }
  t->tell = true;
  if (t->knows_chunks()) return;
  make_room(post, state, manifest.blob, manifest.chunks.size() * sizeof(Sha256));
  t->learn(manifest.chunks);
  state.works = true;
}

void BlobIntake::take(const std::string& post, const BlobSlice& slice, Stamp now) {
  Post& state = posts_[post];
  Transfer* t = transfer(state, post, slice.blob);
  if (!t) return not_wanted(state, slice.blob);
  if (slice.size_bytes != t->row().size_bytes) {
    bell_.alarm(post, 0, "blob_size", hex(slice.blob) + ": the record says " + std::to_string(t->row().size_bytes) + " bytes, the slice " +
                                          std::to_string(slice.size_bytes), now);
    return drop(post, state, slice.blob);
  }
  t->tell = state.works = true;
  if (slice.size_bytes == 0) return;
  if (!t->knows_chunks()) return void(t->resend = true);
  switch (t->take(slice)) {
    case Transfer::Taken::fine: return;
    case Transfer::Taken::lost: return void(t->resend = true);
    case Transfer::Taken::wrong:
      return wrong(post, state, *t, t->count_wrong_chunk(), "chunk " + std::to_string(slice.offset / chunk_bytes) + " arrived with other content", now);
  }
}

void BlobIntake::take(const std::string& post, const Unavailable& gone, Stamp now) {
  Post& state = posts_[post];
  const Sha256 sha = parse_sha256(gone.sha256).value_or(Sha256{});
  if (!transfer(state, post, sha)) return;
  ledger_.flush();
  const auto evictions = evictions_of(ledger_.database(), sha);  // planned: its record says so
  if (std::none_of(evictions.begin(), evictions.end(), [&](const Eviction& e) { return e.post == post; }))
    bell_.alarm(post, 0, "blob_unavailable", gone.sha256 + ": " + gone.reason, now);
  drop(post, state, sha);
}

void BlobIntake::finish(const std::string& post, Post& state, const Transfer& t, Stamp now) {
  const WantRow row = t.row();
  const auto finished = images_.finish(post, row.sha256);
  if (!finished && finished.error().code == ErrorCode::busy) {  // records do not wait for it
    if (finished.error().what != std::exchange(told_, finished.error().what)) bell_.tell({"blob_waits", post, hex(row.sha256) + ": " + finished.error().what, 0});
    state.finishing.insert(row.sha256);
    return;
  }
  if (!finished) throw DatabaseError(finished.error().code, finished.error().what);
  state.finishing.erase(row.sha256);
  ledger_.held(row.sha256, row.size_bytes, row.chunks, now.wall);
  state.done.insert(hex(row.sha256));
  state.active.erase(row.sha256);
  state.look = true;
  bell_.tell({"blob", post, hex(row.sha256), 0});
}

void BlobIntake::finish_again(const std::string& post, Post& state, Stamp now) {
  const std::set<Sha256> waiting = state.finishing;
  for (const Sha256& sha : waiting) {
    const auto found = state.active.find(sha);
    if (found == state.active.end()) state.finishing.erase(sha);  // it made room: taken up again when it is chosen
    else finish(post, state, found->second, now);
  }
}

void BlobIntake::work(const std::string& post, Post& state, WorkRoom& room, Stamp now) {
  if (!std::exchange(state.works, false)) return;
  for (auto at = state.active.begin(); at != state.active.end();) {
    if (state.finishing.contains(at->first)) {
      ++at;
      continue;
    }
    Transfer& t = (at++)->second;  // it may go
    switch (t.work(ledger_, room)) {
      case Transfer::State::waits: break;
      case Transfer::State::works: state.works = true; break;
      case Transfer::State::whole: finish(post, state, t, now); break;
      case Transfer::State::wrong:
        if (t.row().size_bytes == 0) {
          bell_.alarm(post, 0, "blob_content", hex(t.row().sha256) + ": no empty blob has this hash", now);
          drop(post, state, t.row().sha256);
        } else {
          wrong(post, state, t, t.count_wrong(), t.single() ? "its bytes are not those that arrived" : "its chunks are those of its manifest, but do not make this blob", now);
        }
    }
  }
}

void BlobIntake::choose(const std::string& post, Post& state, Stamp now) {
  if (std::exchange(state.anew, false))
    for (auto& [sha, t] : state.active) t.tell = true;
  // What HQ can settle by itself needs no asking; then there is room for others.
  state.look = false;
  for (WantRow& row : ledger_.wants(post, blobs_asked_max)) {
    const Sha256 sha = row.sha256;
    const auto known = state.active.find(sha);
    if (known != state.active.end()) {
      known->second.tell |= row.boost != known->second.row().boost;
      known->second.set_boost(row.boost);
      continue;
    }
    if (!images_.has_time()) {
      state.later = true;
      return;
    }
    if (images_.holds(sha)) {
      ledger_.held(sha, row.size_bytes, ledger_.manifest(post, sha), now.wall);
      state.done.insert(hex(sha));  // the post may have slices of it under way
      state.look = true;
      continue;
    }
    make_room(post, state, sha, 0);
    begin(state, post, std::move(row)).tell = true;
  }
}

std::vector<std::pair<std::string, Want>> BlobIntake::settle(Stamp now) {
  std::vector<std::pair<std::string, Want>> out;
  WorkRoom room{work_.chunks, work_.lookups};
  std::vector<std::string> turns;
  for (const auto& [post, state] : posts_)
    if (state.look || state.anew || state.works || state.later || !state.finishing.empty()) turns.push_back(post);
  std::rotate(turns.begin(), std::upper_bound(turns.begin(), turns.end(), turn_), turns.end());
  if (!turns.empty()) turn_ = turns.front();
  for (const std::string& post : turns) {
    Post& state = posts_[post];
    finish_again(post, state, now);
    state.look |= std::exchange(state.later, false);
    for (int i = 0; i < choices_max && (i == 0 || state.look); ++i) {
      if (state.look || state.anew) choose(post, state, now);
      work(post, state, room, now);
    }
  }
  busy_ = waiting_ = false;
  for (auto& [post, state] : posts_) {
    busy_ |= state.look || state.works;
    waiting_ |= state.later || !state.finishing.empty();
    Want want;
    for (auto& [sha, t] : state.active) {
      if (t.tell) want.blobs.push_back(t.wanted());
      save(post, t);
      t.tell = t.resend = false;
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
