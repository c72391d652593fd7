// Which requests read a product's points: as few as its map allows. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "firmware-interfaces/icd/product.hpp"

namespace rampa::drivers {

/// One Modbus read that covers one or more points of one table.
struct ReadRequest {
  icd::Table table = icd::Table::input_register;
  std::uint16_t address = 0;
  std::uint16_t count = 0;
  Duration every{};                        ///< 0: on every poll
  std::vector<const icd::Point*> points;   ///< of the product given to plan_reads
};

/// Requests for the points that are polled (or, `polled` false, read once per connection). Neighbours of one table and
/// one rate share a request where no more than `read_gap_max` unused addresses lie between them; blocks stand alone.
/// Ordered by table, rate and address. Limits: 125 registers, 2000 bits per request (Modbus application protocol 1.1b3).
[[nodiscard]] std::vector<ReadRequest> plan_reads(const icd::Product& product, bool polled);

/// Registers (bits) that a point takes on the wire.
[[nodiscard]] int span_of(const icd::Point& point);

}  // namespace rampa::drivers
