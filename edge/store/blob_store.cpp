#include "edge/store/blob_store.hpp"

#include <algorithm>

#include "edge/store/blob_class.hpp"
#include "edge/store/durable_file.hpp"

namespace rampa::store {

std::string blob_path(const Layout& layout, const std::string& sha256) {
  return layout.blobs() + "/" + sha256.substr(0, 2) + "/" + sha256;
}
std::string manifest_path(const Layout& layout, const std::string& sha256) { return blob_path(layout, sha256) + ".chunks"; }

Result<BlobStore> BlobStore::open(Disk& disk, const Layout& layout, std::size_t growing_max) {
  auto left_over = disk.list(layout.blobs_tmp());
  if (!left_over) return tl::unexpected(left_over.error());
  for (const std::string& name : *left_over)
    if (auto ok = disk.unlink(layout.blobs_tmp() + "/" + name); !ok) return tl::unexpected(ok.error());
  return BlobStore(disk, layout, std::max<std::size_t>(growing_max, 1));
}

std::string BlobStore::temporary_name() { return layout_.blobs_tmp() + "/" + std::to_string(++counter_) + ".tmp"; }

Result<BlobStore::Staged> BlobStore::write_temporary(ByteView bytes) {
  Staged staged{nullptr, temporary_name(), {}};
  auto file = disk_->open(staged.temporary, OpenMode::create);
  if (!file) return tl::unexpected(file.error());
  staged.file = std::move(*file);
  if (auto ok = staged.file->write_at(0, bytes); !ok) {
    (void)disk_->unlink(staged.temporary);  // else at the next start
    return tl::unexpected(ok.error());
  }
  return staged;
}

Result<BlobManifest> BlobStore::stage_grown(const std::string& key) {
  auto it = growing_.find(key);
  if (it == growing_.end())
    return fail(ErrorCode::invalid, "no blob grows under '" + key + "' (dropped, finished before, or lost in a restart)");
  Growing& g = it->second;
  if (g.wrong) {
    const Error wrong = *g.wrong;
    drop(it);
    // A failed disk stops the store; anything else costs this blob alone.
    return fail(wrong.code == ErrorCode::io ? ErrorCode::io : ErrorCode::invalid, "it cannot be had any more: " + wrong.what);
  }
  if (!g.finished) g.finished = g.manifest.finish();
  if (g.doubtful) {
    if (auto ok = write_again(g); !ok) return tl::unexpected(ok.error());
    g.doubtful = false;
  }
  staged_.push_back({g.file, g.path, {}, key});
  return *g.finished;
}

// A sync that failed may have thrown pages away that still read as if they were there: all is written anew.
Result<void> BlobStore::write_again(Growing& g) {
  const std::string path = temporary_name();
  auto file = disk_->open(path, OpenMode::create);
  if (!file) return tl::unexpected(file.error());
  ManifestBuilder seen;
  Bytes piece(blob_chunk_bytes);
  for (std::uint64_t at = 0; at < g.size;) {
    auto n = g.file->read_at(at, piece);
    auto written = n ? (*file)->write_at(at, ByteView(piece).first(*n)) : Result<void>(tl::unexpected(n.error()));
    if (!written || *n == 0) {
      (void)disk_->unlink(path);  // else at the next start
      if (!written) return written;
      break;
    }
    seen.add(ByteView(piece).first(*n));
    at += *n;
  }
  if (seen.finish() != *g.finished) {
    (void)disk_->unlink(path);
    g.wrong = Error{ErrorCode::no_space, "the disk lost what was written while it grew"};
    return fail(ErrorCode::invalid, "it cannot be had any more: " + g.wrong->what);
  }
  if (disk_->exists(g.path)) (void)disk_->unlink(g.path);
  g.file = std::move(*file);
  g.path = path;
  return {};
}

void BlobStore::forget_grown(const std::vector<std::string>& keys) {
  for (const std::string& key : keys)
    if (auto it = growing_.find(key); it != growing_.end()) drop(it);
}

Result<BlobManifest> BlobStore::stage_one(const Attachment& a) {
  Result<BlobManifest> manifest;
  if (a.bytes) {
    manifest = manifest_of(*a.bytes);
    auto staged = write_temporary(*a.bytes);
    if (!staged) return tl::unexpected(staged.error());
    staged_.push_back(std::move(*staged));
  } else {
    manifest = stage_grown(a.growing_key);
    if (!manifest) return manifest;
  }
  const std::string sha = to_hex(manifest->sha256);
  staged_.back().path = blob_path(layout_, sha);
  if (manifest->chunks.size() > 1) {
    auto staged = write_temporary(encode(*manifest));
    if (!staged) return tl::unexpected(staged.error());
    staged->path = manifest_path(layout_, sha);
    // Before its blob: where the blob is, its manifest is.
    staged_.insert(staged_.end() - 1, std::move(*staged));
  }
  return manifest;
}

Result<std::vector<BlobRef>> BlobStore::stage(const std::vector<Attachment>& attachments) {
  std::vector<BlobRef> refs;
  const std::size_t before = staged_.size();
  for (const Attachment& a : attachments) {
    auto manifest = stage_one(a);
    if (!manifest) {
      unstage(before);
      return fail(manifest.error().code, "attachment " + a.name + ": " + manifest.error().what);
    }
    refs.push_back({a.name, a.media_type, to_hex(manifest->sha256), manifest->size_bytes});
  }
  return refs;
}

void BlobStore::unstage(std::size_t down_to) {
  for (; staged_.size() > down_to; staged_.pop_back())
    if (staged_.back().grown_key.empty() && disk_->exists(staged_.back().temporary)) (void)disk_->unlink(staged_.back().temporary);  // else at the next start
}

Result<void> BlobStore::ready_directory(const std::string& directory) {
  if (directories_.contains(directory)) return {};
  if (auto ok = disk_->make_directory(directory); !ok) return ok;
  // Also where it was there already: the run that made it may have been killed before this sync.
  if (auto ok = sync_names(*disk_, layout_.blobs()); !ok) return ok;
  directories_.insert(directory);
  return {};
}

Result<void> BlobStore::place() {
  std::vector<DiskFile*> files;
  for (const Staged& s : staged_) files.push_back(s.file.get());
  if (auto ok = sync_files(*disk_, files); !ok) {
    for (const Staged& s : staged_)
      if (auto it = growing_.find(s.grown_key); it != growing_.end()) it->second.doubtful = true;
    return ok;
  }
  std::set<std::string> touched;
  for (const Staged& s : staged_) {
    const std::string directory = directory_of(s.path);
    if (auto ok = ready_directory(directory); !ok) return ok;
    touched.insert(directory);  // also for content that is there: its name may not be durable yet
    const bool there = disk_->exists(s.path);
    if (there && !disk_->exists(s.temporary)) continue;  // placed by an attempt whose record did not become durable
    if (auto ok = there ? disk_->unlink(s.temporary) : disk_->rename(s.temporary, s.path); !ok) return ok;
  }
  return sync_names(*disk_, std::vector<std::string>(touched.begin(), touched.end()));
}

Result<void> BlobStore::settle() {
  if (staged_.empty()) return {};
  auto done = place();
  unstage(0);
  return done;
}

void BlobStore::append(const std::string& key, ByteView strip) {
  auto it = growing_.find(key);
  if (it == growing_.end()) {
    if (growing_.size() >= growing_max_)
      drop(std::min_element(growing_.begin(), growing_.end(),
                            [](const auto& a, const auto& b) { return a.second.used < b.second.used; }));
    it = growing_.emplace(key, Growing{}).first;
    it->second.path = temporary_name();
    auto file = disk_->open(it->second.path, OpenMode::create);
    if (file) it->second.file = std::move(*file);
    else it->second.wrong = file.error();
  }
  Growing& g = it->second;
  g.used = ++counter_;
  if (g.wrong || g.finished) return;
  if (auto ok = g.file->write_at(g.size, strip); !ok) {
    g.wrong = ok.error();
    g.file.reset();
    (void)disk_->unlink(g.path);  // gives the room back; else at the next start
    return;
  }
  g.manifest.add(strip);
  g.size += strip.size();
}

void BlobStore::give_up(const std::string& key, Error why) {
  Growing& g = growing_[key];
  if (g.file && disk_->exists(g.path)) (void)disk_->unlink(g.path);  // else at the next start
  g.file.reset();
  g.finished.reset();
  g.used = ++counter_;
  if (!g.wrong) g.wrong = std::move(why);
}

Result<void> BlobStore::remove(const std::vector<std::string>& sha256s) {
  // The blob before its manifest: where the blob is, its manifest is.
  for (const std::string& sha : sha256s)
    for (const std::string& path : {blob_path(layout_, sha), manifest_path(layout_, sha)})
      if (disk_->exists(path))
        if (auto ok = disk_->unlink(path); !ok) return ok;
  return {};
}

std::uint64_t BlobStore::growing_bytes() const {
  std::uint64_t sum = 0;
  for (const auto& [key, growing] : growing_)
    if (growing.file) sum += room_of(growing.size);
  return sum;
}

bool BlobStore::tries_again() const {
  return std::any_of(growing_.begin(), growing_.end(), [](const auto& g) { return g.second.finished.has_value(); });
}

void BlobStore::drop(std::map<std::string, Growing>::iterator it) {
  if (it->second.file && disk_->exists(it->second.path)) (void)disk_->unlink(it->second.path);  // else at the next start
  growing_.erase(it);
}

}  // namespace rampa::store
