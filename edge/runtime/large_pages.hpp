// Memory in pages of 2 MB, for what is large and read all over the place.
#pragma once

#include <cstddef>

namespace rampa::runtime {

/// Asks the kernel for large pages behind the whole ones of these bytes (madvise(2), MADV_HUGEPAGE). Advice only: where it has none to give,
/// or is set to "never", the memory stays as it was. Thread: any.
void prefer_large_pages(void* memory, std::size_t bytes);

}  // namespace rampa::runtime
