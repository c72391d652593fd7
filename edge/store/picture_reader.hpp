// The picture's reading end inside the store's library.
#pragma once

#include <memory>

#include "edge/store/key_ring.hpp"
#include "edge/store/picture_keeper.hpp"
#include "edge/store/store.hpp"

namespace rampa::store {

/// `shared` null: for tools beside a running appliance.
[[nodiscard]] std::unique_ptr<PictureReader> make_picture_reader(std::shared_ptr<Disk> disk, const Layout& layout,
                                                                 std::shared_ptr<PictureShared> shared);
/// A record of the journal, decrypted and decoded. Errors: invalid, not_found (its key is lost), io.
[[nodiscard]] Result<StoredRecord> stored(format::ParsedRecord parsed, KeyRing& keys);

}  // namespace rampa::store
