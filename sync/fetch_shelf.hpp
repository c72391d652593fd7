// Fetched blobs as files: DIRECTORY/SHA256.part while they come, DIRECTORY/SHA256 when they are whole, checked and durable.
// What is wanted lies there too (SHA256.want: purpose and size), so that a restart goes on where it was.
#pragma once

#include <memory>
#include <vector>

#include "sync/fetcher.hpp"

namespace rampa::sync {

struct WantedFile {
  std::string sha256;
  std::uint64_t size_bytes = 0;
  std::uint64_t number = 0;  ///< of HQ's letter: what was wanted first is used first
  std::string purpose;  ///< one line, for who gets it: "bundle profiles-2026-11-21.rpb"
};

class FileShelf : public FetchShelf {
 public:
  /// Makes the directory where it is missing. Errors: io, no_space.
  [[nodiscard]] static Result<std::unique_ptr<FileShelf>> open(const std::string& directory);

  std::uint64_t have(const std::string& sha256) override;
  Result<void> append(const std::string& sha256, ByteView bytes) override;
  Result<void> finish(const std::string& sha256) override;

  [[nodiscard]] std::string path_of(const std::string& sha256) const { return directory_ + "/" + sha256; }

 private:
  explicit FileShelf(std::string directory) : directory_(std::move(directory)) {}
  std::string directory_;
};

/// Of what is to be fetched at one time; and the most that one note may say.
inline constexpr std::size_t notes_max = 1000, purpose_bytes_max = 1000;

/// Notes durably that this is wanted. Errors: invalid (no SHA-256, notes_max are here already), no_space, io. Thread: any, one file at a time.
[[nodiscard]] Result<void> note_wanted(const std::string& directory, const WantedFile& wanted);
/// All that is noted, by number. A file that is no note is left alone. Errors: io (also: more than notes_max).
[[nodiscard]] Result<std::vector<WantedFile>> noted_wanted(const std::string& directory);
/// Used, or given up: the note, the part and the file go.
void forget_wanted(const std::string& directory, const std::string& sha256);

}  // namespace rampa::sync
