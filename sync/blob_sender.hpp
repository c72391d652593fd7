// The blobs that HQ wants: what of each is to be sent next, what is under way, and what a want says about both. Pure.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "sync/ranges.hpp"
#include "sync/send_order.hpp"
#include "sync/stream_sender.hpp"

namespace rampa::sync {

class BlobSender {
 public:
  void restart() { blobs_.clear(); }  ///< a new connection: HQ says again what it wants

  struct Outcome {
    std::vector<Sent> delivered;
    std::size_t lost = 0;
    std::vector<std::string> done;       ///< HQ holds these now
  };
  /// `before`: slices and manifests of a lower order that HQ still lacks are lost: the hello that it has answered since went
  /// after them. 0: none.
  [[nodiscard]] Outcome wanted(const Want& want, std::uint64_t before = 0);
  /// HQ has said nothing of slices of a lower order though it has answered two hellos that went after them: its last word of their blobs got
  /// lost, or they did. They go again; of a blob that it holds HQ says so then. Returns how many.
  std::size_t untold(std::uint64_t before);
  struct Piece {
    std::string sha256;
    std::uint64_t size_bytes = 0, offset = 0;
    std::size_t bytes = 0;  ///< within one chunk; 0 only for the empty blob and a manifest
    bool manifest = false;  ///< of what chunks it is made, before any slice
  };
  /// What of this class goes next, at most `bytes` of it. Boosted blobs count as thumbnails and go before them; manifests go before
  /// slices, for HQ looks meanwhile for chunks that it has.
  [[nodiscard]] std::optional<Piece> next(Traffic traffic, std::size_t bytes) const;
  void sent(const Piece& piece, std::size_t wire_bytes, std::uint64_t order, const LineMark& mark);
  void forget(const std::string& sha256);

  [[nodiscard]] std::size_t size() const { return blobs_.size(); }
  [[nodiscard]] std::size_t bytes_under_way() const;
  [[nodiscard]] std::optional<MonoTime> oldest_under_way() const;

 private:
  struct Blob {
    std::string sha256;
    std::uint64_t size_bytes = 0;
    bool boost = false;
    bool manifest = false;         ///< HQ lacks it...
    std::optional<Sent> manifest_flight;  ///< ...and it is under way
    bool whole_missing = false;  ///< the empty blob: there is nothing to count
    RangeSet todo;               ///< bytes, counted from 0
    std::deque<Sent> flight;     ///< ranges are bytes
    [[nodiscard]] Traffic traffic() const { return boost || size_bytes <= chunk_bytes ? Traffic::thumbnails : Traffic::images; }
  };
  [[nodiscard]] Blob* find(const std::string& sha256);
  [[nodiscard]] static bool sendable(const Blob& blob) { return blob.manifest ? !blob.manifest_flight : blob.whole_missing || !blob.todo.empty(); }
  std::vector<Blob> blobs_;  ///< in HQ's order
};

}  // namespace rampa::sync
