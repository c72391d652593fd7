// The words for hashes that bundles use: their parts are texts. Thread: any.
#pragma once

#include "sync/digest.hpp"

namespace rampa::bundle {

using sync::hex;
using sync::parse_sha256;
using sync::Sha256;

[[nodiscard]] inline Sha256 sha256(std::string_view text) { return sync::sha256(as_bytes(text)); }

}  // namespace rampa::bundle
