#include "firmware-interfaces/crc32c.hpp"

#include <isa-l/crc.h>

#include <algorithm>
#include <limits>

namespace rampa {

// By ISA-L, with the processor's own instruction where it has one: a table of 256 entries took a fifth of the time in which a post drains.
std::uint32_t crc32c(ByteView bytes, std::uint32_t before) {
  std::uint32_t c = ~before;
  while (!bytes.empty()) {
    const ByteView some = bytes.first(std::min<std::size_t>(bytes.size(), std::numeric_limits<int>::max()));
    c = ::crc32_iscsi(const_cast<std::uint8_t*>(some.data()), static_cast<int>(some.size()), c);
    bytes = bytes.subspan(some.size());
  }
  return ~c;
}

}  // namespace rampa
