// What became of one crossing, put together from its records at HQ: what the ministry's systems are told. One result per
// closed crossing, and one per crossing that was noted on paper. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "edge/crossing/records.hpp"

namespace rampa::sync::hq {

struct ResultPlate {
  std::string position, text, country;
  int confidence_percent = 0;
  bool operator==(const ResultPlate&) const = default;
};
struct ResultMass {
  std::int64_t gross_g = 0, net_g = 0, tare_g = 0;
  std::string alibi_number;
  bool operator==(const ResultMass&) const = default;
};
struct ResultControl {
  std::string control, finding, officer, note;
  WallTime at;
  bool operator==(const ResultControl&) const = default;
};
struct ResultVerdict {
  std::string verdict, channel, decided_by, second_officer, reason;
  bool overrides = false, audit_afterwards = false;
  WallTime at;
  bool operator==(const ResultVerdict&) const = default;
};

struct CrossingResult {
  std::string id;  ///< "POST/EPOCH/SEQUENCE" of the record that closed it: the same result always has the same id
  std::string amends; ///< id of the result that lacked a record of this crossing; empty: it is the first
  std::string post, lane, crossing, lane_kind, direction;
  WallTime opened, closed;
  std::string outcome;
  bool on_paper = false;      ///< noted by hand while the lane was dead and entered afterwards
  std::string entered_by;
  std::vector<ResultPlate> plates;        ///< as read, best first within a position
  std::optional<ResultMass> mass;         ///< the last one without motion
  std::vector<std::string> declarations;  ///< references
  std::string channel;                    ///< of the last assessment
  std::string profile_set;                ///< its version
  std::vector<std::string> profiles;      ///< that selected it
  std::vector<std::string> evidence_missing;
  std::vector<ResultControl> controls;
  std::vector<ResultVerdict> verdicts;    ///< all of them; the last one is the decision
  bool gamma_alarm = false, neutron_alarm = false;
  std::vector<BlobRef> images;
  std::string last_hash;      ///< chain hash of the record that closed it, 64 hex digits
  std::string not_readable;   ///< empty, or why the personal fields are not in it
  bool operator==(const CrossingResult&) const = default;
};

/// A record as it lies at HQ, decoded.
struct ResultRecord {
  std::uint64_t sequence = 0;
  std::string lane, crossing, hash;
  Stamp at;
  RecordBody body;
  std::vector<BlobRef> blobs;
  std::string not_readable;  ///< why its personal fields are empty; empty: they are there, or it has none
};

/// `records`: of one crossing, ascending; the last one closes it (CrossingClosed or PaperCrossing).
[[nodiscard]] CrossingResult result_of(const std::string& post, const std::string& epoch, const std::vector<ResultRecord>& records);

}  // namespace rampa::sync::hq
