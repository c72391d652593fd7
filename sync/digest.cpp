#include "sync/digest.hpp"

#include "firmware-interfaces/hex.hpp"

namespace rampa::sync {

std::string hex(ByteView bytes) { return hex_of(bytes); }

std::string hex(const Sha256& hash) { return hex(ByteView{hash}); }

std::optional<Sha256> parse_sha256(std::string_view text) { return array_of_hex<32>(text); }

}  // namespace rampa::sync
