// A BlobReader over any Disk.
#pragma once

#include "edge/store/blob_reader.hpp"
#include "edge/store/disk.hpp"
#include "edge/store/layout.hpp"

namespace rampa::store {

[[nodiscard]] std::unique_ptr<BlobReader> make_blob_reader(std::shared_ptr<Disk> disk, const Layout& layout);

}  // namespace rampa::store
