#include "sync/frame_maker.hpp"

#include <deque>
#include <utility>

#include "sync/envelope.hpp"
#include "sync/lost_record.hpp"
#include "sync/topics.hpp"

namespace rampa::sync {
namespace {

constexpr std::size_t restored_bytes_max = 64u << 10;

Leaf leaf_of(Stream stream) { return stream == Stream::verdicts ? Leaf::verdicts : Leaf::events; }

}  // namespace

Result<FrameMaker::Made> FrameMaker::make(Stream stream, Range wanted, bool live, std::size_t bytes_max) {
  const std::uint64_t first = wanted.first;
  const auto previous = hash_before(stream, first, live);
  if (!previous) return tl::unexpected(previous.error());
  const auto read = journal_.read_stream(stream, first, static_cast<std::size_t>(wanted.last - first + 1), bytes_max);
  if (!read) return tl::unexpected(read.error());
  if (read->empty() || read->front().stream_sequence != first) return fail(ErrorCode::not_found, "it is not there; run `rampa verify`");
  std::vector<ByteView> records;
  std::deque<Bytes> stand_ins;
  std::string lost;
  for (const auto& raw : *read) {
    if (raw.stream_sequence != first + records.size()) break;
    if (raw.lost.empty()) {
      records.emplace_back(raw.bytes);
      continue;
    }
    if (raw.lost != lost || stand_ins.empty()) stand_ins.push_back(encode_lost(lost = raw.lost));
    records.emplace_back(stand_ins.back());
  }
  tails_[static_cast<std::size_t>(stream)][live] = {first + records.size() - 1, (*read)[records.size() - 1].hash};
  Made made = seal(stream, first, *previous, records);
  made.lost = std::move(lost);
  return made;
}

Result<FrameMaker::Made> FrameMaker::restored(Stream stream, Range wanted) {
  const auto read = journal_.read_stream(stream, wanted.first, static_cast<std::size_t>(wanted.last - wanted.first + 1), restored_bytes_max);
  if (!read) return tl::unexpected(read.error());
  std::vector<ByteView> records;
  for (const auto& raw : *read) {
    if (!raw.lost.empty() || raw.stream_sequence != wanted.first + records.size()) break;
    records.emplace_back(raw.bytes);
  }
  if (records.empty()) return fail(ErrorCode::not_found, "it is still lost");
  const auto previous = hash_before(stream, wanted.first, false);
  if (!previous) return tl::unexpected(previous.error());
  return seal(stream, wanted.first, *previous, records);
}

FrameMaker::Made FrameMaker::seal(Stream stream, std::uint64_t first, const Sha256& previous, std::span<const ByteView> records) const {
  const FrameHead head{stream, settings_.identity.epoch, first, previous};
  std::string topic = topic_text({settings_.post, leaf_of(stream)});
  Bytes payload = sync::seal(topic, encode(head, records), settings_.identity.signer);
  return {{first, first + records.size() - 1}, std::move(topic), std::move(payload), {}};
}

/// The chain hash that stands in the record before `number`: mostly of the frame that went before. Zeros where that record
/// is lost.
Result<Sha256> FrameMaker::hash_before(Stream stream, std::uint64_t number, bool live) {
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
