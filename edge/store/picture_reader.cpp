// Read-only view of the picture; the records themselves come from the journal.
#include "edge/store/picture_reader.hpp"

#include <map>

#include "edge/crossing/record_json.hpp"
#include "edge/store/blob_files.hpp"
#include "edge/store/declaration_json.hpp"
#include "edge/store/durable_file.hpp"
#include "edge/store/journal_reader.hpp"
#include "edge/store/picture_rows.hpp"
#include "edge/store/picture_schema.hpp"

namespace rampa::store {

namespace {

class Reader : public PictureReader {
 public:
  Reader(std::shared_ptr<Disk> disk, Layout layout, std::shared_ptr<PictureShared> shared)
      : disk_(disk), layout_(layout), shared_(std::move(shared)), source_(disk, layout), blobs_(make_blob_reader(disk, layout)) {}

  Result<std::vector<CrossingRow>> crossings(const CrossingQuery& query) override {
    auto database = fresh();
    if (!database) return tl::unexpected(database.error());
    std::int64_t before = INT64_MAX;
    if (!query.before.empty()) {
      auto s = (*database)->prepare("SELECT first_sequence FROM crossings WHERE crossing = ?1");
      if (!s) return tl::unexpected(s.error());
      s->bind(1, query.before.text);
      auto row = s->step();
      if (!row) return told(row.error());
      if (!*row) return fail(ErrorCode::not_found, "there is no crossing " + query.before.text);
      before = s->integer(0);
    }
    std::string sql = "SELECT " + std::string(crossing_columns) + " FROM crossings WHERE first_sequence < ?1";
    if (!query.lane.empty()) sql += " AND lane = ?2";
    if (!query.plate.empty()) sql += " AND crossing IN (SELECT crossing FROM crossings WHERE plate <> '' AND plate = ?3 UNION "
                                     "SELECT crossing FROM crossings WHERE trailer <> '' AND trailer = ?3)";
    auto s = (*database)->prepare(sql + " ORDER BY first_sequence DESC LIMIT ?4");
    if (!s) return tl::unexpected(s.error());
    s->bind(1, before).bind(4, static_cast<std::int64_t>(query.limit));
    if (!query.lane.empty()) s->bind(2, query.lane.text);
    if (!query.plate.empty()) s->bind(3, query.plate);
    auto acknowledged = cursor();
    if (!acknowledged) return tl::unexpected(acknowledged.error());
    std::vector<CrossingRow> out;
    while (true) {
      auto row = s->step();
      if (!row) return told(row.error());
      if (!*row) return out;
      auto line = crossing_of(*s);
      if (!line) return told(line.error());
      line->row.acknowledged = line->last_sequence <= *acknowledged;
      out.push_back(std::move(line->row));
    }
  }

  Result<std::vector<StoredRecord>> records_of(const CrossingId& id) override {
    auto database = fresh();
    if (!database) return tl::unexpected(database.error());
    auto s = (*database)->prepare("SELECT " + std::string(record_columns) + " FROM records WHERE crossing = ?1 ORDER BY sequence");
    if (!s) return tl::unexpected(s.error());
    s->bind(1, id.text);
    auto out = collect(*s);
    if (!out) return out;
    if (out->empty() && !id.empty()) return fail(ErrorCode::not_found, "there is no crossing " + id.text);
    return out;
  }

  Result<std::vector<StoredRecord>> newest(std::string_view kind, const LaneId& lane, std::size_t limit) override {
    auto database = fresh();
    if (!database) return tl::unexpected(database.error());
    auto s = (*database)->prepare("SELECT " + std::string(record_columns) +
                                  " FROM records WHERE kind = ?1 AND lane = ?2 ORDER BY sequence DESC LIMIT ?3");
    if (!s) return tl::unexpected(s.error());
    s->bind(1, kind);
    s->bind(2, lane.text);
    s->bind(3, static_cast<std::int64_t>(limit));
    return collect(*s);
  }

  Result<std::vector<Declaration>> declarations_for(const std::vector<std::string>& plates) override {
    auto database = fresh();
    if (!database) return tl::unexpected(database.error());
    auto s = (*database)->prepare("SELECT reference, plate, trailer, text, row_hash FROM declarations WHERE plate <> '' AND plate = ?1 "
                                  "UNION SELECT reference, plate, trailer, text, row_hash FROM declarations WHERE trailer <> '' AND trailer = ?1");
    if (!s) return tl::unexpected(s.error());
    std::map<std::string, Declaration> found;  // each once, in a stable order
    for (const std::string& plate : plates) {
      if (plate.empty()) continue;
      s->bind(1, plate);
      while (true) {
        auto row = s->step();
        if (!row) return told(row.error());
        if (!*row) break;
        const Hash hash = declaration_row_hash(s->text(0), s->text(1), s->text(2), s->text(3));
        if (s->blob(4) != Bytes(hash.begin(), hash.end()))
          return told({ErrorCode::invalid, "picture.sqlite: declaration " + s->text(0) + " was changed or damaged (its hash does not fit)"});
        auto declaration = decode_declaration(s->text(3));
        if (!declaration) return told(declaration.error());
        found[declaration->reference] = std::move(*declaration);
      }
    }
    std::vector<Declaration> out;
    for (auto& [reference, declaration] : found) out.push_back(std::move(declaration));
    return out;
  }

  Result<Bytes> blob(const std::string& sha256) override { return blobs_->whole(sha256); }
  Result<bool> blob_of_a_crossing(const std::string& sha256) override {
    const auto hash = from_hex(sha256);
    if (!hash) return tl::unexpected(hash.error());
    auto database = fresh();
    if (!database) return tl::unexpected(database.error());
    auto s = (*database)->prepare("SELECT 1 FROM blob_refs b JOIN records r ON r.sequence = b.sequence WHERE b.sha256 = ?1 AND r.crossing <> '' LIMIT 1");
    if (!s) return tl::unexpected(s.error());
    s->bind(1, ByteView(*hash));
    auto row = s->step();
    if (!row) return told(row.error());
    return *row;
  }
  Result<std::optional<BlobGone>> blob_gone(const std::string& sha256) override {
    const auto hash = hash_from_hex(sha256);
    if (!hash) return tl::unexpected(hash.error());
    auto database = fresh();
    if (!database) return tl::unexpected(database.error());
    auto s = (*database)->prepare("SELECT gone_ms, gone_held FROM blobs WHERE sha256 = ?1 AND gone > 0");
    if (!s) return tl::unexpected(s.error());
    s->bind(1, ByteView(*hash));
    auto row = s->step();
    if (!row) return told(row.error());
    if (!*row) return std::optional<BlobGone>{};
    return std::optional<BlobGone>(BlobGone{WallTime{s->integer(0)}, s->integer(1) != 0});
  }
  Result<std::uint64_t> blob_size(const std::string& sha256) override {
    auto manifest = blobs_->manifest(sha256);
    if (!manifest) return tl::unexpected(manifest.error());
    return manifest->size_bytes;
  }
  Result<Bytes> blob_range(const std::string& sha256, std::uint64_t offset, std::size_t count) override {
    return blobs_->range(sha256, offset, count);
  }

 private:
  /// The journal's records that the rows of `s` point at.
  Result<std::vector<StoredRecord>> collect(sqlite::Statement& s) {
    // Keys are loaded anew each time: an erasure must hold from the next look on.
    auto keys = KeyRing::open_readonly(*disk_, layout_);
    if (!keys) return tl::unexpected(keys.error());
    std::vector<StoredRecord> out;
    while (true) {
      auto row = s.step();
      if (!row) return told(row.error());
      if (!*row) break;
      auto place = record_of(s);
      if (!place) return told(place.error());
      auto read = source_.at({place->segment, place->offset, place->length});
      if (!read) return tl::unexpected(read.error());
      if (read->record.hash != place->hash)
        return told({ErrorCode::invalid, "picture.sqlite: record " + std::to_string(place->entry.sequence) + " is not the journal's"});
      auto record = stored(std::move(read->record), *keys);
      if (!record) return tl::unexpected(record.error());
      out.push_back(std::move(*record));
    }
    return out;
  }

  /// The open database; opened again where the file was replaced (the picture was built anew).
  Result<sqlite::Database*> fresh() {
    const std::string identity = file_identity(layout_.picture());
    if (!database_ || identity != identity_) {
      database_.reset();
      auto opened = sqlite::Database::open_reader(layout_.picture());
      if (!opened) return tl::unexpected(opened.error());
      auto version = opened->value("PRAGMA user_version");
      if (!version) return tl::unexpected(version.error());
      if (*version == 0) return fail(ErrorCode::busy, "picture.sqlite is being built; try again in a moment");
      if (*version != picture_version)
        return fail(ErrorCode::refused, layout_.picture() + " has version " + std::to_string(*version) + ", this program reads version " +
                                            std::to_string(picture_version) + ": use the rampa that runs here");
      database_ = std::make_unique<sqlite::Database>(std::move(*opened));
      identity_ = identity;
    }
    return database_.get();
  }

  tl::unexpected<Error> told(const Error& error) {
    if (error.code == ErrorCode::invalid && shared_) shared_->suspect = true;
    return tl::unexpected(error);
  }

  Result<std::uint64_t> cursor() {
    if (shared_) return shared_->acknowledged.load();
    return SlotFile::read(*disk_, layout_.cursor());
  }

  std::shared_ptr<Disk> disk_;
  Layout layout_;
  std::shared_ptr<PictureShared> shared_;
  RecordSource source_;
  std::unique_ptr<BlobReader> blobs_;
  std::unique_ptr<sqlite::Database> database_;
  std::string identity_;
};

}  // namespace

Result<StoredRecord> stored(format::ParsedRecord parsed, KeyRing& keys) {
  format::Entry& e = parsed.entry;
  auto personal = keys.decrypt(e);
  if (!personal) return tl::unexpected(personal.error());
  auto body = decode(e.open, personal->value_or(""));
  if (!body) return fail(ErrorCode::invalid, "record " + std::to_string(e.sequence) + ": " + body.error().what);
  StoredRecord out;
  out.sequence = e.sequence;
  out.boot_id = to_hex(e.boot);
  out.lane.text = e.lane;
  out.crossing.text = e.crossing;
  out.at = e.at;
  out.body = std::move(*body);
  out.blobs = std::move(e.blobs);
  out.hash = to_hex(parsed.hash);
  out.erased = !personal->has_value();
  return out;
}

std::unique_ptr<PictureReader> make_picture_reader(std::shared_ptr<Disk> disk, const Layout& layout, std::shared_ptr<PictureShared> shared) {
  return std::make_unique<Reader>(std::move(disk), layout, std::move(shared));
}

}  // namespace rampa::store
