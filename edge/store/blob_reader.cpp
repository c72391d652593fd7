#include "edge/store/blob_reader.hpp"

#include <algorithm>

#include "edge/store/blob_files.hpp"
#include "edge/store/blob_store.hpp"
#include "edge/store/durable_file.hpp"

namespace rampa::store {

namespace {

class Reader : public BlobReader {
 public:
  Reader(std::shared_ptr<Disk> disk, Layout layout) : disk_(std::move(disk)), layout_(std::move(layout)) {}

  Result<BlobManifest> manifest(const std::string& sha256) override {
    if (auto ok = check_name(sha256); !ok) return tl::unexpected(ok.error());
    auto file = disk_->open(blob_path(layout_, sha256), OpenMode::read);
    if (!file) return tl::unexpected(file.error());
    auto size = (*file)->size();
    if (!size) return tl::unexpected(size.error());
    BlobManifest m;
    if (*size <= blob_chunk_bytes) {
      m.sha256 = *hash_from_hex(sha256);
      m.size_bytes = *size;
      m.chunks = {m.sha256};
    } else {
      const std::string path = manifest_path(layout_, sha256);
      auto bytes = read_file(*disk_, path);
      if (!bytes) return damaged(path, bytes.error());
      auto parsed = parse_manifest(*bytes);
      if (!parsed) return damaged(path, parsed.error());
      if (to_hex(parsed->sha256) != sha256) return damaged(path, {ErrorCode::invalid, "it is another blob's manifest"});
      if (parsed->size_bytes != *size)
        return damaged(blob_path(layout_, sha256), {ErrorCode::invalid, std::to_string(*size) + " bytes, the manifest says " +
                                                                            std::to_string(parsed->size_bytes)});
      m = std::move(*parsed);
    }
    return m;
  }

  Result<Bytes> chunk(const std::string& sha256, std::size_t index) override {
    if (auto ok = know(sha256); !ok) return tl::unexpected(ok.error());
    const BlobManifest& m = last_.second;
    if (index >= m.chunks.size())
      return fail(ErrorCode::not_found, "blob " + sha256 + " has " + std::to_string(m.chunks.size()) + " chunks, not " + std::to_string(index + 1));
    const std::string path = blob_path(layout_, sha256);
    auto file = disk_->open(path, OpenMode::read);
    if (!file) return tl::unexpected(file.error());
    Bytes out(m.chunk_bytes(index));
    auto n = (*file)->read_at(index * blob_chunk_bytes, out);
    if (!n) return tl::unexpected(n.error());
    out.resize(*n);
    if (store::sha256(out) != m.chunks[index])
      return damaged(path, {ErrorCode::invalid, "chunk " + std::to_string(index) + " does not have its hash"});
    return out;
  }

  Result<Bytes> range(const std::string& sha256, std::uint64_t offset, std::size_t count) override {
    Bytes out;
    while (out.size() < count) {
      const std::uint64_t at = offset + out.size();
      const std::pair key{sha256, static_cast<std::size_t>(at / blob_chunk_bytes)};
      if (kept_ != key) {
        if (auto ok = know(sha256); !ok) return tl::unexpected(ok.error());
        if (at >= last_.second.size_bytes) break;
        auto bytes = chunk(sha256, key.second);
        if (!bytes) return bytes;
        kept_ = key;
        kept_bytes_ = std::move(*bytes);
      }
      const std::size_t from = at % blob_chunk_bytes;
      if (from >= kept_bytes_.size()) break;
      const std::size_t n = std::min(kept_bytes_.size() - from, count - out.size());
      out.insert(out.end(), kept_bytes_.begin() + static_cast<std::ptrdiff_t>(from), kept_bytes_.begin() + static_cast<std::ptrdiff_t>(from + n));
    }
    return out;
  }

  Result<Bytes> whole(const std::string& sha256) override {
    auto m = manifest(sha256);
    if (!m) return tl::unexpected(m.error());
    auto bytes = read_file(*disk_, blob_path(layout_, sha256));
    if (!bytes) return bytes;
    if (store::sha256(*bytes) != m->sha256)
      return damaged(blob_path(layout_, sha256), {ErrorCode::invalid, "its content does not have the hash that is its name"});
    return bytes;
  }

 private:
  Result<void> know(const std::string& sha256) {
    if (last_.first == sha256) return {};
    auto m = manifest(sha256);
    if (!m) return tl::unexpected(m.error());
    last_ = {sha256, std::move(*m)};
    return {};
  }
  static Result<void> check_name(const std::string& sha256) {
    auto hash = hash_from_hex(sha256);
    if (!hash) return fail(ErrorCode::invalid, "'" + sha256 + "' is no blob's address: " + hash.error().what);
    if (to_hex(*hash) != sha256) return fail(ErrorCode::invalid, "a blob's address has small letters: " + sha256);
    return {};
  }
  static tl::unexpected<Error> damaged(const std::string& path, const Error& why) {
    return fail(why.code == ErrorCode::io ? ErrorCode::io : ErrorCode::invalid,
                path + ": " + why.what + "; restore the file from the backup or from HQ");
  }

  std::shared_ptr<Disk> disk_;
  Layout layout_;
  std::pair<std::string, BlobManifest> last_;
  std::pair<std::string, std::size_t> kept_;  ///< the chunk that range() read last: slices are smaller than chunks
  Bytes kept_bytes_;
};

}  // namespace

std::unique_ptr<BlobReader> make_blob_reader(std::shared_ptr<Disk> disk, const Layout& layout) {
  return std::make_unique<Reader>(std::move(disk), layout);
}

std::unique_ptr<BlobReader> open_blobs(const std::string& directory) {
  return make_blob_reader(real_disk(), Layout{directory});
}

}  // namespace rampa::store
