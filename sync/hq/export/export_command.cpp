#include "sync/hq/export/export_command.hpp"

#include <poll.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "edge/runtime/system_clock.hpp"
#include "sync/hq/hq_key.hpp"
#include "sync/hq/report.hpp"

namespace rampa::sync::hq {
namespace {

constexpr Duration look_again = 2s, try_again = 10s, answer_within = 30s;

Result<std::unique_ptr<ExportTarget>> target_of(const std::string& to) {
  if (to.starts_with("http:") || to.starts_with("https:")) return http_target(to, answer_within);
  return folder_target(to);
}

/// The key, once it is written down who has it used.
Result<void> open_personal(ExportOptions& options, Desk& desk, const Clock& clock) {
  if (options.look.by.empty() || options.look.purpose.empty())
    return fail(ErrorCode::invalid, "--personal hands plates and names on: say who and on what ground with --by NAME --purpose TEXT");
  const auto key = hq_key(options.settings.place.directory);
  if (!key) return tl::unexpected(key.error());
  options.settings.key = *key;
  options.look.what = "export " + options.settings.name + " to " + options.to;
  options.look.at = clock.now().wall;
  desk.note_look(options.look);
  return {};
}

void pause(const Clock& clock, Duration wait, const std::atomic<bool>& stop) {
  for (const MonoTime until = clock.mono() + wait; clock.mono() < until && !stop;) ::poll(nullptr, 0, 200);
}

}  // namespace

Result<bool> export_to(ExportOptions& options, bool json, const std::atomic<bool>& stop) {
  const runtime::SystemClock clock;
  options.settings.format = options.format == "xml" ? ExportFormat::xml : ExportFormat::json;
  auto target = target_of(options.to);
  if (!target) return tl::unexpected(target.error());
  if (const auto known = known_post(options.settings.place, options.settings.post); !known) return tl::unexpected(known.error());
  const auto desk = open_desk(options.settings.place);
  if (options.personal)
    if (auto ready = open_personal(options, *desk, clock); !ready) return tl::unexpected(ready.error());
  const auto told = [json](const Document& document) {
    if (json) std::cout << nlohmann::json{{"id", document.id}, {"document", document.name}}.dump() << std::endl;
    else std::cout << document.id << std::endl;
  };
  std::set<std::string> waiting;
  options.settings.notice = [json, &waiting](const Notice& notice) {
    if (notice.event == "waits" && !waiting.insert(notice.detail).second) return;  // once of each record
    if (json) std::cout << nlohmann::json{{"event", notice.event}, {"post", notice.post}, {"sequence", notice.sequence}, {"detail", notice.detail}}
                               .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
    else std::cerr << "rampa-hq: " << notice.event << ' ' << notice.detail << std::endl;
  };
  bool first = true;
  while (!stop) {
    options.settings.now = clock.now().wall;
    // Perhaps this is a newer rampa-hq, which can read more.
    const auto done = first ? export_again(options.settings, options.again ? Again::all : Again::unreadable, *desk, **target, told)
                            : export_results(options.settings, *desk, **target, told);
    if (!done) {
      const ErrorCode code = done.error().code;
      const bool passing = code == ErrorCode::disconnected || code == ErrorCode::timeout || code == ErrorCode::io || code == ErrorCode::no_space;
      if (!options.follow || !passing) return tl::unexpected(done.error());
      std::cerr << "rampa-hq: " << done.error().what << "; trying again" << std::endl;
    }
    if (done && (std::exchange(first, false) || done->more)) continue;
    if (!options.follow) break;
    pause(clock, done ? look_again : try_again, stop);
  }
  return options.follow || desk->all_set_aside(options.settings.name, "", 0, 1).empty();
}

}  // namespace rampa::sync::hq
