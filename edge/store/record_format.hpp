// One record of the journal as bytes, exactly as FORMAT.md says. Pure: no file, no thread, no key. Used by the journal
// here and by HQ, which checks every record that arrives against the one before it.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "edge/store/digest.hpp"
#include "edge/store/stream.hpp"
#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/ids.hpp"
#include "firmware-interfaces/machine_time.hpp"
#include "firmware-interfaces/result.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::store::format {

inline constexpr std::size_t record_header_bytes = 112;
inline constexpr std::size_t record_trailer_bytes = 36;  ///< chain hash and CRC
inline constexpr std::size_t record_bytes_max = 16u << 20;
inline constexpr std::size_t personal_tag_bytes = 16;    ///< ciphertext is this much longer than the plain text

using rampa::BootId;
using Nonce = std::array<std::uint8_t, 24>;

/// The fields of a record. `personal` is ciphertext; only who has the key of the day can read it (day_keys.hpp).
struct Entry {
  std::uint64_t sequence = 0;
  std::uint64_t synced = 0;  ///< last sequence that was durable when this record was written
  bool ends_group = false;   ///< last record of one persist(): a group counts as a whole or not at all
  Stream stream = Stream::events;
  std::uint32_t verdicts = 0;  ///< records of the verdicts' stream up to and including this one
  Stamp at;
  WallQuality wall_quality = WallQuality::unknown;
  BootId boot{};
  std::string kind, lane, crossing;
  std::vector<BlobRef> blobs;
  std::string open;                  ///< canonical JSON, in clear
  std::uint32_t day = 0;             ///< YYYYMMDD (UTC) of `at.wall`
  std::uint32_t key_generation = 0;  ///< which key of that day; 0: no personal part
  Nonce nonce{};
  Bytes personal;                    ///< XChaCha20-Poly1305 ciphertext with tag, or empty

  /// Its number in its stream: both streams together are the journal.
  [[nodiscard]] std::uint64_t stream_sequence() const { return stream == Stream::verdicts ? verdicts : sequence - verdicts; }
};

struct ParsedRecord {
  Entry entry;
  Hash hash{};             ///< the chain hash that stands in it
  std::size_t length = 0;  ///< bytes it takes

  [[nodiscard]] std::string boot_hex() const { return to_hex(entry.boot); }
};

/// The chain's value before record 1: binds the chain to the post.
[[nodiscard]] Hash genesis(const PostId& post);

/// The 112 bytes of the header for a body of this size. `personal_bytes` is the length of the ciphertext. Errors: invalid (a field
/// over its limit).
[[nodiscard]] Result<Bytes> encode_header(const Entry& entry, std::size_t personal_bytes);
/// The associated data of the personal part's encryption: the header with the bits of the wall clock's quality 0, so that
/// programs that do not know these bits open what is written today.
[[nodiscard]] Result<Bytes> personal_header(const Entry& entry, std::size_t personal_bytes);

/// The whole record, chained to `previous`. Errors: invalid (a field or the record over its limit).
[[nodiscard]] Result<Bytes> encode(const Entry& entry, const Hash& previous);

/// Length of the record that starts here, from its first 12 bytes; nothing where there is no record's start.
[[nodiscard]] std::optional<std::size_t> length_at(ByteView bytes);

/// The first record in `bytes` (more may follow). Checks magic, version, lengths and CRC, not the chain.
/// Errors: invalid, naming what does not fit.
[[nodiscard]] Result<ParsedRecord> parse(ByteView bytes);

/// The chain hash that this record must have after `previous`. `record`: exactly the record's bytes.
[[nodiscard]] Hash chain_hash(const Hash& previous, ByteView record);

/// parse() and the chain: what HQ calls for every record. `previous` is the hash of sequence - 1, or genesis(post).
/// Errors: invalid; the text names the sequence and what is broken.
[[nodiscard]] Result<ParsedRecord> parse_after(ByteView record, const Hash& previous);

/// YYYYMMDD of a wall time, UTC.
[[nodiscard]] std::uint32_t day_of(WallTime wall);

}  // namespace rampa::store::format
