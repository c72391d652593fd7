// A journal and its blobs in memory, with real records (edge/store/record_format.hpp): for tests of sync without a disk.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "edge/store/record_format.hpp"
#include "edge/store/store.hpp"
#include "sync/digest.hpp"
#include "sync/drain.hpp"

namespace rampa::tests {

/// A personal part under the name of this key: ciphertext that nobody reads here, unless `encrypt` makes another one.
struct Personal {
  std::uint32_t day = 0, generation = 0;
  void (*encrypt)(store::format::Entry&) = nullptr;
};

/// Thread: any.
class MemoryJournal {
 public:
  explicit MemoryJournal(PostId post) : previous_(store::format::genesis(post)) {}

  /// Records from now on are of this crossing.
  void in_crossing(const std::string& crossing) {
    std::lock_guard lock(mutex_);
    crossing_ = crossing;
  }
  /// Appends a record of this kind; returns its sequence.
  std::uint64_t append(const std::string& kind, const std::string& open, const std::vector<Bytes>& blobs = {}, Personal personal = {}) {
    std::lock_guard lock(mutex_);
    store::format::Entry entry;
    entry.sequence = records_.size() + 1;
    entry.synced = records_.size();
    entry.ends_group = true;
    entry.at = {MonoTime{static_cast<std::int64_t>(entry.sequence) * 1'000'000}, WallTime{1'780'000'000'000}};
    entry.boot.fill(7);
    if (stamp_) std::tie(entry.at, entry.boot) = *stamp_;
    entry.wall_quality = wall_quality_;
    entry.kind = kind;
    entry.lane = "L1";
    entry.crossing = crossing_;
    entry.open = open;
    for (const Bytes& blob : blobs) {
      BlobRef ref{"scan" + std::to_string(entry.blobs.size()), "application/octet-stream", sync::hex(sync::sha256(blob)), blob.size()};
      blobs_[ref.sha256] = blob;
      entry.blobs.push_back(std::move(ref));
    }
    store::JournalReader::Raw raw;
    raw.sequence = entry.sequence;
    raw.kind = kind;
    raw.blobs = entry.blobs;
    raw.stream = entry.stream = store::stream_of_kind(kind);
    if (entry.stream == store::Stream::verdicts) ++verdicts_;
    entry.verdicts = static_cast<std::uint32_t>(verdicts_);
    if (personal.generation != 0) {
      entry.day = personal.day;
      entry.key_generation = personal.generation;
      entry.personal = Bytes(40, 0x5a);
      if (personal.encrypt) personal.encrypt(entry);
    }
    raw.stream_sequence = entry.stream_sequence();
    raw.bytes = store::format::encode(entry, previous_).value();
    previous_ = store::format::parse(raw.bytes)->hash;
    raw.hash = sync::hex(ByteView{previous_});
    records_.push_back(std::move(raw));
    return records_.size();
  }
  /// When the next records are written: in which boot of the machine, by its clocks.
  void stamp(Stamp at, BootId boot) { stamp_ = {at, boot}; }
  void wall_quality(WallQuality quality) { wall_quality_ = quality; }
  /// Damages a record as it would be sent (a defect in the post's memory: its disk checks what it reads).
  void flip_bit(std::uint64_t sequence, std::size_t byte) {
    std::lock_guard lock(mutex_);
    records_.at(sequence - 1).bytes.at(byte) ^= 1;
  }
  void forget_blob(const std::string& sha256) {
    std::lock_guard lock(mutex_);
    blobs_.erase(sha256);
  }
  [[nodiscard]] store::JournalReader::Raw at(std::uint64_t sequence) const {
    std::lock_guard lock(mutex_);
    return records_.at(sequence - 1);
  }
  [[nodiscard]] std::uint64_t last() const {
    std::lock_guard lock(mutex_);
    return records_.size();
  }
  [[nodiscard]] std::uint64_t blob_bytes_read() const {
    std::lock_guard lock(mutex_);
    return blob_bytes_read_;
  }

  [[nodiscard]] std::unique_ptr<store::JournalReader> reader() { return std::make_unique<Reader>(*this); }
  [[nodiscard]] std::unique_ptr<sync::BlobSource> blobs() { return std::make_unique<Blobs>(*this); }

 private:
  struct Reader : store::JournalReader {
    explicit Reader(MemoryJournal& j) : journal(j) {}
    Result<std::vector<Raw>> read(std::uint64_t sequence, std::size_t count) override {
      std::lock_guard lock(journal.mutex_);
      std::vector<Raw> out;
      for (; sequence >= 1 && sequence <= journal.records_.size() && out.size() < count; ++sequence)
        out.push_back(journal.records_[sequence - 1]);
      return out;
    }
    Result<store::StreamEnds> ends() override {
      std::lock_guard lock(journal.mutex_);
      return store::StreamEnds{journal.verdicts_, journal.records_.size() - journal.verdicts_};
    }
    Result<std::uint64_t> locate(store::Stream, std::uint64_t first) override { return first; }  // never past it
    MemoryJournal& journal;
  };
  struct Blobs : sync::BlobSource {
    explicit Blobs(MemoryJournal& j) : journal(j) {}
    Result<Bytes> read(const std::string& sha, std::uint64_t offset, std::size_t count) override {
      std::lock_guard lock(journal.mutex_);
      const auto found = journal.blobs_.find(sha);
      if (found == journal.blobs_.end()) return fail(ErrorCode::not_found, "no such blob");
      if (offset >= found->second.size()) return Bytes{};
      const auto from = found->second.begin() + static_cast<std::ptrdiff_t>(offset);
      const auto run = std::min<std::uint64_t>(count, found->second.size() - offset);
      journal.blob_bytes_read_ += run;
      return Bytes(from, from + static_cast<std::ptrdiff_t>(run));
    }
    Result<sync::Manifest> manifest(const std::string& sha) override {
      std::lock_guard lock(journal.mutex_);
      const auto found = journal.blobs_.find(sha);
      if (found == journal.blobs_.end()) return fail(ErrorCode::not_found, "no such blob");
      sync::Manifest manifest{sync::sha256(found->second), found->second.size(), {}};
      for (std::size_t at = 0; at < found->second.size(); at += sync::chunk_bytes)
        manifest.chunks.push_back(sync::sha256(ByteView(found->second).subspan(at, std::min(sync::chunk_bytes, found->second.size() - at))));
      return manifest;
    }
    MemoryJournal& journal;
  };

  mutable std::mutex mutex_;
  store::Hash previous_;
  std::string crossing_ = "L1-1-1";
  std::optional<std::pair<Stamp, BootId>> stamp_;
  WallQuality wall_quality_ = WallQuality::unknown;
  std::vector<store::JournalReader::Raw> records_;
  std::uint64_t verdicts_ = 0;
  std::map<std::string, Bytes> blobs_;
  std::uint64_t blob_bytes_read_ = 0;
};

}  // namespace rampa::tests
