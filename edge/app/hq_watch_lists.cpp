#include "edge/app/hq_watch_lists.hpp"

#include "edge/app/watch_list_files.hpp"
#include "edge/store/digest.hpp"

namespace rampa::app {

std::string HqWatchLists::path_of(const std::string& name) const { return directory_ + "/" + store::to_hex(store::sha256(as_bytes(name))).substr(0, 32) + ".rwl"; }

std::vector<std::string> HqWatchLists::files(const std::string& ending) const {
  std::vector<std::string> found;
  if (const auto names = disk_->list(directory_))
    for (const auto& name : *names)
      if (name.ends_with(ending)) found.push_back(directory_ + "/" + name);
  return found;
}

Result<std::shared_ptr<const risk::WatchList>> HqWatchLists::read(const std::string& file, const std::string& name) const {
  auto list = read_watch_list_file(file, "");
  if (!list) return tl::unexpected(list.error());
  if (!name.empty() && list->head().name != name)
    return fail(ErrorCode::invalid, "the file is of the list \"" + list->head().name + "\", HQ's letter is about \"" + name + "\"; send it again under its own name");
  if (!list->can_match()) {
    const auto keys = files(".key");
    const std::string remedy = "put the key that it was built with as a .key file into " + directory_ + " at the post, then send the list again";
    if (keys.empty()) return fail(ErrorCode::invalid, "the list keeps hashes and no key is here; " + remedy);
    std::string unreadable;
    for (const auto& key : keys) {
      auto with_key = read_watch_list_file(file, key);
      if (with_key) return std::make_shared<const risk::WatchList>(std::move(*with_key));
      if (with_key.error().code != ErrorCode::refused) unreadable = with_key.error().what;
    }
    return fail(ErrorCode::invalid, "the list keeps hashes and none of the " + std::to_string(keys.size()) + " keys here is its own" +
                                        (unreadable.empty() ? "" : " (" + unreadable + ")") + "; " + remedy);
  }
  return std::make_shared<const risk::WatchList>(std::move(*list));
}

Result<void> HqWatchLists::keep(const std::string& file, const std::string& name) const {
  if (auto made = disk_->make_directory(directory_); !made) return made;
  if (auto moved = disk_->rename(file, path_of(name)); !moved) return moved;
  return disk_->sync_directory(directory_);
}

Result<void> HqWatchLists::remove(const std::string& name) const {
  const auto path = path_of(name);
  if (!disk_->exists(path)) return {};
  if (auto gone = disk_->unlink(path); !gone) return gone;
  return disk_->sync_directory(directory_);
}

std::vector<std::shared_ptr<const risk::WatchList>> HqWatchLists::all(std::vector<config::Finding>& findings) const {
  std::vector<std::shared_ptr<const risk::WatchList>> lists;
  for (const auto& file : files(".rwl")) {
    auto list = read(file, "");
    if (list && path_of((*list)->head().name) != file) list = fail(ErrorCode::invalid, "the list \"" + (*list)->head().name + "\" does not belong under this name");
    if (list) lists.push_back(std::move(*list));
    else findings.push_back({file, 0, "", list.error().what, "nothing of this list of HQ's is watched until then; have HQ send it again"});
  }
  return lists;
}

}  // namespace rampa::app
