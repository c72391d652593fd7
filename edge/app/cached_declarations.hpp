// Declarations and watch lists as the lanes ask for them: in memory, immutable, replaced whole.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "edge/crossing/declaration.hpp"

namespace rampa::app {

/// Thread: any.
class CachedDeclarations {
 public:
  using Plates = std::map<std::string, std::set<std::string>>;  ///< by the list's name

  void replace(std::vector<Declaration> declarations) {
    auto fresh = std::make_shared<Snapshot>();
    for (auto& declaration : declarations) {
      const std::size_t at = fresh->all.size();
      if (!declaration.plate.empty()) fresh->by_plate[declaration.plate].push_back(at);
      if (!declaration.trailer.empty() && declaration.trailer != declaration.plate)
        fresh->by_plate[declaration.trailer].push_back(at);
      fresh->all.push_back(std::move(declaration));
    }
    std::lock_guard lock(mutex_);
    declarations_ = std::move(fresh);
  }

  /// Each replaces the one with its reference, or is added.
  void add(std::vector<Declaration> declarations) {
    std::vector<Declaration> all;
    {
      std::lock_guard lock(mutex_);
      if (declarations_) all = declarations_->all;
    }
    std::map<std::string, std::size_t> places;
    for (std::size_t i = 0; i < all.size(); ++i) places[all[i].reference] = i;
    for (auto& declaration : declarations) {
      auto [place, fresh] = places.try_emplace(declaration.reference, all.size());
      if (fresh) all.push_back(std::move(declaration));
      else all[place->second] = std::move(declaration);
    }
    replace(std::move(all));
  }

  /// One list; an empty one removes it.
  void replace_watch_list(const std::string& name, std::set<std::string> plates) {
    Plates lists;
    {
      std::lock_guard lock(mutex_);
      if (watch_lists_) lists = *watch_lists_;
    }
    if (plates.empty()) lists.erase(name);
    else lists[name] = std::move(plates);
    replace_watch_lists(std::move(lists));
  }

  void replace_watch_lists(Plates lists) {
    auto fresh = std::make_shared<const Plates>(std::move(lists));
    std::lock_guard lock(mutex_);
    watch_lists_ = std::move(fresh);
  }

  /// The site file's own: they stay, whatever HQ sends under the same name.
  void set_site_watch_lists(Plates lists) {
    auto fresh = std::make_shared<const Plates>(std::move(lists));
    std::lock_guard lock(mutex_);
    site_watch_lists_ = std::move(fresh);
  }

  /// All that name one of these plates as tractor or trailer; each once, in the file's order. One lorry may carry several.
  [[nodiscard]] std::vector<Declaration> of(const std::vector<std::string>& plates) const {
    const auto snapshot = [&] { std::lock_guard lock(mutex_); return declarations_; }();
    std::set<std::size_t> found;
    if (snapshot)
      for (const auto& plate : plates)
        if (auto it = snapshot->by_plate.find(plate); !plate.empty() && it != snapshot->by_plate.end())
          found.insert(it->second.begin(), it->second.end());
    std::vector<Declaration> result;
    for (std::size_t at : found) result.push_back(snapshot->all[at]);
    return result;
  }

  /// Names of the lists that one of these plates is on; each once, ascending.
  [[nodiscard]] std::vector<std::string> watch_lists_with(const std::vector<std::string>& plates) const {
    std::shared_ptr<const Plates> from_hq, from_site;
    {
      std::lock_guard lock(mutex_);
      from_hq = watch_lists_;
      from_site = site_watch_lists_;
    }
    std::set<std::string> names;
    for (const auto& lists : {from_hq, from_site}) {
      if (!lists) continue;
      for (const auto& [name, listed] : *lists)
        for (const auto& plate : plates)
          if (!plate.empty() && listed.contains(plate)) names.insert(name);
    }
    return {names.begin(), names.end()};
  }

 private:
  struct Snapshot {
    std::vector<Declaration> all;
    std::map<std::string, std::vector<std::size_t>> by_plate;
  };
  mutable std::mutex mutex_;
  std::shared_ptr<const Snapshot> declarations_;
  std::shared_ptr<const Plates> watch_lists_, site_watch_lists_;
};

}  // namespace rampa::app
