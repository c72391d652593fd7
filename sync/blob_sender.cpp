#include "sync/blob_sender.hpp"

#include <algorithm>

namespace rampa::sync {
namespace {

/// The bytes that HQ lacks.
RangeSet missing_bytes(const WantedBlob& want) {
  RangeSet out;
  bool first = true;
  for (const Range& chunks : want.chunks) {
    const std::uint64_t begin = chunks.first * chunk_bytes + (std::exchange(first, false) ? want.have_bytes : 0);
    const std::uint64_t end = std::min(want.size_bytes, (chunks.last + 1) * chunk_bytes);
    if (begin < end) out.add({begin, end - 1});
  }
  return out;
}

}  // namespace

BlobSender::Blob* BlobSender::find(const std::string& sha256) {
  const auto found = std::find_if(blobs_.begin(), blobs_.end(), [&](const Blob& b) { return b.sha256 == sha256; });
  return found == blobs_.end() ? nullptr : &*found;
}

BlobSender::Outcome BlobSender::wanted(const Want& want, std::uint64_t before) {
  Outcome outcome;
  for (const std::string& sha : want.done) {
    if (const Blob* blob = find(sha)) {
      outcome.delivered.insert(outcome.delivered.end(), blob->flight.begin(), blob->flight.end());
      if (blob->manifest_flight) outcome.delivered.push_back(*blob->manifest_flight);
    }
    forget(sha);
    outcome.done.push_back(sha);
  }
  for (const std::string& sha : want.dropped) {
    if (const Blob* blob = find(sha)) outcome.lost += blob->flight.size() + (blob->manifest_flight ? 1 : 0);
    forget(sha);
  }
  for (const WantedBlob& w : want.blobs) {
    Blob* blob = find(w.sha256);
    const bool known = blob != nullptr;
    if (!known) {
      blobs_.push_back({});
      blob = &blobs_.back();
      blob->sha256 = w.sha256;
    }
    blob->size_bytes = w.size_bytes;
    blob->boost = w.boost;
    blob->manifest = w.manifest;
    if (w.manifest) {
      if (blob->manifest_flight && (w.resend || blob->manifest_flight->order < before)) ++outcome.lost, blob->manifest_flight.reset();
      continue;
    }
    if (blob->manifest_flight) outcome.delivered.push_back(*std::exchange(blob->manifest_flight, std::nullopt));
    const RangeSet missing = missing_bytes(w);
    std::uint64_t newest = 0;
    for (const Sent& sent : blob->flight)
      if (missing.missing_in(sent.range) == std::vector<Range>{sent.range}) newest = std::max(newest, sent.order);
    std::deque<Sent> left;
    for (const Sent& sent : blob->flight) {
      if (missing.missing_in(sent.range) == std::vector<Range>{sent.range}) outcome.delivered.push_back(sent);
      else if (w.resend || sent.order < newest || sent.order < before) ++outcome.lost;
      else left.push_back(sent);
    }
    blob->flight = std::move(left);
    blob->todo = missing;
    for (const Sent& sent : blob->flight) blob->todo.remove(sent.range);
    blob->whole_missing = w.size_bytes == 0 && !w.chunks.empty() && (!known || w.resend || before > 0);
  }
  return outcome;
}

std::size_t BlobSender::untold(std::uint64_t before) {
  std::size_t count = 0;
  for (Blob& blob : blobs_) {
    count += std::erase_if(blob.flight, [&](const Sent& sent) {
      if (sent.order >= before) return false;
      blob.todo.add(sent.range);
      return true;
    });
    if (blob.manifest_flight && blob.manifest_flight->order < before) ++count, blob.manifest_flight.reset();
  }
  return count;
}

std::optional<BlobSender::Piece> BlobSender::next(Traffic traffic, std::size_t bytes) const {
  const auto first = [](const Blob& blob) { return std::pair(blob.boost, blob.manifest); };
  const Blob* best = nullptr;
  for (const Blob& blob : blobs_)
    if (blob.traffic() == traffic && sendable(blob) && (!best || first(blob) > first(*best))) best = &blob;
  if (!best) return {};
  if (best->manifest) return Piece{best->sha256, best->size_bytes, 0, 0, true};
  if (best->whole_missing) return Piece{best->sha256, 0, 0, 0};
  const Range range = best->todo.front();
  const std::uint64_t chunk_end = (range.first / chunk_bytes + 1) * chunk_bytes;
  const std::uint64_t end = std::min({range.last + 1, chunk_end, range.first + std::max<std::uint64_t>(1, bytes)});
  return Piece{best->sha256, best->size_bytes, range.first, static_cast<std::size_t>(end - range.first)};
}

void BlobSender::sent(const Piece& piece, std::size_t wire_bytes, std::uint64_t order, const LineMark& mark) {
  Blob* blob = find(piece.sha256);
  if (!blob) return;
  if (piece.manifest) {
    blob->manifest_flight = Sent{{}, wire_bytes, order, mark, false};
    return;
  }
  if (piece.bytes == 0) {
    blob->whole_missing = false;
    return;
  }
  const Range range{piece.offset, piece.offset + piece.bytes - 1};
  blob->todo.remove(range);
  blob->flight.push_back({range, wire_bytes, order, mark, false});
}

void BlobSender::forget(const std::string& sha256) {
  std::erase_if(blobs_, [&](const Blob& b) { return b.sha256 == sha256; });
}

std::optional<MonoTime> BlobSender::oldest_under_way() const {
  std::optional<MonoTime> oldest;
  for (const Blob& blob : blobs_) {
    if (!blob.flight.empty() && (!oldest || blob.flight.front().mark.at < *oldest)) oldest = blob.flight.front().mark.at;
    if (blob.manifest_flight && (!oldest || blob.manifest_flight->mark.at < *oldest)) oldest = blob.manifest_flight->mark.at;
  }
  return oldest;
}

std::size_t BlobSender::bytes_under_way() const {
  std::size_t bytes = 0;
  for (const Blob& blob : blobs_) {
    for (const Sent& sent : blob.flight) bytes += sent.bytes;
    if (blob.manifest_flight) bytes += blob.manifest_flight->bytes;
  }
  return bytes;
}

}  // namespace rampa::sync
