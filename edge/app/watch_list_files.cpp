#include "edge/app/watch_list_files.hpp"

#include <sodium.h>

#include <array>
#include <fstream>
#include <iterator>

namespace rampa::app {
namespace {

Result<Bytes> read_bytes(const std::string& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) return fail(ErrorCode::not_found, file + ": can't be read; check the path and the permissions");
  Bytes bytes(static_cast<std::size_t>(std::max<std::streamoff>(in.tellg(), 0)));
  in.seekg(0);
  if (!in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size())))
    return fail(ErrorCode::io, file + ": can't be read to its end");
  return bytes;
}

}  // namespace

Result<risk::KeyedHasher> read_watch_key(const std::string& file) {
  auto bytes = read_bytes(file);
  if (!bytes) return tl::unexpected(bytes.error());
  std::array<unsigned char, crypto_generichash_KEYBYTES> key{};
  if (bytes->size() == key.size()) {
    std::copy(bytes->begin(), bytes->end(), key.begin());
  } else {
    std::size_t length = 0;
    const char* end = nullptr;
    const auto* text = reinterpret_cast<const char*>(bytes->data());
    const bool hex = ::sodium_hex2bin(key.data(), key.size(), text, bytes->size(), "\r\n ", &length, &end) == 0;
    if (!hex || length != key.size() || end != text + bytes->size())
      return fail(ErrorCode::invalid, file + ": a key is 32 bytes or 64 hex digits; make one with `openssl rand -hex 32`");
  }
  ::sodium_memzero(bytes->data(), bytes->size());
  if (::sodium_init() < 0) return fail(ErrorCode::io, "libsodium cannot be initialised");
  return risk::KeyedHasher([key](std::string_view text) {
    risk::KeyedHash hash;
    ::crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(), key.data(), key.size());
    return hash;
  });
}

Result<risk::WatchList> read_watch_list_file(const std::string& file, const std::string& key_file) {
  const auto bytes = read_bytes(file);
  if (!bytes) return tl::unexpected(bytes.error());
  risk::KeyedHasher hasher;
  if (!key_file.empty()) {
    auto key = read_watch_key(key_file);
    if (!key) return tl::unexpected(key.error());
    hasher = std::move(*key);
  }
  auto list = risk::decode_watch_list(*bytes, std::move(hasher));
  if (!list) return fail(list.error().code, file + ": " + list.error().what);
  return list;
}

}  // namespace rampa::app
