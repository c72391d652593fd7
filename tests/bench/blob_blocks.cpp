#include "tests/bench/blob_blocks.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <map>

#include "edge/store/blob_class.hpp"

namespace rampa::bench {
namespace {

namespace fs = std::filesystem;

struct File {
  enum class What { image, thumbnail, unnamed, removed } what;
  std::uint64_t bytes = 0;
};
using Files = std::map<ino_t, File>;

Files look(const std::string& directory, pid_t process) {
  Files out;
  const auto take = [&](const std::string& path, File::What what) {
    struct stat seen {};
    if (::stat(path.c_str(), &seen) != 0 || !S_ISREG(seen.st_mode)) return;  // it has just gone
    if (what == File::What::thumbnail && static_cast<std::uint64_t>(seen.st_size) > store::blob_chunk_bytes) what = File::What::image;
    out[seen.st_ino] = {what, static_cast<std::uint64_t>(seen.st_blocks) * 512};
  };
  std::error_code gone;
  if (process != 0) {
    const std::string open_files = "/proc/" + std::to_string(process) + "/fd";
    for (auto at = fs::directory_iterator(open_files, gone); !gone && at != fs::directory_iterator(); at.increment(gone)) {
      std::error_code closed;
      const std::string name = fs::read_symlink(at->path(), closed).string();
      if (!closed && name.starts_with(directory) && name.ends_with(" (deleted)")) take(at->path().string(), File::What::removed);
    }
  }
  // What is being written first: it is given its name meanwhile, and then counts under that.
  for (const bool unnamed : {true, false})
    for (auto at = fs::recursive_directory_iterator(unnamed ? directory + "/tmp" : directory, gone); !gone && at != fs::recursive_directory_iterator(); at.increment(gone)) {
      const std::string path = at->path().string();
      if (!unnamed && at->path().parent_path().filename() == "tmp") continue;
      take(path, unnamed ? File::What::unnamed : path.ends_with(".chunks") ? File::What::image : File::What::thumbnail);
    }
  return out;
}

}  // namespace

BlobBlocks blob_blocks(const std::string& directory, pid_t process) {
  const std::string path = fs::absolute(directory).lexically_normal().string();
  const Files before = look(path, process), after = look(path, process);
  BlobBlocks out;
  for (const auto& [inode, file] : before) {
    if (!after.contains(inode)) continue;
    (file.what == File::What::image       ? out.images
     : file.what == File::What::thumbnail ? out.thumbnails
     : file.what == File::What::unnamed   ? out.unnamed
                                          : out.removed) += file.bytes;
  }
  return out;
}

}  // namespace rampa::bench
