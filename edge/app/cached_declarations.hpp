// Declarations and watch lists as the lanes ask for them: in memory, immutable, replaced whole.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "edge/crossing/declaration.hpp"
#include "edge/risk/watch_list.hpp"

namespace rampa::app {

using SharedWatchList = std::shared_ptr<const risk::WatchList>;

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

  /// One of HQ's lists; an empty one removes it. Its index is built on the caller's thread (a second for a million
  /// plates); lookups go on with the old one meanwhile. Returns how many of the texts are no plates and watch nothing.
  std::size_t replace_watch_list(const std::string& name, std::set<std::string> plates);
  /// One that HQ had built.
  void replace_watch_list(SharedWatchList list);
  std::size_t replace_watch_lists(Plates lists);
  /// The site file's own: they stay, whatever HQ sends under the same name.
  std::size_t set_site_watch_lists(Plates lists);
  void set_site_watch_lists(std::vector<SharedWatchList> lists);

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

  /// What an assessment is told of this vehicle; each once, ascending.
  [[nodiscard]] risk::WatchHits watch_hits(const risk::WatchQuestion& vehicle) const;
  /// The names alone, of plates of which nothing else is known.
  [[nodiscard]] std::vector<std::string> watch_lists_with(const std::vector<std::string>& plates) const;

 private:
  struct Snapshot {
    std::vector<Declaration> all;
    std::map<std::string, std::vector<std::size_t>> by_plate;
  };
  mutable std::mutex mutex_;
  std::shared_ptr<const Snapshot> declarations_;
  using Lists = std::map<std::string, SharedWatchList>;
  std::mutex replacing_;  ///< one that builds lists at a time; taken before mutex_
  std::shared_ptr<const Lists> watch_lists_;
  std::vector<SharedWatchList> site_watch_lists_;
};

}  // namespace rampa::app
