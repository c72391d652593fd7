// Cuts a byte stream into JSON objects. Objects may follow each other with or without line ends between them; bytes that
// belong to no object are skipped and counted. Limited in size and depth. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "firmware-interfaces/bytes.hpp"

namespace rampa::drivers::plate_camera {

class JsonFrames {
 public:
  explicit JsonFrames(std::size_t frame_bytes_max) : frame_bytes_max_(frame_bytes_max) {}

  void feed(ByteView bytes) { buffer_.append(as_text(bytes)); }

  /// The next whole object; nothing while there is none.
  [[nodiscard]] std::optional<std::string> next() {
    for (; at_ < buffer_.size(); ++at_) {
      const char c = buffer_[at_];
      if (depth_ == 0) {
        if (c == '{') {
          buffer_.erase(0, at_);
          at_ = 0;
          depth_ = 1;
          in_string_ = escaped_ = false;
        } else if (c != '\r' && c != '\n' && c != ' ' && c != '\t') {
          ++skipped_;
        }
        continue;
      }
      if (at_ >= frame_bytes_max_ || depth_ > depth_max) {
        give_up();
        continue;
      }
      if (in_string_) {
        if (escaped_) escaped_ = false;
        else if (c == '\\') escaped_ = true;
        else if (c == '"') in_string_ = false;
        else if (c == '\n') give_up();  // JSON has no line end inside a string: the frame lost its end
      } else if (c == '"') {
        in_string_ = true;
      } else if (c == '{' || c == '[') {
        ++depth_;
      } else if ((c == '}' || c == ']') && --depth_ == 0) {
        std::string frame = buffer_.substr(0, at_ + 1);
        buffer_.erase(0, at_ + 1);
        at_ = 0;
        return frame;
      }
    }
    if (depth_ == 0) {
      buffer_.clear();
      at_ = 0;
    }
    return std::nullopt;
  }

  /// Forgets half an object, as after a lost connection.
  void reset() {
    buffer_.clear();
    at_ = 0;
    depth_ = 0;
  }
  /// Bytes and broken objects that were thrown away since the start.
  [[nodiscard]] std::uint64_t skipped() const { return skipped_; }

 private:
  static constexpr int depth_max = 16;
  /// Drops what was begun up to here; goes on looking for an object from the next byte.
  void give_up() {
    skipped_ += at_ + 1;
    depth_ = 0;
  }

  const std::size_t frame_bytes_max_;
  std::string buffer_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool in_string_ = false, escaped_ = false;
  std::uint64_t skipped_ = 0;
};

}  // namespace rampa::drivers::plate_camera
