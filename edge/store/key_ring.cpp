#include "edge/store/key_ring.hpp"

#include <sodium.h>

#include <algorithm>
#include <charconv>

#include "edge/store/durable_file.hpp"

namespace rampa::store {

namespace {

constexpr std::string_view k_device_magic = "RMPD";
constexpr std::string_view k_day_magic = "RMPY";
constexpr std::size_t k_device_bytes = 76;
constexpr std::size_t k_day_bytes = 92;
constexpr std::size_t k_associated_bytes = 16;  // magic, version, pad, day, generation

static_assert(sizeof(format::Nonce) == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);

/// "20260714.1.key" -> day and generation; nothing where the name has another form.
std::optional<std::pair<std::uint32_t, std::uint32_t>> place_of(std::string_view name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return std::nullopt;
  name.remove_suffix(suffix.size());
  const auto dot = name.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  std::uint32_t day = 0, generation = 0;
  const auto d = std::from_chars(name.data(), name.data() + dot, day);
  const auto g = std::from_chars(name.data() + dot + 1, name.data() + name.size(), generation);
  if (d.ec != std::errc{} || g.ec != std::errc{} || d.ptr != name.data() + dot || g.ptr != name.data() + name.size())
    return std::nullopt;
  return std::pair{day, generation};
}

}  // namespace

Entropy system_entropy() {
  return [](std::span<std::uint8_t> out) { randombytes_buf(out.data(), out.size()); };
}

KeyRing::~KeyRing() {
  forget();
  sodium_memzero(wrapping_key_.data(), wrapping_key_.size());
  sodium_memzero(signing_seed_.data(), signing_seed_.size());
}

void KeyRing::forget() {
  for (auto& [place, key] : keys_) sodium_memzero(key.data(), key.size());
  keys_.clear();
}

std::string KeyRing::key_path(Place p) const {
  return layout_.day_keys() + "/" + std::to_string(p.first) + "." + std::to_string(p.second) + ".key";
}
std::string KeyRing::tombstone_path(Place p) const {
  return layout_.day_keys() + "/" + std::to_string(p.first) + "." + std::to_string(p.second) + ".erased";
}

Result<KeyRing> KeyRing::open(Disk& disk, const Layout& layout, Entropy entropy, bool create) {
  KeyRing ring(disk, layout, std::move(entropy));
  if (create && !disk.exists(layout.keys() + "/device.key"))
    if (auto ok = ring.make_device_key(); !ok) return tl::unexpected(ok.error());
  if (auto ok = ring.load_device_key(); !ok) return tl::unexpected(ok.error());
  if (const std::string pub = layout.keys() + "/device.pub"; !disk.exists(pub))
    if (auto ok = write_durably(disk, pub, as_bytes(to_hex(ring.public_key()) + "\n")); !ok) return tl::unexpected(ok.error());
  if (auto ok = ring.finish_erasures(); !ok) return tl::unexpected(ok.error());
  return ring;
}

Result<KeyRing> KeyRing::open_readonly(Disk& disk, const Layout& layout) {
  KeyRing ring(disk, layout, {});
  if (auto ok = ring.load_device_key(); !ok) return tl::unexpected(ok.error());
  return ring;
}

Result<void> KeyRing::make_device_key() {
  Bytes file;
  FieldWriter w(file);
  w.text(k_device_magic);
  w.u16(1);
  w.u16(0);
  Bytes secrets(64);
  entropy_(secrets);
  w.bytes(secrets);
  w.u32(crc32c(file));
  auto done = write_durably(*disk_, layout_.keys() + "/device.key", file);
  sodium_memzero(secrets.data(), secrets.size());
  sodium_memzero(file.data(), file.size());
  return done;
}

Result<void> KeyRing::load_device_key() {
  const std::string path = layout_.keys() + "/device.key";
  auto file = read_file(*disk_, path, 4096);
  if (!file) return tl::unexpected(file.error());
  FieldReader crc(ByteView(*file).last(std::min<std::size_t>(4, file->size())));
  FieldReader r(*file);
  if (file->size() != k_device_bytes || r.text(4) != k_device_magic || crc.u32() != crc32c(ByteView(*file).first(k_device_bytes - 4)))
    return fail(ErrorCode::invalid, path + " is damaged; restore it from the backup made at commissioning");
  r.u32();
  r.into(signing_seed_);
  r.into(wrapping_key_);
  sodium_memzero(file->data(), file->size());
  return {};
}

Result<void> KeyRing::finish_erasures() {
  auto names = disk_->list(layout_.day_keys());
  if (!names) return tl::unexpected(names.error());
  for (const std::string& name : *names) {
    if (name.ends_with(".tmp"))
      if (auto ok = disk_->unlink(layout_.day_keys() + "/" + name); !ok) return ok;
    if (auto place = place_of(name, ".erased"); place && disk_->exists(key_path(*place)))
      if (auto ok = destroy(*place); !ok) return ok;
  }
  return {};
}

Result<std::uint32_t> KeyRing::newest_generation(std::uint32_t day) {
  auto names = disk_->list(layout_.day_keys());
  if (!names) return tl::unexpected(names.error());
  std::uint32_t newest = 0;
  for (const std::string& name : *names)
    for (std::string_view suffix : {".key", ".erased"})
      if (auto place = place_of(name, suffix); place && place->first == day) newest = std::max(newest, place->second);
  return newest;
}

Result<KeyRing::Place> KeyRing::current(std::uint32_t day) {
  if (auto it = writing_.find(day); it != writing_.end()) return Place{day, it->second};
  auto newest = newest_generation(day);
  if (!newest) return tl::unexpected(newest.error());
  Place place{day, *newest};
  if (place.second == 0 || disk_->exists(tombstone_path(place))) {
    ++place.second;  // also after an erasure: a clock that was set back must not revive a destroyed key
    if (auto ok = make(place); !ok) return tl::unexpected(ok.error());
  }
  if (writing_.size() > 8) writing_.clear();
  writing_[day] = place.second;
  return place;
}

Result<void> KeyRing::make(Place place) {
  Bytes file;
  FieldWriter w(file);
  w.text(k_day_magic);
  w.u16(1);
  w.u16(0);
  w.u32(place.first);
  w.u32(place.second);
  format::Nonce nonce{};
  entropy_(nonce);
  w.bytes(nonce);
  Key key{};
  entropy_(key);
  Bytes wrapped(key.size() + crypto_aead_xchacha20poly1305_ietf_ABYTES);
  crypto_aead_xchacha20poly1305_ietf_encrypt(wrapped.data(), nullptr, key.data(), key.size(), file.data(),
                                             k_associated_bytes, nullptr, nonce.data(), wrapping_key_.data());
  sodium_memzero(key.data(), key.size());
  w.bytes(wrapped);
  w.u32(crc32c(file));
  return write_durably(*disk_, key_path(place), file);
}

Result<KeyRing::Key> KeyRing::load(Place place) {
  if (auto it = keys_.find(place); it != keys_.end()) return it->second;
  const std::string path = key_path(place);
  auto file = read_file(*disk_, path, 4096);
  if (!file) return tl::unexpected(file.error());
  Key key{};
  if (file->size() == k_day_bytes) {
    const std::uint8_t* nonce = file->data() + k_associated_bytes;
    const std::uint8_t* wrapped = nonce + sizeof(format::Nonce);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(key.data(), nullptr, nullptr, wrapped, 48, file->data(), k_associated_bytes,
                                                   nonce, wrapping_key_.data()) == 0) {
      FieldReader r(ByteView(*file).subspan(8));
      if (r.u32() == place.first && r.u32() == place.second) return keys_[place] = key;
    }
  }
  return fail(ErrorCode::invalid, path + " is damaged; restore it from the backup");
}

Result<void> KeyRing::encrypt(format::Entry& entry, std::string_view plain) {
  auto place = current(entry.day);
  if (!place) return tl::unexpected(place.error());
  auto key = load(*place);
  if (!key) return tl::unexpected(key.error());
  entry.key_generation = place->second;
  entropy_(entry.nonce);
  auto header = format::personal_header(entry, plain.size() + format::personal_tag_bytes);
  if (!header) return tl::unexpected(header.error());
  entry.personal.resize(plain.size() + format::personal_tag_bytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(entry.personal.data(), nullptr, reinterpret_cast<const std::uint8_t*>(plain.data()),
                                             plain.size(), header->data(), header->size(), nullptr, entry.nonce.data(),
                                             key->data());
  return {};
}

Result<std::optional<std::string>> KeyRing::decrypt(const format::Entry& entry) {
  if (entry.personal.empty()) return std::optional<std::string>(std::string{});
  auto key = day_key(entry.day, entry.key_generation);
  if (!key) return tl::unexpected(key.error());
  if (!*key) return std::optional<std::string>{};
  auto plain = format::open_personal(entry, **key);
  if (!plain) return tl::unexpected(plain.error());
  return std::optional<std::string>(std::move(*plain));
}

Result<std::optional<format::DayKey>> KeyRing::day_key(std::uint32_t day, std::uint32_t generation) {
  if (erased(day, generation)) return std::optional<format::DayKey>{};
  auto key = load({day, generation});
  if (!key) return tl::unexpected(key.error());
  return std::optional<format::DayKey>(*key);
}

bool KeyRing::erased(std::uint32_t day, std::uint32_t generation) { return disk_->exists(tombstone_path({day, generation})); }

format::DayKey KeyRing::sets_key() const {
  static_assert(sizeof(Key) == crypto_kdf_KEYBYTES);
  Key key{};
  crypto_kdf_derive_from_key(key.data(), key.size(), 1, "rampaset", wrapping_key_.data());
  return key;
}

Result<void> KeyRing::destroy(Place place) {
  const std::string path = key_path(place);
  {
    auto file = disk_->open(path, OpenMode::read_write);
    if (!file) return tl::unexpected(file.error());
    if (auto ok = (*file)->write_at(0, Bytes(k_day_bytes, 0)); !ok) return ok;
    if (auto ok = sync_file(**file); !ok) return ok;
  }
  if (auto ok = disk_->unlink(path); !ok) return ok;
  return sync_names(*disk_, layout_.day_keys());
}

Result<void> KeyRing::erase(std::uint32_t day) {
  auto newest = newest_generation(day);
  if (!newest) return tl::unexpected(newest.error());
  if (*newest == 0) return fail(ErrorCode::not_found, "there is no key of the day " + std::to_string(day));
  for (std::uint32_t generation = 1; generation <= *newest; ++generation) {
    const Place place{day, generation};
    // The tombstone first: a power cut in between is finished at the next start.
    if (!disk_->exists(tombstone_path(place)))
      if (auto ok = write_durably(*disk_, tombstone_path(place), as_bytes("erased\n")); !ok) return ok;
    if (disk_->exists(key_path(place)))
      if (auto ok = destroy(place); !ok) return ok;
    if (auto it = keys_.find(place); it != keys_.end()) {
      sodium_memzero(it->second.data(), it->second.size());
      keys_.erase(it);
    }
  }
  writing_.erase(day);
  return {};
}

}  // namespace rampa::store
