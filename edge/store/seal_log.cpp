#include "edge/store/seal_log.hpp"

#include "edge/store/durable_file.hpp"

namespace rampa::store {

Result<std::vector<StoredSeal>> read_seals(Disk& disk, const Layout& layout) {
  auto bytes = read_file(disk, layout.heads_log());
  if (!bytes) return tl::unexpected(bytes.error());
  std::vector<StoredSeal> out;
  for (std::size_t at = 0; at + format::seal_bytes <= bytes->size(); at += format::seal_bytes) {
    const ByteView entry = ByteView(*bytes).subspan(at, format::seal_bytes);
    auto seal = format::parse_seal(entry);
    if (!seal) {
      if (at + 2 * format::seal_bytes > bytes->size()) break;  // the last one: torn while it was written
      return fail(ErrorCode::invalid, layout.heads_log() + ": seal " + std::to_string(at / format::seal_bytes + 1) + ": " +
                                          seal.error().what + "; restore the file from the backup");
    }
    out.push_back({*seal, Bytes(entry.begin(), entry.end())});
  }
  return out;
}

Result<SealLog> SealLog::open(Disk& disk, const Layout& layout, const PostId& post, const format::SigningSeed& seed,
                              WallTime now, bool create) {
  SealLog log;
  log.post_ = post;
  log.seed_ = seed;
  if (!disk.exists(layout.heads_log())) {
    if (!create)
      return fail(ErrorCode::not_found, layout.heads_log() + " is missing, so the journal's end cannot be trusted; restore it "
                                            "from the backup, or move the directory aside and start a new one");
    const Bytes first = format::sign_and_encode({0, now, format::genesis(post)}, post, seed);
    if (auto ok = write_durably(disk, layout.heads_log(), first); !ok) return tl::unexpected(ok.error());
  }
  auto seals = read_seals(disk, layout);
  if (!seals) return tl::unexpected(seals.error());
  if (seals->empty())
    return fail(ErrorCode::invalid, layout.heads_log() + " holds no whole seal; restore it from the backup");
  const StoredSeal& last = seals->back();
  if (last.seal.key != format::public_key_of(seed) || !format::signature_holds(last.bytes, post))
    return fail(ErrorCode::invalid, layout.heads_log() + ": the newest seal is not signed by this device for post " + post.text +
                                        "; restore keys/ and heads/ from the same backup");
  log.newest_ = last.seal;
  log.end_ = seals->size() * format::seal_bytes;
  auto file = disk.open(layout.heads_log(), OpenMode::read_write);
  if (!file) return tl::unexpected(file.error());
  log.file_ = std::move(*file);
  if (auto ok = sync_file(*log.file_); !ok) return tl::unexpected(ok.error());
  return log;
}

Result<void> SealLog::seal(std::uint64_t sequence, const Hash& head, WallTime wall, bool at_close) {
  format::Seal next{sequence, wall, head, at_close};
  const Bytes bytes = format::sign_and_encode(next, post_, seed_);
  if (auto ok = file_->write_at(end_, bytes); !ok) return ok;
  if (auto ok = sync_file(*file_); !ok) return tl::unexpected(ok.error());
  end_ += bytes.size();
  newest_ = next;
  return {};
}

}  // namespace rampa::store
