// LD_PRELOAD shim: a disk that loses what was not synced when the process is killed. Use: tests/kills/README.md.
//
// Everything that the process does to files under RAMPA_LOSING_DIR goes through as usual, but what it overwrites is noted
// first in DIR.undo/log. fdatasync()/fsync() of a file, and of a directory for the names in it, end what may be lost of it.
// The next process that is started with the shim takes back whatever was still open to loss, before its main() runs: that
// is the power coming back. RAMPA_LOSING_MODE=lose takes back everything (default); =tear takes back each 512-byte sector
// and each name or not, by RAMPA_LOSING_SEED. Files with "picture.sqlite" in their name are left alone: SQLite's picture
// can be made again, and it is shared with other processes.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace {

enum class Kind : std::uint8_t { data = 1, resize, create, rename, unlink, mkdir, file_synced, directory_synced };

/// One line of the log. `a` and `b` are paths (names' entries), `old` the bytes that were there.
struct Entry {
  Kind kind{};
  std::uint64_t inode = 0, offset = 0, size = 0;  ///< size: of the file before
  std::string a, b, backup;
  std::vector<char> old;
};

// Looked up at the first call: other libraries' constructors may open files before this one's have run.
#define RAMPA_REAL(name, signature)                                                            \
  auto* real_##name##_function() {                                                             \
    static auto* const found = reinterpret_cast<signature*>(dlsym(RTLD_NEXT, #name));          \
    return found;                                                                              \
  }
using OpenCall = int(const char*, int, ...);
using PwriteCall = ssize_t(int, const void*, size_t, off_t);
using FtruncateCall = int(int, off_t);
using FallocateCall = int(int, int, off_t, off_t);
using SyncCall = int(int);
using RenameCall = int(const char*, const char*);
using UnlinkCall = int(const char*);
using MkdirCall = int(const char*, mode_t);
using WriteCall = ssize_t(int, const void*, size_t);
RAMPA_REAL(open, OpenCall)
RAMPA_REAL(pwrite, PwriteCall)
RAMPA_REAL(ftruncate, FtruncateCall)
RAMPA_REAL(fallocate, FallocateCall)
RAMPA_REAL(fdatasync, SyncCall)
RAMPA_REAL(fsync, SyncCall)
RAMPA_REAL(rename, RenameCall)
RAMPA_REAL(unlink, UnlinkCall)
RAMPA_REAL(mkdir, MkdirCall)
RAMPA_REAL(close, SyncCall)
RAMPA_REAL(write, WriteCall)
#undef RAMPA_REAL

struct Tracked { std::uint64_t inode = 0; std::string directory; /* set: it is a directory */ };

std::mutex guard;
std::string root, undo;  // both empty: the shim does nothing
int log_fd = -1;
std::map<int, Tracked> files;
std::uint64_t backups = 0;

std::string parent(const std::string& path) { return path.substr(0, path.rfind('/')); }
bool inside(const std::string& path) {
  return log_fd >= 0 && path.compare(0, root.size() + 1, root + "/") == 0 && path.find("picture.sqlite") == std::string::npos;
}
bool inside_or_root(const std::string& path) { return inside(path) || (log_fd >= 0 && path == root); }

void note(const Entry& e) {
  std::string out;
  const auto put = [&](const void* p, std::size_t n) { out.append(static_cast<const char*>(p), n); };
  const auto text = [&](const std::string& s) { const std::uint32_t n = static_cast<std::uint32_t>(s.size()); put(&n, 4); out += s; };
  put(&e.kind, 1);
  put(&e.inode, 8);
  put(&e.offset, 8);
  put(&e.size, 8);
  text(e.a);
  text(e.b);
  text(e.backup);
  text(std::string(e.old.begin(), e.old.end()));
  const std::uint32_t length = static_cast<std::uint32_t>(out.size());
  out.insert(0, reinterpret_cast<const char*>(&length), 4);
  if (real_write_function()(log_fd, out.data(), out.size()) != static_cast<ssize_t>(out.size())) {
    std::fprintf(stderr, "losing_disk: cannot write %s/log\n", undo.c_str());
    std::abort();
  }
}

std::vector<Entry> read_log() {
  std::vector<Entry> out;
  std::FILE* in = std::fopen((undo + "/log").c_str(), "rb");
  if (!in) return out;
  std::uint32_t length = 0;
  while (std::fread(&length, 4, 1, in) == 1) {
    std::string text(length, '\0');
    if (std::fread(text.data(), 1, length, in) != length) break;
    const char* p = text.data();
    const auto take = [&](void* to, std::size_t n) { std::memcpy(to, p, n); p += n; };
    const auto string = [&] { std::uint32_t n = 0; take(&n, 4); std::string s(p, n); p += n; return s; };
    Entry e;
    take(&e.kind, 1);
    take(&e.inode, 8);
    take(&e.offset, 8);
    take(&e.size, 8);
    e.a = string();
    e.b = string();
    e.backup = string();
    const std::string old = string();
    e.old.assign(old.begin(), old.end());
    out.push_back(std::move(e));
  }
  std::fclose(in);
  return out;
}

/// Paths by inode, of everything under `directory`.
void find_inodes(const std::string& directory, std::map<std::uint64_t, std::string>& found) {
  DIR* dir = opendir(directory.c_str());
  if (!dir) return;
  while (const dirent* entry = readdir(dir)) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    const std::string path = directory + "/" + name;
    struct stat st {};
    if (lstat(path.c_str(), &st) != 0) continue;
    if (S_ISDIR(st.st_mode)) find_inodes(path, found);
    else found.emplace(st.st_ino, path);
  }
  closedir(dir);
}

/// The power comes back: takes back, newest first, what no sync has made safe.
void take_back() {
  const std::vector<Entry> log = read_log();
  const char* mode = std::getenv("RAMPA_LOSING_MODE");
  const bool tear = mode && std::string(mode) == "tear";
  const char* seed = std::getenv("RAMPA_LOSING_SEED");
  std::mt19937_64 draw(seed ? std::strtoull(seed, nullptr, 10) : 1);
  std::map<std::uint64_t, std::string> paths;
  find_inodes(root, paths);
  find_inodes(undo, paths);
  std::map<std::uint64_t, int> open_files;  // by inode: names may change below
  for (const auto& [inode, path] : paths) open_files[inode] = -1;
  std::set<std::uint64_t> safe_files;
  std::set<std::string> safe_directories;
  std::size_t data = 0, names = 0;
  const auto file_of = [&](std::uint64_t inode) {
    auto it = paths.find(inode);
    if (it == paths.end()) return -1;
    int& fd = open_files[inode];
    if (fd < 0) fd = real_open_function()(it->second.c_str(), O_RDWR | O_CLOEXEC);
    return fd;
  };
  // Files first (their paths are those of now), then names.
  for (auto e = log.rbegin(); e != log.rend(); ++e) {
    if (e->kind == Kind::file_synced) safe_files.insert(e->inode);
    if ((e->kind != Kind::data && e->kind != Kind::resize) || safe_files.contains(e->inode)) continue;
    const int fd = file_of(e->inode);
    if (fd < 0) continue;
    ++data;
    if (e->kind == Kind::resize) {
      if (!tear || draw() % 2) {
        (void)!real_ftruncate_function()(fd, static_cast<off_t>(e->size));
        if (!e->old.empty()) (void)!real_pwrite_function()(fd, e->old.data(), e->old.size(), static_cast<off_t>(e->offset));
      }
      continue;
    }
    for (std::size_t at = 0; at < e->old.size();) {
      const std::uint64_t place = e->offset + at;
      const std::size_t n = std::min<std::size_t>(512 - place % 512, e->old.size() - at);
      if (!tear || draw() % 2) (void)!real_pwrite_function()(fd, e->old.data() + at, n, static_cast<off_t>(place));
      at += n;
    }
    if (!tear && e->size < e->offset + e->old.size()) (void)!real_ftruncate_function()(fd, static_cast<off_t>(e->size));
  }
  for (const auto& [inode, fd] : open_files)
    if (fd >= 0) real_close_function()(fd);
  for (auto e = log.rbegin(); e != log.rend(); ++e) {
    if (e->kind == Kind::directory_synced) safe_directories.insert(e->a);
    const std::string directory = parent(e->kind == Kind::rename ? e->b : e->a);
    if (e->kind < Kind::create || e->kind > Kind::mkdir || safe_directories.contains(directory)) continue;
    if (tear && draw() % 2) continue;
    ++names;
    if (e->kind == Kind::create) real_unlink_function()(e->a.c_str());
    if (e->kind == Kind::mkdir) rmdir(e->a.c_str());
    if (e->kind == Kind::unlink && !e->backup.empty()) (void)!link(e->backup.c_str(), e->a.c_str());
    if (e->kind == Kind::rename) {
      (void)!real_rename_function()(e->b.c_str(), e->a.c_str());
      if (!e->backup.empty()) (void)!link(e->backup.c_str(), e->b.c_str());
    }
  }
  if (data + names > 0) std::fprintf(stderr, "losing_disk: took back %zu writes and %zu names that were not synced\n", data, names);
  // Everything is as after a power cut now; begin anew.
  std::map<std::uint64_t, std::string> left;
  find_inodes(undo, left);
  for (const auto& [inode, path] : left)
    if (path != undo + "/log") real_unlink_function()(path.c_str());
}

std::string backup_of(const char* path) {
  const std::string backup = undo + "/" + std::to_string(getpid()) + "-" + std::to_string(++backups);
  return link(path, backup.c_str()) == 0 ? backup : std::string{};
}

void power_on() {
  const char* directory = std::getenv("RAMPA_LOSING_DIR");
  if (!directory) return;
  root = directory;
  while (root.size() > 1 && root.back() == '/') root.pop_back();
  undo = root + ".undo";
  real_mkdir_function()(undo.c_str(), 0700);
  const int fd = real_open_function()((undo + "/log").c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  // One process at a time is the machine; others beside it (rampa show) go untracked.
  if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (fd >= 0) real_close_function()(fd);
    return;
  }
  take_back();
  (void)!real_ftruncate_function()(fd, 0);
  log_fd = fd;
}

/// Last of the globals, so that all others are there when it runs.
struct PowerOn { PowerOn() { power_on(); } };

int opened(int fd, const std::string& path, bool is_new) {
  struct stat st {};
  if (fd < 0 || fstat(fd, &st) != 0) return fd;
  if (S_ISDIR(st.st_mode)) files[fd] = {st.st_ino, path};
  else files[fd] = {st.st_ino, ""};
  if (is_new) note({Kind::create, st.st_ino, 0, 0, path, "", "", {}});
  return fd;
}

std::vector<char> content(int fd, std::uint64_t offset, std::uint64_t count) {
  std::vector<char> out(count);
  const ssize_t n = pread(fd, out.data(), count, static_cast<off_t>(offset));
  out.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return out;
}

std::uint64_t size_of(int fd) {
  struct stat st {};
  return fstat(fd, &st) == 0 ? static_cast<std::uint64_t>(st.st_size) : 0;
}

PowerOn power_on_now;

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  mode_t mode = 0;
  if (flags & O_CREAT) {
    va_list args;
    va_start(args, flags);
    mode = va_arg(args, mode_t);
    va_end(args);
  }
  if (!inside_or_root(path)) return real_open_function()(path, flags, mode);
  std::lock_guard lock(guard);
  const bool is_new = (flags & O_CREAT) && access(path, F_OK) != 0;
  if ((flags & O_TRUNC) && !is_new) {
    if (const int old = real_open_function()(path, O_RDONLY | O_CLOEXEC); old >= 0) {
      struct stat st {};
      fstat(old, &st);
      note({Kind::resize, st.st_ino, 0, size_of(old), "", "", "", content(old, 0, size_of(old))});
      real_close_function()(old);
    }
  }
  return opened(real_open_function()(path, flags, mode), path, is_new);
}
int open64(const char* path, int flags, ...) {
  mode_t mode = 0;
  if (flags & O_CREAT) {
    va_list args;
    va_start(args, flags);
    mode = va_arg(args, mode_t);
    va_end(args);
  }
  return open(path, flags, mode);
}

ssize_t pwrite(int fd, const void* bytes, size_t count, off_t offset) {
  if (log_fd < 0) return real_pwrite_function()(fd, bytes, count, offset);
  std::lock_guard lock(guard);
  if (auto it = files.find(fd); it != files.end()) {
    // What lies behind the end is noted as zeros, so that each sector can be taken back on its own.
    std::vector<char> old = content(fd, static_cast<std::uint64_t>(offset), count);
    old.resize(count, 0);
    note({Kind::data, it->second.inode, static_cast<std::uint64_t>(offset), size_of(fd), "", "", "", std::move(old)});
  }
  return real_pwrite_function()(fd, bytes, count, offset);
}
ssize_t pwrite64(int fd, const void* bytes, size_t count, off_t offset) { return pwrite(fd, bytes, count, offset); }

int ftruncate(int fd, off_t size) noexcept {
  if (log_fd < 0) return real_ftruncate_function()(fd, size);
  std::lock_guard lock(guard);
  if (auto it = files.find(fd); it != files.end()) {
    const std::uint64_t old = size_of(fd), now = static_cast<std::uint64_t>(size);
    note({Kind::resize, it->second.inode, now, old, "", "", "", old > now ? content(fd, now, old - now) : std::vector<char>{}});
  }
  return real_ftruncate_function()(fd, size);
}
int ftruncate64(int fd, off_t size) noexcept { return ftruncate(fd, size); }

int fallocate(int fd, int mode, off_t offset, off_t length) {
  if (log_fd < 0) return real_fallocate_function()(fd, mode, offset, length);
  std::lock_guard lock(guard);
  if (auto it = files.find(fd); it != files.end()) note({Kind::resize, it->second.inode, 0, size_of(fd), "", "", "", {}});
  return real_fallocate_function()(fd, mode, offset, length);
}

int fdatasync(int fd) {
  if (log_fd < 0) return real_fdatasync_function()(fd);
  std::lock_guard lock(guard);
  if (auto it = files.find(fd); it != files.end()) note({Kind::file_synced, it->second.inode, 0, 0, "", "", "", {}});
  return real_fdatasync_function()(fd);
}

int fsync(int fd) {
  if (log_fd < 0) return real_fsync_function()(fd);
  std::lock_guard lock(guard);
  if (auto it = files.find(fd); it != files.end()) {
    if (it->second.directory.empty()) note({Kind::file_synced, it->second.inode, 0, 0, "", "", "", {}});
    else note({Kind::directory_synced, 0, 0, 0, it->second.directory, "", "", {}});
  }
  return real_fsync_function()(fd);
}

int rename(const char* from, const char* to) noexcept {
  if (!inside(from) || !inside(to)) return real_rename_function()(from, to);
  std::lock_guard lock(guard);
  const Entry e{Kind::rename, 0, 0, 0, from, to, access(to, F_OK) == 0 ? backup_of(to) : "", {}};
  const int rc = real_rename_function()(from, to);
  if (rc == 0) note(e);
  return rc;
}

int unlink(const char* path) noexcept {
  if (!inside(path)) return real_unlink_function()(path);
  std::lock_guard lock(guard);
  const Entry e{Kind::unlink, 0, 0, 0, path, "", backup_of(path), {}};
  const int rc = real_unlink_function()(path);
  if (rc == 0) note(e);
  return rc;
}

int mkdir(const char* path, mode_t mode) noexcept {
  const int rc = real_mkdir_function()(path, mode);
  if (rc == 0 && inside(path)) {
    std::lock_guard lock(guard);
    note({Kind::mkdir, 0, 0, 0, path, "", "", {}});
  }
  return rc;
}

int close(int fd) {
  if (log_fd >= 0) {
    std::lock_guard lock(guard);
    files.erase(fd);
  }
  return real_close_function()(fd);
}

}  // extern "C"
