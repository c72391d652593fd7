#include "edge/risk/plate_text.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace rampa::risk {
namespace {

struct Letter {
  char32_t from;
  std::string_view to;
};

// Upper-case letters of other scripts, ascending. Where nothing else is said: the Latin letter of the same shape (Unicode
// Technical Standard 39, confusables), which is what plates are limited to, so that they can be read abroad (Vienna
// Convention on Road Traffic 1968, annex 2).
constexpr std::array letters{
    // Latin with marks. Serbia, Montenegro, Bosnia: cameras give C, S, Z, D for the letters of the area code; plates of
    // Germany and Austria: A, O, U.
    Letter{0x00C0, "A"}, Letter{0x00C1, "A"}, Letter{0x00C2, "A"}, Letter{0x00C4, "A"}, Letter{0x00C5, "A"}, Letter{0x00C7, "C"},
    Letter{0x00C9, "E"}, Letter{0x00CB, "E"}, Letter{0x00CD, "I"}, Letter{0x00CE, "I"}, Letter{0x00D3, "O"}, Letter{0x00D6, "O"},
    Letter{0x00D8, "O"}, Letter{0x00DA, "U"}, Letter{0x00DC, "U"}, Letter{0x0102, "A"}, Letter{0x0106, "C"}, Letter{0x010C, "C"},
    Letter{0x0110, "D"}, Letter{0x011E, "G"}, Letter{0x0130, "I"}, Letter{0x0141, "L"}, Letter{0x0150, "O"}, Letter{0x015A, "S"},
    Letter{0x015E, "S"}, Letter{0x0160, "S"}, Letter{0x0162, "T"}, Letter{0x0170, "U"}, Letter{0x0179, "Z"}, Letter{0x017B, "Z"},
    Letter{0x017D, "Z"},
    // The digraphs that Unicode has as one character (two places of the plate).
    Letter{0x01C4, "DZ"}, Letter{0x01C5, "DZ"}, Letter{0x01C7, "LJ"}, Letter{0x01C8, "LJ"}, Letter{0x01CA, "NJ"}, Letter{0x01CB, "NJ"},
    Letter{0x0218, "S"}, Letter{0x021A, "T"},
    // Greece: the 14 letters that plates have.
    Letter{0x0391, "A"}, Letter{0x0392, "B"}, Letter{0x0395, "E"}, Letter{0x0396, "Z"}, Letter{0x0397, "H"}, Letter{0x0399, "I"},
    Letter{0x039A, "K"}, Letter{0x039C, "M"}, Letter{0x039D, "N"}, Letter{0x039F, "O"}, Letter{0x03A1, "P"}, Letter{0x03A4, "T"},
    Letter{0x03A5, "Y"}, Letter{0x03A7, "X"},
    // Cyrillic. By shape: the twelve of Bulgarian, Ukrainian, Russian (GOST R 50577) and Belarusian plates and the letters
    // of the Macedonian, Serbian and Ukrainian alphabets that look Latin. The others, which no plate shows but which stand in
    // lists typed from documents, as Serbian and Macedonian transliteration has them, without marks.
    Letter{0x0401, "E"}, Letter{0x0402, "D"}, Letter{0x0403, "G"}, Letter{0x0404, "E"}, Letter{0x0405, "S"}, Letter{0x0406, "I"},
    Letter{0x0407, "I"}, Letter{0x0408, "J"}, Letter{0x0409, "LJ"}, Letter{0x040A, "NJ"}, Letter{0x040B, "C"}, Letter{0x040C, "K"},
    Letter{0x040F, "DZ"}, Letter{0x0410, "A"}, Letter{0x0411, "B"}, Letter{0x0412, "B"}, Letter{0x0413, "G"}, Letter{0x0414, "D"},
    Letter{0x0415, "E"}, Letter{0x0416, "Z"}, Letter{0x0417, "Z"}, Letter{0x0418, "I"}, Letter{0x0419, "J"}, Letter{0x041A, "K"},
    Letter{0x041B, "L"}, Letter{0x041C, "M"}, Letter{0x041D, "H"}, Letter{0x041E, "O"}, Letter{0x041F, "P"}, Letter{0x0420, "P"},
    Letter{0x0421, "C"}, Letter{0x0422, "T"}, Letter{0x0423, "Y"}, Letter{0x0424, "F"}, Letter{0x0425, "X"}, Letter{0x0426, "C"},
    Letter{0x0427, "C"}, Letter{0x0428, "S"}, Letter{0x0490, "G"},
};
static_assert(std::is_sorted(letters.begin(), letters.end(), [](const Letter& a, const Letter& b) { return a.from < b.from; }));

char32_t upper(char32_t c) {
  if ((c >= 0xE0 && c <= 0xFE && c != 0xF7) || (c >= 0x03B1 && c <= 0x03C9) || (c >= 0x0430 && c <= 0x044F)) return c - 0x20;
  if (c >= 0x0450 && c <= 0x045F) return c - 0x50;
  if (c == 0x0131) return 'I';  // Turkish i without its dot
  if (c == 0x01C6 || c == 0x01C9 || c == 0x01CC) return c - 2;
  const bool odd_is_small = (c >= 0x0100 && c <= 0x0137) || (c >= 0x014A && c <= 0x0177) || (c >= 0x0218 && c <= 0x021B) || c == 0x0491;
  if (odd_is_small) return c & ~char32_t{1};
  const bool even_is_small = (c >= 0x0139 && c <= 0x0148) || (c >= 0x0179 && c <= 0x017E);
  if (even_is_small && c % 2 == 0) return c - 1;
  return c;
}

bool is_separator(char32_t c) {
  return c == ' ' || c == '-' || c == '.' || c == '\t' || c == 0xA0 || c == 0xB7 || c == 0xAD || (c >= 0x2000 && c <= 0x200D) ||
         (c >= 0x2010 && c <= 0x2015) || c == 0x2022 || c == 0x202F || c == 0x2060 || c == 0x2212 || c == 0x3000 || c == 0xFEFF ||
         c == 0xFF0D || c == 0xFF0E || (c >= 0x0300 && c <= 0x036F);  // marks that stand beside their letter go like it
}

/// The next character, or nothing where the bytes are no UTF-8 (RFC 3629: shortest form, no surrogates).
std::optional<char32_t> next(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  const std::size_t length = first < 0x80 ? 1 : first >= 0xC2 && first <= 0xDF ? 2 : first >= 0xE0 && first <= 0xEF ? 3 : first >= 0xF0 && first <= 0xF4 ? 4 : 0;
  if (length == 0 || at + length > text.size()) return std::nullopt;
  char32_t c = length == 1 ? first : first & (0x7F >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return std::nullopt;
    c = (c << 6) | (byte(at + i) & 0x3F);
  }
  if ((length == 3 && (c < 0x800 || (c >= 0xD800 && c <= 0xDFFF))) || (length == 4 && (c < 0x10000 || c > 0x10FFFF))) return std::nullopt;
  at += length;
  return c;
}

/// "U+042F"
std::string code_point(char32_t c) {
  std::string text = "U+";
  bool begun = false;
  for (int shift = 20; shift >= 0; shift -= 4) {
    const unsigned digit = (c >> shift) & 15u;
    begun = begun || digit != 0 || shift < 16;
    if (begun) text.push_back("0123456789ABCDEF"[digit]);
  }
  return text;
}

}  // namespace

namespace {

/// Signs of all scripts that people put between the characters of a number.
bool is_sign(char32_t c) {
  return c < 0x80 || (c >= 0xA1 && c <= 0xBF) || c == 0xD7 || c == 0xF7 || (c >= 0x2000 && c <= 0x206F) || c == 0x2116 || (c >= 0xFF01 && c <= 0xFF0F);
}

void append_utf8(std::string& out, char32_t c) {
  const auto byte = [&](char32_t b) { out.push_back(static_cast<char>(static_cast<unsigned char>(b))); };
  if (c < 0x800) byte(0xC0 | c >> 6);
  else if (c < 0x10000) byte(0xE0 | c >> 12), byte(0x80 | (c >> 6 & 0x3F));
  else byte(0xF0 | c >> 18), byte(0x80 | (c >> 12 & 0x3F)), byte(0x80 | (c >> 6 & 0x3F));
  byte(0x80 | (c & 0x3F));
}

Result<std::string> normal(std::string_view utf8, bool plate) {
  std::string out;
  out.reserve(utf8.size());
  for (std::size_t at = 0; at < utf8.size();) {
    const std::size_t place = at;
    const auto read = next(utf8, at);
    if (!read) return fail(ErrorCode::invalid, "byte " + std::to_string(place + 1) + " is no UTF-8; save the file as UTF-8");
    char32_t c = *read;
    if (c >= 0xFF10 && c <= 0xFF5A && c != 0xFF0D) c = c - 0xFF00 + 0x20;  // full width
    if (c >= 'a' && c <= 'z') c -= 0x20;
    if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
      out.push_back(static_cast<char>(c));
      continue;
    }
    if (is_separator(c)) continue;
    c = upper(c);
    if (c == 'I') {
      out.push_back('I');
      continue;
    }
    const auto found = std::lower_bound(letters.begin(), letters.end(), c, [](const Letter& l, char32_t wanted) { return l.from < wanted; });
    if (found == letters.end() || found->from != c) {
      if (!plate) {
        if (!is_sign(c)) append_utf8(out, c);
        continue;
      }
      return fail(ErrorCode::invalid, "character " + code_point(*read) + " at byte " + std::to_string(place + 1) +
                                          " is on no plate; write the letter or digit that a camera would read");
    }
    out += found->to;
  }
  if (out.empty()) return fail(ErrorCode::invalid, std::string("no letter or digit; write the text as it stands on the ") + (plate ? "plate" : "document"));
  return out;
}

}  // namespace

Result<std::string> normal_plate(std::string_view utf8) { return normal(utf8, true); }

Result<std::string> normal_number(std::string_view utf8) { return normal(utf8, false); }

std::string folded(std::string_view normal) {
  std::string out(normal);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return folded(c); });
  return out;
}

std::string alike_plate(std::string_view read) {
  const auto normal = normal_plate(read);
  return normal ? folded(*normal) : std::string(read);
}

}  // namespace rampa::risk
