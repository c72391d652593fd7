// A camera's password, from its file.
#pragma once

#include <string>

#include "firmware-interfaces/result.hpp"

namespace rampa::drivers::rtsp {

/// The first line of a file, as Unix or Windows writes it. Errors: invalid (can't be read, no password of 1 to 256 characters), with the
/// file's whole path and the remedy.
[[nodiscard]] Result<std::string> password_in(const std::string& file);

}  // namespace rampa::drivers::rtsp
