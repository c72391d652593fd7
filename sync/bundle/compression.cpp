#include "sync/bundle/compression.hpp"

#include <zstd.h>

#include <memory>

#include "sync/bundle/limits.hpp"

namespace rampa::bundle {

Checked<HeldText> unpack_zstd(std::string_view packed, std::uint64_t length) {
  if (length > limits::target_bytes_max)
    return refuse(Reason::expands_too_far, "target", "unpacks to " + std::to_string(length) + " bytes, at most " + std::to_string(limits::target_bytes_max));
  const auto bad = [](const std::string& what) { return refuse(Reason::bad_compression, "target", what); };
  const unsigned long long stated = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (stated == ZSTD_CONTENTSIZE_ERROR) return bad("not a zstd frame");
  if (stated == ZSTD_CONTENTSIZE_UNKNOWN) return bad("the frame does not state its size");
  if (stated > length) return refuse(Reason::expands_too_far, "target", "the frame states " + std::to_string(stated) + " bytes, " + std::to_string(length) + " are signed");
  if (stated < length) return bad("the frame states " + std::to_string(stated) + " bytes, " + std::to_string(length) + " are signed");
  if (ZSTD_findFrameCompressedSize(packed.data(), packed.size()) != packed.size()) return bad("not exactly one whole frame");
  const std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  if (!context) return bad("no memory to unpack with");
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, limits::zstd_window_log_max);
  auto out = std::make_shared<Bytes>(static_cast<std::size_t>(length));
  const std::size_t got = ZSTD_decompressDCtx(context.get(), out->data(), out->size(), packed.data(), packed.size());
  if (ZSTD_isError(got)) return bad(ZSTD_getErrorName(got));
  if (got != length) return bad("unpacks to " + std::to_string(got) + " bytes, " + std::to_string(length) + " are signed");
  return hold(SharedBytes(std::move(out)));
}

Result<std::string> pack_zstd(std::string_view text, int level) {
  if (level < 1 || level > 19) return fail(ErrorCode::invalid, "zstd level " + std::to_string(level) + "; 1 to 19");
  std::string out(ZSTD_compressBound(text.size()), '\0');
  const std::unique_ptr<ZSTD_CCtx, size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  if (!context) return fail(ErrorCode::io, "no memory to pack with");
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 0);  // the hash is over the packed bytes
  const std::size_t size = ZSTD_compress2(context.get(), out.data(), out.size(), text.data(), text.size());
  if (ZSTD_isError(size)) return fail(ErrorCode::io, std::string("zstd: ") + ZSTD_getErrorName(size));
  out.resize(size);
  return out;
}

}  // namespace rampa::bundle
