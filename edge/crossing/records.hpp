// What the post records, as typed values. One Record is one entry of the journal; the journal is the truth, the outbox
// and the audit trail at once. Codec: edge/crossing/record_json.hpp. Personal fields are listed there and are encrypted.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "edge/crossing/assessment.hpp"
#include "edge/crossing/declaration.hpp"
#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/device/captures.hpp"
#include "firmware-interfaces/device/events.hpp"
#include "firmware-interfaces/ids.hpp"

namespace rampa {

/// What the lane does now.
enum class Verdict { release, hold, refer };

[[nodiscard]] constexpr std::string_view name_of(Verdict v) {
  return v == Verdict::release ? "release" : v == Verdict::hold ? "hold" : "refer";
}

/// Rampa started. Written before anything else of a boot.
struct Booted {
  std::string version;
  std::string profile_set;
  bool clean_before = false;  ///< the run before ended in an orderly way
  bool operator==(const Booted&) const = default;
};

struct CrossingOpened {
  std::string lane_kind;  ///< "cargo", "sally_port", "nii"
  std::string direction;  ///< "entry", "exit"
  bool operator==(const CrossingOpened&) const = default;
};

using CaptureBody = std::variant<device::WeighReading, device::PlateRead, device::RadiationReading, device::ScanImage,
                                 device::CameraFrame, device::ScanAids>;

/// One item of evidence of this crossing. The record's blobs are its pictures and raw frames.
struct CaptureTaken {
  std::string role;  ///< the device's role at the lane: "scale", "plate_front", "plate_rear", "portal", "scanner"; "scan_aids"
  device::Provenance from;
  CaptureBody body;
  bool operator==(const CaptureTaken&) const = default;
};

struct AssessmentMade {
  Assessment assessment;
  std::vector<std::string> declarations;  ///< references of the declarations it was made with
  std::vector<std::string> evidence_missing;
  bool operator==(const AssessmentMade&) const = default;
};

/// The lane's decision. Appended, never overwritten: an override is a further VerdictGiven with `overrides=true`.
struct VerdictGiven {
  Verdict verdict = Verdict::hold;
  SelectivityChannel channel = SelectivityChannel::red;
  std::string decided_by;      ///< "policy" or the officer's id
  std::string second_officer;  ///< where policy asks for a second person
  std::string reason;
  bool overrides = false;
  bool audit_afterwards = false;      ///< blue: released, marked for post-clearance audit
  std::int64_t decision_ms = 0;       ///< trigger to decision
  bool operator==(const VerdictGiven&) const = default;
};

/// A control's outcome as the officer or operator recorded it.
struct ControlRecorded {
  std::string control;  ///< "documents", "weighing", "nii", "radiation", "physical", "other"
  std::string finding;  ///< "clear", "suspect", "recheck", "unable" for a scan; "nothing_found", "irregularity" otherwise
  std::string officer;
  std::string note;
  bool operator==(const ControlRecorded&) const = default;
};

/// Physical movement: "passed", "left_backwards", "wrong_way", "tailgate", "stalled_under_boom", "second_vehicle_on_scale", "identity_unknown",
/// "unseen" (released and gone, while the inputs that would have shown it were away), "stood_before" (this vehicle stood here when the
/// crossing before was ended by an officer, the stop, the key or a restart: it is held).
struct PassageSeen {
  std::string what;
  std::string detail;
  bool operator==(const PassageSeen&) const = default;
};

/// The one terminal record of a crossing: "released", "refused", "left", "aborted" (power cut, E-stop), "by_hand".
struct CrossingClosed {
  std::string outcome;
  std::string summary;
  bool operator==(const CrossingClosed&) const = default;
};

/// Every officer's action that reached the lane, accepted or not.
struct OfficerActed {
  std::string officer;
  std::string terminal;
  std::string action;
  std::string reason;
  bool accepted = false;
  std::string refusal;  ///< why not accepted
  std::string channel;  ///< raise_channel: "yellow" or "red"
  std::string control;  ///< raise_channel: the control that it orders, as in ControlRecorded
  bool operator==(const OfficerActed&) const = default;
};

/// "in_service", "out_of_service", "emergency_stop", "by_hand".
struct LaneModeChanged {
  std::string mode;
  std::string by;
  std::string reason;
  bool operator==(const LaneModeChanged&) const = default;
};

struct FaultChanged {
  DeviceId device;
  std::string role;
  device::DeviceCondition condition;
  bool operator==(const FaultChanged&) const = default;
};

/// A crossing that was noted on paper while Rampa was dead, entered afterwards. Marked as such for ever.
struct PaperCrossing {
  WallTime happened;  ///< as noted on paper
  std::string plate;
  std::string trailer;
  std::optional<std::int64_t> gross_kg;
  std::string declaration;
  Verdict verdict = Verdict::release;
  std::string decided_by;  ///< who decided then
  std::string entered_by;  ///< who typed it in
  std::string note;
  bool operator==(const PaperCrossing&) const = default;
};

/// Security and administration: logins, claim code used, profile set activated, link changes.
struct AuditNote {
  std::string what;
  std::string who;
  std::string detail;
  bool operator==(const AuditNote&) const = default;
};

/// The store removed a blob for lack of room, in the fixed order of edge/store/ROOM.md. Durable before the file goes. It stands
/// in the crossing whose record named the blob last.
struct BlobEvicted {
  std::string sha256;
  std::uint64_t size_bytes = 0;
  std::string blob_class;   ///< "image", "thumbnail"
  std::string reason;       ///< what it made room for: "quota_images", "quota_thumbnails", "disk_reserve"
  bool held_at_hq = false;  ///< HQ had said that it holds it; false: nobody has it any more
  bool operator==(const BlobEvicted&) const = default;
};

using RecordBody =
    std::variant<Booted, CrossingOpened, CaptureTaken, AssessmentMade, VerdictGiven, ControlRecorded, PassageSeen,
                 CrossingClosed, OfficerActed, LaneModeChanged, FaultChanged, PaperCrossing, AuditNote, BlobEvicted>;

struct Record {
  LaneId lane;          ///< empty where it concerns the post
  CrossingId crossing;  ///< empty where there is none
  Stamp at;
  RecordBody body;
  std::vector<Attachment> attachments;  ///< become blobs when stored
};

/// A record as it lies in the journal: decoded, with its blobs and its place.
struct StoredRecord {
  std::uint64_t sequence = 0;  ///< 1, 2, 3... without gaps over the post's life
  std::string boot_id;
  LaneId lane;
  CrossingId crossing;
  Stamp at;
  RecordBody body;
  std::vector<BlobRef> blobs;
  std::string hash;  ///< chain hash, 64 hex digits
  bool erased = false;  ///< its personal fields are gone (key destroyed); the rest is true
};

/// Stable word for a record's kind: "crossing_opened", "verdict_given"...
[[nodiscard]] std::string_view kind_of(const RecordBody& body);

}  // namespace rampa
