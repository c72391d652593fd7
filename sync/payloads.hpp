// The JSON payloads as values. Schemas: sync/schema/*.schema.json. Pure. Unknown keys are ignored (a newer side may add
// some), missing or wrong ones are errors that name the key.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "edge/crossing/declaration.hpp"
#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/result.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::sync {

/// Post: "I am here, this is what I have". Also sent as a heartbeat.
struct Hello {
  std::string id;        ///< names this hello; the ack that answers it repeats it
  std::string boot_id;
  std::string software;  ///< version of the appliance
  std::uint64_t last_sequence = 0;  ///< durable at the post
  std::string last_hash;            ///< chain hash of that record; empty while there is none
  Stamp sent;                       ///< HQ estimates the post's clock offset from it
  std::uint64_t declarations_version = 0;  ///< newest that arrived since the post started
  std::uint64_t watch_lists_version = 0;
  bool operator==(const Hello&) const = default;
};

/// A record that HQ keeps apart because it breaks a check; it does not hold up what follows.
struct QuarantinedRecord {
  std::uint64_t sequence = 0;
  std::string reason;
  bool operator==(const QuarantinedRecord&) const = default;
};

/// HQ, after its own commit: everything up to and including `cursor` is durable at HQ or named in quarantine.
struct Ack {
  std::uint64_t cursor = 0;  ///< cumulative; 0: nothing yet
  std::string hash;          ///< chain hash of the record at the cursor; empty for 0 or where that one is quarantined
  std::string incarnation;   ///< changes when the receiver restarts
  std::string hello;         ///< id of the hello this answers; empty otherwise
  bool resend = false;       ///< something was missing or damaged on the way: go back to cursor + 1
  std::vector<QuarantinedRecord> quarantined;
  WallTime received;         ///< HQ's clock
  bool operator==(const Ack&) const = default;
};

struct WantedBlob {
  std::string sha256;  ///< 64 hex digits
  std::uint64_t size_bytes = 0;
  std::uint64_t have_bytes = 0;  ///< contiguous from the start; continue there
  bool resend = false;           ///< a slice was missing: go back to have_bytes
  bool operator==(const WantedBlob&) const = default;
};

/// HQ: blobs it lacks, and those that are whole now. Progress is a newer want of the same blob.
struct Want {
  std::vector<WantedBlob> blobs;
  std::vector<std::string> done;
  bool operator==(const Want&) const = default;
};

/// Post: a wanted blob that it cannot give.
struct Unavailable {
  std::string sha256;
  std::string reason;
  bool operator==(const Unavailable&) const = default;
};

/// HQ to post: declarations to cache. Version is HQ's, growing.
struct DeclarationsDown {
  std::uint64_t version = 0;
  std::vector<Declaration> declarations;
};
struct WatchListDown {
  std::uint64_t version = 0;
  std::string name;
  std::vector<std::string> plates;
  bool operator==(const WatchListDown&) const = default;
};

[[nodiscard]] Bytes encode(const Hello& hello);
[[nodiscard]] Bytes encode(const Ack& ack);
[[nodiscard]] Bytes encode(const Want& want);
[[nodiscard]] Bytes encode(const Unavailable& unavailable);
[[nodiscard]] Bytes encode(const DeclarationsDown& down);
[[nodiscard]] Bytes encode(const WatchListDown& down);

/// Errors: invalid, naming the key.
[[nodiscard]] Result<Hello> decode_hello(ByteView bytes);
[[nodiscard]] Result<Ack> decode_ack(ByteView bytes);
[[nodiscard]] Result<Want> decode_want(ByteView bytes);
[[nodiscard]] Result<Unavailable> decode_unavailable(ByteView bytes);
[[nodiscard]] Result<DeclarationsDown> decode_declarations(ByteView bytes);
[[nodiscard]] Result<WatchListDown> decode_watch_list(ByteView bytes);

}  // namespace rampa::sync
