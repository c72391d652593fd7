// What the command-line tools say about HQ's holdings. Read-only; works beside a running `serve`. Each returns one JSON
// document as text. Errors: not_found (no database yet), invalid, io. Numbers of records are of their stream where a stream is
// named, else of the post's journal. All speak of the post's current epoch unless another one is given.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "firmware-interfaces/result.hpp"
#include "firmware-interfaces/time.hpp"
#include "sync/hq/database.hpp"

namespace rampa::sync::hq {

struct RecordQuery {
  std::string post;
  std::string crossing;        ///< empty: all
  std::uint64_t from = 1;      ///< first sequence of the journal
  std::uint64_t limit = 1000;
  std::string epoch;           ///< hex; empty: the current one
  /// HQ's secret: opens the personal fields. Whoever gives it has written down who looks and why (Desk::note_look).
  std::optional<std::array<std::uint8_t, 32>> key;
};

/// One document and whether everything is as it should be (exit status 0 or 1).
struct Report {
  std::string json;
  bool sound = true;
  std::vector<std::string> lost_blobs;  ///< verify_post: the ledger says that they are here, and they are missing or damaged
};

/// [{"post","epoch","epochs","cursor","last_sequence","behind","records","streams":{...},"clock":{...},"missing","quarantined","lost",
/// "blobs_evicted","alarms","blobs_missing","former":[{"epoch","cursor","last_sequence","records","missing"}],...}]. "missing", "quarantined", "lost": of all epochs.
[[nodiscard]] Result<Report> report_posts(const Place& place);
/// [{"sequence","stream","number","hash","kind","lane","crossing","wall_ms","chain","personal","open",...}], ascending.
/// "personal": "none", "encrypted", or with a key the fields themselves or {"unreadable": why}
[[nodiscard]] Result<Report> report_records(const Place& place, const RecordQuery& query);
/// [{"post","epoch","journal","stream","first","last","why"}]: numbers that HQ does not hold as records, of every epoch unless one is
/// given. "journal": "current", or "former": only its old disk can still give them. And {"post","epoch","journal","blob","size_bytes",
/// "sequence","evicted_ms","reason","why"}: blobs that made room at the post before HQ had them. Not sound if there are any.
[[nodiscard]] Result<Report> report_gaps(const Place& place, const std::string& post, const std::string& epoch = "");
/// [{"post","sequence","what","detail","raised_ms"}]: the ledger's, and "export_set_aside" for each result that an export has set aside
/// (`sequence`: of the record that closed its crossing).
[[nodiscard]] Result<Report> report_alarms(const Place& place, const std::string& post);
/// {"post","epoch","records","cursor","missing","blobs","blobs_evicted","blobs_lost","first_broken"}: walks the chain from the post's genesis over the bytes as
/// they came, and every blob's content. Without an epoch the former ones are walked, too ("former":[the same of each]), and "first_broken"
/// speaks of all. Not sound if anything is broken, unverifiable or missing; what the current journal has on its way is not.
[[nodiscard]] Result<Report> verify_post(const Place& place, const std::string& post, const std::string& epoch = "");
/// [{"post","sha256","size_bytes","sequence","evicted_ms","reason","why"}]: what posts' records say of this blob. Not sound if there are any.
[[nodiscard]] Result<Report> report_evictions(const Place& place, const std::string& sha256);
/// Whether there is an HQ here that has heard this post (empty: any or none). Errors: not_found (the text names the posts that are known).
[[nodiscard]] Result<void> known_post(const Place& place, const std::string& post);
/// Posts that are asked for this blob, one per line of JSON: what --boost writes orders for.
[[nodiscard]] Result<std::vector<std::string>> posts_asked_for(const Place& place, const std::string& sha256);
/// What a post's record says of a blob that it names in a capture; a scan has a size in pixels. Nothing where none does.
struct NamedPicture {
  std::string post, crossing, name;
  std::uint32_t width_px = 0, height_px = 0;
};
[[nodiscard]] Result<std::optional<NamedPicture>> picture_named(const Place& place, const std::string& sha256);
/// Prometheus text: what is held, missing and waiting, per post.
[[nodiscard]] Result<std::string> report_metrics(const Place& place, WallTime now);

}  // namespace rampa::sync::hq
