#include "edge/app/code_lists.hpp"

#include <filesystem>

#include "edge/api/durable_file.hpp"

namespace rampa::app {
namespace {

std::string text_of(const sync::CodeListLetter& list) {
  const Bytes bytes = encode(list);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

std::vector<std::string> CodeLists::load() {
  std::vector<std::string> damaged;
  std::error_code none;  // no folder: no lists
  std::lock_guard lock(mutex_);
  for (const auto& entry : std::filesystem::directory_iterator(directory_, none)) {
    const std::string name = entry.path().filename().string();
    if (!usable_as_name(name)) continue;  // a temporary file
    if (bytes() >= bytes_max) {
      damaged.push_back(directory_ + " holds more than " + std::to_string(bytes_max >> 20) + " MiB of code lists: " + name + " and what follows are not read; move away those that nobody needs");
      break;
    }
    const auto text = api::read_file(entry.path().string());
    const auto list = text && *text ? sync::decode_code_list(as_bytes(**text)) : Result<sync::CodeListLetter>(fail(ErrorCode::io, "it cannot be read"));
    if (list && list->name == name) lists_[name] = {list->version, list->codes.size(), **text};
    else damaged.push_back(entry.path().string() + ": " + (list ? "it is the list " + list->name : list.error().what) + "; HQ should send it again");
  }
  return damaged;
}

Result<void> CodeLists::take(const sync::CodeListLetter& list) {
  const std::string text = app::text_of(list);
  std::lock_guard lock(mutex_);
  if (const auto known = lists_.find(list.name); known != lists_.end()) {
    if (known->second.text == text) return {};  // said again
    if (list.version <= known->second.version)
      return fail(ErrorCode::invalid, "code list " + list.name + ": version " + std::to_string(list.version) + " is not newer than " + std::to_string(known->second.version) + ", which is here");
  }
  const auto before = lists_.find(list.name);
  if (bytes() + bytes_each + text.size() > bytes_max + (before == lists_.end() ? 0 : bytes_each + before->second.text.size()))
    return fail(ErrorCode::invalid, "there are " + std::to_string(bytes_max >> 20) + " MiB of code lists here already (" + directory_ + "): move away those that nobody needs, and start the post anew");
  std::error_code trouble;
  std::filesystem::create_directories(directory_, trouble);
  if (auto kept = api::replace_file(directory_ + "/" + list.name, text); !kept) return fail(ErrorCode::io, kept.error().what);
  lists_[list.name] = {list.version, list.codes.size(), text};
  return {};
}

std::size_t CodeLists::bytes() const {
  std::size_t sum = 0;
  for (const auto& [name, kept] : lists_) sum += bytes_each + kept.text.size();
  return sum;
}

std::vector<api::CodeListView> CodeLists::all() const {
  std::vector<api::CodeListView> out;
  std::lock_guard lock(mutex_);
  for (const auto& [name, kept] : lists_) out.push_back({name, kept.version, kept.codes});
  return out;
}

std::optional<std::string> CodeLists::text_of(const std::string& name) const {
  std::lock_guard lock(mutex_);
  const auto found = lists_.find(name);
  return found == lists_.end() ? std::nullopt : std::optional(found->second.text);
}

}  // namespace rampa::app
