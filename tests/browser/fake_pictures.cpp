#include "tests/browser/fake_pictures.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace rampa::tests {
namespace {

constexpr std::uint32_t width = 480, height = 320;

std::uint32_t crc_of(const Bytes& bytes, std::size_t from) {
  std::uint32_t crc = 0xffffffffu;
  for (std::size_t i = from; i < bytes.size(); ++i) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1u)));
  }
  return ~crc;
}

void put32(Bytes& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}

void chunk(Bytes& out, const char* type, const Bytes& body) {
  put32(out, static_cast<std::uint32_t>(body.size()));
  const std::size_t from = out.size();
  out.insert(out.end(), type, type + 4);
  out.insert(out.end(), body.begin(), body.end());
  put32(out, crc_of(out, from));
}

/// zlib with stored blocks: nothing to compress with, nothing to link.
Bytes stored(const Bytes& raw) {
  Bytes out{0x78, 0x01};
  std::uint32_t a = 1, b = 0;
  for (const auto byte : raw) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  for (std::size_t at = 0; at < raw.size();) {
    const std::size_t n = std::min<std::size_t>(65535, raw.size() - at);
    out.push_back(at + n == raw.size());
    for (const std::size_t v : {n, ~n}) {
      out.push_back(static_cast<std::uint8_t>(v));
      out.push_back(static_cast<std::uint8_t>(v >> 8));
    }
    out.insert(out.end(), raw.begin() + static_cast<std::ptrdiff_t>(at), raw.begin() + static_cast<std::ptrdiff_t>(at + n));
    at += n;
  }
  put32(out, (b << 16) | a);
  return out;
}

struct Colour { std::uint8_t r, g, b; };

class Canvas {
 public:
  Canvas() : pixels_(height * width, Colour{118, 126, 132}) {}
  void box(int x0, int y0, int x1, int y1, Colour c) {
    for (int y = std::max(0, y0); y < std::min<int>(height, y1); ++y)
      for (int x = std::max(0, x0); x < std::min<int>(width, x1); ++x) pixels_[static_cast<std::size_t>(y) * width + static_cast<std::size_t>(x)] = c;
  }
  [[nodiscard]] Bytes png() const {
    Bytes raw;
    for (std::uint32_t y = 0; y < height; ++y) {
      raw.push_back(0);
      for (std::uint32_t x = 0; x < width; ++x) {
        const Colour c = pixels_[y * width + x];
        raw.insert(raw.end(), {c.r, c.g, c.b});
      }
    }
    Bytes out{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    Bytes header;
    put32(header, width);
    put32(header, height);
    header.insert(header.end(), {8, 2, 0, 0, 0});
    chunk(out, "IHDR", header);
    chunk(out, "IDAT", stored(raw));
    chunk(out, "IEND", {});
    return out;
  }

 private:
  std::vector<Colour> pixels_;
};

}  // namespace

SharedBytes lorry_png(bool rear, unsigned tint) {
  constexpr std::array<Colour, 4> paints = {{{58, 92, 140}, {150, 60, 48}, {84, 110, 78}, {176, 164, 120}}};
  const Colour paint = paints[tint % paints.size()], dark{34, 38, 42}, glass{64, 78, 88}, light{226, 224, 206};
  Canvas c;
  c.box(0, 232, width, height, {88, 90, 92});
  c.box(120, 20, 360, 250, paint);
  if (rear) {
    c.box(238, 26, 242, 244, dark);
    for (const int x : {150, 196, 270, 320}) c.box(x, 40, x + 5, 236, dark);
  } else {
    c.box(138, 66, 342, 150, glass);
    c.box(150, 176, 330, 208, dark);
    c.box(132, 214, 172, 236, light);
    c.box(308, 214, 348, 236, light);
  }
  c.box(112, 250, 368, 268, dark);
  c.box(134, 268, 180, 306, dark);
  c.box(300, 268, 346, 306, dark);
  c.box(196, 216, 284, 240, {244, 244, 240});
  c.box(196, 216, 206, 240, {30, 60, 150});
  return std::make_shared<const Bytes>(c.png());
}

SharedBytes scan_pixels(std::uint32_t w, std::uint32_t h) {
  auto out = std::make_shared<Bytes>();
  out->reserve(std::size_t{2} * w * h);
  for (std::uint32_t y = 0; y < h; ++y)
    for (std::uint32_t x = 0; x < w; ++x) {
      const double u = double(x) / w, v = double(y) / h;
      double depth = 0;  // how much stands in the beam
      if (u > 0.02 && u < 0.22 && v > 0.30 && v < 0.84) depth += 0.6 + 0.8 * (v > 0.62);      // cab and engine
      if (u > 0.25 && u < 0.98 && v > 0.12 && v < 0.76) depth += 0.25;                          // container walls
      if (u > 0.25 && u < 0.98 && v > 0.74 && v < 0.79) depth += 1.6;                           // frame
      for (int i = 0; i < 9; ++i)
        if (std::abs(u - 0.295 - 0.079 * i) < 0.034 && v > 0.36 + 0.03 * (i % 3) && v < 0.74) depth += 0.5 + 0.12 * (i % 4);
      for (const double at : {0.09, 0.34, 0.78, 0.84, 0.90})
        if (std::hypot((u - at) * w / h, v - 0.88) < 0.075) depth += 1.1;                       // wheels
      const double noise = 0.01 * std::sin(x * 12.9898 + y * 78.233);
      const double value = 62000 * std::exp(-depth) * (1 + noise);
      const auto pixel = static_cast<std::uint16_t>(std::clamp(value, 300.0, 65535.0));
      out->push_back(static_cast<std::uint8_t>(pixel));
      out->push_back(static_cast<std::uint8_t>(pixel >> 8));
    }
  return out;
}

}  // namespace rampa::tests
