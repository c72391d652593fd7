#include "edge/runtime/large_pages.hpp"

#include <sys/mman.h>

#include <cstdint>

namespace rampa::runtime {

void prefer_large_pages(void* memory, std::size_t bytes) {
  constexpr std::uintptr_t page = std::uintptr_t{2} << 20;
  const auto at = reinterpret_cast<std::uintptr_t>(memory);
  const auto first = (at + page - 1) / page * page, last = (at + bytes) / page * page;
  if (first < last) (void)::madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
}

}  // namespace rampa::runtime
