#include "edge/store/record_format.hpp"

#include <algorithm>
#include <chrono>

namespace rampa::store::format {

namespace {

constexpr std::string_view k_magic = "RMPR";
constexpr std::uint16_t k_version = 2;
constexpr std::uint16_t k_ends_group = 1, k_verdict = 2, k_wall_quality_shift = 2, k_wall_quality_mask = 3;

Result<void> check_short(std::string_view name, std::size_t length) {
  if (length > 0xFFFF)
    return fail(ErrorCode::invalid, std::string(name) + " has " + std::to_string(length) + " bytes, at most 65535");
  return {};
}

std::size_t body_bytes(const Entry& e) {
  std::size_t n = e.kind.size() + e.lane.size() + e.crossing.size() + e.open.size();
  for (const BlobRef& b : e.blobs) n += 44 + b.name.size() + b.media_type.size();
  return n;
}

Result<Bytes> header_of(const Entry& e, std::size_t personal_bytes, WallQuality quality) {
  for (auto [name, size] : {std::pair<std::string_view, std::size_t>{"kind", e.kind.size()}, {"lane", e.lane.size()},
                            {"crossing", e.crossing.size()}, {"blob count", e.blobs.size()}})
    if (auto ok = check_short(name, size); !ok) return tl::unexpected(ok.error());
  const std::size_t length = record_header_bytes + body_bytes(e) + personal_bytes + record_trailer_bytes;
  if (length > record_bytes_max)
    return fail(ErrorCode::invalid, "record of " + std::to_string(length) + " bytes, at most " +
                                        std::to_string(record_bytes_max) + ": put big content into an attachment");
  Bytes out;
  out.reserve(length);
  FieldWriter w(out);
  w.text(k_magic);
  w.u16(k_version);
  w.u16(static_cast<std::uint16_t>((e.ends_group ? k_ends_group : 0) | (e.stream == Stream::verdicts ? k_verdict : 0) |
                                   static_cast<int>(quality) << k_wall_quality_shift));
  w.u32(static_cast<std::uint32_t>(length));
  w.u16(static_cast<std::uint16_t>(e.kind.size()));
  w.u16(static_cast<std::uint16_t>(e.lane.size()));
  w.u16(static_cast<std::uint16_t>(e.crossing.size()));
  w.u16(static_cast<std::uint16_t>(e.blobs.size()));
  w.u32(static_cast<std::uint32_t>(e.open.size()));
  w.u32(static_cast<std::uint32_t>(personal_bytes));
  w.u32(e.day);
  w.u32(e.key_generation);
  w.u32(e.verdicts);
  w.u64(e.sequence);
  w.u64(e.synced);
  w.i64(e.at.mono.ns);
  w.i64(e.at.wall.ms);
  w.bytes(e.boot);
  w.bytes(e.nonce);
  return out;
}

}  // namespace

Hash genesis(const PostId& post) { return sha256(as_bytes("rampa journal 1\n"), as_bytes(post.text)); }

Result<Bytes> encode_header(const Entry& e, std::size_t personal_bytes) { return header_of(e, personal_bytes, e.wall_quality); }

Result<Bytes> personal_header(const Entry& e, std::size_t personal_bytes) { return header_of(e, personal_bytes, WallQuality::unknown); }

Result<Bytes> encode(const Entry& e, const Hash& previous) {
  auto header = encode_header(e, e.personal.size());
  if (!header) return header;
  Bytes out = std::move(*header);
  FieldWriter w(out);
  w.text(e.kind);
  w.text(e.lane);
  w.text(e.crossing);
  for (const BlobRef& b : e.blobs) {
    auto hash = hash_from_hex(b.sha256);
    if (!hash) return fail(ErrorCode::invalid, "blob " + b.name + ": " + hash.error().what);
    for (auto [name, size] : {std::pair<std::string_view, std::size_t>{"blob name", b.name.size()},
                              {"blob media type", b.media_type.size()}})
      if (auto ok = check_short(name, size); !ok) return tl::unexpected(ok.error());
    w.bytes(*hash);
    w.u64(b.size_bytes);
    w.u16(static_cast<std::uint16_t>(b.name.size()));
    w.u16(static_cast<std::uint16_t>(b.media_type.size()));
    w.text(b.name);
    w.text(b.media_type);
  }
  w.text(e.open);
  w.bytes(e.personal);
  w.bytes(sha256(previous, out));
  w.u32(crc32c(out));
  return out;
}

std::optional<std::size_t> length_at(ByteView bytes) {
  FieldReader r(bytes);
  if (r.text(4) != k_magic) return std::nullopt;
  r.u16();
  r.u16();
  const std::size_t length = r.u32();
  if (!r.ok() || length < record_header_bytes + record_trailer_bytes || length > record_bytes_max) return std::nullopt;
  return length;
}

Result<ParsedRecord> parse(ByteView bytes) {
  const auto length = length_at(bytes);
  if (!length) return fail(ErrorCode::invalid, "no record starts here (magic or length)");
  if (*length > bytes.size())
    return fail(ErrorCode::invalid, "record of " + std::to_string(*length) + " bytes, only " +
                                        std::to_string(bytes.size()) + " are there");
  const ByteView whole = bytes.first(*length);
  FieldReader crc(whole.last(4));
  if (crc.u32() != crc32c(whole.first(*length - 4))) return fail(ErrorCode::invalid, "the record's CRC does not fit");

  FieldReader r(whole.first(*length - record_trailer_bytes));
  ParsedRecord out;
  out.length = *length;
  Entry& e = out.entry;
  r.u32();
  const auto version = r.u16();
  if (version < 1 || version > k_version)
    return fail(ErrorCode::invalid, "record version " + std::to_string(version) + ", this program reads versions 1 and 2");
  const std::uint16_t flags = r.u16();
  e.ends_group = (flags & k_ends_group) != 0;
  e.stream = (flags & k_verdict) != 0 ? Stream::verdicts : Stream::events;  // version 1: all are events, none was counted
  const auto quality = static_cast<WallQuality>(flags >> k_wall_quality_shift & k_wall_quality_mask);
  e.wall_quality = quality <= WallQuality::synchronised ? quality : WallQuality::unknown;
  r.u32();
  const std::size_t kind = r.u16(), lane = r.u16(), crossing = r.u16(), blobs = r.u16();
  const std::size_t open = r.u32(), personal = r.u32();
  e.day = r.u32();
  e.key_generation = r.u32();
  e.verdicts = r.u32();
  e.sequence = r.u64();
  e.synced = r.u64();
  e.at.mono.ns = r.i64();
  e.at.wall.ms = r.i64();
  r.into(e.boot);
  r.into(e.nonce);
  e.kind = r.text(kind);
  e.lane = r.text(lane);
  e.crossing = r.text(crossing);
  for (std::size_t i = 0; i < blobs && r.ok(); ++i) {
    BlobRef b;
    b.sha256 = to_hex(r.bytes(32));
    b.size_bytes = r.u64();
    const std::size_t name = r.u16(), media = r.u16();
    b.name = r.text(name);
    b.media_type = r.text(media);
    e.blobs.push_back(std::move(b));
  }
  e.open = r.text(open);
  const ByteView cipher = r.bytes(personal);
  e.personal.assign(cipher.begin(), cipher.end());
  if (!r.ok() || r.left() != 0) return fail(ErrorCode::invalid, "the record's inner lengths do not add up");
  if (e.verdicts > e.sequence || (e.stream == Stream::verdicts ? e.verdicts == 0 : e.verdicts == e.sequence))
    return fail(ErrorCode::invalid, "record " + std::to_string(e.sequence) + " counts " + std::to_string(e.verdicts) +
                                        " verdicts, which cannot be");
  FieldReader hash(whole.subspan(*length - record_trailer_bytes, 32));
  hash.into(out.hash);
  return out;
}

Hash chain_hash(const Hash& previous, ByteView record) {
  return sha256(previous, record.first(record.size() - std::min(record.size(), record_trailer_bytes)));
}

Result<ParsedRecord> parse_after(ByteView record, const Hash& previous) {
  auto parsed = parse(record);
  if (!parsed) return parsed;
  if (parsed->length != record.size())
    return fail(ErrorCode::invalid, "record " + std::to_string(parsed->entry.sequence) + ": " +
                                        std::to_string(record.size() - parsed->length) + " bytes follow it");
  if (parsed->hash != chain_hash(previous, record))
    return fail(ErrorCode::invalid, "record " + std::to_string(parsed->entry.sequence) +
                                        ": its chain hash does not follow from the record before it");
  return parsed;
}

std::uint32_t day_of(WallTime wall) {
  const auto days = std::chrono::floor<std::chrono::days>(std::chrono::sys_time<std::chrono::milliseconds>(
      std::chrono::milliseconds(wall.ms)));
  const std::chrono::year_month_day date(days);
  return static_cast<std::uint32_t>(static_cast<int>(date.year()) * 10000) +
         static_cast<unsigned>(date.month()) * 100 + static_cast<unsigned>(date.day());
}

}  // namespace rampa::store::format
