#include "edge/app/cached_lists.hpp"

#include <filesystem>

#include "config/cached.hpp"
#include "edge/app/watch_list_files.hpp"
#include "edge/risk/plate_text.hpp"

namespace rampa::app {

namespace {

bool is_built_list(const std::string& file) { return file.ends_with(".rwl"); }

SharedWatchList built_list(const std::string& file, std::vector<config::Finding>& findings) {
  auto list = read_watch_list_file(file, std::filesystem::exists(file + ".key") ? file + ".key" : "");
  if (!list) {
    findings.push_back({file, 0, "", list.error().what, "no plate of this list is watched until then"});
    return nullptr;
  }
  if (!list->can_match()) {
    findings.push_back({file, 0, "", "the list keeps hashes and its key is missing", "put the key beside it as " + file + ".key"});
    return nullptr;
  }
  return std::make_shared<const risk::WatchList>(std::move(*list));
}

/// Every line that can be a plate; the others become findings and watch nothing.
std::vector<SharedWatchList> lists_of(const config::WatchListsRead& read, const std::string& file, std::vector<config::Finding>& findings) {
  std::vector<SharedWatchList> lists;
  for (const auto& [name, lines] : read.lines) {
    risk::WatchListHead head;
    head.name = name;
    risk::WatchListBuilder builder(head);
    std::map<std::string, int> seen;
    for (const auto& line : lines) {
      const auto tell = [&](const std::string& key, const std::string& what) { findings.push_back({file, line.line, key, what, "the line watches nothing until then"}); };
      const auto plate = risk::normal_plate(line.plate);
      if (!plate) {
        tell("plate", plate.error().what);
        continue;
      }
      risk::WatchEntry entry{*plate, {line.country, "", "", line.note}};
      const auto beside = [&](risk::WatchKind kind, const std::string& key, const std::string& text, std::string& into) {
        if (text.empty()) return;
        if (auto normal = risk::normal_text(kind, text)) into = std::move(*normal);
        else tell(key, normal.error().what);
      };
      beside(risk::WatchKind::plates, "trailer", line.trailer, entry.attributes.second_plate);
      beside(risk::WatchKind::operators, "carrier", line.carrier, entry.attributes.carrier);
      // The site's file is small and by hand: a plate that stands twice counts once, with what its first line says.
      const auto [at, fresh] = seen.emplace(entry.text, line.line);
      if (!fresh) continue;
      if (auto added = builder.add(entry, static_cast<std::uint32_t>(line.line)); !added) tell("plate", added.error().what);
    }
    risk::WatchListBuilder::Options options;
    options.reads = lane_reads;
    if (auto built = builder.finish(options)) lists.push_back(std::make_shared<const risk::WatchList>(std::move(built->list)));
    else findings.push_back({file, 0, name, built.error().what, ""});
  }
  return lists;
}

}  // namespace

store::CachedLists read_site_lists(const config::Site& site, std::vector<config::Finding>& findings) {
  store::CachedLists lists;
  const auto tell = [&](const std::vector<config::Finding>& more) { findings.insert(findings.end(), more.begin(), more.end()); };
  if (!site.declarations_file.empty()) {
    auto read = config::read_declarations(site.declarations_file);
    tell(read.findings);
    for (auto& declaration : read.declarations) lists.declarations.emplace(declaration.reference, declaration);
  }
  if (is_built_list(site.watch_lists_file)) {
    (void)built_list(site.watch_lists_file, findings);
  } else if (!site.watch_lists_file.empty()) {
    auto read = config::read_watch_lists(site.watch_lists_file);
    tell(read.findings);
    (void)lists_of(read, site.watch_lists_file, findings);
    for (const auto& [name, plates] : read.plates) lists.watch_lists[name] = {plates.begin(), plates.end()};
  }
  return lists;
}

void take_lists(CachedDeclarations& lists, const store::CachedLists& from_hq, const store::CachedLists& from_site) {
  std::vector<Declaration> declarations;
  for (const auto& [reference, declaration] : from_hq.declarations) declarations.push_back(declaration);
  for (const auto& [reference, declaration] : from_site.declarations)
    if (!from_hq.declarations.contains(reference)) declarations.push_back(declaration);
  lists.replace(std::move(declarations));

  const auto as_sets = [](const auto& of) {
    std::map<std::string, std::set<std::string>> sets;
    for (const auto& [name, plates] : of) sets[name] = {plates.begin(), plates.end()};
    return sets;
  };
  lists.replace_watch_lists(as_sets(from_hq.watch_lists));
  lists.set_site_watch_lists(as_sets(from_site.watch_lists));
}

void take_site_watch_lists(CachedDeclarations& lists, const config::Site& site) {
  if (is_built_list(site.watch_lists_file)) {
    std::vector<config::Finding> told;  // read_site_lists() told them already
    if (auto list = built_list(site.watch_lists_file, told)) lists.set_site_watch_lists(std::vector{std::move(list)});
  } else if (!site.watch_lists_file.empty()) {
    std::vector<config::Finding> told;
    lists.set_site_watch_lists(lists_of(config::read_watch_lists(site.watch_lists_file), site.watch_lists_file, told));
  }
}

}  // namespace rampa::app
