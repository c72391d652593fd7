#include "sync/lost_record.hpp"

namespace rampa::sync {
namespace {

constexpr std::string_view magic = "RPL2";

}  // namespace

Bytes encode_lost(std::string_view why) {
  const std::string text = std::string(magic) + std::string(why.substr(0, lost_reason_bytes_max));
  const ByteView bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

std::optional<std::string> lost_reason(ByteView record) {
  const std::string_view text = as_text(record);
  if (!text.starts_with(magic) || text.size() > magic.size() + lost_reason_bytes_max) return {};
  return std::string(text.substr(magic.size()));
}

}  // namespace rampa::sync
