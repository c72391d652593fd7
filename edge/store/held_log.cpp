#include "edge/store/held_log.hpp"

#include <algorithm>

#include "edge/store/durable_file.hpp"

namespace rampa::store {

namespace {

constexpr std::size_t k_entry_bytes = 40;

void encode(Bytes& out, const HeldEntry& entry) {
  const std::size_t begin = out.size();
  FieldWriter w(out);
  w.bytes(entry.sha256);
  w.u32(entry.held ? 1 : 0);
  w.u32(crc32c(ByteView(out).subspan(begin)));
}

/// Nothing: torn or never written.
bool parse(ByteView bytes, HeldEntry& entry) {
  FieldReader r(bytes);
  r.into(entry.sha256);
  entry.held = r.u32() != 0;
  return r.u32() == crc32c(bytes.first(k_entry_bytes - 4));
}

}  // namespace

std::string HeldLog::path_of(std::uint64_t generation) const {
  const std::string digits = std::to_string(generation);
  return layout_.held() + "/" + std::string(20 - digits.size(), '0') + digits + ".log";
}

Result<HeldLog> HeldLog::open(Disk& disk, const Layout& layout) {
  HeldLog log(disk, layout);
  if (!disk.exists(layout.held())) return log;
  auto names = disk.list(layout.held());
  if (!names) return tl::unexpected(names.error());
  for (const std::string& name : *names) {
    if (name.size() != 24 || !name.ends_with(".log") || !std::all_of(name.begin(), name.begin() + 20, [](char c) { return c >= '0' && c <= '9'; })) continue;
    auto file = disk.open(layout.held() + "/" + name, OpenMode::read_write);
    if (!file) return tl::unexpected(file.error());
    auto size = (*file)->size();
    if (!size) return tl::unexpected(size.error());
    File f{std::stoull(name.substr(0, 20)), *size / k_entry_bytes, std::move(*file)};
    // What a power cut tore at the end is written over.
    for (HeldEntry entry; f.entries > 0; --f.entries) {
      Bytes bytes(k_entry_bytes);
      auto n = f.file->read_at((f.entries - 1) * k_entry_bytes, bytes);
      if (!n) return tl::unexpected(n.error());
      if (*n == k_entry_bytes && parse(bytes, entry)) break;
    }
    log.files_.push_back(std::move(f));
  }
  return log;
}

Result<void> HeldLog::create(std::uint64_t generation) {
  if (auto ok = disk_->make_directory(layout_.held()); !ok) return ok;
  auto file = disk_->open(path_of(generation), OpenMode::create);
  if (!file) return tl::unexpected(file.error());
  files_.push_back({generation, 0, std::move(*file)});
  return {};
}

Result<void> HeldLog::append(const std::vector<HeldEntry>& entries) {
  if (entries.empty()) return {};
  if (files_.empty())
    if (auto ok = create(1); !ok) return ok;
  Bytes bytes;
  bytes.reserve(entries.size() * k_entry_bytes);
  for (const HeldEntry& entry : entries) encode(bytes, entry);
  File& f = files_.back();
  if (auto ok = f.file->write_at(f.entries * k_entry_bytes, bytes); !ok) return ok;
  f.entries += entries.size();
  return {};
}

Result<HeldLog::Read> HeldLog::read(HeldPlace from, std::size_t count) {
  Read out{{}, from};
  if (files_.empty()) return Read{{}, end()};
  auto it = std::find_if(files_.begin(), files_.end(), [&](const File& f) { return f.generation >= from.generation; });
  const bool known = it != files_.end() && it->generation == from.generation && from.entries <= it->entries;
  if (!known) {
    it = files_.begin();
    out.next = {it->generation, 0};
  }
  Bytes bytes(k_entry_bytes * 256);
  for (std::size_t read = 0; read < count;) {
    if (out.next.entries == it->entries) {
      if (it + 1 == files_.end()) break;
      ++it;
      out.next = {it->generation, 0};
      continue;
    }
    const std::size_t n = std::min<std::uint64_t>({256, count - read, it->entries - out.next.entries});
    auto got = it->file->read_at(out.next.entries * k_entry_bytes, std::span(bytes).first(n * k_entry_bytes));
    if (!got) return tl::unexpected(got.error());
    HeldEntry entry;
    for (std::size_t i = 0; i < n; ++i)
      if (parse(ByteView(bytes).subspan(i * k_entry_bytes, k_entry_bytes), entry)) out.entries.push_back(entry);  // else a hole that a power cut left
    out.next.entries += n;
    read += n;
  }
  return out;
}

std::uint64_t HeldLog::entries() const {
  std::uint64_t sum = 0;
  for (const File& f : files_) sum += f.entries;
  return sum;
}

Result<void> HeldLog::begin_generation() { return create(files_.empty() ? 1 : files_.back().generation + 1); }

Result<void> HeldLog::drop_older() {
  if (files_.size() < 2) return {};
  if (auto ok = sync_file(*files_.back().file); !ok) return tl::unexpected(ok.error());
  if (auto ok = sync_names(*disk_, layout_.held()); !ok) return tl::unexpected(ok.error());
  for (; files_.size() > 1; files_.erase(files_.begin()))
    if (auto ok = disk_->unlink(path_of(files_.front().generation)); !ok) return tl::unexpected(ok.error());
  return {};
}

}  // namespace rampa::store
