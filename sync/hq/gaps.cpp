#include "sync/hq/gaps.hpp"

#include <algorithm>
#include <map>

#include "edge/store/record_format.hpp"
#include "sync/digest.hpp"

namespace rampa::sync::hq {
namespace format = store::format;

Result<std::vector<Chosen>> choose(Database& database, const std::string& post, const std::string& epoch, Epochs epochs) {
  std::vector<Chosen> out;
  auto asked = database.query("SELECT h.id, h.post, h.epoch, CASE WHEN h.id = p.history THEN 1 ELSE 0 END, h.walked, h.last_sequence, h.verdicts_end,"
                              " h.events_end FROM histories h JOIN posts p ON p.post = h.post WHERE ($1 = '' OR h.post = $1) ORDER BY h.post, 4 DESC, h.id", post);
  while (asked.step()) {
    Chosen found{asked.number(0), asked.text(1), hex(asked.bytes(2)), asked.number(3) != 0, asked.number(4), asked.number(5), {asked.number(6), asked.number(7)}};
    if (epoch.empty() ? found.current || epochs == Epochs::all : found.epoch == epoch) out.push_back(std::move(found));
  }
  if (post.empty() || !out.empty()) return out;
  std::string known;
  auto posts = database.query("SELECT post FROM posts ORDER BY post");
  while (posts.step()) known += (known.empty() ? "" : ", ") + posts.text(0);
  return fail(ErrorCode::not_found, "nothing was ever received from post \"" + post + "\"" + (epoch.empty() ? "" : " in epoch " + epoch) + "; known here: " +
                                        (known.empty() ? "none" : known));
}

StreamRow stream_of(Database& database, std::int64_t history, Stream stream) {
  auto asked = database.query("SELECT held, recheck FROM streams WHERE history = $1 AND stream = $2", history, static_cast<int>(stream));
  return asked.step() ? StreamRow{unpacked_ranges(asked.bytes(0)), asked.count(1)} : StreamRow{};
}

std::vector<Gap> gaps_of(Database& database, const Chosen& of) {
  std::vector<Gap> out;
  for (const Stream stream : store::streams) {
    const StreamRow row = stream_of(database, of.id, stream);
    std::uint64_t expected = 1;
    const auto missing = [&](std::uint64_t end, const char* why) {
      // Most of what was asked for again is here, and not compared yet with what the post has.
      if (expected <= row.recheck && expected <= end)
        out.push_back({stream, {expected, std::min(end, row.recheck)}, "asked for again (resend), not yet compared", true});
      expected = std::max(expected, row.recheck + 1);
      if (expected <= end) out.push_back({stream, {expected, end}, why});
    };
    for (const Range& r : row.held) {
      missing(r.first - 1, "not yet here");
      expected = r.last + 1;
    }
    missing(static_cast<std::uint64_t>(of.ends[static_cast<std::size_t>(stream)]), "recorded at the post, not yet here");
    {
      auto lost = database.query("SELECT first_id, last_id, reason FROM lost WHERE first_id >= $1 AND first_id <= $2 AND here = 0 ORDER BY first_id",
                                 record_key(of.id, stream, 0), record_key(of.id, stream, number_end - 1));
      while (lost.step()) out.push_back({stream, {number_of_key(lost.number(0)), number_of_key(lost.number(1))}, lost.text(2)});
    }
    auto asked = database.query("SELECT DISTINCT number FROM quarantine q WHERE history = $1 AND stream = $2 AND NOT EXISTS"
                                "(SELECT 1 FROM records r WHERE r.id = $3 + q.number) ORDER BY number",
                                of.id, static_cast<int>(stream), record_key(of.id, stream, 0));
    while (asked.step()) out.push_back({stream, {asked.count(0), asked.count(0)}, "in quarantine"});
  }
  if (!of.current)
    for (Gap& gap : out) gap.why += "; the post has begun another journal since: only the disk that held it can still give this";
  return out;
}

std::uint64_t missing_in(Database& database, const Chosen& of) {
  std::uint64_t sum = 0;
  for (const Gap& gap : gaps_of(database, of)) sum += gap.here_once ? 0 : gap.numbers.last - gap.numbers.first + 1;
  return sum;
}

std::vector<Eviction> evicted_in(Database& database, const Chosen& of) {
  std::map<std::string, Eviction> newest;
  {
    auto asked = database.query("SELECT bytes FROM records WHERE kind = 'blob_evicted' AND id >= $1 AND id < $2 ORDER BY id", record_key(of.id, Stream::verdicts, 0),
                                record_key(of.id + 1, Stream::verdicts, 0));
    while (asked.step()) {
      const auto record = format::parse(asked.bytes(0));
      auto eviction = record ? eviction_in(record->entry) : std::nullopt;
      if (!eviction) continue;
      eviction->history = of.id;
      eviction->post = of.post;
      newest.insert_or_assign(eviction->sha256, std::move(*eviction));
    }
  }
  std::vector<Eviction> out;
  for (auto& [sha, eviction] : newest) {
    auto asked = database.query("SELECT state FROM blobs WHERE sha256 = $1", parse_sha256(sha).value_or(Sha256{}));
    if (asked.step() && asked.number(0) != static_cast<int>(BlobState::held)) out.push_back(std::move(eviction));
  }
  return out;
}

}  // namespace rampa::sync::hq
