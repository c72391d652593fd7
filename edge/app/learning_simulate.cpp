#include "edge/app/learning_simulate.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "edge/app/profiles_file.hpp"
#include "edge/app/explosive_sets.hpp"
#include "edge/app/tools.hpp"
#include "edge/risk/benchmark_format.hpp"
#include "edge/risk/explosive.hpp"
#include "sync/bundle/signing.hpp"

namespace rampa::app {

namespace {

using Json = nlohmann::ordered_json;
using risk::percent;

struct Tried {
  risk::Trial trial;
  std::map<std::string, risk::LifeCycle> states;  ///< by profile
  std::string hash;                               ///< of the set, as bundles name it
};

Result<std::string> read_set_text(const std::string& file, risk::Reading reading) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(ErrorCode::not_found, file + ": cannot be read");
  std::stringstream text;
  text << in.rdbuf();
  std::string json = text.str();
  if (risk::is_benchmark_line(json.substr(0, json.find('\n')))) {
    auto imported = risk::import_benchmark_profiles(json);
    if (!imported) return fail(ErrorCode::invalid, file + ": " + imported.error().what);
    return imported;
  }
  if (auto sound = risk::compile(json, "", {}, nullptr, reading); !sound) {
    std::string all = file + ": refused:";
    for (const auto& f : profile_findings(file, sound.error()))
      all += "\n" + f.file + ":" + std::to_string(f.line) + ": " + f.key + ": " + f.cause + (f.remedy.empty() ? "" : "; " + f.remedy);
    return fail(ErrorCode::invalid, all);
  }
  return json;
}

/// `reading`: kept for the set in force, which was taken in once.
Result<Tried> read_set(const std::string& file, risk::Reading reading, risk::Stages stages, WallTime today, const std::vector<Fields>& traffic) {
  auto json = read_set_text(file, reading);
  if (!json) return tl::unexpected(json.error());
  Tried tried;
  auto compiled = risk::compile_for_trial(*json, stages, today, traffic, [&](const risk::RiskProfile& p) { tried.states[p.id] = p.state; });
  if (!compiled) return fail(ErrorCode::invalid, file + ": " + compiled.error().what);
  tried.trial.set = std::move(*compiled);
  if (auto canonical = bundle::canonical_set(*json))
    if (auto table = bundle::ProfileTable::read(bundle::hold(std::move(*canonical)))) tried.hash = bundle::hex(table->hash());
  return tried;
}

Result<PastFacts> read_past(const SimulateOptions& options, std::ostream& err) {
  const Progress progress = [&](std::size_t read) { err << "\rreading the history: " << read << std::flush; };
  if (!options.history_file.empty()) return read_history_file(options.history_file, progress);
  auto check = config::read_site(options.site_file, options.icd_directory);
  if (!check.findings.empty()) return fail(ErrorCode::invalid, options.site_file + ": is not a sound site file; see `rampa check-config`");
  auto reader = store::open_picture(check.site.directory);
  if (!reader) return tl::unexpected(reader.error());
  return read_history(**reader, progress);
}

std::string two(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.2f", value);
  return text;
}

bool stops(std::uint8_t channel) { return risk::stops(static_cast<SelectivityChannel>(channel)); }

/// What the first row that leaves the profile open lacks.
std::string missing_of(const risk::CompiledSet& set, std::uint32_t profile, const risk::History& history) {
  risk::FactSheet sheet;
  for (std::size_t row = 0; row < history.rows(); ++row) {
    history.sheet(row, sheet);
    const auto names = set.program.missing(set.heads[profile].root, sheet);
    if (!names.empty()) return std::string(names.front());
  }
  return {};
}

struct Difference {
  std::uint64_t more = 0, fewer = 0;  ///< rows stopped only by the new set, only by the baseline
  std::vector<std::uint32_t> more_examples, fewer_examples;
};

Difference difference(const risk::SetTally& now, const risk::SetTally& before, std::size_t examples) {
  Difference d;
  for (std::size_t row = 0; row < now.channel_of.size(); ++row) {
    const bool a = stops(now.channel_of[row]), b = stops(before.channel_of[row]);
    if (a == b) continue;
    ++(a ? d.more : d.fewer);
    auto& list = a ? d.more_examples : d.fewer_examples;
    if (list.size() < examples) list.push_back(static_cast<std::uint32_t>(row));
  }
  return d;
}

Json ids_of(const risk::History& history, const std::vector<std::uint32_t>& rows) {
  Json ids = Json::array();
  for (const auto row : rows) ids.push_back(history.id(row));
  return ids;
}

std::string listed(const Json& ids) {
  std::string text;
  for (const auto& id : ids) text += (text.empty() ? "" : ", ") + id.get<std::string>();
  return text;
}

Json channels_of(const risk::SetTally& t) {
  return {{"green", t.channels[0]}, {"blue", t.channels[1]}, {"yellow", t.channels[2]}, {"red", t.channels[3]}};
}

const char* name_of(risk::LifeCycle state) {
  static constexpr const char* names[] = {"draft", "shadow", "approved", "active", "suspended", "expired"};
  return names[static_cast<int>(state)];
}

std::string why_explosive(const risk::Trial& trial, const risk::ProfileStops& line, double limit, const risk::History& history) {
  const auto& t = trial.tally;
  const auto& p = t.profiles[line.profile];
  const auto channel = trial.set->heads[line.profile].channel;
  std::string why = std::string(trial.set->id(line.profile)) + ": explosive: alone it stops " + two(percent(line.alone, t.rows)) + " % of the lorries (" + std::to_string(line.alone) + " of " +
                    std::to_string(t.rows) + "), the limit is " + two(limit) + " %";
  if (!risk::stops(channel)) why += "; by its weight, which alone reaches a threshold of the score";
  if (p.undetermined > 0)
    why += "; " + std::to_string(p.undetermined) + " of them because a fact is missing (" + missing_of(*trial.set, line.profile, history) + "): ask first whether it exists, where not all crossings have it";
  if (p.selected > 0) why += risk::stops(channel) ? "; narrow its condition, sample it, or make it blue" : "; narrow its condition, or lower its weight";
  return why;
}

std::string why_set_explosive(const risk::SetTally& t, std::uint64_t stopped, double limit) {
  return "the whole set stops " + two(percent(stopped, t.rows)) + " % of the lorries (" + std::to_string(stopped) + " of " + std::to_string(t.rows) + "), the limit is " + two(limit) +
         " %; raised by the random share: " + std::to_string(t.random) + ", by the score: " + std::to_string(t.by_score) + "; narrow the profiles named above, lower random_percent or weights, or raise policy.stop_limit";
}

}  // namespace

int simulate_profiles(const SimulateOptions& options, std::ostream& out, std::ostream& err) {
  const auto complain = [&](const Error& error) {
    err << "\nrampa: " << error.what << "\n";
    return error.code == ErrorCode::invalid ? exit_config : exit_found;
  };
  auto past = read_past(options, err);
  if (!past) return complain(past.error());
  const auto& history = past->history;
  err << "\r" << history.rows() << " crossings of the past, " << history.bytes() / (1 << 20) << " MiB" << (past->erased ? ", " + std::to_string(past->erased) + " more were erased" : "") << "\n";
  if (history.rows() == 0) return complain({ErrorCode::not_found, "there are no past crossings to try the set on"});
  const auto stages = options.active_only ? risk::Stages::active : risk::Stages::all;
  auto tried = read_set(options.set_file, risk::Reading::fresh, stages, options.today, past->sample);
  if (!tried) return complain(tried.error());
  auto& trial = tried->trial;
  const auto& set = *trial.set;
  const Progress progress = [&](std::size_t rows) { err << "\rsimulating " << 100 * rows / history.rows() << " %" << std::flush; };
  trial.tally = tally_all(set, history, options.examples, options.threads, progress);
  const auto& t = trial.tally;
  err << "\n";
  std::optional<Tried> baseline;
  std::optional<risk::Trial> before;
  if (!options.baseline_file.empty()) {
    auto read = read_set(options.baseline_file, risk::Reading::kept, risk::Stages::active, options.today, past->sample);
    if (!read) return complain(read.error());
    baseline = std::move(*read);
    before = baseline->trial;
    before->tally = tally_all(*before->set, history, 0, options.threads, {});
  }
  auto limit = risk::stop_limit(set.head.policy);
  if (options.max_stop_percent) limit.profile = std::min(limit.profile, *options.max_stop_percent);
  const auto judgement = risk::judge(trial, before, limit);
  const auto& lines = judgement.profiles;
  const auto id_of = [&](const risk::ProfileStops& line) { return std::string(set.id(line.profile)); };
  std::vector<std::string> refused;
  for (const auto& line : lines)
    if (line.explosive) refused.push_back(why_explosive(trial, line, limit.profile, history));
  if (judgement.set_explosive) refused.push_back(why_set_explosive(t, judgement.stopped, limit.set));
  const auto diff = before ? std::optional(difference(t, before->tally, options.examples)) : std::nullopt;

  if (options.json) {
    Json profiles = Json::array();
    for (const auto& line : lines) {
      const auto& p = t.profiles[line.profile];
      if (p.selected + p.undetermined + p.declined == 0) continue;
      profiles.push_back({{"profile", id_of(line)}, {"version", set.texts[line.profile].version}, {"state", name_of(tried->states[id_of(line)])}, {"channel", name_of(set.heads[line.profile].channel)},
                          {"selected", p.selected}, {"undetermined", p.undetermined}, {"declined", p.declined}, {"stops_alone", line.alone},
                          {"stops_alone_percent", percent(line.alone, t.rows)}, {"explosive", line.explosive}, {"examples", ids_of(history, p.examples)}});
    }
    Json result{{"ok", refused.empty()}, {"set", set.version()}, {"set_hash", tried->hash}, {"baseline_hash", baseline ? Json(baseline->hash) : Json(nullptr)},
                {"stages", options.active_only ? "active" : "all"}, {"limit_profile_percent", limit.profile}, {"limit_set_percent", limit.set}, {"waived", set.head.policy.stop_waived},
                {"crossings", t.rows}, {"erased", past->erased}, {"channels", channels_of(t)}, {"stopped", judgement.stopped},
                {"stopped_percent", percent(judgement.stopped, t.rows)}, {"random", t.random}, {"by_score", t.by_score}, {"profiles", std::move(profiles)}, {"refused", refused}};
    if (diff)
      result["baseline"] = {{"channels", channels_of(before->tally)}, {"stopped", risk::stopped(before->tally)}, {"stopped_only_now", diff->more}, {"stopped_only_before", diff->fewer},
                            {"examples_only_now", ids_of(history, diff->more_examples)}, {"examples_only_before", ids_of(history, diff->fewer_examples)}};
    out << result.dump() << "\n";
    return refused.empty() ? exit_ok : exit_found;
  }
  out << "set " << set.version() << " over " << t.rows << " past crossings\n";
  for (int c = 0; c < 4; ++c)
    out << "  " << name_of(static_cast<SelectivityChannel>(c)) << "\t" << t.channels[c] << "\t" << two(percent(t.channels[c], t.rows)) << " %"
        << (before ? "\tbefore " + std::to_string(before->tally.channels[c]) + "\t" + two(percent(before->tally.channels[c], t.rows)) + " %" : "") << "\n";
  out << "  stopped (yellow, red): " << judgement.stopped << ", " << two(percent(judgement.stopped, t.rows)) << " %; raised by the random share " << t.random << ", by the score " << t.by_score << "\n";
  if (diff) {
    out << "  stopped only now: " << diff->more << (diff->more ? " (" + listed(ids_of(history, diff->more_examples)) + ")" : "") << "\n"
        << "  stopped only before: " << diff->fewer << (diff->fewer ? " (" + listed(ids_of(history, diff->fewer_examples)) + ")" : "") << "\n";
  }
  constexpr std::size_t shown_max = 40;
  std::size_t shown = 0, silent = 0, left_out = 0;
  for (const auto& line : lines) {
    const auto& p = t.profiles[line.profile];
    if (p.selected + p.undetermined + p.declined == 0) {
      ++silent;
      continue;
    }
    if (shown == shown_max && !line.explosive) {
      ++left_out;
      continue;
    }
    if (shown++ == 0) out << "profile\tchannel\tstate\tselected\tshare\tundetermined\tdeclined\texamples\n";
    out << id_of(line) << "\t" << name_of(set.heads[line.profile].channel) << "\t" << name_of(tried->states[id_of(line)]) << "\t" << p.selected << "\t" << two(percent(p.selected, t.rows)) << " %\t"
        << p.undetermined << "\t" << p.declined << "\t" << listed(ids_of(history, p.examples)) << "\n";
  }
  if (left_out > 0) out << left_out << " further profiles; --json lists them all\n";
  if (silent > 0) out << silent << " profiles met no crossing\n";
  for (const auto& why : refused) out << "REFUSED " << why << "\n";
  if (!refused.empty() && !set.head.policy.stop_waived.empty()) out << "The set's policy waives its limits: " << set.head.policy.stop_waived << "\n";
  return refused.empty() ? exit_ok : exit_found;
}

}  // namespace rampa::app
