#include "edge/app/kept_sets.hpp"

#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include "edge/store/blob_reader.hpp"
#include "edge/store/durable_file.hpp"
#include "edge/store/key_ring.hpp"
#include "sync/bundle/compression.hpp"

namespace rampa::app {
namespace {

namespace fs = std::filesystem;
using store::Hash;
using Key = std::array<std::uint8_t, 32>;

constexpr std::string_view magic = "RMPS";
constexpr std::size_t hash_at = 8, nonce_at = 48, post_nonce_at = 72, post_box_at = 96, risk_box_at = 144, head_bytes = 224;
constexpr std::size_t tag_bytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::uint64_t set_bytes_max = std::uint64_t{1} << 30;
constexpr int level = 3;  // it is packed while lanes work
static_assert(post_nonce_at - nonce_at == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES && risk_box_at - post_box_at == sizeof(Key) + tag_bytes);
static_assert(head_bytes - risk_box_at == sizeof(Key) + crypto_box_SEALBYTES);

const std::uint8_t* bytes_at(std::string_view text, std::size_t at) { return reinterpret_cast<const std::uint8_t*>(text.data()) + at; }
std::string place_of(const std::string& directory, const std::string& sha256) { return directory + "/sets/" + sha256; }

/// Address of the blob that the set lies in, where it was noted.
std::optional<std::string> noted(const std::string& directory, const std::string& sha256) {
  const auto text = store::read_file(*store::real_disk(), place_of(directory, sha256), 100);
  if (!text || text->size() < 64) return std::nullopt;
  std::string address(text->begin(), text->begin() + 64);
  if (!store::hash_from_hex(address)) return std::nullopt;
  return address;
}

/// The same from the heads of the blobs, where the note is lost.
std::optional<std::string> looked_for(const std::string& directory, const Hash& set) {
  std::error_code error;
  for (fs::recursive_directory_iterator it(directory + "/blobs", error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.size() != 64) continue;
    char head[hash_at + sizeof(Hash)];
    std::ifstream in(it->path(), std::ios::binary);
    if (in.read(head, sizeof head) && std::string_view(head, magic.size()) == magic && std::memcmp(head + hash_at, set.data(), set.size()) == 0) return name;
  }
  return std::nullopt;
}

Result<std::string> with_key(std::string_view blob, const Key& key) {
  std::string packed(blob.size() - head_bytes - tag_bytes, '\0');
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(reinterpret_cast<std::uint8_t*>(packed.data()), nullptr, nullptr, bytes_at(blob, head_bytes), blob.size() - head_bytes,
                                                 bytes_at(blob, 0), head_bytes, bytes_at(blob, nonce_at), key.data()) != 0)
    return fail(ErrorCode::refused, "the sealed profile set is damaged");
  store::FieldReader head(ByteView(bytes_at(blob, hash_at), nonce_at - hash_at));
  Hash set{};
  head.into(set);
  const std::uint64_t length = head.u64();
  if (length > set_bytes_max) return fail(ErrorCode::refused, "the sealed profile set states a length that none has");
  const auto text = bundle::unpack_zstd(packed, length);
  if (!text) return fail(ErrorCode::refused, "the sealed profile set does not unpack");
  std::string open(text->text);
  if (store::sha256(as_bytes(open)) != set) return fail(ErrorCode::refused, "the sealed profile set is another one than it says");
  return open;
}

Result<std::string> opened_here(const std::string& directory, const std::string& blob) {
  if (blob.size() < head_bytes + tag_bytes) return fail(ErrorCode::invalid, "the sealed profile set is cut off");
  auto ring = store::KeyRing::open_readonly(*store::real_disk(), store::Layout{directory});
  if (!ring) return tl::unexpected(ring.error());
  const Key post = ring->sets_key();
  Key key{};
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(key.data(), nullptr, nullptr, bytes_at(blob, post_box_at), risk_box_at - post_box_at, bytes_at(blob, 0), nonce_at,
                                                 bytes_at(blob, post_nonce_at), post.data()) != 0)
    return fail(ErrorCode::invalid, "the sealed profile set is damaged, or another device's: keys/device.key is not the one that it was sealed with");
  auto text = with_key(blob, key);
  sodium_memzero(key.data(), key.size());
  if (!text) return fail(ErrorCode::invalid, text.error().what);
  return text;
}

}  // namespace

bool keeps_set(const std::string& directory, const std::string& sha256) {
  const auto blobs = store::open_blobs(directory);
  const auto address = noted(directory, sha256);
  return (address && blobs->manifest(*address)) || blobs->manifest(sha256);
}

Result<Attachment> seal_set(const std::string& directory, const std::string& sha256, ByteView set, const std::string& risk_unit_key) {
  const auto hash = store::hash_from_hex(sha256);
  if (!hash) return tl::unexpected(hash.error());
  if (set.size() > set_bytes_max) return fail(ErrorCode::invalid, "a profile set of " + std::to_string(set.size()) + " bytes is larger than can be kept");
  auto disk = store::real_disk();
  auto ring = store::KeyRing::open_readonly(*disk, store::Layout{directory});
  if (!ring) return tl::unexpected(ring.error());
  auto packed = bundle::pack_zstd({reinterpret_cast<const char*>(set.data()), set.size()}, level);
  if (!packed) return tl::unexpected(packed.error());
  Key key{};
  randombytes_buf(key.data(), key.size());
  std::array<std::uint8_t, head_bytes - risk_box_at> risk_box{};
  std::array<std::uint8_t, crypto_box_PUBLICKEYBYTES> reader{};
  const auto given = store::from_hex(risk_unit_key);
  bool for_risk_unit = given && given->size() == reader.size();
  if (for_risk_unit) {
    std::copy(given->begin(), given->end(), reader.begin());
    for_risk_unit = crypto_box_seal(risk_box.data(), key.data(), key.size(), reader.data()) == 0;
  }
  auto out = std::make_shared<Bytes>();
  out->reserve(head_bytes + packed->size() + tag_bytes);
  store::FieldWriter w(*out);
  w.text(magic);
  w.u16(1);
  w.u16(for_risk_unit ? 1 : 0);
  w.bytes(*hash);
  w.u64(set.size());
  std::array<std::uint8_t, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES> nonce{}, post_nonce{};
  randombytes_buf(nonce.data(), nonce.size());
  randombytes_buf(post_nonce.data(), post_nonce.size());
  std::array<std::uint8_t, risk_box_at - post_box_at> post_box{};
  const Key post = ring->sets_key();
  crypto_aead_xchacha20poly1305_ietf_encrypt(post_box.data(), nullptr, key.data(), key.size(), out->data(), nonce_at, nullptr, post_nonce.data(), post.data());
  w.bytes(nonce);
  w.bytes(post_nonce);
  w.bytes(post_box);
  w.bytes(risk_box);
  out->resize(head_bytes + packed->size() + tag_bytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(out->data() + head_bytes, nullptr, bytes_at(*packed, 0), packed->size(), out->data(), head_bytes, nullptr, nonce.data(), key.data());
  sodium_memzero(key.data(), key.size());
  // The note first: without the blob it says nothing, a blob without it would have to be looked for.
  if (auto made = disk->make_directory(directory + "/sets"); !made) return tl::unexpected(made.error());
  if (auto done = store::write_durably(*disk, place_of(directory, sha256), as_bytes(store::to_hex(store::sha256(*out)) + "\n")); !done) return tl::unexpected(done.error());
  return Attachment{"profiles-" + sha256 + ".sealed", "application/octet-stream", std::move(out)};
}

Result<std::string> kept_set(const std::string& directory, const std::string& sha256) {
  const auto hash = store::hash_from_hex(sha256);
  if (!hash) return tl::unexpected(hash.error());
  const auto blobs = store::open_blobs(directory);
  auto address = noted(directory, sha256);
  if (!address) {
    if (auto before = blobs->whole(sha256)) return std::string(before->begin(), before->end());
    address = looked_for(directory, *hash);
  }
  if (!address) return fail(ErrorCode::not_found, "no such set is kept in " + directory);
  auto blob = blobs->whole(*address);
  if (!blob) return tl::unexpected(blob.error());
  return opened_here(directory, std::string(blob->begin(), blob->end()));
}

bool is_sealed_set(std::string_view blob) { return blob.substr(0, magic.size()) == magic; }

Result<std::string> open_sealed_set(std::string_view blob, const std::string& secret_key) {
  Key secret{}, open_key{}, key{};
  std::size_t count = 0;
  const char* end = nullptr;
  if (sodium_init() < 0 || sodium_hex2bin(secret.data(), secret.size(), secret_key.data(), secret_key.size(), " \n\r\t", &count, &end) != 0 || count != secret.size())
    return fail(ErrorCode::invalid, "is not a key; `rampa explain --make-key` makes one");
  if (!is_sealed_set(blob) || blob.size() < head_bytes + tag_bytes) return fail(ErrorCode::bad_reply, "this is not a sealed profile set");
  const bool fine = crypto_scalarmult_base(open_key.data(), secret.data()) == 0 &&
                    crypto_box_seal_open(key.data(), bytes_at(blob, risk_box_at), head_bytes - risk_box_at, open_key.data(), secret.data()) == 0;
  sodium_memzero(secret.data(), secret.size());
  if (!fine) return fail(ErrorCode::refused, "the profile set is not sealed for this key, or damaged");
  auto text = with_key(blob, key);
  sodium_memzero(key.data(), key.size());
  return text;
}

}  // namespace rampa::app
