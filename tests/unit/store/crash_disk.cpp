#include "tests/unit/store/crash_disk.hpp"

#include <algorithm>

namespace rampa::tests {

namespace {
constexpr std::size_t k_sector = 512;

std::string parent(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}
}  // namespace

class CrashFile : public store::DiskFile {
 public:
  CrashFile(CrashDisk& disk, std::shared_ptr<CrashDisk::Inode> inode) : disk_(disk), inode_(std::move(inode)) {}

  Result<void> write_at(std::uint64_t offset, ByteView bytes) override {
    bool half = false;
    if (auto ok = disk_.step(&half); !ok) {
      if (half) (void)disk_.change(*inode_, {false, offset, Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size() / 2))});
      return ok;
    }
    return disk_.change(*inode_, {false, offset, Bytes(bytes.begin(), bytes.end())});
  }
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> out) override {
    if (offset >= inode_->now.size()) return std::size_t{0};
    const std::size_t n = std::min<std::size_t>(out.size(), inode_->now.size() - offset);
    std::copy_n(inode_->now.begin() + static_cast<std::ptrdiff_t>(offset), n, out.begin());
    return n;
  }
  Result<void> sync() override {
    if (auto ok = disk_.step(); !ok) return ok;
    ++disk_.syncs_;
    inode_->synced = inode_->now;
    inode_->pending.clear();
    return {};
  }
  Result<void> allocate(std::uint64_t bytes) override {
    if (auto ok = disk_.step(); !ok) return ok;
    if (bytes <= inode_->now.size()) return {};
    return disk_.change(*inode_, {true, bytes, {}});
  }
  Result<void> truncate(std::uint64_t bytes) override {
    if (auto ok = disk_.step(); !ok) return ok;
    return disk_.change(*inode_, {true, bytes, {}});
  }
  Result<std::uint64_t> size() override { return inode_->now.size(); }

 private:
  CrashDisk& disk_;
  std::shared_ptr<CrashDisk::Inode> inode_;
};

Result<void> CrashDisk::step(bool* half) {
  ++calls_;
  if (is_off()) {
    if (half) *half = calls_ == off_at_;
    return fail(ErrorCode::io, "the machine is off");
  }
  if (fail_at_ != 0 && calls_ >= fail_at_ && calls_ - fail_at_ < fail_times_) {
    if (half) *half = true;
    return fail(fail_code_, "planned failure of call " + std::to_string(calls_));
  }
  return {};
}

void CrashDisk::apply(Bytes& content, const Change& change) {
  if (change.resize) return content.resize(change.offset);
  if (content.size() < change.offset + change.bytes.size()) content.resize(change.offset + change.bytes.size());
  std::copy(change.bytes.begin(), change.bytes.end(), content.begin() + static_cast<std::ptrdiff_t>(change.offset));
}

Result<void> CrashDisk::change(Inode& inode, Change change) {
  const std::uint64_t end = change.resize ? change.offset : change.offset + change.bytes.size();
  if (end > inode.now.size() && used_bytes() + end - inode.now.size() > capacity_)
    return fail(ErrorCode::no_space, "the disk in memory is full");
  apply(inode.now, change);
  inode.pending.push_back(std::move(change));
  return {};
}

std::uint64_t CrashDisk::used_bytes() const {
  std::uint64_t sum = 0;
  for (const auto& [name, inode] : names_) sum += inode->now.size();
  return sum;
}

void CrashDisk::crash(Keep keep, std::uint64_t seed) {
  std::mt19937_64 draw(seed);
  if (keep == Keep::some) {
    // Each name on its own: as it was synced, or as it was last.
    std::set<std::string> all;
    for (const auto& [name, inode] : names_) all.insert(name);
    for (const auto& [name, inode] : durable_names_) all.insert(name);
    for (const std::string& name : all) {
      if (draw() % 2) continue;
      if (auto it = names_.find(name); it != names_.end()) durable_names_[name] = it->second;
      else durable_names_.erase(name);
    }
    for (const std::string& directory : directories_)
      if (draw() % 2 && durable_directories_.contains(parent(directory))) durable_directories_.insert(directory);
    std::erase_if(durable_names_, [&](const auto& entry) { return !durable_directories_.contains(parent(entry.first)); });
  }
  if (keep != Keep::all) {
    names_ = durable_names_;
    directories_ = durable_directories_;
  }
  std::set<Inode*> seen;
  for (auto& [name, inode] : names_) {
    if (!seen.insert(inode.get()).second) continue;
    if (keep == Keep::none) inode->now = inode->synced;
    if (keep == Keep::some) {
      inode->now = inode->synced;
      for (const Change& c : inode->pending) {
        if (c.resize) {
          if (draw() % 2) apply(inode->now, c);
          continue;
        }
        for (std::uint64_t at = c.offset; at < c.offset + c.bytes.size();) {
          const std::uint64_t end = std::min<std::uint64_t>((at / k_sector + 1) * k_sector, c.offset + c.bytes.size());
          const auto from = c.bytes.begin() + static_cast<std::ptrdiff_t>(at - c.offset);
          const auto fate = draw() % 8;
          std::uint64_t size = end - at;
          if (fate == 0) size = draw() % (size + 1);  // torn inside the sector
          if (fate < 5) apply(inode->now, {false, at, Bytes(from, from + static_cast<std::ptrdiff_t>(size))});
          at = end;
        }
      }
    }
    if (keep != Keep::all) {
      inode->synced = inode->now;
      inode->pending.clear();
    }
  }
  if (keep != Keep::all) {
    durable_names_ = names_;
    durable_directories_ = directories_;
  }
  heal();
}

Bytes* CrashDisk::content(const std::string& path) {
  auto it = names_.find(path);
  return it == names_.end() ? nullptr : &it->second->now;
}

Result<std::unique_ptr<store::DiskFile>> CrashDisk::open(const std::string& path, store::OpenMode mode) {
  auto it = names_.find(path);
  if (mode != store::OpenMode::create) {
    if (it == names_.end()) return fail(ErrorCode::not_found, path + ": no such file");
    return std::make_unique<CrashFile>(*this, it->second);
  }
  if (!directories_.contains(parent(path))) return fail(ErrorCode::not_found, parent(path) + ": no such directory");
  if (auto ok = step(); !ok) return tl::unexpected(ok.error());
  if (it == names_.end()) it = names_.emplace(path, std::make_shared<Inode>()).first;
  else if (auto ok = change(*it->second, {true, 0, {}}); !ok) return tl::unexpected(ok.error());
  return std::make_unique<CrashFile>(*this, it->second);
}

Result<void> CrashDisk::rename(const std::string& from, const std::string& to) {
  auto it = names_.find(from);
  if (it == names_.end()) return fail(ErrorCode::not_found, from + ": no such file");
  if (!directories_.contains(parent(to))) return fail(ErrorCode::not_found, parent(to) + ": no such directory");
  if (auto ok = step(); !ok) return ok;
  names_[to] = it->second;
  names_.erase(from);
  return {};
}

Result<void> CrashDisk::unlink(const std::string& path) {
  if (!names_.contains(path)) return fail(ErrorCode::not_found, path + ": no such file");
  if (auto ok = step(); !ok) return ok;
  names_.erase(path);
  return {};
}

Result<void> CrashDisk::sync_directory(const std::string& directory) {
  if (!directories_.contains(directory)) return fail(ErrorCode::not_found, directory + ": no such directory");
  if (auto ok = step(); !ok) return ok;
  ++syncs_;
  const auto inside = [&](const std::string& path) { return parent(path) == directory; };
  std::erase_if(durable_names_, [&](const auto& entry) { return inside(entry.first); });
  for (const auto& [name, inode] : names_)
    if (inside(name)) durable_names_[name] = inode;
  for (const std::string& d : directories_)
    if (inside(d)) durable_directories_.insert(d);
  return {};
}

Result<std::vector<std::string>> CrashDisk::list(const std::string& directory) {
  if (!directories_.contains(directory)) return fail(ErrorCode::not_found, directory + ": no such directory");
  std::vector<std::string> out;
  for (const auto& [name, inode] : names_)
    if (parent(name) == directory) out.push_back(name.substr(directory.size() + 1));
  for (const std::string& d : directories_)
    if (!d.empty() && parent(d) == directory) out.push_back(d.substr(directory.size() + 1));
  std::sort(out.begin(), out.end());
  return out;
}

Result<void> CrashDisk::make_directory(const std::string& path) {
  if (directories_.contains(path)) return {};
  if (!directories_.contains(parent(path))) return fail(ErrorCode::not_found, parent(path) + ": no such directory");
  if (auto ok = step(); !ok) return ok;
  directories_.insert(path);
  return {};
}

}  // namespace rampa::tests
