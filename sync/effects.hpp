// What a drain wants done. Whoever drives it (sync/uplink, the simulation) does it in this order.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "firmware-interfaces/bytes.hpp"
#include "sync/payloads.hpp"

namespace rampa::sync {

namespace effect {
struct OpenLink { std::uint64_t attempt = 0; std::size_t broker = 0; };
struct CloseLink { std::uint64_t attempt = 0; std::string why; };
struct Publish { std::uint64_t attempt = 0; std::string topic; Bytes payload; };
/// HQ has committed up to here. May go back only when HQ lost its database.
struct Acknowledged { std::uint64_t sequence = 0; };
struct Quarantined { QuarantinedRecord record; };
/// HQ says that it holds this blob; or, not `held`, that it does not (any more).
struct BlobHeld { std::string sha256; bool held = true; };
/// Apply it durably, then call letter_done(); the next one comes after that.
struct TakeLetter { Letter letter; };
/// What want() asked for is on the shelf, or `trouble` says why it cannot be had.
struct Fetched { std::string sha256; std::string trouble; };
/// No key of HQ was given: this one was met first. Keep it, and give it at the next start.
struct KeepHqKey { std::string key; };
/// status() says something new.
struct StatusChanged {};
}  // namespace effect
using Effect = std::variant<effect::OpenLink, effect::CloseLink, effect::Publish, effect::Acknowledged, effect::Quarantined,
                            effect::BlobHeld, effect::TakeLetter, effect::Fetched, effect::KeepHqKey, effect::StatusChanged>;

}  // namespace rampa::sync
