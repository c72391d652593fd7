#include "edge/app/cached_lists.hpp"

#include "config/cached.hpp"

namespace rampa::app {

store::CachedLists read_site_lists(const config::Site& site, std::vector<config::Finding>& findings) {
  store::CachedLists lists;
  const auto tell = [&](const std::vector<config::Finding>& more) { findings.insert(findings.end(), more.begin(), more.end()); };
  if (!site.declarations_file.empty()) {
    auto read = config::read_declarations(site.declarations_file);
    tell(read.findings);
    for (auto& declaration : read.declarations) lists.declarations.emplace(declaration.reference, declaration);
  }
  if (!site.watch_lists_file.empty()) {
    auto read = config::read_watch_lists(site.watch_lists_file);
    tell(read.findings);
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

}  // namespace rampa::app
