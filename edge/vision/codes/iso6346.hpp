// What stands on a freight container: owner, category, serial, check digit, and size and type beneath (ISO 6346:2022). Pure.
// The check digit is risk::container_check_digit(): one rule, whoever reads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rampa::vision::codes {

enum class Category { container, equipment, trailer };  ///< U, J, Z

struct ContainerCode {
  std::string owner;   ///< three letters, registered with the BIC
  Category category = Category::container;
  std::string serial;  ///< six digits
  char check = '0';
};

enum class ContainerFault {
  none,
  form,       ///< not four letters and seven digits
  category,   ///< the fourth letter is none of U, J, Z
  check,      ///< the check digit is another
};

struct ContainerReading {
  ContainerFault fault = ContainerFault::none;
  ContainerCode code;  ///< good where the fault is `none` or `check`
  /// The remainder was 10, which is printed as 0: such a code hides one more wrong character in eleven. Owners are asked not to use these serials.
  bool remainder_ten = false;
  [[nodiscard]] bool accepted() const { return fault == ContainerFault::none; }
};

/// Of a text as read, with blanks, hyphens and the box's frame around the check digit left out by the caller or not. `accepted()` only with the
/// right check digit.
[[nodiscard]] ContainerReading read_container(std::string_view text);

/// Other texts that the camera may have meant: one or two characters exchanged for what looks alike (O 0, I 1, B 8, S 5, Z 2, G 6, D 0, Q 0), with
/// the right check digit. To be offered to the officer beside the picture, never accepted: of ten wrong codes one has a right check digit by
/// chance. Empty where the text is accepted as it stands.
[[nodiscard]] std::vector<std::string> container_candidates(std::string_view text);

struct SizeType {
  double length_ft = 0;
  double height_ft = 0;  ///< 0: half height or less, see what
  bool wide = false;     ///< wider than 2438 mm
  std::string what;      ///< "general purpose, openings at one or both ends"
};

/// "45G1", "22R1": length, height and width, type group and number. Nothing where a character is not of the standard.
[[nodiscard]] std::optional<SizeType> size_type(std::string_view code);

}  // namespace rampa::vision::codes
