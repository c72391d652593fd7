// The ledger's half about blobs: which ones records name, which are wanted of whom, which are here.
#include <algorithm>

#include "sync/hq/ledger.hpp"

namespace rampa::sync::hq {
namespace {

constexpr std::size_t chunks_singly_max = 256;
constexpr int boosted_rank = 0, verdict_rank = 1, event_rank = 2;

Bytes joined(std::span<const Sha256> hashes) {
  Bytes out;
  out.reserve(hashes.size() * 32);
  for (const Sha256& hash : hashes) out.insert(out.end(), hash.begin(), hash.end());
  return out;
}

std::vector<Sha256> split(ByteView bytes) {
  std::vector<Sha256> out(bytes.size() / 32);
  for (std::size_t i = 0; i < out.size(); ++i) std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(i * 32), 32, out[i].begin());
  return out;
}

}  // namespace

BlobState Ledger::blob(const Sha256& sha256) {
  auto asked = database_->query("SELECT state FROM blobs WHERE sha256 = $1", sha256);
  return asked.step() ? static_cast<BlobState>(asked.number(0)) : BlobState::unknown;
}

bool Ledger::name_blob(const HistoryRow& history, Stream stream, std::uint64_t number, std::uint64_t sequence, std::size_t position, const BlobRef& ref) {
  const Sha256 sha = parse_sha256(ref.sha256).value_or(Sha256{});
  database_->run("INSERT INTO record_blobs(id, position, name, media_type, sha256, size_bytes) VALUES($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                 record_key(history.id, stream, number), position, ref.name, ref.media_type, sha, ref.size_bytes);
  if (ref.size_bytes > blob_bytes_max) return false;  // no such blob can exist; room for its chunks is not made on a post's word
  const BlobState state = blob(sha);
  if (state == BlobState::held) return false;
  // A blob given up earlier (not there, wrong three times) is asked for again when a new record names it.
  if (state != BlobState::missing)
    database_->run("INSERT INTO blobs(sha256, size_bytes, state) VALUES($1, $2, 1) ON CONFLICT(sha256) DO UPDATE SET state = 1", sha, ref.size_bytes);
  database_->run("INSERT INTO wants(post, sha256, size_bytes, rank, sequence, present) VALUES($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                 history.post, sha, ref.size_bytes, stream == Stream::verdicts ? verdict_rank : event_rank, sequence, Bytes{});
  return true;
}

namespace {

WantRow want_in(const Query& row) {
  return {row.fixed<32>(0), row.count(1), row.number(2) == boosted_rank, static_cast<int>(row.number(3)), {}, row.copy(4), row.count(5)};
}

}  // namespace

std::vector<WantRow> Ledger::wants(const std::string& post, std::size_t limit) {
  std::vector<WantRow> out;
  auto asked = database_->query("SELECT sha256, size_bytes, rank, attempts, present, have FROM wants WHERE post = $1"
                                " ORDER BY rank, sequence, sha256 LIMIT $2", post, limit);
  while (asked.step()) out.push_back(want_in(asked));
  return out;
}

std::optional<WantRow> Ledger::want(const std::string& post, const Sha256& sha256) {
  auto asked = database_->query("SELECT sha256, size_bytes, rank, attempts, present, have FROM wants WHERE post = $1 AND sha256 = $2", post, sha256);
  if (!asked.step()) return {};
  return want_in(asked);
}

std::vector<Sha256> Ledger::manifest(const std::string& post, const Sha256& sha256) {
  auto asked = database_->query("SELECT chunks FROM manifests WHERE post = $1 AND sha256 = $2", post, sha256);
  return asked.step() ? split(asked.bytes(0)) : std::vector<Sha256>{};
}

void Ledger::save(const std::string& post, const WantRow& w) {
  database_->run("UPDATE wants SET attempts = $1, present = $2, have = $3 WHERE post = $4 AND sha256 = $5", w.attempts, w.present, w.have_bytes, post, w.sha256);
}

void Ledger::save_manifest(const std::string& post, const WantRow& w) {
  database_->run("DELETE FROM manifests WHERE post = $1 AND sha256 = $2", post, w.sha256);
  if (!w.chunks.empty()) database_->run("INSERT INTO manifests(post, sha256, chunks) VALUES($1, $2, $3)", post, w.sha256, joined(w.chunks));
}

bool Ledger::boost(const std::string& post, const Sha256& sha256) {
  auto changed = database_->query("UPDATE wants SET rank = $1 WHERE sha256 = $2 AND post = $3 RETURNING post", boosted_rank, sha256, post);
  const bool any = changed.step();
  while (any && changed.step()) {}
  return any;
}

void Ledger::held(const Sha256& sha256, std::uint64_t size_bytes, std::span<const Sha256> chunks, WallTime now) {
  database_->run("INSERT INTO blobs(sha256, size_bytes, state, held_ms) VALUES($1, $2, 2, $3) ON CONFLICT(sha256) DO UPDATE SET"
                 " state = 2, size_bytes = excluded.size_bytes, held_ms = excluded.held_ms", sha256, size_bytes, now.ms);
  database_->run("DELETE FROM wants WHERE sha256 = $1", sha256);
  database_->run("DELETE FROM manifests WHERE sha256 = $1", sha256);
  if (chunks.size() <= chunks_singly_max) {
    for (std::size_t i = 0; i < chunks.size(); ++i)
      database_->run("INSERT INTO chunks(hash, blob, place) VALUES($1, $2, $3) ON CONFLICT DO NOTHING", chunks[i], sha256, i * chunk_bytes);
    return;
  }
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    many_chunks_->add(ByteView{chunks[i]}).add(ByteView{sha256}).add(static_cast<std::int64_t>(i * chunk_bytes));
    many_chunks_->end_row();
  }
  many_chunks_->flush();
  database_->run("INSERT INTO chunks(hash, blob, place) SELECT hash, blob, place FROM many_chunks WHERE true ON CONFLICT DO NOTHING");
  database_->run("DELETE FROM many_chunks");
}

std::vector<Ledger::HeldBlob> Ledger::held_blobs(const Sha256& after, std::size_t limit) {
  std::vector<HeldBlob> out;
  auto asked = database_->query("SELECT sha256, size_bytes FROM blobs WHERE state = 2 AND sha256 > $1 ORDER BY sha256 LIMIT $2", after, limit);
  while (asked.step()) out.push_back({asked.fixed<32>(0), asked.count(1)});
  return out;
}

std::vector<std::string> Ledger::lose(const Sha256& sha256) {
  std::uint64_t size_bytes = 0;
  {
    auto changed = database_->query("UPDATE blobs SET state = 1 WHERE sha256 = $1 RETURNING size_bytes", sha256);
    while (changed.step()) size_bytes = changed.count(0);
  }
  std::vector<std::pair<std::string, std::int64_t>> named;  // the first record of each post; verdicts' keys are the lower ones
  {
    auto asked = database_->query("SELECT h.post, min(r.id) FROM record_blobs r JOIN histories h ON h.id = r.id / 4398046511104"
                                  " WHERE r.sha256 = $1 GROUP BY h.post", sha256);
    while (asked.step()) named.emplace_back(asked.text(0), asked.number(1));
  }
  std::vector<std::string> posts;
  for (const auto& [post, record] : named) {
    database_->run("INSERT INTO wants(post, sha256, size_bytes, rank, sequence, present) VALUES($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                   post, sha256, size_bytes, stream_of_key(record) == Stream::verdicts ? verdict_rank : event_rank, number_of_key(record), Bytes{});
    posts.push_back(post);
  }
  return posts;
}

void Ledger::give_up(const std::string& post, const Sha256& sha256) {
  database_->run("DELETE FROM wants WHERE post = $1 AND sha256 = $2", post, sha256);
  database_->run("DELETE FROM manifests WHERE post = $1 AND sha256 = $2", post, sha256);
  database_->run("UPDATE blobs SET state = 3 WHERE sha256 = $1 AND state = 1 AND NOT EXISTS(SELECT 1 FROM wants WHERE wants.sha256 = $1)", sha256);
}

bool Ledger::names(const std::string& post, const Sha256& sha256) {
  // A record's key holds its history: see record_key().
  auto asked = database_->query("SELECT 1 FROM record_blobs r JOIN histories h ON h.id = r.id / 4398046511104 WHERE r.sha256 = $1 AND h.post = $2 LIMIT 1",
                                sha256, post);
  return asked.step();
}

std::optional<Ledger::ChunkPlace> Ledger::chunk(const Sha256& hash) {
  auto asked = database_->query("SELECT blob, place FROM chunks WHERE hash = $1", hash);
  if (!asked.step()) return {};
  return ChunkPlace{asked.fixed<32>(0), asked.count(1)};
}

}  // namespace rampa::sync::hq
