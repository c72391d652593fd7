// The JSON payloads as values. Schemas: sync/schema/*.schema.json. Pure. Unknown keys are ignored (a newer side may add
// some), missing or wrong ones are errors that name the key.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "edge/store/stream.hpp"
#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/result.hpp"
#include "firmware-interfaces/time.hpp"
#include "sync/frame.hpp"

namespace rampa::sync {

inline constexpr std::size_t hello_text_max = 256;

/// The newest letter that the post has of one desk of HQ's. An empty name: of an HQ that does not name its desk.
struct DeskCursor {
  std::string desk;  ///< 32 lower-case hex digits
  std::uint64_t through = 0;
  bool operator==(const DeskCursor&) const = default;
};
inline constexpr std::size_t desk_cursors_max = 8;  ///< of one post: an HQ, one for disaster recovery, and what they were before

/// Post: "I am here, this is what I have". Also sent as a heartbeat.
struct Hello {
  std::string id;        ///< names this hello; the ack that answers it repeats it
  Epoch epoch{};         ///< of the journal
  std::string key;       ///< the device's public key, hex; the epoch follows from it and the post's name
  std::string boot_id;
  std::uint64_t boot_number = 0;
  std::string software;  ///< version of the appliance
  std::uint64_t last_sequence = 0;  ///< of the journal, durable at the post; the sum of the streams' ends
  std::string last_hash;            ///< chain hash of that record; empty while there is none
  store::StreamEnds ends;           ///< durable at the post
  std::uint64_t letters_through = 0;  ///< HQ's letters that are applied durably, or refused; whichever desk they are of
  /// Of which desks they are, the one that wrote last first. A desk that is not named: of that one the post has none. Absent: an older post.
  std::optional<std::vector<DeskCursor>> desks;
  Stamp sent;                       ///< HQ estimates the post's clock offset from it
  WallTime heard_answered;          ///< `answered` of the newest ack that arrived in this boot; 0: none yet
  MonoTime heard;                   ///< when it arrived: with it HQ knows the offset of the clocks from both sides
  bool metered = false;             ///< a line that is paid by the byte: only verdicts and events come over it
  bool operator==(const Hello&) const = default;
};

/// A record that HQ keeps apart because it breaks a check; it does not hold up what follows.
struct QuarantinedRecord {
  std::uint64_t sequence = 0;  ///< its number in its stream: what the record itself says cannot be believed
  std::string reason;
  Stream stream = Stream::events;
  bool operator==(const QuarantinedRecord&) const = default;
};

/// Numbers first..last, both included.
struct Range {
  std::uint64_t first = 1, last = 0;
  bool operator==(const Range&) const = default;
};

/// How far HQ has one stream.
struct StreamAck {
  std::uint64_t through = 0;   ///< everything up to this number is durable at HQ or in quarantine
  std::vector<Range> ranges;   ///< beyond it, ascending, with holes between; at most ranges_max, the lowest ones
  bool operator==(const StreamAck&) const = default;
};
inline constexpr std::size_t ack_ranges_max = 64;

/// A frame that HQ did not take. It stays the post's to send.
struct RefusedFrame {
  Stream stream = Stream::events;
  std::uint64_t first = 0;
  std::string reason;
  bool operator==(const RefusedFrame&) const = default;
};

/// Records that the post's journal cannot give (any more).
struct LostRecords {
  Stream stream = Stream::events;
  Range numbers;
  std::string reason;
  bool operator==(const LostRecords&) const = default;
};
/// Post: HQ is not to wait for these.
struct Lost {
  std::vector<LostRecords> records;
  bool operator==(const Lost&) const = default;
};
inline constexpr std::size_t lost_told_max = 64;  ///< of one message

/// HQ, after its own commit.
struct Ack {
  std::string session;       ///< id of the newest hello that HQ has from this post in this epoch; another one's ack is stale
  bool answers = false;      ///< this is the first ack to that hello
  std::string incarnation;   ///< changes when HQ restarts or its line broke: what went meanwhile may be lost
  Epoch epoch{};             ///< of the hello
  std::string key;           ///< HQ's public key, hex: looked at only by a post that knows none yet
  std::array<StreamAck, store::streams.size()> streams;  ///< by Stream
  std::uint64_t cursor = 0;  ///< journal sequence up to which HQ has everything of both streams; 0: nothing yet
  std::string hash;          ///< chain hash of the record at the cursor; empty for 0 or where that one is quarantined
  std::string durability;    ///< "disk", or "standby": a second database server has it too
  std::uint64_t credit_bytes = 0;  ///< HQ wants no more than this under way
  std::uint64_t letters_last = 0;  ///< HQ's newest letter for this post
  std::vector<QuarantinedRecord> quarantined;
  std::vector<RefusedFrame> refused;
  /// In the answer to a hello: what the post told to be lost and HQ has not met since, without reasons, some of it where it is
  /// much. Absent: another ack, or an HQ that takes no word of it.
  std::optional<std::vector<LostRecords>> lost;
  std::int64_t hello_mono_ns = 0;  ///< the hello's monotonic stamp, repeated
  WallTime hello_received, answered;  ///< HQ's clock
  Duration held{};  ///< how long HQ kept the newest message that this acknowledges, whole microseconds; 0: not told
  bool operator==(const Ack&) const = default;
};

struct WantedBlob {
  std::string sha256;  ///< 64 hex digits
  std::uint64_t size_bytes = 0;
  bool manifest = false;          ///< its chunks are not known at HQ: send the manifest first, no slices yet
  std::vector<Range> chunks;      ///< missing, counted from 0, ascending
  std::uint64_t have_bytes = 0;   ///< of the first missing chunk: go on there
  bool resend = false;            ///< something got lost or was wrong: what was sent since does not count
  bool boost = false;             ///< before all thumbnails
  bool operator==(const WantedBlob&) const = default;
};

/// HQ: blobs it lacks, and those that it wants nothing more of. Progress is a newer want of the same blob.
struct Want {
  std::vector<WantedBlob> blobs;
  std::vector<std::string> done;     ///< HQ holds these whole
  std::vector<std::string> dropped;  ///< HQ asks no more for these and does not hold them
  Duration held{};  ///< how long HQ kept the newest slice that this tells of, whole microseconds; 0: not told
  bool operator==(const Want&) const = default;
};

/// Post: a wanted blob that it cannot give.
struct Unavailable {
  std::string sha256;
  std::string reason;
  bool operator==(const Unavailable&) const = default;
};

/// Post: a piece of a blob that HQ has for it. HQ answers with slices (dn/slice), in order, or with dn/unavailable.
struct Fetch {
  std::string sha256;
  std::uint64_t offset = 0;
  std::uint32_t bytes = 0;  ///< at most 1 MiB; 0 only for the empty blob
  bool operator==(const Fetch&) const = default;
};

/// HQ to post: one numbered piece of news. Kinds and bodies: letters.hpp.
struct Letter {
  std::uint64_t number = 0;  ///< 1, 2, 3... per post, without gaps
  std::string kind;
  std::string body;          ///< JSON text
  std::string desk;          ///< at the post: of the message that it came with
  bool operator==(const Letter&) const = default;
};
struct Letters {
  std::vector<Letter> letters;
  std::string desk;  ///< whose they are, 32 lower-case hex digits; empty: an older HQ
  bool operator==(const Letters&) const = default;
};

struct RefusedLetter {
  std::uint64_t number = 0;
  std::string reason;
  bool operator==(const RefusedLetter&) const = default;
};
/// What became of a command.
struct AnsweredLetter {
  std::uint64_t number = 0;
  std::string outcome;
  bool operator==(const AnsweredLetter&) const = default;
};
/// Post: everything up to `through` is applied durably, or refused.
struct Receipt {
  std::uint64_t through = 0;
  std::vector<RefusedLetter> refused;
  std::vector<AnsweredLetter> answered;
  bool operator==(const Receipt&) const = default;
};

[[nodiscard]] Bytes encode(const Hello& hello);
[[nodiscard]] Bytes encode(const Ack& ack);
[[nodiscard]] Bytes encode(const Want& want);
[[nodiscard]] Bytes encode(const Unavailable& unavailable);
[[nodiscard]] Bytes encode(const Fetch& fetch);
[[nodiscard]] Bytes encode(const Lost& lost);
[[nodiscard]] Bytes encode(const Letters& letters);
[[nodiscard]] Bytes encode(const Receipt& receipt);
[[nodiscard]] Bytes encode(const std::vector<DeskCursor>& desks);  ///< as the post keeps them

/// Errors: invalid, naming the key.
[[nodiscard]] Result<Hello> decode_hello(ByteView bytes);
[[nodiscard]] Result<Ack> decode_ack(ByteView bytes);
[[nodiscard]] Result<Want> decode_want(ByteView bytes);
[[nodiscard]] Result<Unavailable> decode_unavailable(ByteView bytes);
[[nodiscard]] Result<Fetch> decode_fetch(ByteView bytes);
[[nodiscard]] Result<Lost> decode_lost(ByteView bytes);
[[nodiscard]] Result<Letters> decode_letters(ByteView bytes);
[[nodiscard]] Result<Receipt> decode_receipt(ByteView bytes);
[[nodiscard]] Result<std::vector<DeskCursor>> decode_desks(ByteView bytes);

}  // namespace rampa::sync
