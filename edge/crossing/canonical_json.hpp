// JSON in the one shape that is hashed and signed: JSON Canonicalization Scheme, RFC 8785, over I-JSON (RFC 7493). Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "firmware-interfaces/result.hpp"

namespace rampa {

/// No deeper nesting of lists and objects is read.
constexpr std::size_t canonical_json_depth_max = 128;

/// Any JSON text in, its canonical text out: no white space, keys sorted by UTF-16 code units, numbers as ECMAScript
/// writes them, shortest escapes. Canonical text comes out unchanged. Errors: `invalid`, with the place
/// ("$.targets[2].name" or a byte) and the remedy, for what is not JSON, and for what is not the same for every reader of JSON: a key given twice,
/// text that is not UTF-8, a lone surrogate, a number that no double holds, a whole number that loses digits as a double (write it as text).
[[nodiscard]] Result<std::string> canonical_json(std::string_view text);

/// ECMAScript's Number::toString of a finite double (RFC 8785, 3.2.2.3). Error: `invalid` for NaN and infinities.
[[nodiscard]] Result<std::string> canonical_number(double value);

/// The text in quotes with JCS's escapes. `text` must be UTF-8.
[[nodiscard]] std::string canonical_string(std::string_view text);

}  // namespace rampa
