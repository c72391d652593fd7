#include "sync/hq/report.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "edge/store/record_format.hpp"
#include "sync/digest.hpp"
#include "sync/hq/blob_shelf.hpp"
#include "sync/hq/ledger.hpp"

namespace rampa::sync::hq {
namespace format = store::format;
namespace {

using nlohmann::json;

Report document(const json& value, bool sound = true) {
  return {value.dump(2, ' ', false, json::error_handler_t::replace), sound};
}

template <class Work>
Result<Report> reading(const std::string& directory, Work work) {
  if (!std::filesystem::exists(database_file(directory)))
    return fail(ErrorCode::not_found, database_file(directory) + " does not exist: has `rampa-hq serve` run with this --directory?");
  try {
    Database database(database_file(directory), Database::Mode::read);
    return work(database);
  } catch (const DatabaseError& error) {
    return fail(error.code, error.what());
  } catch (const std::exception& error) {
    return fail(ErrorCode::io, error.what());
  }
}

std::int64_t count(Database& database, std::string_view sql, const std::string& post) {
  auto asked = database.prepare(sql);
  return asked.with(post).step() ? asked.number(0) : 0;
}

const char* chain_name(std::int64_t chain) { return chain == 1 ? "linked" : chain == 0 ? "broken" : "unverifiable"; }

json gap(const std::string& post, std::int64_t first, std::int64_t last, const std::string& why) {
  return {{"post", post}, {"first", first}, {"last", last}, {"why", why}};
}

void gaps_of(Database& database, const std::string& post, std::int64_t cursor, std::int64_t last_sequence, json& out) {
  auto asked = database.prepare("SELECT sequence FROM records WHERE post = ? ORDER BY sequence");
  asked.with(post);
  std::int64_t expected = 1;
  const auto hole = [&](std::int64_t next) {
    if (next > expected) out.push_back(gap(post, expected, next - 1, "quarantined or missing"));
  };
  while (asked.step()) {
    hole(asked.number(0));
    expected = asked.number(0) + 1;
  }
  hole(cursor + 1);
  if (last_sequence > cursor) out.push_back(gap(post, cursor + 1, last_sequence, "recorded at the post, not yet here"));
}

}  // namespace

Result<Report> report_posts(const std::string& directory) {
  return reading(directory, [](Database& database) {
    json out = json::array();
    auto asked = database.prepare("SELECT post, cursor, last_sequence, last_hello_ms, last_record_ms, boot, software, clock_behind_ms FROM posts ORDER BY post");
    while (asked.step()) {
      const std::string post = asked.text(0);
      const std::int64_t last = std::max(asked.number(1), asked.number(2));
      out.push_back({{"post", post}, {"cursor", asked.number(1)}, {"last_sequence", last}, {"behind", last - asked.number(1)},
                     {"last_hello_ms", asked.number(3)}, {"last_record_ms", asked.number(4)}, {"boot", asked.text(5)},
                     {"software", asked.text(6)}, {"clock_behind_ms", asked.number(7)},
                     {"records", count(database, "SELECT count(*) FROM records WHERE post = ?", post)},
                     {"quarantined", count(database, "SELECT count(*) FROM quarantine WHERE post = ?", post)},
                     {"alarms", count(database, "SELECT count(*) FROM alarms WHERE post = ?", post)},
                     {"blobs_missing", count(database, "SELECT count(DISTINCT b.sha256) FROM blobs b JOIN record_blobs r ON"
                                                       " r.sha256 = b.sha256 WHERE b.state = 1 AND r.post = ?", post)}});
    }
    return document(out);
  });
}

Result<Report> report_records(const std::string& directory, const RecordQuery& query) {
  return reading(directory, [&](Database& database) {
    json out = json::array();
    auto asked = database.prepare("SELECT sequence, hash, kind, lane, crossing, wall_ms, chain, open, bytes, received_ms, boot FROM records"
                                  " WHERE post = ?1 AND sequence >= ?2 AND (?3 = '' OR crossing = ?3) ORDER BY sequence LIMIT ?4");
    asked.with(query.post, query.from, query.crossing, query.limit);
    auto blobs = database.prepare("SELECT r.name, r.media_type, r.sha256, b.size_bytes, b.state FROM record_blobs r JOIN blobs b"
                                  " ON b.sha256 = r.sha256 WHERE r.post = ? AND r.sequence = ? ORDER BY r.name");
    while (asked.step()) {
      const json open = json::parse(asked.text(7), nullptr, false);
      const auto record = format::parse(asked.blob(8));
      json attached = json::array();
      blobs.with(query.post, asked.number(0));
      while (blobs.step())
        attached.push_back({{"name", blobs.text(0)}, {"media_type", blobs.text(1)}, {"sha256", blobs.text(2)},
                            {"size_bytes", blobs.number(3)}, {"held", blobs.number(4) == static_cast<int>(BlobState::held)}});
      out.push_back({{"post", query.post}, {"sequence", asked.number(0)}, {"hash", asked.text(1)}, {"kind", asked.text(2)},
                     {"lane", asked.text(3)}, {"crossing", asked.text(4)}, {"wall_ms", asked.number(5)},
                     {"chain", chain_name(asked.number(6))}, {"open", open.is_discarded() ? json(asked.text(7)) : open},
                     {"personal", record && !record->entry.personal.empty() ? "encrypted" : "none"}, {"blobs", std::move(attached)},
                     {"received_ms", asked.number(9)}, {"boot", asked.text(10)}});
    }
    return document(out);
  });
}

Result<Report> report_gaps(const std::string& directory, const std::string& post) {
  return reading(directory, [&](Database& database) {
    json out = json::array();
    auto asked = database.prepare("SELECT post, cursor, last_sequence FROM posts WHERE ?1 = '' OR post = ?1 ORDER BY post");
    asked.with(post);
    while (asked.step()) gaps_of(database, asked.text(0), asked.number(1), asked.number(2), out);
    return document(out, out.empty());
  });
}

Result<Report> report_alarms(const std::string& directory, const std::string& post) {
  return reading(directory, [&](Database& database) {
    json out = json::array();
    auto asked = database.prepare("SELECT post, sequence, what, detail, raised_ms FROM alarms WHERE ?1 = '' OR post = ?1 ORDER BY id");
    asked.with(post);
    while (asked.step())
      out.push_back({{"post", asked.text(0)}, {"sequence", asked.number(1)}, {"what", asked.text(2)}, {"detail", asked.text(3)},
                     {"raised_ms", asked.number(4)}});
    return document(out, out.empty());
  });
}

Result<Report> verify_post(const std::string& directory, const std::string& post) {
  return reading(directory, [&](Database& database) -> Result<Report> {
    auto known = database.prepare("SELECT cursor FROM posts WHERE post = ?");
    if (!known.with(post).step()) return fail(ErrorCode::not_found, "nothing was ever received from post \"" + post + "\"");
    const auto cursor = static_cast<std::uint64_t>(known.number(0));
    std::string broken;
    const auto breaks = [&](const std::string& what) { if (broken.empty()) broken = what; };

    store::Hash previous = format::genesis(PostId{post});
    std::uint64_t records = 0, blobs = 0;
    auto asked = database.prepare("SELECT sequence, hash, bytes FROM records WHERE post = ? ORDER BY sequence");
    asked.with(post);
    while (asked.step()) {
      const auto sequence = static_cast<std::uint64_t>(asked.number(0));
      if (sequence != ++records) {
        breaks("record " + std::to_string(records) + " is not here (see `rampa-hq gaps`)");
        break;
      }
      const Bytes bytes = asked.blob(2);
      const auto record = format::parse_after(bytes, previous);
      if (!record) {
        breaks("record " + std::to_string(sequence) + ": " + record.error().what);
        break;
      }
      if (hex(ByteView{record->hash}) != asked.text(1)) breaks("record " + std::to_string(sequence) + ": its hash column was changed");
      previous = record->hash;
    }
    if (broken.empty() && records != cursor)
      breaks("records " + std::to_string(records + 1) + " to " + std::to_string(cursor) + " were acknowledged and are not here");

    const BlobShelf shelf(directory);
    auto named = database.prepare("SELECT DISTINCT r.sha256, b.state FROM record_blobs r JOIN blobs b ON b.sha256 = r.sha256 WHERE r.post = ?");
    named.with(post);
    while (named.step()) {
      if (named.number(1) != static_cast<int>(BlobState::held)) {
        breaks("blob " + named.text(0) + " has not arrived");
        continue;
      }
      if (const auto whole = shelf.read(named.text(0)); !whole) breaks("blob " + named.text(0) + ": " + whole.error().what);
      else ++blobs;
    }
    return document({{"post", post}, {"records", records}, {"cursor", cursor}, {"blobs", blobs}, {"first_broken", broken}}, broken.empty());
  });
}

}  // namespace rampa::sync::hq
