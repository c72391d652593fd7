// The body of a multipart/form-data (or multipart/mixed) post, cut into its parts (RFC 2046 section 5.1, RFC 7578).
// A body without its closing delimiter is refused as a whole: half a body is no body. Pure, limited.
#pragma once

#include <string>
#include <vector>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::drivers::plate_camera {

struct FormPart {
  std::string name;        ///< Content-Disposition name, else its filename, else Content-ID; empty if none
  std::string media_type;  ///< lower case, without parameters
  ByteView bytes;          ///< looks into the body that was parsed
};

inline constexpr std::size_t form_parts_max = 16;
inline constexpr std::size_t form_part_head_bytes_max = 4096;

/// Errors: invalid (no multipart type, no usable boundary, truncated, a part's Content-Length that disagrees with its
/// delimiter, too many parts), with the place.
[[nodiscard]] Result<std::vector<FormPart>> parse_multipart(std::string_view content_type, ByteView body);

}  // namespace rampa::drivers::plate_camera
