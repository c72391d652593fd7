#include "sync/hq/export/exporter.hpp"

#include <algorithm>
#include <filesystem>
#include <list>
#include <map>
#include <set>

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
  bool current = true;  ///< else the post has begun another journal since
};

std::vector<Source> sources(Database& database, const std::string& post) {
  std::vector<Source> out;
  auto asked = database.query("SELECT h.id, h.post, h.epoch, h.walked, CASE WHEN h.id = p.history THEN 1 ELSE 0 END FROM histories h JOIN posts p"
                              " ON p.post = h.post WHERE $1 = '' OR h.post = $1 ORDER BY h.id", post);
  while (asked.step()) out.push_back({asked.number(0), asked.text(1), hex(asked.bytes(2)), asked.count(3), asked.number(4) != 0});
  return out;
}

/// Errors: busy (the key of its personal part is on its way), invalid.
Result<ResultRecord> decoded(const Source& of, ByteView bytes, PersonalReader* reader) {
  const auto parsed = format::parse(bytes);
  if (!parsed) return tl::unexpected(parsed.error());
  const format::Entry& e = parsed->entry;
  ResultRecord out{e.sequence, e.lane, e.crossing, hex(ByteView{parsed->hash}), e.at, {}, e.blobs, {}};
  std::string personal;
  if (!e.personal.empty()) {
    auto text = reader ? reader->open(e) : fail(ErrorCode::not_found, "this export is without personal fields");
    // A key that is on its way is waited for: what goes without plates never goes again. With a journal that has ended ends the way.
    if (!text && text.error().code == ErrorCode::busy && of.current)
      return fail(ErrorCode::busy, "record " + std::to_string(e.sequence) + " waits for the key of its day: " + text.error().what);
    if (text) personal = std::move(*text);
    else out.not_readable = text.error().what;
  }
  auto body = decode(e.open, personal);
  if (!body) return fail(body.error().code, "record " + std::to_string(e.sequence) + ": " + body.error().what);
  out.body = std::move(*body);
  return out;
}

/// The crossing's records up to the one that closed it.
Result<std::vector<ResultRecord>> records_of(Database& database, const Source& of, const std::string& crossing, std::uint64_t closed, PersonalReader* reader) {
  std::vector<ResultRecord> out;
  auto asked = database.query("SELECT bytes FROM records WHERE turn >= $1 AND turn <= $2 AND crossing = $3 AND crossing <> '' ORDER BY turn",
                              journal_key(of.history, 0), journal_key(of.history, closed), crossing);
  while (asked.step()) {
    auto record = decoded(of, asked.bytes(0), reader);
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

/// How much of one journal goes before the next one has its turn.
constexpr std::size_t turn_results = 32;
/// Where the next call begins, kept beside the positions: with many journals a call may not come round.
constexpr const char* turn_position = "turn";

class Export {
 public:
  Export(Database& database, const ExportSettings& settings, Desk& desk, ExportTarget& target, const std::function<void(const Document&)>& told)
      : database_(database), settings_(settings), desk_(desk), target_(target), told_(told) {
    for (Source& of : sources(database_, settings_.post)) {
      Turn& turn = turns_.emplace_back();
      turn.journal = of.post + "/" + of.epoch;
      if (settings_.key) turn.reader.emplace(database_, of.history, *settings_.key);
      posts_.insert(of.post);
      turn.of = std::move(of);
    }
    refusals_ = desk_.refusals(settings_.name);
  }

  Result<Exported> go_on() {
    const auto begin = static_cast<std::int64_t>(desk_.exported(settings_.name, turn_position));
    const auto next = std::find_if(turns_.begin(), turns_.end(), [&](const Turn& turn) { return turn.of.history > begin; });
    turns_.splice(turns_.end(), turns_, turns_.begin(), next);
    std::int64_t last = 0;
    while (!turns_.empty() && room() > 0) {
      const auto more = take_turn(turns_.front(), std::min(turn_results, room()));
      if (!more) return tl::unexpected(more.error());
      last = turns_.front().of.history;
      if (*more) turns_.splice(turns_.end(), turns_, turns_.begin());
      else turns_.pop_front();
    }
    done_.more = !turns_.empty();
    if (done_.more) desk_.set_exported(settings_.name, turn_position, static_cast<std::uint64_t>(last));
    return done_;
  }

  Result<Exported> again(Again which) {
    constexpr std::size_t page = 100;
    std::string journal;
    std::uint64_t sequence = 0;
    for (bool more = true; more;) {
      const std::vector<SetAside> rows = desk_.all_set_aside(settings_.name, journal, sequence, page);
      more = rows.size() == page;
      for (const SetAside& row : rows) {
        journal = row.journal;
        sequence = row.sequence;
        const auto turn = std::find_if(turns_.begin(), turns_.end(), [&](const Turn& other) { return other.journal == row.journal; });
        if (turn == turns_.end() || (row.refused && which != Again::all)) continue;
        if (auto closing = closing_at(turn->of, row.sequence)) {
          closing->late = row.late;
          auto built = document(*turn, *closing);
          if (waits(*turn, built)) continue;
          if (auto done = hand_on(*turn, *closing, std::move(built)); !done) return tl::unexpected(done.error());
        }
      }
    }
    return done_;
  }

 private:
  struct Turn {
    Source of;
    std::string journal;  ///< "POST/EPOCH"
    std::optional<PersonalReader> reader;
  };

  [[nodiscard]] std::size_t room() const { return settings_.results_max - std::min<std::size_t>(settings_.results_max, done_.results + done_.set_aside); }

  /// True: there is more of this journal.
  Result<bool> take_turn(Turn& turn, std::size_t most) {
    const std::string late_position = turn.journal + "/turned up";
    const std::uint64_t exported = desk_.exported(settings_.name, turn.journal), looked_at = desk_.exported(settings_.name, late_position);
    Late late = late_ones(database_, turn.of, looked_at, exported, most);
    std::vector<Result<Document>> built;
    bool wait = false;
    for (auto& [sequence, closing] : late.closings) {
      built.push_back(document(turn, closing));
      wait = wait || waits(turn, built.back());
    }
    if (wait) late = {};  // all of them later: there is one position for them together
    auto next = built.begin();
    for (auto& [sequence, closing] : late.closings)
      if (auto done = hand_on(turn, closing, std::move(*next++)); !done) return tl::unexpected(done.error());
    if (late.through > looked_at) desk_.set_exported(settings_.name, late_position, late.through);
    if (late.closings.size() >= most) return true;
    const std::size_t rest = most - late.closings.size();
    const std::vector<Closing> fresh = closings(database_, turn.of, exported, rest);
    for (const Closing& closing : fresh) {
      auto document_of_it = document(turn, closing);
      if (waits(turn, document_of_it)) return false;  // nothing of this journal overtakes it
      if (auto done = hand_on(turn, closing, std::move(document_of_it)); !done) return tl::unexpected(done.error());
      desk_.set_exported(settings_.name, turn.journal, closing.sequence);
    }
    return late.more || fresh.size() == rest;
  }

  [[nodiscard]] std::optional<Closing> closing_at(const Source& of, std::uint64_t sequence) {
    std::vector<Closing> found = closings(database_, of, sequence - 1, 1);
    if (found.empty() || found.front().sequence != sequence) return {};
    return std::move(found.front());
  }

  /// For a key that is on its way; then somebody is told.
  bool waits(const Turn& turn, const Result<Document>& built) {
    if (built || built.error().code != ErrorCode::busy) return false;
    if (settings_.notice) settings_.notice({"waits", turn.of.post, turn.journal + ": " + built.error().what, 0});
    return true;
  }

  /// Errors: busy (a key is on its way), invalid (a record that this rampa-hq cannot read); the text says which record.
  Result<Document> document(Turn& turn, const Closing& closing) {
    PersonalReader* const reader = turn.reader ? &*turn.reader : nullptr;
    try {
      Result<std::vector<ResultRecord>> records;
      if (closing.kind == "paper_crossing") {
        auto record = decoded(turn.of, closing.bytes, reader);
        if (!record) return tl::unexpected(record.error());
        records = std::vector<ResultRecord>{std::move(*record)};
      } else {
        records = records_of(database_, turn.of, closing.crossing, closing.sequence, reader);
      }
      if (!records) return tl::unexpected(records.error());
      return document_of(amended(result_of(turn.of.post, turn.of.epoch, *records), closing.late), settings_.format);
    } catch (const DatabaseError&) {
      throw;
    } catch (const std::exception& error) {  // what a post wrote must not end the export of all
      return fail(ErrorCode::invalid, error.what());
    }
  }

  /// To the target, or aside. Errors: the target's, where it takes nothing now.
  Result<void> hand_on(Turn& turn, Closing closing, Result<Document> built) {
    const auto before = desk_.set_aside(settings_.name, turn.journal, closing.sequence);
    if (before && before->late == 0 && closing.late != 0) {  // the first one never went: this one is the first
      closing.late = 0;
      built = document(turn, closing);
    }
    if (!built) return put_aside(turn, closing, false, built.error().what);
    // What belongs to one crossing keeps its order.
    if (const auto first = desk_.set_aside_before(settings_.name, turn.journal, closing.crossing, closing.sequence))
      return put_aside(turn, closing, false, "it waits behind an earlier result of its crossing, that of record " + std::to_string(first->sequence));
    if (auto taken = target_.deliver(*built); !taken) {
      if (taken.error().code != ErrorCode::refused) return taken;
      return refused(turn, closing, taken.error().what);
    }
    if (before) desk_.handed_on(*before);
    if (refusals_.documents > 0) desk_.forget_refusals(settings_.name);
    refusals_ = {};
    ++done_.results;
    told_(*built);
    return {};
  }

  Result<void> refused(const Turn& turn, const Closing& closing, const std::string& why) {
    desk_.note_refusal(settings_.name, turn.of.post);
    refusals_ = desk_.refusals(settings_.name);
    if (refusals_.documents > refusals_max && (refusals_.posts.size() > 1 || posts_.size() == 1))
      return fail(ErrorCode::refused, why + ", as it has refused the " + std::to_string(refusals_.documents - 1) + " before: this looks like its address or format rather than the"
                                            " documents. Nothing more is set aside; once that is mended, send what is set aside with --again");
    return put_aside(turn, closing, true, why);
  }

  Result<void> put_aside(const Turn& turn, const Closing& closing, bool refused, const std::string& reason) {
    desk_.set_aside({settings_.name, turn.of.post, turn.journal, closing.sequence, closing.late, closing.crossing, refused, reason, settings_.now});
    ++done_.set_aside;
    if (settings_.notice) settings_.notice({"set_aside", turn.of.post, turn.journal + "/" + std::to_string(closing.sequence) + ": " + reason, closing.sequence});
    return {};
  }

  Database& database_;
  const ExportSettings& settings_;
  Desk& desk_;
  ExportTarget& target_;
  const std::function<void(const Document&)>& told_;
  std::list<Turn> turns_;        ///< the next one first
  std::set<std::string> posts_;  ///< of all turns
  Refusals refusals_;            ///< in a row
  Exported done_;
};

template <class Work>
Result<Exported> exporting(const ExportSettings& settings, Desk& desk, ExportTarget& target, const std::function<void(const Document&)>& told, Work work) {
  if (!settings.place.server() && !std::filesystem::exists(ledger_file(settings.place.directory)))
    return fail(ErrorCode::not_found, ledger_file(settings.place.directory) + " does not exist: has `rampa-hq serve` run with this --directory?");
  try {
    const auto database = settings.place.server() ? open_postgres(settings.place.database) : open_sqlite(ledger_file(settings.place.directory), OpenFor::reading);
    return work(Export(*database, settings, desk, target, told));
  } catch (const DatabaseError& error) {
    return fail(error.code, error.what());
  }
}

}  // namespace

Result<Exported> export_results(const ExportSettings& settings, Desk& desk, ExportTarget& target, const std::function<void(const Document&)>& told) {
  return exporting(settings, desk, target, told, [](Export all) { return all.go_on(); });
}

Result<Exported> export_again(const ExportSettings& settings, Again which, Desk& desk, ExportTarget& target, const std::function<void(const Document&)>& told) {
  return exporting(settings, desk, target, told, [which](Export all) { return all.again(which); });
}

}  // namespace rampa::sync::hq
