#include "edge/store/durable_file.hpp"

#include <optional>

#include "edge/store/digest.hpp"
#include "edge/store/plant.hpp"

namespace rampa::store {

namespace {

constexpr std::string_view k_slot_magic = "RMPC";
constexpr std::size_t k_slot_bytes = 32;
constexpr std::uint64_t k_slot_distance = 4096;  // own sector each, on any disk

struct Slot {
  std::uint64_t counter = 0, value = 0;
};

Bytes encode_slot(const Slot& slot) {
  Bytes out;
  FieldWriter w(out);
  w.text(k_slot_magic);
  w.u16(1);
  w.u16(0);
  w.u64(slot.counter);
  w.u64(slot.value);
  w.u32(crc32c(out));
  w.u32(0);
  return out;
}

std::optional<Slot> parse_slot(ByteView bytes) {
  FieldReader r(bytes);
  const bool magic = r.text(4) == k_slot_magic && r.u16() == 1;
  r.u16();
  Slot slot{r.u64(), r.u64()};
  const std::uint32_t crc = r.u32();
  if (!magic || !r.ok() || crc != crc32c(bytes.first(24))) return std::nullopt;
  return slot;
}

Result<Slot> newest_slot(DiskFile& file, const std::string& path) {
  std::optional<Slot> best;
  for (std::uint64_t i = 0; i < 2; ++i) {
    Bytes bytes(k_slot_bytes);
    auto n = file.read_at(i * k_slot_distance, bytes);
    if (!n) return tl::unexpected(n.error());
    if (auto slot = parse_slot(ByteView(bytes).first(*n)); slot && (!best || slot->counter > best->counter)) best = slot;
  }
  if (!best)
    return fail(ErrorCode::invalid, path + ": both slots are damaged; restore the file from the backup");
  return *best;
}

/// A failed sync is `io` also on a full disk: what it left behind cannot be known.
Result<void> judged(Result<void> synced) {
  if (synced || plant::ignore_eio) return {};
  return fail(ErrorCode::io, synced.error().what);
}

}  // namespace

Result<void> sync_file(DiskFile& file) {
  return plant::no_fdatasync ? Result<void>{} : judged(file.sync());
}

Result<void> sync_names(Disk& disk, const std::string& directory) {
  return plant::no_dir_fsync ? Result<void>{} : judged(disk.sync_directory(directory));
}

Result<void> sync_files(Disk& disk, const std::vector<DiskFile*>& files) {
  return plant::no_fdatasync || files.empty() ? Result<void>{} : judged(disk.sync_files(files));
}

Result<void> sync_names(Disk& disk, const std::vector<std::string>& directories) {
  return plant::no_dir_fsync || directories.empty() ? Result<void>{} : judged(disk.sync_directories(directories));
}

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> write_durably(Disk& disk, const std::string& path, ByteView bytes) {
  const std::string temporary = path + ".tmp";
  auto written = [&]() -> Result<void> {
    auto file = disk.open(temporary, OpenMode::create);
    if (!file) return tl::unexpected(file.error());
    if (auto ok = (*file)->write_at(0, bytes); !ok) return ok;
    if (auto ok = sync_file(**file); !ok) return ok;
    return disk.rename(temporary, path);
  }();
  if (!written) {
    (void)disk.unlink(temporary);  // best effort: what is left over is removed at the next start
    return written;
  }
  return sync_names(disk, directory_of(path));
}

Result<Bytes> read_file(Disk& disk, const std::string& path, std::uint64_t bytes_max) {
  auto file = disk.open(path, OpenMode::read);
  if (!file) return tl::unexpected(file.error());
  auto size = (*file)->size();
  if (!size) return tl::unexpected(size.error());
  if (*size > bytes_max) return fail(ErrorCode::invalid, path + ": " + std::to_string(*size) + " bytes, too long");
  Bytes bytes(*size);
  auto n = (*file)->read_at(0, bytes);
  if (!n) return tl::unexpected(n.error());
  bytes.resize(*n);
  return bytes;
}

Result<SlotFile> SlotFile::open(Disk& disk, const std::string& path) {
  if (!disk.exists(path)) {
    const Bytes first = encode_slot({0, 0});
    if (auto ok = write_durably(disk, path, first); !ok) return tl::unexpected(ok.error());
  }
  auto file = disk.open(path, OpenMode::read_write);
  if (!file) return tl::unexpected(file.error());
  auto slot = newest_slot(**file, path);
  if (!slot) return tl::unexpected(slot.error());
  SlotFile out;
  out.file_ = std::move(*file);
  out.value_ = slot->value;
  out.counter_ = slot->counter;
  // What is visible may only be in the page cache of a run that was killed; make it durable before relying on it.
  if (auto ok = sync_file(*out.file_); !ok) return tl::unexpected(ok.error());
  return out;
}

Result<std::uint64_t> SlotFile::read(Disk& disk, const std::string& path) {
  auto file = disk.open(path, OpenMode::read);
  if (!file) return file.error().code == ErrorCode::not_found ? Result<std::uint64_t>(0) : tl::unexpected(file.error());
  auto slot = newest_slot(**file, path);
  if (!slot) return tl::unexpected(slot.error());
  return slot->value;
}

Result<void> SlotFile::store(std::uint64_t value) {
  const Slot next{counter_ + 1, value};
  if (auto ok = file_->write_at((next.counter % 2) * k_slot_distance, encode_slot(next)); !ok) return ok;
  if (auto ok = sync_file(*file_); !ok) return ok;
  counter_ = next.counter;
  value_ = value;
  return {};
}

}  // namespace rampa::store
