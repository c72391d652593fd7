#include "edge/store/day_key_reader.hpp"

#include "edge/store/key_ring.hpp"

namespace rampa::store {
namespace {

class Reader : public DayKeyReader {
 public:
  explicit Reader(const std::string& directory) : disk_(real_disk()), layout_{directory} {}

  Result<std::optional<format::DayKey>> day_key(std::uint32_t day, std::uint32_t generation) override {
    auto ring = KeyRing::open_readonly(*disk_, layout_);
    if (!ring) return tl::unexpected(ring.error());
    return ring->day_key(day, generation);
  }

 private:
  std::shared_ptr<Disk> disk_;
  Layout layout_;
};

}  // namespace

std::unique_ptr<DayKeyReader> open_day_keys(const std::string& directory) { return std::make_unique<Reader>(directory); }

}  // namespace rampa::store
