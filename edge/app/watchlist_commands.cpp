#include "edge/app/watchlist_commands.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "edge/app/tools.hpp"
#include "edge/app/watch_list_files.hpp"
#include "edge/risk/plate_text.hpp"
#include "edge/store/digest.hpp"

namespace rampa::app {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string input, output, key, list, country, second_plate, carrier;
  std::vector<std::string> texts;
  std::uint64_t reads = 100'000, seed = 1;
  bool json = false;
};

int complain(const std::string& what) {
  std::cerr << "rampa watchlist: " << what << "\n";
  return exit_found;
}

// ---- build
class Collected : public WatchRows {
 public:
  explicit Collected(risk::KeyedHasher hasher) : hasher_(std::move(hasher)) {}
  std::unique_ptr<risk::WatchListBuilder> builder;
  risk::WatchListHead taken;

  Result<void> head(const risk::WatchListHead& head) override {
    if (head.hashed() && !hasher_)
      return fail(ErrorCode::invalid, "this list is kept as keyed hashes: give --key FILE (32 bytes, or 64 hex digits from `openssl rand -hex 32`)");
    taken = head;
    builder = std::make_unique<risk::WatchListBuilder>(head, hasher_);
    return {};
  }
  Result<void> row(const Row& row) override {
    if (row.line - told_ >= 500'000) {
      told_ = row.line;
      std::cerr << "line " << row.line << "\n";
    }
    const auto text = risk::normal_text(taken.kind, row.text);
    if (!text) return tl::unexpected(text.error());
    risk::WatchEntry entry{*text, {row.country, "", "", row.note}};
    const auto beside = [](risk::WatchKind kind, const char* name, const std::string& written, std::string& into) -> Result<void> {
      if (written.empty()) return {};
      auto normal = risk::normal_text(kind, written);
      if (!normal) return fail(ErrorCode::invalid, std::string(name) + ": " + normal.error().what);
      into = std::move(*normal);
      return {};
    };
    if (auto taken_one = beside(risk::WatchKind::plates, "second_plate", row.second_plate, entry.attributes.second_plate); !taken_one) return taken_one;
    if (auto taken_one = beside(risk::WatchKind::operators, "carrier", row.carrier, entry.attributes.carrier); !taken_one) return taken_one;
    return builder->add(entry, row.line);
  }

 private:
  risk::KeyedHasher hasher_;
  std::uint32_t told_ = 0;
};

double percent(double share) { return share * 100; }

Json rate_json(std::uint64_t hits, std::uint64_t of) {
  const auto interval = risk::wilson95(hits, of);
  return {{"hits", hits}, {"percent", of ? percent(static_cast<double>(hits) / static_cast<double>(of)) : 0.0},
          {"low_percent", percent(interval.low)}, {"high_percent", percent(interval.high)}};
}

Json false_alerts_json(const risk::FalseAlerts& f) {
  return {{"synthetic_reads", f.reads}, {"seed", f.seed}, {"fold_only", rate_json(f.fold_only, f.reads)}, {"edit_one", rate_json(f.edit_one, f.reads)},
          {"edit_one_any", rate_json(f.any, f.reads)}, {"edit_one_firm", rate_json(f.firm, f.reads)},
          {"edit_one_independent", rate_json(f.independent, f.reads)}};
}

void print_rates(const risk::FalseAlerts& f) {
  std::printf("false alerts on %llu synthetic unlisted reads (seed %llu), 95 %% intervals:\n", static_cast<unsigned long long>(f.reads), static_cast<unsigned long long>(f.seed));
  const auto line = [&](const char* what, std::uint64_t hits) {
    const auto interval = risk::wilson95(hits, f.reads);
    std::printf("  %-44s %8.4f %%  (%.4f to %.4f)\n", what, f.reads ? percent(static_cast<double>(hits) / static_cast<double>(f.reads)) : 0.0, percent(interval.low), percent(interval.high));
  };
  line("alert (equal after folding)", f.fold_only);
  line("possible (one edit), alone: never shown", f.edit_one);
  line("possible + any second attribute", f.any);
  line("possible + firm one (not the country alone)", f.firm);
  line("possible + second plate, carrier, check digit", f.independent);
}

Result<void> write_whole(const std::string& file, const Bytes& bytes) {
  const std::string unfinished = file + ".unfinished";
  std::ofstream out(unfinished, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  out.close();
  std::error_code wrong;
  if (out) std::filesystem::rename(unfinished, file, wrong);
  if (!out || wrong) {
    std::error_code ignored;
    std::filesystem::remove(unfinished, ignored);
    return fail(ErrorCode::io, file + ": can't be written" + (wrong ? ": " + wrong.message() : "") + "; check the folder and the space");
  }
  return {};
}

int build(const Options& options) {
  risk::KeyedHasher hasher;
  if (!options.key.empty()) {
    auto key = read_watch_key(options.key);
    if (!key) return complain(key.error().what);
    hasher = std::move(*key);
  }
  Collected rows(std::move(hasher));
  const auto read = read_watch_rows(options.input, rows);
  if (read.wrong > 0) {
    for (const auto& f : read.findings) {
      std::cerr << f.file << (f.line > 0 ? ":" + std::to_string(f.line) : "") << ": " << (f.key.empty() ? "" : f.key + ": ") << f.cause
                << (f.remedy.empty() ? "" : "; " + f.remedy) << "\n";
    }
    if (read.wrong > read.findings.size()) std::cerr << "and " << read.wrong - read.findings.size() << " more\n";
    std::cerr << "nothing was built: " << read.wrong << " wrong, " << read.rows << " good rows\n";
    return exit_found;
  }
  risk::WatchListBuilder::Options how;
  how.reads = options.reads;
  how.seed = options.seed;
  const auto& head = rows.taken;
  if (!head.hashed() && head.false_alerts_max_ppm > 0 && risk::wilson95(0, options.reads).high * 1e6 > head.false_alerts_max_ppm)
    return complain("a limit of " + std::to_string(head.false_alerts_max_ppm) + " in a million can't be shown with " + std::to_string(options.reads) +
                    " reads; give --reads " + std::to_string(3'841'500 / head.false_alerts_max_ppm + 1) + " or more");
  const bool tell = read.rows >= 200'000;
  std::string step_before;
  how.progress = [&](std::string_view step, std::size_t done, std::size_t of) {
    if (!tell || (step == step_before && done % 1'048'576 != 0)) return;
    step_before = step;
    std::cerr << step << (done > 0 ? " " + std::to_string(done) + " of " + std::to_string(of) : "") << "\n";
  };
  auto built = rows.builder->finish(how);
  if (!built) {
    std::cerr << options.input << ": rows that contradict each other:\n" << built.error().what << "\nnothing was built\n";
    return exit_found;
  }
  const auto& list = built->list;
  const Bytes bytes = risk::encode(list);
  if (auto written = write_whole(options.output, bytes); !written) return complain(written.error().what);
  const std::string sha256 = store::to_hex(store::sha256(bytes));
  const auto per_entry = list.size() ? static_cast<double>(list.bytes()) / static_cast<double>(list.size()) : 0;
  if (options.json) {
    Json out{{"file", options.output}, {"list", list.head().name}, {"kind", risk::name_of(list.head().kind)}, {"hashed", list.head().hashed()},
             {"rows", read.rows}, {"entries", list.size()}, {"duplicates", built->duplicates}, {"file_bytes", bytes.size()},
             {"memory_bytes", list.bytes()}, {"memory_bytes_per_entry", per_entry}, {"sha256", sha256}};
    if (!list.head().hashed()) {
      out["false_alerts"] = false_alerts_json(list.false_alerts());
      out["false_alerts_max_percent"] = list.head().false_alerts_max_ppm / 10'000.0;
      out["possible_rule"] = risk::name_of(list.rule());
    }
    std::cout << out.dump() << "\n";
    return exit_ok;
  }
  std::printf("%s: %s of %zu %s (%zu rows, %zu duplicates), %zu bytes; in memory %zu bytes, %.1f per entry\nsha256 %s\n", options.output.c_str(),
              list.head().name.c_str(), list.size(), std::string(risk::name_of(list.head().kind)).c_str(), read.rows, built->duplicates, bytes.size(),
              list.bytes(), per_entry, sha256.c_str());
  if (list.head().hashed()) {
    std::printf("kept as keyed hashes: found only when equal\n");
    return exit_ok;
  }
  print_rates(list.false_alerts());
  std::printf("limit %.4f %%: possible ones are shown with %s\n", list.head().false_alerts_max_ppm / 10'000.0,
              list.rule() == risk::PossibleRule::never ? "nothing (never)" : (std::string(risk::name_of(list.rule())) + " second attribute").c_str());
  return exit_ok;
}

// ---- match
std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " or ") + word;
  return text;
}

bool match_one(const risk::WatchList& list, const Options& options, const std::string& text) {
  const auto normal = risk::normal_text(list.head().kind, text);
  risk::WatchQuestion question;
  question.plates.push_back({text, options.country, {}});
  if (!options.second_plate.empty()) question.plates.push_back({options.second_plate, "", {}});
  if (!options.carrier.empty()) question.carriers.push_back(options.carrier);
  question.containers = question.operators = question.documents = {text};
  auto found = list.match(question);
  // The second plate was given to tell more of the first, not to be looked up.
  if (normal) std::erase_if(found, [&](const risk::WatchMatch& m) { return m.read != *normal; });
  if (options.json) {
    Json matches = Json::array();
    for (const auto& m : found) {
      Json one{{"likeness", risk::name_of(m.likeness)}, {"shown", m.shown}};
      if (!m.listed.empty()) one["listed"] = m.listed;
      if (m.likeness == risk::Likeness::possible) one["agrees"] = risk::names_of_agreements(m.agrees);
      if (m.needs != 0) one["needs_one_of"] = risk::names_of_agreements(m.needs);
      if (!m.attributes.country.empty()) one["country"] = m.attributes.country;
      if (!m.attributes.note.empty()) one["note"] = m.attributes.note;
      matches.push_back(std::move(one));
    }
    Json out{{"text", text}, {"list", list.head().name}};
    if (normal) out["normal"] = *normal;
    else out["error"] = normal.error().what;
    out["matches"] = std::move(matches);
    std::cout << out.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
    return normal.has_value();
  }
  if (!normal) {
    std::cerr << "rampa watchlist: \"" << text << "\": " << normal.error().what << "\n";
    return false;
  }
  if (found.empty()) std::cout << *normal << ": not on " << list.head().name << "\n";
  for (const auto& m : found) {
    std::cout << *normal << ": " << risk::name_of(m.likeness) << (m.listed.empty() ? "" : " " + m.listed);
    if (m.likeness == risk::Likeness::possible && m.shown) std::cout << ", shown: " << joined(risk::names_of_agreements(m.agrees)) << " agrees";
    else if (m.likeness == risk::Likeness::possible)
      std::cout << ", not shown" << (m.needs ? "; would need " + joined(risk::names_of_agreements(m.needs)) + " to agree" : "; this list shows no possible ones");
    std::cout << (m.attributes.note.empty() ? "" : " [" + m.attributes.note + "]") << "\n";
  }
  return true;
}

int match(const Options& options) {
  const auto list = read_watch_list_file(options.list, options.key);
  if (!list) return complain(list.error().what);
  if (!list->can_match()) return complain(options.list + ": this list keeps keyed hashes; give its key with --key FILE");
  bool fine = true;
  if (!options.texts.empty()) {
    for (const auto& text : options.texts) fine &= match_one(*list, options, text);
  } else {
    for (std::string line; std::getline(std::cin, line);) {
      if (!line.empty() && line.back() == '\r') line.pop_back();
      if (!line.empty()) fine &= match_one(*list, options, line);
    }
  }
  return fine ? exit_ok : exit_found;
}

}  // namespace

void add_watchlist_commands(CLI::App& program, int& code) {
  auto options = std::make_shared<Options>();
  auto* watchlist = program.add_subcommand("watchlist", "watch lists: build one from rows, look something up in one");
  watchlist->require_subcommand(1);

  auto* build_cmd = watchlist->add_subcommand("build", "checks every row, then writes one file; edge/risk/WATCHLISTS.md has the format");
  build_cmd->add_option("input", options->input, "rows: CSV, or JSON lines")->required();
  build_cmd->add_option("-o,--out,--output", options->output, "the list's file (.rwl)")->required();
  build_cmd->add_option("--key", options->key, "key of the hashes: 32 bytes, or 64 hex digits; operators, documents and secret lists need it");
  build_cmd->add_option("--reads", options->reads, "synthetic reads for the false-alert rate")->check(CLI::Range(std::uint64_t{1000}, std::uint64_t{100'000'000}))->capture_default_str();
  build_cmd->add_option("--seed", options->seed, "of the synthetic reads")->capture_default_str();
  build_cmd->add_flag("--json", options->json, "one JSON object on standard output");
  build_cmd->callback([options, &code] { code = build(*options); });

  auto* match_cmd = watchlist->add_subcommand("match", "equal, alert (confusable characters) or possible (one edit), and what a possible one would need");
  match_cmd->add_option("list", options->list, "the list's file (.rwl)")->required();
  match_cmd->add_option("text", options->texts, "plates, codes or numbers; without any: one per line from standard input");
  match_cmd->add_option("--key", options->key, "key of a list of hashes");
  match_cmd->add_option("--country", options->country, "ISO 3166 alpha-3, as the camera would give it");
  match_cmd->add_option("--second-plate", options->second_plate, "the vehicle's other plate");
  match_cmd->add_option("--carrier", options->carrier, "the carrier's number");
  match_cmd->add_flag("--json", options->json, "one JSON line per text");
  match_cmd->callback([options, &code] { code = match(*options); });
}

}  // namespace rampa::app
