#include "edge/app/draw_secret.hpp"

#include <spdlog/spdlog.h>

#include <charconv>

#include "edge/api/durable_file.hpp"
#include "edge/runtime/system_clock.hpp"

namespace rampa::app {

namespace {

constexpr std::size_t digits = 16;  // of each half

std::string text_of(const risk::DrawSecret& secret) {
  std::string text;
  for (const auto half : secret) {
    char hex[digits + 1] = {};
    const auto end = std::to_chars(hex, hex + digits, half, 16).ptr;
    text += std::string(digits - static_cast<std::size_t>(end - hex), '0') + std::string(hex, end);
  }
  return text;
}

bool read(const std::string& text, risk::DrawSecret& secret) {
  if (text.size() != 2 * digits) return false;
  for (std::size_t i = 0; i < 2; ++i) {
    const char* const begin = text.data() + i * digits;
    const auto [end, error] = std::from_chars(begin, begin + digits, secret[i], 16);
    if (error != std::errc{} || end != begin + digits) return false;
  }
  return secret[0] != 0 || secret[1] != 0;
}

}  // namespace

risk::DrawSecret own_draw_secret(const std::string& directory) {
  const std::string path = directory + "/draw.secret";
  risk::DrawSecret secret{};
  const auto made = [] {
    risk::DrawSecret one{};
    do one = {runtime::random_bits(), runtime::random_bits()};
    while (one[0] == 0 && one[1] == 0);
    return one;
  };
  const auto kept_before = api::read_file(path);
  if (!kept_before) {
    spdlog::error("{}; until the next start draws go by another key, so who was not drawn before may draw once more", kept_before.error().what);
    return made();
  }
  if (*kept_before) {
    if (read((**kept_before).substr(0, (**kept_before).find('\n')), secret)) return secret;
    spdlog::error("{} is damaged: another key of random draws is made, so who was not drawn before may draw once more", path);
  }
  secret = made();
  if (auto kept = api::replace_file(path, text_of(secret) + "\n"); !kept)
    spdlog::error("the key of random draws could not be kept ({}): it holds until the next start", kept.error().what);
  return secret;
}

}  // namespace rampa::app
