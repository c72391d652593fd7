#include "edge/app/cached_declarations.hpp"

#include "edge/app/watch_list_files.hpp"
#include "edge/risk/plate_text.hpp"

namespace rampa::app {
namespace {

struct Built {
  SharedWatchList list;  ///< null: nothing in it can be watched
  std::size_t refused = 0;
};

/// Plates alone, as HQ sends them.
Built built(const std::string& name, const std::set<std::string>& plates) {
  Built result;
  risk::WatchListHead head;
  head.name = name;
  risk::WatchListBuilder builder(std::move(head));
  std::uint32_t number = 0;
  for (const auto& text : plates) {
    const auto plate = risk::normal_plate(text);
    if (!plate || !builder.add({*plate, {}}, ++number)) ++result.refused;
  }
  risk::WatchListBuilder::Options options;
  options.reads = lane_reads;
  if (builder.size() == 0) return result;
  auto made = builder.finish(options);
  if (made) result.list = std::make_shared<const risk::WatchList>(std::move(made->list));
  else result.refused = plates.size();
  return result;
}

}  // namespace

std::size_t CachedDeclarations::replace_watch_list(const std::string& name, std::set<std::string> plates) {
  std::lock_guard one_at_a_time(replacing_);
  Built fresh = built(name, plates);
  auto lists = std::make_shared<Lists>();
  std::lock_guard lock(mutex_);
  if (watch_lists_) *lists = *watch_lists_;
  if (fresh.list) (*lists)[name] = std::move(fresh.list);
  else lists->erase(name);
  watch_lists_ = std::move(lists);
  return fresh.refused;
}

void CachedDeclarations::replace_watch_list(SharedWatchList list) {
  std::lock_guard one_at_a_time(replacing_);
  auto lists = std::make_shared<Lists>();
  std::lock_guard lock(mutex_);
  if (watch_lists_) *lists = *watch_lists_;
  (*lists)[list->head().name] = std::move(list);
  watch_lists_ = std::move(lists);
}

std::size_t CachedDeclarations::replace_watch_lists(Plates plates) {
  std::lock_guard one_at_a_time(replacing_);
  auto lists = std::make_shared<Lists>();
  std::size_t refused = 0;
  for (const auto& [name, listed] : plates) {
    Built fresh = built(name, listed);
    refused += fresh.refused;
    if (fresh.list) (*lists)[name] = std::move(fresh.list);
  }
  std::lock_guard lock(mutex_);
  watch_lists_ = std::move(lists);
  return refused;
}

std::size_t CachedDeclarations::set_site_watch_lists(Plates plates) {
  std::vector<SharedWatchList> lists;
  std::size_t refused = 0;
  for (const auto& [name, listed] : plates) {
    Built fresh = built(name, listed);
    refused += fresh.refused;
    if (fresh.list) lists.push_back(std::move(fresh.list));
  }
  set_site_watch_lists(std::move(lists));
  return refused;
}

void CachedDeclarations::set_site_watch_lists(std::vector<SharedWatchList> lists) {
  std::lock_guard lock(mutex_);
  site_watch_lists_ = std::move(lists);
}

risk::WatchHits CachedDeclarations::watch_hits(const risk::WatchQuestion& vehicle) const {
  std::vector<SharedWatchList> asked;
  {
    std::lock_guard lock(mutex_);
    asked = site_watch_lists_;
    if (watch_lists_)
      for (const auto& [name, list] : *watch_lists_) asked.push_back(list);
  }
  risk::WatchHits hits;
  for (const auto& list : asked) hits.add(list->hits(vehicle));
  return hits;
}

std::vector<std::string> CachedDeclarations::watch_lists_with(const std::vector<std::string>& plates) const {
  risk::WatchQuestion vehicle;
  for (const auto& plate : plates) vehicle.plates.push_back({plate, "", {}});
  return watch_hits(vehicle).names;
}

}  // namespace rampa::app
