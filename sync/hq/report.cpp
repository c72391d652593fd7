#include "sync/hq/report.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "edge/store/record_format.hpp"
#include "sync/digest.hpp"
#include "sync/hq/gaps.hpp"
#include "sync/hq/personal_reader.hpp"
#include "sync/hq/record_times.hpp"
#include "sync/hq/s3_shelf.hpp"

namespace rampa::sync::hq {
namespace format = store::format;
namespace {

using nlohmann::json;

Report document(const json& value, bool sound = true) {
  return {value.dump(2, ' ', false, json::error_handler_t::replace), sound, {}};
}

template <class Answer, class Work>
Result<Answer> reading(const Place& place, Work work) {
  if (!place.server() && !std::filesystem::exists(ledger_file(place.directory)))
    return fail(ErrorCode::not_found, ledger_file(place.directory) + " does not exist: has `rampa-hq serve` run with this --directory?");
  try {
    const auto database = place.server() ? open_postgres(place.database) : open_sqlite(ledger_file(place.directory), OpenFor::reading);
    return work(*database);
  } catch (const DatabaseError& error) {
    return fail(error.code, error.what());
  } catch (const std::exception& error) {
    return fail(ErrorCode::io, error.what());
  }
}

template <class... Values>
std::int64_t count(Database& database, std::string_view sql, const Values&... values) {
  auto asked = database.query(sql, values...);
  return asked.step() ? asked.number(0) : 0;
}

/// The desk, read-only; nothing where there is none yet.
std::unique_ptr<Database> desk_for_reading(const Place& place) {
  if (place.server()) return open_postgres(place.database);
  return std::filesystem::exists(desk_file(place.directory)) ? open_sqlite(desk_file(place.directory), OpenFor::reading) : nullptr;
}

/// The true time of that moment, by HQ's clock, less what the post's wall clock said.
json clock_of(const ClockEstimate& clock, Stamp at) {
  const auto earliest = clock.not_before(at.mono), latest = clock.not_after(at.mono);
  if (!earliest || !latest) return nullptr;
  return {{"behind_ms_min", *earliest / 1'000'000 - at.wall.ms}, {"behind_ms_max", *latest / 1'000'000 + 1 - at.wall.ms}};
}

json json_of(const RecordTime& time, WallTime said) {
  json out{{"earliest_ms", nullptr}, {"latest_ms", nullptr}, {"behind_ms_min", nullptr}, {"behind_ms_max", nullptr}, {"by", time.by_exchange ? "exchange" : "order"}};
  if (time.earliest) out.update({{"earliest_ms", time.earliest->ms}, {"behind_ms_min", time.earliest->ms - said.ms}});
  if (time.latest) out.update({{"latest_ms", time.latest->ms}, {"behind_ms_max", time.latest->ms - said.ms}});
  return out;
}

/// What the newest record that is here says of the wall clock that it was written by.
json wall_quality_of(Database& database, std::int64_t history) {
  auto asked = database.query("SELECT turn, bytes FROM records WHERE turn > $1 AND turn < $2 ORDER BY turn DESC LIMIT 1", journal_key(history, 0),
                              journal_key(history + 1, 0));
  if (!asked.step()) return nullptr;
  const auto record = format::parse(asked.bytes(1));
  if (!record) return nullptr;
  return {{"says", name_of(record->entry.wall_quality)}, {"sequence", asked.number(0) - journal_key(history, 0)}};
}

json streams_of(Database& database, const Chosen& of, json& totals) {
  json out = json::object();
  for (const Stream stream : store::streams) {
    const auto held = stream_of(database, of.id, stream).held;
    const std::uint64_t through = !held.empty() && held.front().first == 1 ? held.front().last : 0;
    std::uint64_t beyond = 0;
    for (const Range& r : held)
      if (r.first > through) beyond += r.last - r.first + 1;
    const auto end = static_cast<std::uint64_t>(of.ends[static_cast<std::size_t>(stream)]);
    out[std::string(store::name_of(stream))] = {{"through", through}, {"beyond", beyond}, {"at_post", end},
                                                {"holes", held.size() - (through > 0 ? 1 : 0)}};
    totals["here"] = totals.value("here", std::uint64_t{0}) + through + beyond;
  }
  return out;
}

}  // namespace

Result<Report> report_posts(const Place& place) {
  return reading<Report>(place, [](Database& database) -> Result<Report> {
    json out = json::array();
    auto chosen = choose(database, "", "", Epochs::all);
    if (!chosen) return tl::unexpected(chosen.error());
    for (const Chosen& of : *chosen) {
      const std::uint64_t missing = missing_in(database, of), evicted = evicted_in(database, of).size();
      const std::int64_t records = count(database, "SELECT records FROM histories WHERE id = $1", of.id);
      const std::int64_t quarantined = count(database, "SELECT count(*) FROM quarantine WHERE history = $1", of.id);
      const std::int64_t lost = count(database, "SELECT coalesce(sum(last_id - first_id + 1), 0) FROM lost WHERE first_id >= $1 AND first_id < $2 AND here = 0",
                                      record_key(of.id, Stream::verdicts, 0), record_key(of.id + 1, Stream::verdicts, 0));
      if (!of.current) {  // it stands behind the current one
        if (out.empty() || out.back()["post"] != of.post) continue;
        json& post = out.back();
        post["former"].push_back({{"epoch", of.epoch}, {"cursor", of.cursor}, {"last_sequence", std::max(of.cursor, of.last_sequence)}, {"records", records}, {"missing", missing}});
        post["missing"] = post["missing"].get<std::uint64_t>() + missing;
        post["quarantined"] = post["quarantined"].get<std::int64_t>() + quarantined;
        post["lost"] = post["lost"].get<std::int64_t>() + lost;
        post["blobs_evicted"] = post["blobs_evicted"].get<std::uint64_t>() + evicted;
        continue;
      }
      json totals = json::object();
      const json streams = streams_of(database, of, totals);
      auto asked = database.query("SELECT last_hello_ms, last_record_ms, boot, software, sent_mono_ns, sent_wall_ms, metered, letters_through,"
                                  " boot_number FROM histories WHERE id = $1", of.id);
      if (!asked.step()) continue;
      const std::int64_t last = std::max(of.cursor, of.last_sequence);
      const std::string boot = asked.text(2);
      out.push_back({{"post", of.post}, {"epoch", of.epoch}, {"cursor", of.cursor}, {"last_sequence", last}, {"behind", last - of.cursor},
                     {"streams", streams}, {"last_hello_ms", asked.number(0)}, {"last_record_ms", asked.number(1)}, {"boot", boot},
                     {"boot_number", asked.number(8)}, {"software", asked.text(3)},
                     {"clock", clock_of(clock_sample(database, of.id, boot), {MonoTime{asked.number(4)}, WallTime{asked.number(5)}})},
                     {"wall_quality", wall_quality_of(database, of.id)}, {"clock_behind_ms", asked.number(0) - asked.number(5)}, {"records", records}, {"metered", asked.number(6) != 0},
                     {"letters_through", asked.number(7)},
                     {"epochs", count(database, "SELECT count(*) FROM histories WHERE post = $1", of.post)},
                     {"missing", missing}, {"blobs_evicted", evicted}, {"quarantined", quarantined}, {"lost", lost}, {"former", json::array()},
                     {"alarms", count(database, "SELECT count(*) FROM alarms WHERE post = $1", of.post)},
                     {"blobs_missing", count(database, "SELECT count(*) FROM wants WHERE post = $1", of.post)}});
    }
    return document(out);
  });
}

namespace {

json personal_of(const format::Entry& entry, PersonalReader* reader) {
  if (entry.personal.empty()) return "none";
  if (!reader) return "encrypted";
  const auto text = reader->open(entry);
  if (!text) return {{"unreadable", text.error().what}};
  json fields = json::parse(*text, nullptr, false);
  return fields.is_discarded() ? json{{"unreadable", "it is not JSON"}} : fields;
}

}  // namespace

Result<Report> report_records(const Place& place, const RecordQuery& query) {
  return reading<Report>(place, [&](Database& database) -> Result<Report> {
    json out = json::array();
    auto chosen = choose(database, query.post, query.epoch);
    if (!chosen) return document(out);
    const Chosen& of = chosen->front();
    std::optional<PersonalReader> reader;
    if (query.key) reader.emplace(database, of.id, *query.key);
    RecordTimes times(database, of.id);
    auto asked = database.query("SELECT id, turn, hash, kind, lane, crossing, wall_ms, bytes, received_ms FROM records"
                                " WHERE turn >= $1 AND turn < $2 AND ($3 = '' OR crossing = $3) ORDER BY turn LIMIT $4",
                                journal_key(of.id, query.from), journal_key(of.id + 1, 0), query.crossing, query.limit);
    while (asked.step()) {
      const std::int64_t turn = asked.number(1), sequence = turn - journal_key(of.id, 0);
      const auto record = format::parse(asked.bytes(7));
      const json open = record ? json::parse(record->entry.open, nullptr, false) : json();
      json attached = json::array();
      auto blobs = database.query("SELECT r.name, r.media_type, r.sha256, r.size_bytes, b.state FROM record_blobs r JOIN blobs b"
                                  " ON b.sha256 = r.sha256 WHERE r.id = $1 ORDER BY r.name", asked.number(0));
      while (blobs.step())
        attached.push_back({{"name", blobs.text(0)}, {"media_type", blobs.text(1)}, {"sha256", hex(blobs.bytes(2))},
                            {"size_bytes", blobs.number(3)}, {"held", blobs.number(4) == static_cast<int>(BlobState::held)}});
      const std::int64_t broken = count(database, "SELECT what + 1 FROM breaks WHERE turn = $1", turn);
      const char* chain = broken == 1 ? "broken" : broken == 3 ? "unverifiable" : sequence <= of.cursor ? "linked" : "waiting";
      json row{{"post", query.post}, {"sequence", sequence}, {"stream", store::name_of(stream_of_key(asked.number(0)))},
               {"number", number_of_key(asked.number(0))}, {"hash", hex(asked.bytes(2))}, {"kind", asked.text(3)}, {"lane", asked.text(4)},
               {"crossing", asked.text(5)}, {"wall_ms", asked.number(6)}, {"chain", chain}, {"open", open.is_discarded() ? json(record->entry.open) : open},
               {"personal", record ? personal_of(record->entry, reader ? &*reader : nullptr) : json("none")}, {"blobs", std::move(attached)},
               {"received_ms", asked.number(8)}};
      if (record) {
        row["boot"] = record->boot_hex();
        row["wall_quality"] = name_of(record->entry.wall_quality);
        row["clock"] = json_of(times.of(record->entry, WallTime{asked.number(8)}), record->entry.at.wall);
      }
      out.push_back(std::move(row));
    }
    return document(out);
  });
}

Result<Report> report_gaps(const Place& place, const std::string& post, const std::string& epoch) {
  return reading<Report>(place, [&](Database& database) -> Result<Report> {
    json out = json::array();
    auto chosen = choose(database, post, epoch, Epochs::all);
    if (!chosen) return tl::unexpected(chosen.error());
    for (const Chosen& of : *chosen) {
      const char* const journal = of.current ? "current" : "former";
      for (const Gap& gap : gaps_of(database, of))
        out.push_back({{"post", of.post}, {"epoch", of.epoch}, {"journal", journal}, {"stream", store::name_of(gap.stream)}, {"first", gap.numbers.first},
                       {"last", gap.numbers.last}, {"why", gap.why}});
      for (const Eviction& e : evicted_in(database, of))
        out.push_back({{"post", of.post}, {"epoch", of.epoch}, {"journal", journal}, {"blob", e.sha256}, {"size_bytes", e.size_bytes}, {"sequence", e.sequence},
                       {"evicted_ms", e.at.ms}, {"reason", e.reason}, {"why", text_of(e)}});
    }
    return document(out, out.empty());
  });
}

Result<Report> report_alarms(const Place& place, const std::string& post) {
  return reading<Report>(place, [&](Database& database) -> Result<Report> {
    json out = json::array();
    auto asked = database.query("SELECT post, sequence, what, detail, raised_ms FROM alarms WHERE $1 = '' OR post = $1 ORDER BY id", post);
    while (asked.step())
      out.push_back({{"post", asked.text(0)}, {"sequence", asked.number(1)}, {"what", asked.text(2)}, {"detail", asked.text(3)},
                     {"raised_ms", asked.number(4)}});
    // They stand as long as the result is set aside.
    if (const auto desk = desk_for_reading(place); desk && desk->has_table("set_aside")) {
      auto aside = desk->query("SELECT post, sequence, name, journal, reason, at_ms FROM set_aside WHERE $1 = '' OR post = $1 ORDER BY at_ms, name, journal, sequence", post);
      while (aside.step())
        out.push_back({{"post", aside.text(0)}, {"sequence", aside.number(1)}, {"what", "export_set_aside"},
                       {"detail", "export " + aside.text(2) + ", " + aside.text(3) + "/" + std::to_string(aside.number(1)) + ": " + aside.text(4)}, {"raised_ms", aside.number(5)}});
    }
    return document(out, out.empty());
  });
}

namespace {

struct Verified {
  json said;
  std::string broken;             ///< the first thing that is; empty: nothing
  std::vector<std::string> lost;  ///< blobs
};

Verified verified(Database& database, const ImageStore& images, const Chosen& of) {
  std::string broken;
  const auto breaks = [&](const std::string& what) { if (broken.empty()) broken = what; };

  constexpr std::uint64_t batch = 512;
  store::Hash previous = format::genesis(PostId{of.post});
  std::uint64_t records = 0, verdicts = 0, blobs = 0;
  for (bool more = true; more && broken.empty();) {
    auto asked = database.query("SELECT id, turn, hash, bytes FROM records WHERE turn > $1 AND turn <= $2 ORDER BY turn LIMIT $3",
                                journal_key(of.id, records), journal_key(of.id, static_cast<std::uint64_t>(of.cursor)), batch);
    for (more = false; broken.empty() && asked.step(); more = true) {
      const auto sequence = static_cast<std::uint64_t>(asked.number(1) - journal_key(of.id, 0));
      if (sequence != ++records) {
        --records;
        breaks("record " + std::to_string(records + 1) + " is not here (see `rampa-hq gaps`)");
        break;
      }
      const auto record = format::parse_after(asked.bytes(3), previous);
      if (!record) {
        breaks("record " + std::to_string(sequence) + ": " + record.error().what);
        break;
      }
      verdicts += record->entry.stream == Stream::verdicts;
      const std::uint64_t number = record->entry.stream == Stream::verdicts ? verdicts : sequence - verdicts;
      const ByteView hash = asked.bytes(2);
      if (!std::equal(hash.begin(), hash.end(), record->hash.begin(), record->hash.end()) ||
          asked.number(0) != record_key(of.id, record->entry.stream, number))
        breaks("record " + std::to_string(sequence) + ": its hash or number beside it was changed");
      previous = record->hash;
    }
  }
  if (broken.empty() && records != static_cast<std::uint64_t>(of.cursor))
    breaks("records " + std::to_string(records + 1) + " to " + std::to_string(of.cursor) + " were acknowledged and are not here");

  const std::uint64_t missing = missing_in(database, of);
  if (!of.current && missing > 0)
    breaks(std::to_string(missing) + " records that the post had in this journal are not here, and only the disk that held them can still give them (see `rampa-hq gaps`)");

  std::vector<std::string> lost;
  std::uint64_t evicted = 0;
  Bytes last;
  for (bool more = true; more;) {
    auto named = database.query("SELECT DISTINCT r.sha256, b.state FROM record_blobs r JOIN blobs b ON b.sha256 = r.sha256"
                                " WHERE r.id >= $1 AND r.id < $2 AND r.sha256 > $3 ORDER BY r.sha256 LIMIT $4",
                                record_key(of.id, Stream::verdicts, 0), record_key(of.id + 1, Stream::verdicts, 0), last, batch);
    for (more = false; named.step(); more = true) {
      last = named.copy(0);
      const Sha256 sha = named.fixed<32>(0);
      if (named.number(1) != static_cast<int>(BlobState::held)) {
        if (eviction_of(database, of.id, sha)) ++evicted;  // its tombstone stands in the chain that was walked
        else breaks("blob " + hex(sha) + " has not arrived");
        continue;
      }
      if (const auto whole = check(images, sha); whole) {
        ++blobs;
      } else {
        breaks("blob " + hex(sha) + ": " + whole.error().what);
        if (whole.error().code == ErrorCode::not_found || whole.error().code == ErrorCode::bad_reply) lost.push_back(hex(sha));
      }
    }
  }
  return {{{"post", of.post}, {"epoch", of.epoch}, {"records", records}, {"cursor", of.cursor}, {"missing", missing}, {"blobs", blobs},
           {"blobs_evicted", evicted}, {"blobs_lost", lost.size()}, {"first_broken", broken}}, broken, lost};
}

}  // namespace

Result<Report> verify_post(const Place& place, const std::string& post, const std::string& epoch) {
  return reading<Report>(place, [&](Database& database) -> Result<Report> {
    auto chosen = choose(database, post, epoch, Epochs::all);
    if (!chosen) return tl::unexpected(chosen.error());
    const auto images = open_images(place);
    if (!images) return tl::unexpected(images.error());
    std::vector<Sha256> some;  // at a wrong place all would be lost
    {
      auto asked = database.query("SELECT sha256 FROM blobs WHERE state = $1 LIMIT 16", static_cast<int>(BlobState::held));
      while (asked.step()) some.push_back(asked.fixed<32>(0));
    }
    if (auto confirmed = (*images)->confirm(some, false); !confirmed) return tl::unexpected(confirmed.error());
    Verified sum = verified(database, **images, chosen->front());
    for (auto of = chosen->begin() + 1; of != chosen->end(); ++of) {
      Verified former = verified(database, **images, *of);
      if (sum.broken.empty() && !former.broken.empty()) sum.broken = "epoch " + of->epoch + ": " + former.broken;
      sum.lost.insert(sum.lost.end(), former.lost.begin(), former.lost.end());
      sum.said["former"].push_back(std::move(former.said));
    }
    sum.said["first_broken"] = sum.broken;
    Report report = document(sum.said, sum.broken.empty());
    report.lost_blobs = std::move(sum.lost);
    return report;
  });
}

Result<Report> report_evictions(const Place& place, const std::string& sha256) {
  return reading<Report>(place, [&](Database& database) -> Result<Report> {
    json out = json::array();
    for (const Eviction& e : evictions_of(database, parse_sha256(sha256).value_or(Sha256{})))
      out.push_back({{"post", e.post}, {"sha256", e.sha256}, {"size_bytes", e.size_bytes}, {"sequence", e.sequence}, {"evicted_ms", e.at.ms}, {"reason", e.reason},
                     {"why", text_of(e)}});
    return document(out, out.empty());
  });
}

Result<void> known_post(const Place& place, const std::string& post) {
  return reading<void>(place, [&](Database& database) -> Result<void> {
    auto chosen = choose(database, post, "");
    if (!chosen) return tl::unexpected(chosen.error());
    return {};
  });
}

Result<std::vector<std::string>> posts_asked_for(const Place& place, const std::string& sha256) {
  return reading<std::vector<std::string>>(place, [&](Database& database) -> Result<std::vector<std::string>> {
    std::vector<std::string> posts;
    auto asked = database.query("SELECT post FROM wants WHERE sha256 = $1 ORDER BY post", parse_sha256(sha256).value_or(Sha256{}));
    while (asked.step()) posts.push_back(asked.text(0));
    return posts;
  });
}

Result<std::optional<NamedPicture>> picture_named(const Place& place, const std::string& sha256) {
  return reading<std::optional<NamedPicture>>(place, [&](Database& database) -> Result<std::optional<NamedPicture>> {
    std::optional<NamedPicture> found;
    auto asked = database.query("SELECT b.name, r.crossing, r.bytes, r.id FROM record_blobs b JOIN records r ON r.id = b.id"
                                " WHERE b.sha256 = $1 AND r.kind = 'capture' ORDER BY r.id", parse_sha256(sha256).value_or(Sha256{}));
    while (asked.step() && !(found && found->width_px > 0)) {
      NamedPicture picture{"", asked.text(1), asked.text(0), 0, 0};
      auto post = database.query("SELECT post FROM histories WHERE id = $1", history_of_key(asked.number(3)));
      if (post.step()) picture.post = post.text(0);
      const auto record = format::parse(asked.bytes(2));
      const json open = record ? json::parse(record->entry.open, nullptr, false) : json();
      const json body = open.is_object() ? open.value("body", json::object()) : json::object();
      if (body.is_object() && body.value("kind", std::string()) == "scan" && picture.name.starts_with("scan")) {
        picture.width_px = body.value("width_px", 0u);
        picture.height_px = body.value("height_px", 0u);
      }
      found = std::move(picture);
    }
    return found;
  });
}

namespace {

/// Prometheus' text form: all values of one name stand together.
class MetricsText {
 public:
  void add(const char* name, const char* what, const std::string& labels, const std::string& value) {
    auto found = std::find_if(metrics_.begin(), metrics_.end(), [&](const auto& metric) { return metric.first == name; });
    if (found == metrics_.end())
      found = metrics_.insert(found, {name, std::string("# HELP ") + name + " " + what + "\n# TYPE " + name + " gauge\n"});
    found->second += found->first + "{" + labels + "} " + value + "\n";
  }
  void add(const char* name, const char* what, const std::string& labels, std::int64_t value) { add(name, what, labels, std::to_string(value)); }
  [[nodiscard]] std::string text() const {
    std::string out;
    for (const auto& metric : metrics_) out += metric.second;
    return out;
  }

 private:
  std::vector<std::pair<std::string, std::string>> metrics_;
};

/// A text that somebody else chose, inside the quotes of a label.
std::string in_label(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') out += "\\n";
    else out += c;
  }
  return out;
}

}  // namespace

Result<std::string> report_metrics(const Place& place, WallTime now) {
  return reading<std::string>(place, [&](Database& database) -> Result<std::string> {
    auto chosen = choose(database, "", "", Epochs::all);
    if (!chosen) return tl::unexpected(chosen.error());
    MetricsText out;
    for (auto of = chosen->begin(); of != chosen->end();) {
      const Chosen& current = *of;
      const std::string post = "post=\"" + current.post + "\"";
      const auto end = std::find_if(of, chosen->end(), [&](const Chosen& other) { return other.post != current.post; });
      std::uint64_t missing_formerly = 0;
      std::int64_t quarantined = 0;
      for (; of != end; ++of) {
        quarantined += count(database, "SELECT count(*) FROM quarantine WHERE history = $1", of->id);
        if (!of->current) missing_formerly += missing_in(database, *of);
      }
      json totals = json::object();
      (void)streams_of(database, current, totals);
      const std::int64_t here = totals.value("here", std::int64_t{0});
      out.add("rampa_hq_cursor", "journal sequence up to which everything is durable here", post, current.cursor);
      out.add("rampa_hq_behind_records", "records the post says it has and HQ lacks", post, std::max<std::int64_t>(0, current.last_sequence - here));
      out.add("rampa_hq_missing_records", "records HQ knows of and does not hold: on their way, lost or kept apart; of a former journal only its old disk has them",
              post + ",journal=\"current\"", static_cast<std::int64_t>(missing_in(database, current)));
      out.add("rampa_hq_missing_records", "", post + ",journal=\"former\"", static_cast<std::int64_t>(missing_formerly));
      out.add("rampa_hq_records", "records held", post, count(database, "SELECT records FROM histories WHERE id = $1", current.id));
      out.add("rampa_hq_blobs_missing", "blobs asked for", post, count(database, "SELECT count(*) FROM wants WHERE post = $1", current.post));
      out.add("rampa_hq_alarms", "alarms raised", post, count(database, "SELECT count(*) FROM alarms WHERE post = $1", current.post));
      out.add("rampa_hq_quarantined", "records kept apart", post, quarantined);
      out.add("rampa_hq_hello_age_seconds", "since the post was last heard", post,
              (now.ms - count(database, "SELECT last_hello_ms FROM histories WHERE id = $1", current.id)) / 1000);
      auto hello = database.query("SELECT boot, sent_mono_ns, sent_wall_ms FROM histories WHERE id = $1", current.id);
      if (!hello.step()) continue;
      const json clock = clock_of(clock_sample(database, current.id, hello.text(0)), {MonoTime{hello.number(1)}, WallTime{hello.number(2)}});
      if (clock.is_object())
        out.add("rampa_hq_clock_width_seconds", "how exactly the post's clock is known: width of the interval in which the true time lies", post,
                std::to_string(static_cast<double>(clock["behind_ms_max"].get<std::int64_t>() - clock["behind_ms_min"].get<std::int64_t>()) / 1000));
    }
    if (const auto desk = desk_for_reading(place); desk && desk->has_table("set_aside")) {
      auto aside = desk->query("SELECT name, post, count(*) FROM set_aside GROUP BY name, post ORDER BY name, post");
      while (aside.step())
        out.add("rampa_hq_export_set_aside", "results that this export could not hand on", "export=\"" + in_label(aside.text(0)) + "\",post=\"" + aside.text(1) + "\"",
                aside.number(2));
    }
    return out.text();
  });
}

}  // namespace rampa::sync::hq
