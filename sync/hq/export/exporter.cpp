#include "sync/hq/export/exporter.hpp"

#include <filesystem>
#include <map>

#include "edge/crossing/record_json.hpp"
#include "edge/store/record_format.hpp"
#include "sync/digest.hpp"
#include "sync/hq/ledger.hpp"
#include "sync/hq/personal_reader.hpp"

namespace rampa::sync::hq {
namespace format = store::format;
namespace {

struct Source {
  std::int64_t history = 0;
  std::string post, epoch;
  std::uint64_t cursor = 0;
};

std::vector<Source> sources(Database& database, const std::string& post) {
  std::vector<Source> out;
  auto asked = database.query("SELECT id, post, epoch, walked FROM histories WHERE $1 = '' OR post = $1 ORDER BY id", post);
  while (asked.step()) out.push_back({asked.number(0), asked.text(1), hex(asked.bytes(2)), asked.count(3)});
  return out;
}

Result<ResultRecord> decoded(ByteView bytes, PersonalReader* reader) {
  const auto parsed = format::parse(bytes);
  if (!parsed) return tl::unexpected(parsed.error());
  const format::Entry& e = parsed->entry;
  ResultRecord out{e.sequence, e.lane, e.crossing, hex(ByteView{parsed->hash}), e.at, {}, e.blobs, {}};
  std::string personal;
  if (!e.personal.empty()) {
    auto text = reader ? reader->open(e) : fail(ErrorCode::not_found, "this export is without personal fields");
    if (text) personal = std::move(*text);
    else out.not_readable = text.error().what;
  }
  auto body = decode(e.open, personal);
  if (!body) return tl::unexpected(body.error());
  out.body = std::move(*body);
  return out;
}

/// The crossing's records up to the one that closed it.
Result<std::vector<ResultRecord>> records_of(Database& database, const Source& of, const std::string& crossing, std::uint64_t closed, PersonalReader* reader) {
  std::vector<ResultRecord> out;
  auto asked = database.query("SELECT bytes FROM records WHERE turn >= $1 AND turn <= $2 AND crossing = $3 AND crossing <> '' ORDER BY turn",
                              journal_key(of.history, 0), journal_key(of.history, closed), crossing);
  while (asked.step()) {
    auto record = decoded(asked.bytes(0), reader);
    if (!record) return tl::unexpected(record.error());
    out.push_back(std::move(*record));
  }
  return out;
}

struct Closing {
  std::uint64_t sequence = 0, late = 0;  ///< late: the newest record of it that turned up after it was handed on; 0: it goes for the first time
  std::string kind, crossing;
  Bytes bytes;
};

std::vector<Closing> closings(Database& database, const Source& of, std::uint64_t after, std::size_t limit) {
  std::vector<Closing> out;
  auto asked = database.query("SELECT turn, kind, crossing, bytes FROM records WHERE turn > $1 AND turn <= $2"
                              " AND (kind = 'crossing_closed' OR kind = 'paper_crossing') ORDER BY turn LIMIT $3",
                              journal_key(of.history, after), journal_key(of.history, of.cursor), limit);
  while (asked.step())
    out.push_back({static_cast<std::uint64_t>(asked.number(0) - journal_key(of.history, 0)), 0, asked.text(1), asked.text(2), asked.copy(3)});
  return out;
}

/// Another id, so that nobody takes it for one that he had already.
CrossingResult amended(CrossingResult result, std::uint64_t late) {
  if (late == 0) return result;
  result.amends = result.id;
  result.id += "/" + std::to_string(late);
  return result;
}

/// What turned up where this export has been already (HQ went on without it), ascending; and what of that it has looked at then.
struct Late {
  std::map<std::uint64_t, Closing> closings;
  std::uint64_t through = 0;
  bool more = false;
};

Late late_ones(Database& database, const Source& of, std::uint64_t after, std::uint64_t exported, std::size_t limit) {
  Late out;
  out.through = after;
  if (!database.has_table("turned_up")) return out;  // the HQ that serves here is an older one
  struct Row {
    std::uint64_t id;
    std::int64_t turn;
    std::string kind, crossing;
  };
  std::vector<Row> rows;
  {
    auto asked = database.query("SELECT t.id, t.turn, r.kind, r.crossing FROM turned_up t JOIN records r ON r.turn = t.turn"
                                " WHERE t.id > $1 AND t.turn > $2 AND t.turn < $3 ORDER BY t.id LIMIT $4",
                                after, journal_key(of.history, 0), journal_key(of.history + 1, 0), limit);
    while (asked.step()) rows.push_back({asked.count(0), asked.number(1), asked.text(2), asked.text(3)});
  }
  for (const Row& row : rows) {
    if (row.turn > journal_key(of.history, of.cursor)) return out;  // the chain is still walked anew
    const bool itself = row.kind == "crossing_closed" || row.kind == "paper_crossing";
    auto asked = database.query("SELECT turn, kind, crossing, bytes FROM records WHERE turn >= $1 AND turn < $2"
                                " AND (turn = $1 OR (kind = 'crossing_closed' AND crossing = $3 AND crossing <> '')) ORDER BY turn LIMIT 2",
                                row.turn, journal_key(of.history + 1, 0), row.crossing);
    while (asked.step()) {
      if (itself != (asked.number(0) == row.turn)) continue;
      const auto sequence = static_cast<std::uint64_t>(asked.number(0) - journal_key(of.history, 0));
      if (sequence > exported) break;  // it goes in its turn
      if (sequence > of.cursor) return out;
      const auto [found, fresh] = out.closings.try_emplace(sequence, Closing{sequence, itself ? 0 : row.id, asked.text(1), asked.text(2), asked.copy(3)});
      if (!fresh) found->second.late = itself || found->second.late == 0 ? 0 : row.id;
      break;
    }
    out.through = row.id;
  }
  out.more = rows.size() == limit;
  return out;
}

Result<Exported> run(Database& database, const ExportSettings& settings, Desk& desk, ExportTarget& target, const std::function<void(const Document&)>& told) {
  Exported done;
  for (const Source& of : sources(database, settings.post)) {
    std::optional<PersonalReader> reader;
    if (settings.key) reader.emplace(database, of.history, *settings.key);
    const std::string position = of.post + "/" + of.epoch;
    const std::string late_position = position + "/turned up";
    const std::uint64_t exported = desk.exported(settings.name, position), looked_at = desk.exported(settings.name, late_position);
    Late late = late_ones(database, of, looked_at, exported, settings.results_max - done.results);
    std::vector<Closing> turns;
    for (auto& [sequence, closing] : late.closings) turns.push_back(std::move(closing));
    const std::size_t late_count = turns.size();
    if (late_count < settings.results_max - done.results)
      for (Closing& closing : closings(database, of, exported, settings.results_max - done.results - late_count)) turns.push_back(std::move(closing));
    if (late_count == 0 && late.through != looked_at) desk.set_exported(settings.name, late_position, late.through);
    std::size_t at = 0;
    for (Closing& closing : turns) {
      const bool is_late = at++ < late_count;
      const bool paper = closing.kind == "paper_crossing";
      Result<std::vector<ResultRecord>> records;
      if (paper) {
        auto record = decoded(closing.bytes, reader ? &*reader : nullptr);
        if (record) records = std::vector<ResultRecord>{std::move(*record)};
        else records = tl::unexpected(record.error());
      } else {
        records = records_of(database, of, closing.crossing, closing.sequence, reader ? &*reader : nullptr);
      }
      if (!records) return fail(records.error().code, position + ", record " + std::to_string(closing.sequence) + ": " + records.error().what);
      const Document document = document_of(amended(result_of(of.post, of.epoch, *records), closing.late), settings.format);
      if (auto taken = target.deliver(document); !taken) return tl::unexpected(taken.error());
      if (!is_late) desk.set_exported(settings.name, position, closing.sequence);
      else if (at == late_count) desk.set_exported(settings.name, late_position, late.through);
      ++done.results;
      told(document);
    }
    if (done.results >= settings.results_max || late.more) {
      done.more = true;
      break;
    }
  }
  return done;
}

}  // namespace

Result<Exported> export_results(const ExportSettings& settings, Desk& desk, ExportTarget& target, const std::function<void(const Document&)>& told) {
  if (!settings.place.server() && !std::filesystem::exists(ledger_file(settings.place.directory)))
    return fail(ErrorCode::not_found, ledger_file(settings.place.directory) + " does not exist: has `rampa-hq serve` run with this --directory?");
  try {
    const auto database = settings.place.server() ? open_postgres(settings.place.database) : open_sqlite(ledger_file(settings.place.directory), OpenFor::reading);
    return run(*database, settings, desk, target, told);
  } catch (const DatabaseError& error) {
    return fail(error.code, error.what());
  }
}

}  // namespace rampa::sync::hq
