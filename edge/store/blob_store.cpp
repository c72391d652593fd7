#include "edge/store/blob_store.hpp"

#include <algorithm>

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

Result<BlobStore::Ready> BlobStore::write_temporary(ByteView bytes) {
  Ready ready{temporary_name(), manifest_of(bytes)};
  auto written = [&]() -> Result<void> {
    auto file = disk_->open(ready.temporary, OpenMode::create);
    if (!file) return tl::unexpected(file.error());
    if (auto ok = (*file)->write_at(0, bytes); !ok) return ok;
    if (auto ok = sync_file(**file); !ok) return tl::unexpected(ok.error());
    return {};
  }();
  if (!written) {
    (void)disk_->unlink(ready.temporary);  // else at the next start
    return tl::unexpected(written.error());
  }
  return ready;
}

Result<BlobStore::Ready> BlobStore::finish_growing(const std::string& key) {
  auto it = growing_.find(key);
  if (it == growing_.end())
    return fail(ErrorCode::invalid, "no blob grows under '" + key + "' (dropped, finished before, or lost in a restart)");
  Growing& g = it->second;
  if (g.wrong) {
    const Error wrong = *g.wrong;
    drop(it);
    return tl::unexpected(wrong);
  }
  if (auto ok = sync_file(*g.file); !ok) return tl::unexpected(ok.error());
  Ready ready{g.path, g.manifest.finish()};
  growing_.erase(it);
  return ready;
}

Result<void> BlobStore::ready_directory(const std::string& directory) {
  if (directories_.contains(directory)) return {};
  if (auto ok = disk_->make_directory(directory); !ok) return ok;
  // Also where it was there already: the run that made it may have been killed before this sync.
  if (auto ok = sync_names(*disk_, layout_.blobs()); !ok) return tl::unexpected(ok.error());
  directories_.insert(directory);
  return {};
}

Result<void> BlobStore::place(const Ready& ready, std::set<std::string>& touched) {
  const std::string sha = to_hex(ready.manifest.sha256), path = blob_path(layout_, sha);
  const std::string directory = directory_of(path);
  if (auto ok = ready_directory(directory); !ok) return ok;
  touched.insert(directory);  // also for content that is there: its name may not be durable yet
  if (ready.manifest.chunks.size() > 1) {
    if (const std::string manifest = manifest_path(layout_, sha); !disk_->exists(manifest)) {
      const Bytes bytes = encode(ready.manifest);
      const std::string temporary = temporary_name();
      auto file = disk_->open(temporary, OpenMode::create);
      if (!file) return tl::unexpected(file.error());
      if (auto ok = (*file)->write_at(0, bytes); !ok) return ok;
      if (auto ok = sync_file(**file); !ok) return tl::unexpected(ok.error());
      if (auto ok = disk_->rename(temporary, manifest); !ok) return ok;
    }
  }
  if (disk_->exists(path)) return disk_->unlink(ready.temporary);
  return disk_->rename(ready.temporary, path);
}

Result<std::vector<BlobRef>> BlobStore::put(const std::vector<Attachment>& attachments) {
  std::vector<BlobRef> refs;
  std::set<std::string> touched;
  for (const Attachment& a : attachments) {
    auto ready = a.bytes ? write_temporary(*a.bytes) : finish_growing(a.growing_key);
    if (!ready) return fail(ready.error().code, "attachment " + a.name + ": " + ready.error().what);
    if (auto ok = place(*ready, touched); !ok) {
      if (disk_->exists(ready->temporary)) (void)disk_->unlink(ready->temporary);  // else at the next start
      return tl::unexpected(ok.error());
    }
    refs.push_back({a.name, a.media_type, to_hex(ready->manifest.sha256), ready->manifest.size_bytes});
  }
  for (const std::string& directory : touched)
    if (auto ok = sync_names(*disk_, directory); !ok) return tl::unexpected(ok.error());
  return refs;
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
  if (g.wrong) return;
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
  if (g.file) (void)disk_->unlink(g.path);  // else at the next start
  g.file.reset();
  g.used = ++counter_;
  if (!g.wrong) g.wrong = std::move(why);
}

void BlobStore::drop(std::map<std::string, Growing>::iterator it) {
  if (it->second.file) (void)disk_->unlink(it->second.path);  // else at the next start
  growing_.erase(it);
}

}  // namespace rampa::store
