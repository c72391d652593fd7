// Walks everything that the store keeps and names the first thing that does not hold.
#include <sodium.h>

#include <map>
#include <set>

#include "edge/crossing/record_json.hpp"
#include "edge/store/blob_files.hpp"
#include "edge/store/blob_store.hpp"
#include "edge/store/durable_file.hpp"
#include "edge/store/journal_reader.hpp"
#include "edge/store/picture_rows.hpp"
#include "edge/store/picture_schema.hpp"
#include "edge/store/seal_log.hpp"
#include "edge/store/store.hpp"

namespace rampa::store {

namespace {

constexpr std::size_t k_batch = 512;

class Walk {
 public:
  Walk(std::string directory, const std::function<void(int)>& progress)
      : layout_{std::move(directory)}, progress_(progress), blobs_(make_blob_reader(disk_, layout_)) {}

  /// Errors: only where nothing can be checked at all.
  Result<VerifyReport> run() {
    if (!disk_->exists(layout_.journal())) return fail(ErrorCode::not_found, layout_.root + " is no post's directory (it has no journal/)");
    auto segments = list_segments(*disk_, layout_);
    if (!segments) return tl::unexpected(segments.error());
    if (segments->empty()) return broken(layout_.journal() + " holds no segment; restore it from the backup");
    auto applied = picture_applied();
    auto keys = KeyRing::open_readonly(*disk_, layout_);
    if (!keys) return broken(keys.error().what);
    keys_.emplace(std::move(*keys));
    auto temporary = Picture::open("");
    if (!temporary) return tl::unexpected(temporary.error());
    expected_ = std::move(*temporary);
    if (!read_seals()) return report_;
    for (std::size_t i = 0; i < segments->size(); ++i) {
      say(static_cast<int>(90 * i / segments->size()));
      if (!segment((*segments)[i], i == 0, i + 1 == segments->size(), applied.value_or(0))) return report_;
    }
    if (!check_ends() || !check_missing()) return report_;
    say(90);
    if (!applied && applied.error().code != ErrorCode::not_found) return broken(applied.error().what + rebuild_hint());
    if (applied) check_picture();
    say(100);
    return report_;
  }

 private:
  VerifyReport broken(const std::string& what) {
    if (report_.first_broken.empty()) report_.first_broken = what;
    return report_;
  }
  bool bad(const std::string& what) {
    broken(what);
    return false;
  }
  void say(int percent) {
    if (progress_) progress_(percent);
  }
  std::string rebuild_hint() const { return "; move " + layout_.picture() + " away: Rampa builds it anew from the journal"; }

  bool read_seals() {
    auto seals = store::read_seals(*disk_, layout_);
    if (!seals) {
      return bad(seals.error().code == ErrorCode::not_found
                     ? layout_.heads_log() + " is missing: whether the journal was cut cannot be told; restore it from the backup"
                     : seals.error().what);
    }
    // Seal 0 is made with the journal, before its first record.
    if (seals->empty() || seals->front().seal.sequence != 0)
      return bad(layout_.heads_log() + (seals->empty() ? " holds no whole seal" : " does not begin with the journal's first seal") +
                 ": whether the journal was cut cannot be told; restore it from the backup");
    std::uint64_t last = 0;
    for (std::size_t i = 0; i < seals->size(); ++i) {
      const format::Seal& seal = (*seals)[i].seal;
      if (seal.sequence < last)
        return bad(layout_.heads_log() + ": seal " + std::to_string(i + 1) + " stands for record " + std::to_string(seal.sequence) +
                   " after one for " + std::to_string(last) + ": the file was put together from parts; restore it from the backup");
      last = seal.sequence;
    }
    seals_ = std::move(*seals);
    return true;
  }

  bool segment(const SegmentPlace& place, bool first, bool last, std::uint64_t applied) {
    auto bytes = read_file(*disk_, place.path);
    if (!bytes) return bad(bytes.error().what + "; restore it from the backup");
    if (auto header = format::parse_segment_header(*bytes)) {
      if (first) {
        post_ = header->post;
        previous_ = format::genesis(post_);
      }
      if (header->post != post_) return bad(place.path + " belongs to post " + header->post.text + ", not to " + post_.text);
      if (header->first_sequence != next_ || header->previous != previous_)
        return bad(place.path + ": begins with record " + std::to_string(header->first_sequence) + ", but the chain stands at record " +
                   std::to_string(next_ - 1) + ": records or a whole segment are missing or were changed; restore them from the backup");
    }
    // The last segment may be growing right now; only whole groups count.
    auto scan = scan_segment(*bytes);
    if (!scan) return bad(place.path + ": " + scan.error().what + "; restore it from the backup");
    bool fine = true;
    (void)scan_segment(*bytes, [&](const format::ParsedRecord& r, std::uint64_t offset) {
      if (fine && r.entry.sequence == next_ && r.entry.sequence <= scan->last_sequence) fine = record(r, place, offset, applied);
    });
    if (!fine) return false;
    if (scan->damage)
      return bad(place.path + ": record " + std::to_string(scan->damage->sequence) + " at offset " + std::to_string(scan->damage->offset) + ": " +
                 scan->damage->what + "; restore the segment from the backup, HQ has its records up to the cursor");
    if (scan->last_sequence < scan->last_synced)
      return bad(place.path + " ends at record " + std::to_string(scan->last_sequence) + ", but record " + std::to_string(scan->last_synced) +
                 " was durable: its end is broken; restore it from the backup");
    if (!last && !scan->torn.empty()) stale_ = place.path;  // harmless unless the next segment does not follow
    return flush();
  }

  bool record(const format::ParsedRecord& r, const SegmentPlace& place, std::uint64_t offset, std::uint64_t applied) {
    ++report_.records;
    previous_ = r.hash;
    const std::string name = place.path + ": record " + std::to_string(next_++);
    while (next_seal_ < seals_.size() && seals_[next_seal_].seal.sequence < r.entry.sequence) {
      // Sequence 0 is the journal's birth: its head is the genesis, which the signature covers.
      if (!signature(next_seal_)) return false;
      ++next_seal_;
    }
    while (next_seal_ < seals_.size() && seals_[next_seal_].seal.sequence == r.entry.sequence) {
      if (seals_[next_seal_].seal.head != r.hash)
        return bad(name + " is not the one that was sealed (" + layout_.heads_log() + ", seal " + std::to_string(next_seal_ + 1) +
                   "): the journal was written anew; restore it from the backup");
      if (!signature(next_seal_)) return false;
      ++next_seal_;
    }
    auto personal = keys_->decrypt(r.entry);
    if (!personal) return bad(name + ": " + personal.error().what);
    for (const BlobRef& ref : r.entry.blobs) {
      if (!checked_blobs_.insert(ref.sha256).second) continue;
      // One that made room has its tombstone further on; it is taken off the list there.
      if (!disk_->exists(blob_path(layout_, ref.sha256))) {
        missing_.emplace(ref.sha256, name + " names " + ref.name + ": " + blob_path(layout_, ref.sha256) + " is missing and no record says that it was removed");
        checked_blobs_.erase(ref.sha256);
        continue;
      }
      if (!blob(ref, name)) return false;
      ++report_.blobs;
    }
    if (r.entry.kind == "blob_evicted") tombstone(r.entry);
    if (r.entry.sequence > applied) return true;
    waiting_.push_back({r.entry, r.hash, place.first_sequence, offset, r.length, std::move(*personal)});
    return waiting_.size() < k_batch || flush();
  }

  void tombstone(const format::Entry& entry) {
    const auto body = decode(entry.open, "");
    const auto* evicted = body ? std::get_if<BlobEvicted>(&*body) : nullptr;
    if (!evicted) return;
    if (missing_.erase(evicted->sha256) > 0) ++(evicted->held_at_hq ? report_.blobs_at_hq : report_.blobs_removed);
  }

  /// Blobs that were taken away while this walked: their tombstones came after the records that were read.
  bool check_missing() {
    RecordSource source(disk_, layout_);
    for (std::uint64_t next = next_; !missing_.empty(); ++next) {
      auto read = source.by_sequence(next);
      if (!read) break;
      if (read->record.entry.kind == "blob_evicted") tombstone(read->record.entry);
    }
    return missing_.empty() || bad(missing_.begin()->second + "; restore the file from the backup or from HQ");
  }

  bool signature(std::size_t index) {
    const StoredSeal& s = seals_[index];
    if (s.seal.key != keys_->public_key() || !format::signature_holds(s.bytes, post_))
      return bad(layout_.heads_log() + ": seal " + std::to_string(index + 1) + " (record " + std::to_string(s.seal.sequence) +
                 ") is not signed by this device; restore heads/ and keys/ from the same backup");
    if (s.seal.sequence == 0 && s.seal.head != format::genesis(post_))
      return bad(layout_.heads_log() + ": the first seal is another post's; restore it from the backup");
    ++report_.signatures;
    return true;
  }

  bool blob(const BlobRef& ref, const std::string& name) {
    auto manifest = blobs_->manifest(ref.sha256);
    if (!manifest) return bad(name + " names " + ref.name + ": " + manifest.error().what);
    if (manifest->size_bytes != ref.size_bytes)
      return bad(name + " names " + ref.name + ": " + blob_path(layout_, ref.sha256) + " has " + std::to_string(manifest->size_bytes) +
                 " bytes, the record says " + std::to_string(ref.size_bytes) + "; restore the file from the backup or from HQ");
    RunningSha256 whole;
    for (std::size_t i = 0; i < manifest->chunks.size(); ++i) {
      auto chunk = blobs_->chunk(ref.sha256, i);
      if (!chunk) return bad(name + " names " + ref.name + ": " + chunk.error().what);
      whole.add(*chunk);
    }
    if (to_hex(whole.finish()) != ref.sha256)
      return bad(name + " names " + ref.name + ": " + manifest_path(layout_, ref.sha256) + ": its chunks are not this blob's; restore it from the backup");
    return true;
  }

  bool flush() {
    if (auto ok = expected_->apply(waiting_); !ok) return bad("the check's own temporary database failed: " + ok.error().what);
    waiting_.clear();
    return true;
  }

  bool check_ends() {
    for (; next_seal_ < seals_.size(); ++next_seal_) {
      const std::uint64_t sealed = seals_[next_seal_].seal.sequence;
      if (sealed >= next_)
        return bad(layout_.journal() + " ends at record " + std::to_string(next_ - 1) + ", but record " + std::to_string(sealed) +
                   " was sealed: the journal was cut; restore it from the backup" +
                   (stale_.empty() ? "" : " (leftovers also in " + stale_ + ")"));
      if (!signature(next_seal_)) return false;
    }
    auto cursor = SlotFile::read(*disk_, layout_.cursor());
    if (!cursor) return bad(cursor.error().what);
    if (*cursor >= next_)
      return bad(layout_.journal() + " ends at record " + std::to_string(next_ - 1) + ", but HQ has acknowledged " +
                 std::to_string(*cursor) + ": the journal was cut; restore it from the backup");
    return true;
  }

  /// Last sequence in the picture. Errors: not_found (there is none).
  Result<std::uint64_t> picture_applied() {
    auto db = sqlite::Database::open_reader(layout_.picture());
    if (!db) return tl::unexpected(db.error());
    auto version = db->value("PRAGMA user_version");
    if (!version) return tl::unexpected(version.error());
    if (*version != picture_version) return fail(ErrorCode::not_found, "the picture is of another version");
    auto applied = db->value("SELECT applied FROM progress");
    if (!applied) return tl::unexpected(applied.error());
    return static_cast<std::uint64_t>(*applied);
  }

  void check_picture() {
    auto db = sqlite::Database::open_reader(layout_.picture());
    if (!db) return (void)broken(db.error().what + rebuild_hint());
    if (auto ok = db->execute("BEGIN"); !ok) return (void)broken(ok.error().what + rebuild_hint());
    auto applied = db->value("SELECT applied FROM progress");
    if (!applied) return (void)broken(applied.error().what + rebuild_hint());
    if (static_cast<std::uint64_t>(*applied) < expected_->applied()) return;  // just now being built anew
    if (!catch_up(static_cast<std::uint64_t>(*applied))) return;
    for (auto [table, order, what] : {std::tuple{"records", "sequence", 1}, {"crossings", "crossing", 1}, {"blob_refs", "sequence, place", 2}})
      if (!compare(*db, table, order, what)) return;
    auto check = db->prepare("PRAGMA quick_check(1)");
    if (check)
      if (auto row = check->step(); row && *row && check->text(0) != "ok") broken("picture.sqlite: " + check->text(0) + rebuild_hint());
  }

  /// The picture went on while the journal was walked.
  bool catch_up(std::uint64_t applied) {
    RecordSource source(disk_, layout_);
    while (expected_->applied() < applied) {
      auto read = source.by_sequence(expected_->applied() + 1);
      if (!read) return bad("picture.sqlite shows record " + std::to_string(applied) + ", the journal does not: " + read.error().what);
      auto personal = keys_->decrypt(read->record.entry);
      if (!personal) return bad(personal.error().what);
      waiting_.push_back({std::move(read->record.entry), read->record.hash, read->place.segment, read->place.offset, read->place.length,
                          std::move(*personal)});
      if (!flush()) return false;
    }
    return true;
  }

  bool compare(sqlite::Database& db, const std::string& table, const std::string& order, int key_columns) {
    const std::string sql = "SELECT * FROM " + table + " ORDER BY " + order;
    auto wanted = expected_query(sql);
    auto found = db.prepare(sql);
    if (!wanted) return bad(wanted.error().what);
    if (!found) return bad(found.error().what + rebuild_hint());
    while (true) {
      auto w = wanted->step();
      auto f = found->step();
      if (!w) return bad(w.error().what);
      if (!f) return bad(f.error().what + rebuild_hint());
      if (!*w && !*f) return true;
      const std::string wanted_key = *w ? key_of(*wanted, key_columns) : "", found_key = *f ? key_of(*found, key_columns) : "";
      if (wanted_key != found_key)
        return bad("picture.sqlite: table " + table + (*w ? ": row " + wanted_key + " is missing" : " ends") +
                   (*f ? ", row " + found_key + " stands there" : "") + rebuild_hint());
      ++report_.rows;
      for (int c = 0; c < wanted->columns(); ++c)
        if (wanted->image(c) != found->image(c))
          return bad("picture.sqlite: table " + table + ", row " + key_of(*found, key_columns) + ": column " + std::to_string(c + 1) +
                     " is not what the journal says" + rebuild_hint());
    }
  }

  Result<sqlite::Statement> expected_query(const std::string& sql) { return picture_query(*expected_, sql); }

  static std::string key_of(const sqlite::Statement& s, int columns) {
    std::string out = s.text(0);
    for (int c = 1; c < columns; ++c) out += "/" + s.text(c);
    return out;
  }

  std::shared_ptr<Disk> disk_ = real_disk();
  Layout layout_;
  const std::function<void(int)>& progress_;
  std::unique_ptr<BlobReader> blobs_;
  std::optional<KeyRing> keys_;
  std::unique_ptr<Picture> expected_;
  std::vector<Pictured> waiting_;
  std::vector<StoredSeal> seals_;
  std::size_t next_seal_ = 0;
  std::set<std::string> checked_blobs_;
  std::map<std::string, std::string> missing_;  ///< by address: who names it
  PostId post_;
  Hash previous_{};
  std::uint64_t next_ = 1;
  std::string stale_;
  VerifyReport report_;
};

}  // namespace

Result<VerifyReport> verify(const std::string& directory, const std::function<void(int percent)>& progress) {
  if (sodium_init() < 0) return fail(ErrorCode::io, "libsodium does not start");
  return Walk(directory, progress).run();
}

}  // namespace rampa::store
