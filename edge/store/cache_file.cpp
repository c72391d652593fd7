#include "edge/store/cache_file.hpp"

#include "edge/store/declaration_json.hpp"
#include "edge/store/digest.hpp"
#include "edge/store/durable_file.hpp"

namespace rampa::store {

namespace {

// "CCCCCCCC D {json}\n": CRC32C of all after it up to the newline, then D for a declaration or W for a watch list.
std::string line(char kind, const std::string& json) {
  const std::string rest = std::string(1, kind) + " " + json;
  Bytes crc;
  FieldWriter(crc).u32(crc32c(as_bytes(rest)));
  return to_hex(crc) + " " + rest + "\n";
}

struct Loaded {
  CachedLists lists;
  std::size_t lines = 0;
  std::uint64_t end = 0;  ///< after the last line that ends
  std::string damage;
};

/// What is wrong with the line; empty where it was taken.
std::string take(std::string_view text, CachedLists& lists) {
  const char* const damaged = "is damaged";
  if (text.size() < 11) return damaged;
  Bytes crc;
  FieldWriter(crc).u32(crc32c(as_bytes(text.substr(9))));
  if (text.substr(0, 8) != to_hex(crc)) return damaged;
  const std::string json(text.substr(11));
  if (text[9] == 'D') {
    auto declaration = decode_declaration(json);
    if (!declaration) return damaged;
    if (auto trouble = too_much(*declaration); !trouble.empty()) return "is a declaration with too much in it (" + trouble + ")";  // kept by an older version
    std::string reference = declaration->reference;
    lists.declarations[std::move(reference)] = std::move(*declaration);
    return {};
  }
  auto list = decode_watch_list(json);
  if (text[9] != 'W' || !list) return damaged;
  if (list->plates.empty()) lists.watch_lists.erase(list->name);
  else lists.watch_lists[list->name] = std::move(list->plates);
  return {};
}

Result<Loaded> load(Disk& disk, const Layout& layout) {
  Loaded out;
  auto bytes = read_file(disk, layout.cache());
  if (!bytes) {
    if (bytes.error().code == ErrorCode::not_found) return out;
    return tl::unexpected(bytes.error());
  }
  const std::string_view all = as_text(*bytes);
  while (out.end < all.size()) {
    const auto newline = all.find('\n', out.end);
    if (newline == std::string_view::npos) break;  // torn: was acknowledged to nobody
    ++out.lines;
    const auto trouble = take(all.substr(out.end, newline - out.end), out.lists);
    if (!trouble.empty() && out.damage.empty())
      out.damage = layout.cache() + ": line " + std::to_string(out.lines) + " " + trouble + " and is left out; have HQ send its lists again";
    out.end = newline + 1;
  }
  return out;
}

}  // namespace

Result<CacheFile> CacheFile::open(Disk& disk, const Layout& layout, CachedLists& lists) {
  auto loaded = load(disk, layout);
  if (!loaded) return tl::unexpected(loaded.error());
  CacheFile cache;
  cache.damage_ = loaded->damage;
  cache.end_ = loaded->end;
  const std::size_t live = loaded->lists.declarations.size() + loaded->lists.watch_lists.size();
  if (loaded->end == 0 || loaded->lines > 2 * live + 100 || !loaded->damage.empty()) {
    std::string text;
    for (const auto& [reference, declaration] : loaded->lists.declarations) text += line('D', encode(declaration));
    for (const auto& [name, plates] : loaded->lists.watch_lists) text += line('W', encode(WatchList{name, plates}));
    if (auto ok = write_durably(disk, layout.cache(), as_bytes(text)); !ok) return tl::unexpected(ok.error());
    cache.end_ = text.size();
  }
  auto file = disk.open(layout.cache(), OpenMode::read_write);
  if (!file) return tl::unexpected(file.error());
  cache.file_ = std::move(*file);
  if (auto ok = cache.file_->truncate(cache.end_); !ok) return tl::unexpected(ok.error());
  lists = std::move(loaded->lists);
  return cache;
}

Result<void> CacheFile::append(const std::string& lines) {
  if (auto ok = file_->write_at(end_, as_bytes(lines)); !ok) {
    (void)file_->truncate(end_);  // a torn line in the midst would be reported as damage; at the end it is just cut
    return ok;
  }
  if (auto ok = sync_file(*file_); !ok) return ok;
  end_ += lines.size();
  return {};
}

Result<void> CacheFile::put(const std::vector<Declaration>& declarations) {
  std::string lines;
  for (const Declaration& d : declarations) lines += line('D', encode(d));
  return append(lines);
}

Result<void> CacheFile::put(const std::string& list, const std::vector<std::string>& plates) {
  return append(line('W', encode(WatchList{list, plates})));
}

Result<CachedLists> read_cache(Disk& disk, const Layout& layout) {
  auto loaded = load(disk, layout);
  if (!loaded) return tl::unexpected(loaded.error());
  return std::move(loaded->lists);
}

}  // namespace rampa::store
