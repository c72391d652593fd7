#include "sync/frame_reader.hpp"

#include <vector>

#include "sync/digest.hpp"

namespace rampa::sync {

Result<FrameReader::Frame> FrameReader::read(Stream stream, const Range& numbers, bool live, bool after_gap, std::size_t bytes_max) {
  const std::uint64_t first = numbers.first;
  const auto previous = after_gap ? Result<Sha256>(Sha256{}) : hash_before(stream, first, live);
  if (!previous) return tl::unexpected(previous.error());
  const auto read = journal_.read_stream(stream, first, static_cast<std::size_t>(numbers.last - first + 1), bytes_max);
  if (!read) return tl::unexpected(read.error());
  if (read->empty() || read->front().stream_sequence != first) return fail(ErrorCode::not_found, "it is not there; run `rampa verify`");
  std::vector<ByteView> records;
  for (const auto& raw : *read) {
    if (raw.stream_sequence != first + records.size()) break;
    records.emplace_back(raw.bytes);
  }
  const std::uint64_t last = first + records.size() - 1;
  tails_[static_cast<std::size_t>(stream)][live] = {last, (*read)[records.size() - 1].hash};
  return Frame{{first, last}, encode(FrameHead{stream, epoch_, first, *previous}, records)};
}

/// The chain hash that stands in the record before `number`: mostly of the frame that went before.
Result<Sha256> FrameReader::hash_before(Stream stream, std::uint64_t number, bool live) {
  if (number <= 1) return Sha256{};
  const auto& tails = tails_[static_cast<std::size_t>(stream)];
  for (const Tail* tail : {&tails[live], &tails[!live]})
    if (tail->number == number - 1) return parse_sha256(tail->hash).value_or(Sha256{});
  const auto read = journal_.read_stream(stream, number - 1, 1, 1);
  if (!read) return tl::unexpected(read.error());
  if (read->empty() || read->front().stream_sequence != number - 1) return fail(ErrorCode::not_found, "the record before it is not there; run `rampa verify`");
  return parse_sha256(read->front().hash).value_or(Sha256{});
}

}  // namespace rampa::sync
