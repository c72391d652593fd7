// What the command-line tools say about HQ's holdings. Read-only; works beside a running `serve`. Each returns one JSON
// document as text. Errors: not_found (no database yet), invalid, io.
#pragma once

#include <string>

#include "firmware-interfaces/result.hpp"

namespace rampa::sync::hq {

struct RecordQuery {
  std::string post;
  std::string crossing;        ///< empty: all
  std::uint64_t from = 1;      ///< first sequence
  std::uint64_t limit = 1000;
};

/// One document and whether everything is as it should be (exit status 0 or 1).
struct Report {
  std::string json;
  bool sound = true;
};

/// [{"post","cursor","last_sequence","behind","records","quarantined","alarms","blobs_missing",...}]
[[nodiscard]] Result<Report> report_posts(const std::string& directory);
/// [{"sequence","hash","kind","lane","crossing","wall_ms","chain","personal","open",...}], ascending
[[nodiscard]] Result<Report> report_records(const std::string& directory, const RecordQuery& query);
/// [{"post","first","last","why"}]: sequences that HQ does not hold as records. Not sound if there are any.
[[nodiscard]] Result<Report> report_gaps(const std::string& directory, const std::string& post);
/// [{"post","sequence","what","detail","raised_ms"}]
[[nodiscard]] Result<Report> report_alarms(const std::string& directory, const std::string& post);
/// {"post","records","blobs","first_broken"}: walks the chain from the post's genesis over the bytes as they came, and
/// every blob's content. Not sound if anything is broken, unverifiable or missing.
[[nodiscard]] Result<Report> verify_post(const std::string& directory, const std::string& post);

}  // namespace rampa::sync::hq
