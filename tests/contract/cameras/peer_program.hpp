// A camera that is a program of its own (Python, GStreamer): pictures to show, its port, its end.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <string>

#include "hil/devices/cameras/lorry_picture.hpp"
#include "tests/support/child.hpp"

namespace rampa::tests {

/// A folder of its own, with `count` drawn pictures of one lorry as *.jpg: each with other noise, as a sensor has.
class PictureFolder {
 public:
  PictureFolder(const std::string& plate, int count) {
    std::string name = (std::filesystem::temp_directory_path() / "rampa-camera-XXXXXX").string();
    path_ = ::mkdtemp(name.data()) ? name : std::string{};
    for (int n = 0; n < count; ++n) {
      const Bytes jpeg = hil::lorry_picture(plate, 1, false, {}, static_cast<std::uint64_t>(n));
      std::ofstream(path_ / (std::to_string(n) + ".jpg"), std::ios::binary).write(reinterpret_cast<const char*>(jpeg.data()), static_cast<std::streamsize>(jpeg.size()));
    }
  }
  PictureFolder(const PictureFolder&) = delete;
  ~PictureFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

/// The port that a peer prints as its first line; 0 where it ended or said nothing within 20 seconds.
inline std::uint16_t port_of(Child& peer) {
  for (int left_ms = 20'000; left_ms > 0 && peer.running(); left_ms -= 5) {
    const std::string said = peer.log();
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(said.data(), said.data() + said.size(), port);
    if (error == std::errc{} && end != said.data() + said.size() && *end == '\n') return port;
    ::poll(nullptr, 0, 5);
  }
  return 0;
}

/// The highest resident memory since the last reset_peak(), in KiB.
inline long peak_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stol(line.substr(6));
  return -1;
}
inline void reset_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

}  // namespace rampa::tests
