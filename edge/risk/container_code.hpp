// Numbers of freight containers: ISO 6346:1995 (owner prefix as registered by the BIC, category, serial number, check digit). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rampa::risk {

/// Upper case, without the spaces, hyphens, dots, slashes and underscores that people and cameras put in: "csqu 305.438-3" -> "CSQU3054383".
/// Anything else stays, so that a wrong code stays recognisably wrong.
[[nodiscard]] std::string normalise_container_code(std::string_view text);

/// The remainder 0..10 that the check digit is made of; 10 is printed as 0. Nothing where the first ten characters are not four letters and six digits.
[[nodiscard]] std::optional<std::uint8_t> container_remainder(std::string_view code);

/// Check digit 0..9 of the first ten characters of a normalised code (four letters, six digits); nothing where they are not that.
[[nodiscard]] std::optional<std::uint8_t> container_check_digit(std::string_view code);

/// Four letters of which the last is U (container), J (detachable equipment) or Z (trailer, chassis), six digits, and the right check digit.
[[nodiscard]] bool is_container_code(std::string_view code);

/// The BIC prefix of a normalised code: owner and category, "CSQU"; empty where it does not begin with four letters of that kind.
[[nodiscard]] std::string_view bic_prefix(std::string_view code);

}  // namespace rampa::risk
