#include "edge/app/explosive_sets.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>

namespace rampa::app {

namespace {

std::string share(std::uint64_t part, std::uint64_t whole) {
  char text[40];
  std::snprintf(text, sizeof text, "%.2f %%", risk::percent(part, whole));
  return text;
}

std::string limit_text(double limit) {
  char text[40];
  std::snprintf(text, sizeof text, " (limit %.2f %%)", limit);
  return text;
}

Result<risk::Trial> tried(const bundle::ProfileTable& set, WallTime today, const PastFacts& past) {
  auto compiled = risk::compile_for_trial(set.text(), risk::Stages::active, today, past.sample);
  if (!compiled) return tl::unexpected(compiled.error());
  risk::Trial trial{std::move(*compiled), {}};
  trial.tally = tally_all(*trial.set, past.history, 0, 1, {});
  return trial;
}

std::string explosive(const risk::Trial& trial, const risk::Judgement& judgement, risk::StopLimit limit) {
  constexpr std::size_t named_max = 5;
  std::size_t all = 0;
  std::string text;
  for (const auto& line : judgement.profiles) {
    if (!line.explosive || ++all > named_max) continue;
    text += (text.empty() ? "" : ", ") + trial.set->shown_id(line.profile) + " alone stops " + share(line.alone, trial.tally.rows);
  }
  if (all > 0) text += limit_text(limit.profile);
  if (all > named_max) text += ", and " + std::to_string(all - named_max) + " further profiles";
  if (judgement.set_explosive) text += (text.empty() ? "" : "; ") + std::string("the whole set stops ") + share(judgement.stopped, trial.tally.rows) + limit_text(limit.set);
  return "explosive: over the last " + std::to_string(trial.tally.rows) + " crossings of this post " + text;
}

}  // namespace

risk::SetTally tally_all(const risk::CompiledSet& set, const risk::History& history, std::size_t examples_max, unsigned threads, const Progress& progress) {
  constexpr std::size_t stretch = 1 << 14;
  const std::size_t stretches = (history.rows() + stretch - 1) / stretch;
  std::vector<risk::SetTally> parts(stretches);
  std::atomic<std::size_t> next{0}, done{0};
  std::mutex telling;
  const auto work = [&] {
    for (std::size_t i; (i = next++) < stretches;) {
      parts[i] = risk::tally(set, history, i * stretch, (i + 1) * stretch, examples_max);
      const auto rows = ++done * stretch;
      if (!progress) continue;
      const std::lock_guard lock(telling);
      progress(std::min(rows, history.rows()));
    }
  };
  if (threads == 0) threads = std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::thread> others;
  for (unsigned i = 1; i < threads && i < stretches; ++i) others.emplace_back(work);
  work();
  for (auto& other : others) other.join();
  risk::SetTally all;
  all.profiles.resize(set.size());
  for (auto& part : parts) {
    all.append(part, examples_max);
    part = {};
  }
  return all;
}

Result<std::string> judged(const PastFacts& past, const bundle::ProfileTable& set, const bundle::ProfileTable* active, WallTime now) {
  if (past.history.rows() < judged_least)
    return "not judged by past crossings: this post has " + std::to_string(past.history.rows()) + ", fewer than " + std::to_string(judged_least);
  auto trial = tried(set, now, past);
  if (!trial) return tl::unexpected(trial.error());
  std::optional<risk::Trial> before;
  if (active) {
    auto tried_before = tried(*active, now, past);
    if (tried_before) before = std::move(*tried_before);  // one that an earlier version took and this one does not: nothing to compare with
  }
  const auto& policy = trial->set->head.policy;
  const auto limit = risk::stop_limit(policy);
  const auto judgement = risk::judge(*trial, before, limit);
  if (judgement.fine()) return std::string{};
  const std::string why = explosive(*trial, judgement, limit);
  if (policy.stop_waived.empty())
    return fail(ErrorCode::refused, why + "; narrow it (`rampa profiles simulate --active-only` shows how much it stops), or sign it with policy.stop_limit and its `waived` reason");
  return "installed although it is " + why + "; its signers waive the limit: " + policy.stop_waived;
}

SetGate gate_of_own_past(std::string directory) {
  return [directory = std::move(directory)](const bundle::ProfileTable& set, const bundle::ProfileTable* active, WallTime now) -> Result<std::string> {
    auto reader = store::open_picture(directory);
    if (!reader) return "not judged by past crossings: " + reader.error().what;
    auto past = read_history(**reader, {}, judged_most);
    if (!past) return "not judged by past crossings: " + past.error().what;
    return judged(*past, set, active, now);
  };
}

}  // namespace rampa::app
