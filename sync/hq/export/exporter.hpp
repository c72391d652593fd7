// Hands the results of crossings on to one target, in the journal's order of each post, and remembers in HQ's desk how far it
// is. Only what HQ holds or goes on without (up to the cursor) goes out; what turns up later goes out then, also a result once more
// that had lacked it. What cannot be handed on is set aside with its place and the reason, and holds up nothing but later results of
// its own crossing. All journals get their turns.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>

#include "sync/hq/bell.hpp"
#include "sync/hq/desk.hpp"
#include "sync/hq/export/target.hpp"

namespace rampa::sync::hq {

struct ExportSettings {
  Place place;
  std::string name;    ///< of this export: each has its own position
  std::string post;    ///< empty: all
  ExportFormat format = ExportFormat::json;
  std::optional<std::array<std::uint8_t, 32>> key;  ///< HQ's secret: with the personal fields (the caller has noted the look)
  std::size_t results_max = 1000;                   ///< in one call
  WallTime now;                                     ///< written down beside what is set aside
  std::function<void(const Notice&)> notice;        ///< "set_aside"; "waits": a journal, for a key of personal fields that is on its way
};

/// In a row, before it is the target that is taken to be wrong and not the documents. Refusals of one post alone say nothing of the
/// target while there are other posts.
inline constexpr std::uint64_t refusals_max = 8;

struct Exported {
  std::uint64_t results = 0, set_aside = 0;
  bool more = false;  ///< results_max was reached
};

/// Errors: those of the target (what went out before it stays out) but `refused`, unless it refuses one document after the other;
/// not_found (no database yet), io. `told` is called after each result that the target has taken.
[[nodiscard]] Result<Exported> export_results(const ExportSettings& settings, Desk& desk, ExportTarget& target,
                                              const std::function<void(const Document&)>& told);

/// Of what was set aside: what could not be put together (this rampa-hq may know more than the one before), or also what the target
/// has refused.
enum class Again { unreadable, all };
[[nodiscard]] Result<Exported> export_again(const ExportSettings& settings, Again which, Desk& desk, ExportTarget& target,
                                            const std::function<void(const Document&)>& told);

}  // namespace rampa::sync::hq
