#include "firmware-interfaces/wire/rincmd.hpp"

#include <array>

namespace rampa::wire {
namespace {

std::string hex(unsigned value, int digits) {
  constexpr std::string_view alphabet = "0123456789ABCDEF";
  std::string text(static_cast<std::size_t>(digits), '0');
  for (int i = digits - 1; i >= 0; --i, value >>= 4) text[static_cast<std::size_t>(i)] = alphabet[value & 15];
  return text;
}

std::optional<std::uint32_t> number(std::string_view text, int base) {
  std::uint64_t value = 0;
  if (text.empty() || text.size() > 10) return std::nullopt;
  for (char c : text) {
    int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
    if (digit >= base) return std::nullopt;
    value = value * static_cast<unsigned>(base) + static_cast<unsigned>(digit);
  }
  if (value > 0xffffffffu) return std::nullopt;
  return static_cast<std::uint32_t>(value);
}

struct ErrorWord {
  std::uint32_t code;
  const char* meaning;
};
constexpr std::array<ErrorWord, 11> error_words = {{{0xC000, "unknown error"}, {0xA000, "not implemented"}, {0x9000, "access denied"},
                                                    {0x8800, "under range"}, {0x8400, "over range"}, {0x8200, "illegal value"},
                                                    {0x8100, "illegal operation"}, {0x8040, "bad parameter"}, {0x8020, "menu in use"},
                                                    {0x8010, "viewer mode required"}, {0x8008, "checksum required"}}};

}  // namespace

std::uint16_t crc_ccitt(std::string_view text) {
  std::uint16_t crc = 0xffff;
  for (char c : text) {
    crc = static_cast<std::uint16_t>(crc ^ (static_cast<std::uint8_t>(c) << 8));
    for (int i = 0; i < 8; ++i) crc = static_cast<std::uint16_t>(crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1);
  }
  return crc;
}

std::string encode_rin(const RinMessage& m, bool checksummed) {
  const unsigned address = (m.response ? 0x80u : 0) | (m.error ? 0x40u : 0) | (m.reply_required ? 0x20u : 0) | (static_cast<unsigned>(m.address) & 0x1f);
  std::string text = hex(address, 2) + hex(static_cast<unsigned>(m.command), 2) + hex(static_cast<unsigned>(m.reg), 4) + ":" + m.data;
  if (checksummed) return "\x01" + text + hex(crc_ccitt(text), 4) + "\x04";
  return text + "\r\n";
}

Result<RinMessage> decode_rin(std::string_view text) {
  if (!text.empty() && text.front() == '\x01') {
    if (text.size() < 6 || text.back() != '\x04') return fail(ErrorCode::bad_reply, "rinCMD: SOH without EOT");
    const auto crc = number(text.substr(text.size() - 5, 4), 16);
    text = text.substr(1, text.size() - 6);
    if (!crc || *crc != crc_ccitt(text)) return fail(ErrorCode::bad_reply, "rinCMD: wrong checksum");
  }
  if (text.size() < 8) return fail(ErrorCode::bad_reply, "rinCMD: message is too short");
  const auto address = number(text.substr(0, 2), 16), command = number(text.substr(2, 2), 16), reg = number(text.substr(4, 4), 16);
  if (!address || !command || !reg) return fail(ErrorCode::bad_reply, "rinCMD: header is not hexadecimal");
  if (text.size() > 8 && text[8] != ':') return fail(ErrorCode::bad_reply, "rinCMD: ':' expected after the register");
  RinMessage m;
  m.response = (*address & 0x80) != 0;
  m.error = (*address & 0x40) != 0;
  m.reply_required = (*address & 0x20) != 0;
  m.address = static_cast<int>(*address & 0x1f);
  m.command = static_cast<int>(*command);
  m.reg = static_cast<int>(*reg);
  if (text.size() > 9) m.data = std::string(text.substr(9));
  return m;
}

Result<std::int64_t> rin_number(const RinMessage& request, const RinMessage& reply) {
  if (!reply.response || reply.command != request.command || reply.reg != request.reg ||
      (request.address != 0 && reply.address != request.address))
    return fail(ErrorCode::bad_reply, "rinCMD: the reply belongs to another request");
  if (reply.error) {
    const auto code = number(reply.data, 16);
    for (const auto& word : error_words)
      if (code && *code == word.code)
        return fail(word.code == 0x8020 ? ErrorCode::busy : ErrorCode::refused, std::string("rinCMD: ") + word.meaning);
    return fail(ErrorCode::refused, "rinCMD: error " + reply.data);
  }
  const auto value = number(reply.data, 16);
  if (!value || reply.data.size() > 8) return fail(ErrorCode::bad_reply, "rinCMD: the value is not a hexadecimal number");
  return static_cast<std::int32_t>(*value);
}

}  // namespace rampa::wire
