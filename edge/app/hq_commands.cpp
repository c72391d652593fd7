#include "edge/app/hq_commands.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "edge/api/durable_file.hpp"

namespace rampa::app {
namespace {

using nlohmann::json;

const char* const interrupted = "not known: the post ended while it was carried out. It is not carried out again";

}  // namespace

Result<std::unique_ptr<HqCommands>> HqCommands::open(const std::string& directory, std::uint64_t applied, Calls calls) {
  std::unique_ptr<HqCommands> commands(new HqCommands(directory + "/commands", applied, std::move(calls)));
  if (auto loaded = commands->load(); !loaded) return tl::unexpected(loaded.error());
  return commands;
}

Result<void> HqCommands::load() {
  const auto text = api::read_file(file_);
  if (!text) return tl::unexpected(text.error());
  if (!*text) return {};
  const json all = json::parse(**text, nullptr, false);
  const auto damaged = [this] { return fail(ErrorCode::invalid, file_ + " is damaged: move it away (commands of HQ that it holds are then not answered)"); };
  if (!all.is_array()) return damaged();
  for (const json& each : all) {
    if (!each.is_object() || !each.contains("number") || !each["number"].is_number_unsigned() || !each.contains("state") || !each["state"].is_number_unsigned()) return damaged();
    for (const char* field : {"command", "argument", "by", "outcome"})
      if (each.contains(field) && !each[field].is_string()) return damaged();
    Entry entry;
    entry.number = each["number"].get<std::uint64_t>();
    entry.command = {each.value("command", ""), each.value("argument", ""), each.value("by", "")};
    entry.state = static_cast<State>(std::min<std::uint64_t>(each["state"].get<std::uint64_t>(), static_cast<std::uint64_t>(State::noted)));
    entry.outcome = each.value("outcome", "");
    if (entry.number > released_) continue;  // HQ was not told that it was taken: it comes again
    if (entry.state == State::begun) entry.state = State::done, entry.outcome = interrupted;
    entries_.push_back(std::move(entry));
  }
  return {};
}

Result<void> HqCommands::save() const {
  json all = json::array();
  for (const Entry& e : entries_)
    all.push_back({{"number", e.number}, {"command", e.command.command}, {"argument", e.command.argument}, {"by", e.command.by}, {"state", static_cast<unsigned>(e.state)}, {"outcome", e.outcome}});
  return api::replace_file(file_, all.dump(-1, ' ', false, json::error_handler_t::replace));
}

Result<void> HqCommands::take(std::uint64_t number, const sync::CommandLetter& command) {
  std::lock_guard lock(mutex_);
  if (std::any_of(entries_.begin(), entries_.end(), [number](const Entry& e) { return e.number == number; })) return {};
  if (std::count_if(entries_.begin(), entries_.end(), [](const Entry& e) { return e.state != State::noted; }) >= static_cast<std::ptrdiff_t>(waiting_max))
    return fail(ErrorCode::busy, std::to_string(waiting_max) + " commands of HQ wait here already: is this post's disk full? Give it again when they are answered");
  entries_.push_back({number, command, State::taken, {}});
  const auto done = std::count_if(entries_.begin(), entries_.end(), [](const Entry& e) { return e.state == State::noted; });
  for (auto surplus = done - static_cast<std::ptrdiff_t>(kept_max); surplus > 0; --surplus)
    entries_.erase(std::find_if(entries_.begin(), entries_.end(), [](const Entry& e) { return e.state == State::noted; }));
  auto saved = save();
  if (!saved) entries_.pop_back();
  return saved;
}

void HqCommands::release(std::uint64_t through) {
  std::lock_guard lock(mutex_);
  released_ = std::max(released_, through);
}

Result<void> HqCommands::move_on(std::uint64_t number, State state, const std::string& outcome) {
  std::lock_guard lock(mutex_);
  for (Entry& e : entries_) {
    if (e.number != number) continue;
    const Entry before = e;
    e.state = state;
    e.outcome = outcome;
    auto saved = save();
    if (!saved) e = before;
    return saved;
  }
  return {};
}

void HqCommands::work() {
  for (;;) {
    Entry entry;
    {
      std::lock_guard lock(mutex_);
      const auto next = std::find_if(entries_.begin(), entries_.end(), [this](const Entry& e) { return e.state != State::noted && e.number <= released_; });
      if (next == entries_.end()) return;
      entry = *next;
    }
    const std::string what = entry.command.command + (entry.command.argument.empty() ? "" : " " + entry.command.argument);
    if (entry.state == State::taken) {
      if (auto begun = move_on(entry.number, State::begun, {}); !begun) return spdlog::error("command {} of HQ waits: {}", what, begun.error().what);
      Result<std::string> done = fail(ErrorCode::invalid, "");
      try {
        done = calls_.carry_out(entry.command);
      } catch (const std::exception& thrown) {
        done = fail(ErrorCode::io, thrown.what());
      }
      entry.outcome = done ? *done : "failed: " + done.error().what;
      if (entry.outcome.size() > sync::answer_bytes_max) entry.outcome.resize(sync::answer_bytes_max);
      if (auto kept = move_on(entry.number, State::done, entry.outcome); !kept) spdlog::error("the outcome of command {} of HQ is not kept: {}", what, kept.error().what);
    }
    spdlog::info("command {} of HQ (letter {}, {}): {}", what, entry.number, entry.command.by, entry.outcome.substr(0, 200));
    // Should the post die behind this line the note stands twice, with the same letter's number.
    if (auto noted = calls_.note({"command", "hq: " + entry.command.by, "letter " + std::to_string(entry.number) + ": " + what + ": " + entry.outcome.substr(0, 1000)}); !noted)
      return spdlog::error("command {} of HQ is not in the journal: {}", what, noted.error().what);
    if (auto kept = move_on(entry.number, State::noted, entry.outcome); !kept) return spdlog::error("the outcome of command {} of HQ is not kept: {}", what, kept.error().what);
    if (calls_.answer) calls_.answer(entry.number, entry.outcome);
  }
}

void HqCommands::answer_again() {
  std::vector<Entry> done;
  {
    std::lock_guard lock(mutex_);
    std::copy_if(entries_.begin(), entries_.end(), std::back_inserter(done), [](const Entry& e) { return e.state == State::noted; });
  }
  for (const Entry& e : done)
    if (calls_.answer) calls_.answer(e.number, e.outcome);
}

}  // namespace rampa::app
