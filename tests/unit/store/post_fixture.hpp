// A small post for the store's tests: records of all shapes, and a check that everything acknowledged is still there.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "edge/crossing/record_json.hpp"
#include "edge/store/blob_files.hpp"
#include "edge/store/core.hpp"
#include "edge/store/journal_reader.hpp"
#include "tests/support/virtual_clock.hpp"

namespace rampa::tests {

inline SharedBytes content(std::size_t size, std::uint8_t salt) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(i * 31 + i / 253 + salt);
  return std::make_shared<const Bytes>(std::move(out));
}

/// Predictable and never the same twice.
inline store::Entropy counting_entropy(std::uint64_t start = 1) {
  auto state = std::make_shared<std::uint64_t>(start);
  return [state](std::span<std::uint8_t> out) {
    for (auto& b : out) b = static_cast<std::uint8_t>((*state = *state * 6364136223846793005u + 1442695040888963407u) >> 56);
  };
}

inline Record plate_read(const CrossingId& crossing, const std::string& plate, Stamp at, std::vector<Attachment> attachments = {}) {
  device::PlateRead read;
  read.text = plate;
  read.confidence_percent = 90;
  read.position = device::PlatePosition::front;
  return {{"L1"}, crossing, at, CaptureTaken{"plate_front", {}, read}, std::move(attachments)};
}
inline Record verdict(const CrossingId& crossing, Verdict v, Stamp at) {
  VerdictGiven given;
  given.verdict = v;
  given.channel = v == Verdict::release ? SelectivityChannel::green : SelectivityChannel::red;
  given.decided_by = "policy";
  given.decision_ms = 1200;
  return {{"L1"}, crossing, at, given, {}};
}
inline Record opened(const CrossingId& crossing, Stamp at) { return {{"L1"}, crossing, at, CrossingOpened{"cargo", "entry"}, {}}; }
inline Record closed(const CrossingId& crossing, Stamp at) { return {{"L1"}, crossing, at, CrossingClosed{"released", ""}, {}}; }

/// What the store said yes to.
struct Promise {
  std::uint64_t sequence = 0;
  Record record;
  Bytes grown;  ///< content of an attachment that grew
};

inline store::Settings small_settings(const std::string& directory) {
  store::Settings s;
  s.directory = directory;
  s.post = {"RS-TEST"};
  s.segment_bytes_max = 8 * 1024;
  s.reserve_bytes = 0;
  s.reserve_file_bytes = 0;
  return s;
}

/// persist() of one group at a core; keeps the promise where it was given. Returns the answer.
inline Result<std::vector<std::uint64_t>> persist(store::Core& core, std::vector<Record> records, std::vector<Promise>& promises,
                                                  const Bytes& grown = {}) {
  Result<std::vector<std::uint64_t>> answer = fail(ErrorCode::busy, "no answer");
  std::vector<store::Request> batch;
  batch.push_back({records, [&](Result<std::vector<std::uint64_t>> r) {
                     answer = std::move(r);
                     if (!answer) return;
                     for (std::size_t i = 0; i < records.size(); ++i) promises.push_back({(*answer)[i], records[i], grown});
                   }});
  core.commit(std::move(batch));
  return answer;
}

inline std::shared_ptr<store::Disk> borrowed(store::Disk& disk) { return {std::shared_ptr<void>(), &disk}; }

/// Every promise is kept: the record with its content, its personal part, its blobs; the chain holds from the first record.
/// Returns the chain hashes by sequence.
inline std::map<std::uint64_t, std::string> check_promises(store::Disk& disk, const store::Settings& settings, const store::Core& core,
                                                           const std::vector<Promise>& promises) {
  const store::Layout layout{settings.directory};
  auto reader = store::make_journal_reader(borrowed(disk), layout, core.journal().durable());
  auto blobs = store::make_blob_reader(borrowed(disk), layout);
  auto keys = store::KeyRing::open_readonly(disk, layout);
  std::map<std::uint64_t, std::string> hashes;
  if (!keys) {
    ADD_FAILURE() << keys.error().what;
    return hashes;
  }
  std::map<std::uint64_t, store::format::ParsedRecord> found;
  store::Hash previous = store::format::genesis(settings.post);
  for (std::uint64_t next = 1;;) {
    auto raws = reader->read(next, 7);
    if (!raws) {
      ADD_FAILURE() << raws.error().what;
      return hashes;
    }
    if (raws->empty()) break;
    for (auto& raw : *raws) {
      EXPECT_EQ(raw.sequence, next);
      auto record = store::format::parse_after(raw.bytes, previous);
      if (!record) {
        ADD_FAILURE() << record.error().what;
        return hashes;
      }
      for (const BlobRef& ref : record->entry.blobs) {
        auto bytes = blobs->whole(ref.sha256);
        EXPECT_TRUE(bytes) << "record " << next << " names a blob: " << bytes.error().what;
      }
      previous = record->hash;
      hashes[next] = raw.hash;
      found[next++] = std::move(*record);
    }
  }
  for (const Promise& p : promises) {
    auto it = found.find(p.sequence);
    if (it == found.end()) {
      ADD_FAILURE() << "record " << p.sequence << " was acknowledged and is lost";
      continue;
    }
    const auto& entry = it->second.entry;
    EXPECT_EQ(entry.crossing, p.record.crossing.text);
    EXPECT_EQ(entry.open, encode(p.record.body).open);
    auto personal = keys->decrypt(entry);
    if (!personal || !*personal) {
      ADD_FAILURE() << "record " << p.sequence << ": personal part unreadable: " << (personal ? "erased" : personal.error().what);
    } else {
      const std::string wanted = encode(p.record.body).personal;
      EXPECT_EQ(**personal, wanted == "{}" ? "" : wanted);
    }
    EXPECT_EQ(entry.blobs.size(), p.record.attachments.size());
    for (std::size_t i = 0; i < std::min(entry.blobs.size(), p.record.attachments.size()); ++i) {
      auto bytes = blobs->whole(entry.blobs[i].sha256);
      const Bytes& wanted = p.record.attachments[i].bytes ? *p.record.attachments[i].bytes : p.grown;
      EXPECT_TRUE(bytes && *bytes == wanted) << "record " << p.sequence << ", blob " << entry.blobs[i].name;
    }
  }
  return hashes;
}

}  // namespace rampa::tests
