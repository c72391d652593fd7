#include "edge/app/learning_simulate.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "edge/app/profiles_file.hpp"
#include "edge/app/tools.hpp"
#include "edge/risk/benchmark_format.hpp"

namespace rampa::app {

namespace {

using Json = nlohmann::ordered_json;
using Set = std::shared_ptr<const risk::CompiledSet>;

struct Tried {
  Set set;
  std::map<std::string, std::string> states;  ///< by profile
};

Result<Tried> read_set(const std::string& file, const std::vector<Fields>& traffic) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(ErrorCode::not_found, file + ": cannot be read");
  std::stringstream text;
  text << in.rdbuf();
  std::string json = text.str();
  if (risk::is_benchmark_line(json.substr(0, json.find('\n')))) {
    auto imported = risk::import_benchmark_profiles(json);
    if (!imported) return fail(ErrorCode::invalid, file + ": " + imported.error().what);
    json = std::move(*imported);
  } else if (auto sound = risk::compile(json, ""); !sound) {
    std::string all = file + ": refused:";
    for (const auto& f : profile_findings(file, sound.error()))
      all += "\n" + f.file + ":" + std::to_string(f.line) + ": " + f.key + ": " + f.cause + (f.remedy.empty() ? "" : "; " + f.remedy);
    return fail(ErrorCode::invalid, all);
  }
  auto active = as_if_active(json);
  if (!active) return fail(ErrorCode::invalid, file + ": " + active.error().what);
  auto compiled = risk::compile(*active, "", traffic);
  if (!compiled) return fail(ErrorCode::invalid, file + ": " + compiled.error().what);
  Tried tried{std::dynamic_pointer_cast<const risk::CompiledSet>(*compiled), {}};
  const Json states = Json::parse(json);
  for (const auto& p : states["profiles"]) tried.states[p["id"].get<std::string>()] = p.value("state", "active");
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

double percent(std::uint64_t part, std::uint64_t whole) { return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole); }

std::string two(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.2f", value);
  return text;
}

bool stops(SelectivityChannel channel) { return channel >= SelectivityChannel::yellow; }
bool stops(std::uint8_t channel) { return stops(static_cast<SelectivityChannel>(channel)); }

/// What the first row that leaves the profile open lacks.
std::string missing_of(const risk::CompiledSet& set, std::uint32_t profile, const risk::History& history) {
  risk::FactSheet sheet;
  for (std::size_t row = 0; row < history.rows(); ++row) {
    history.sheet(row, sheet);
    const auto names = set.program.missing(set.heads[profile].root, sheet);
    if (!names.empty()) return names.front();
  }
  return {};
}

struct Line {
  std::uint32_t profile = 0;
  std::uint64_t alone = 0;  ///< rows that this profile alone stops
  bool explosive = false;
};

std::vector<Line> lines_of(const risk::CompiledSet& set, const risk::SetTally& t, double max_percent) {
  std::vector<Line> lines;
  for (std::uint32_t p = 0; p < t.profiles.size(); ++p) {
    Line line{p};
    if (stops(set.heads[p].channel)) line.alone = t.profiles[p].selected + t.profiles[p].undetermined;
    line.explosive = percent(line.alone, t.rows) > max_percent;
    lines.push_back(line);
  }
  std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) { return a.alone > b.alone; });
  return lines;
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

std::uint64_t stopped(const risk::SetTally& t) { return t.channels[2] + t.channels[3]; }

}  // namespace

Result<std::string> as_if_active(const std::string& set_json) {
  Json set = Json::parse(set_json, nullptr, false);
  if (!set.is_object() || !set.contains("profiles") || !set["profiles"].is_array()) return fail(ErrorCode::invalid, "is not a profile set");
  // Age and capacity are of the day on which the set is used, not of the past.
  if (set.contains("policy") && set["policy"].is_object()) {
    set["policy"].erase("stale_after_hours");
    set["policy"].erase("cap_percent");
  }
  for (auto& p : set["profiles"]) {
    if (!p.is_object()) continue;
    const auto state = p.contains("state") && p["state"].is_string() ? p["state"].get<std::string>() : "active";
    if (state != "draft" && state != "approved" && state != "shadow") continue;
    p["state"] = "active";
    p.erase("valid_from");
    p.erase("valid_to");
    if (p.contains("reason") && p["reason"].is_object() && p["reason"].contains("ends")) p["reason"]["ends"] = "9999-12-31";
  }
  return set.dump();
}

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
  auto tried = read_set(options.set_file, past->sample);
  if (!tried) return complain(tried.error());
  const auto& set = *tried->set;
  const Progress progress = [&](std::size_t rows) { err << "\rsimulating " << 100 * rows / history.rows() << " %" << std::flush; };
  const auto t = tally_all(set, history, options.examples, options.threads, progress);
  err << "\n";
  std::optional<risk::SetTally> before;
  if (!options.baseline_file.empty()) {
    auto baseline = read_set(options.baseline_file, past->sample);
    if (!baseline) return complain(baseline.error());
    before = tally_all(*baseline->set, history, 0, options.threads, {});
  }
  const auto lines = lines_of(set, t, options.max_stop_percent);
  const auto id_of = [&](const Line& line) { return std::string(set.id(line.profile)); };
  std::vector<std::string> refused;
  for (const auto& line : lines) {
    if (!line.explosive) continue;
    const auto& p = t.profiles[line.profile];
    std::string why = id_of(line) + ": explosive: alone it stops " + two(percent(line.alone, t.rows)) + " % of the lorries (" + std::to_string(line.alone) + " of " + std::to_string(t.rows) +
                      "), the limit is " + two(options.max_stop_percent) + " %";
    if (p.undetermined > 0)
      why += "; " + std::to_string(p.undetermined) + " of them because a fact is missing (" + missing_of(set, line.profile, history) + "): ask first whether it exists, where not all crossings have it";
    if (p.selected > 0) why += "; narrow its condition, sample it, or make it blue";
    refused.push_back(std::move(why));
  }
  const auto diff = before ? std::optional(difference(t, *before, options.examples)) : std::nullopt;

  if (options.json) {
    Json profiles = Json::array();
    for (const auto& line : lines) {
      const auto& p = t.profiles[line.profile];
      if (p.selected + p.undetermined + p.declined == 0) continue;
      profiles.push_back({{"profile", id_of(line)}, {"version", set.texts[line.profile].version}, {"state", tried->states[id_of(line)]}, {"channel", name_of(set.heads[line.profile].channel)},
                          {"selected", p.selected}, {"undetermined", p.undetermined}, {"declined", p.declined}, {"stops_alone", line.alone},
                          {"stops_alone_percent", percent(line.alone, t.rows)}, {"explosive", line.explosive}, {"examples", ids_of(history, p.examples)}});
    }
    Json result{{"ok", refused.empty()}, {"set", set.version()}, {"crossings", t.rows}, {"erased", past->erased}, {"channels", channels_of(t)}, {"stopped", stopped(t)},
                {"stopped_percent", percent(stopped(t), t.rows)}, {"random", t.random}, {"by_score", t.by_score}, {"profiles", std::move(profiles)}, {"refused", refused}};
    if (diff)
      result["baseline"] = {{"channels", channels_of(*before)}, {"stopped", stopped(*before)}, {"stopped_only_now", diff->more}, {"stopped_only_before", diff->fewer},
                            {"examples_only_now", ids_of(history, diff->more_examples)}, {"examples_only_before", ids_of(history, diff->fewer_examples)}};
    out << result.dump() << "\n";
    return refused.empty() ? exit_ok : exit_found;
  }
  out << "set " << set.version() << " over " << t.rows << " past crossings\n";
  for (int c = 0; c < 4; ++c)
    out << "  " << name_of(static_cast<SelectivityChannel>(c)) << "\t" << t.channels[c] << "\t" << two(percent(t.channels[c], t.rows)) << " %"
        << (before ? "\tbefore " + std::to_string(before->channels[c]) + "\t" + two(percent(before->channels[c], t.rows)) + " %" : "") << "\n";
  out << "  stopped (yellow, red): " << stopped(t) << ", " << two(percent(stopped(t), t.rows)) << " %; raised by the random share " << t.random << ", by the score " << t.by_score << "\n";
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
    out << id_of(line) << "\t" << name_of(set.heads[line.profile].channel) << "\t" << tried->states[id_of(line)] << "\t" << p.selected << "\t" << two(percent(p.selected, t.rows)) << " %\t"
        << p.undetermined << "\t" << p.declined << "\t" << listed(ids_of(history, p.examples)) << "\n";
  }
  if (left_out > 0) out << left_out << " further profiles; --json lists them all\n";
  if (silent > 0) out << silent << " profiles met no crossing\n";
  for (const auto& why : refused) out << "REFUSED " << why << "\n";
  return refused.empty() ? exit_ok : exit_found;
}

}  // namespace rampa::app
