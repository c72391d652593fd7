#include "edge/app/reference_images.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "edge/api/durable_file.hpp"
#include "edge/risk/container_code.hpp"
#include "edge/risk/plate_text.hpp"
#include "sync/digest.hpp"
#include "sync/frame.hpp"

namespace rampa::app {
namespace {

namespace fs = std::filesystem;

/// Whoever wrote it; what is no plate is compared as it stands.
std::string compared_plate(const std::string& text) { return risk::normal_plate(text).value_or(text); }

std::string compared_text(const sync::ReferenceImageLetter& letter) {
  return !letter.plate.empty() ? compared_plate(letter.plate) : risk::normalise_container_code(letter.container);
}

bool any_of(const std::vector<std::string>& texts, const std::string& wanted, std::string (*compared)(const std::string&)) {
  return std::any_of(texts.begin(), texts.end(), [&](const std::string& text) { return !text.empty() && compared(text) == wanted; });
}

}  // namespace

std::vector<std::string> ReferenceImages::load() {
  std::vector<std::string> damaged;
  std::vector<fs::path> pictures;
  std::error_code none;  // no folder: none came
  std::lock_guard lock(mutex_);
  for (const auto& entry : fs::directory_iterator(directory_, none)) {
    const fs::path& path = entry.path();
    if (path.extension() != ".letter") {
      if (sync::parse_sha256(path.filename().string())) pictures.push_back(path);
      continue;
    }
    if (kept_.size() >= letters_max) {
      damaged.push_back(directory_ + " holds more than " + std::to_string(letters_max) + " letters: the rest is not read; move away those that nobody needs");
      pictures.clear();  // whose they are is not known then
      break;
    }
    const std::string name = path.stem().string();
    std::uint64_t number = 0;
    Kept kept;
    const auto text = api::read_file(path.string());
    const bool numbered = std::from_chars(name.data(), name.data() + name.size(), number).ptr == name.data() + name.size() && number > 0;
    const std::size_t line = text && *text ? (*text)->find('\n') : std::string::npos;
    const bool stamped = line != std::string::npos && std::from_chars((*text)->data(), (*text)->data() + line, kept.came_ms).ptr == (*text)->data() + line;
    const auto letter = numbered && stamped ? sync::decode_reference_image(as_bytes((*text)->substr(line + 1))) : Result<sync::ReferenceImageLetter>(fail(ErrorCode::invalid, "it is damaged"));
    std::error_code missing;
    const auto size = letter ? fs::file_size(path_of(letter->sha256), missing) : 0;
    if (!letter) damaged.push_back(path.string() + ": " + letter.error().what + "; HQ should send it again");
    else if (kept.came_ms > 0 && (missing || size != letter->size_bytes)) {
      damaged.push_back(path.string() + ": its picture is missing or damaged; HQ should send it again");
      fs::remove(path_of(letter->sha256), none);  // else it would count as here, and not be fetched
    } else {
      kept.letter = *letter;
      kept.compared = compared_text(*letter);
      kept_[number] = std::move(kept);
    }
  }
  for (const fs::path& path : pictures)
    if (std::none_of(kept_.begin(), kept_.end(), [&](const auto& one) { return one.second.letter.sha256 == path.filename().string(); })) fs::remove(path, none);
  return damaged;
}

Result<void> ReferenceImages::write(std::uint64_t number, const Kept& kept) const {
  const Bytes letter = encode(kept.letter);
  return api::replace_file(path_of(number), std::to_string(kept.came_ms) + "\n" + std::string(letter.begin(), letter.end()));
}

Result<void> ReferenceImages::expect(std::uint64_t number, const sync::ReferenceImageLetter& letter) {
  if (letter.size_bytes > limits_.bytes_max)
    return fail(ErrorCode::invalid, limits_.bytes_max == 0 ? "this post takes no reference images (reference_images_mib in its site file)"
                                                           : "the picture has " + std::to_string(letter.size_bytes) + " bytes; this post keeps at most " + std::to_string(limits_.bytes_max) + " of all of them");
  std::lock_guard lock(mutex_);
  while (!kept_.contains(number) && kept_.size() >= letters_max)
    if (!drop_oldest()) return fail(ErrorCode::invalid, std::to_string(letters_max) + " reference images are still to be fetched: send it again when some of them are here");
  std::error_code trouble;
  fs::create_directories(directory_, trouble);
  Kept kept{letter, 0, compared_text(letter)};
  if (auto written = write(number, kept); !written) return written;
  kept_[number] = std::move(kept);
  return {};
}

std::vector<std::pair<std::uint64_t, sync::ReferenceImageLetter>> ReferenceImages::waiting_for(const std::string& sha256) const {
  std::vector<std::pair<std::uint64_t, sync::ReferenceImageLetter>> out;
  std::lock_guard lock(mutex_);
  for (const auto& [number, kept] : kept_)
    if (kept.came_ms == 0 && kept.letter.sha256 == sha256) out.emplace_back(number, kept.letter);
  return out;
}

bool ReferenceImages::holds(const std::string& sha256) const { return fs::exists(path_of(sha256)); }

std::uint64_t ReferenceImages::bytes() const {
  std::map<std::string, std::uint64_t> sizes;
  for (const auto& [number, kept] : kept_)
    if (kept.came_ms > 0) sizes[kept.letter.sha256] = kept.letter.size_bytes;
  std::uint64_t sum = 0;
  for (const auto& [sha256, size] : sizes) sum += size;
  return sum;
}

void ReferenceImages::drop_it(std::uint64_t number) {
  const auto found = kept_.find(number);
  if (found == kept_.end()) return;
  const std::string sha256 = found->second.letter.sha256;
  kept_.erase(found);
  std::error_code none;
  fs::remove(path_of(number), none);  // should a power cut bring it back, it goes again
  if (std::none_of(kept_.begin(), kept_.end(), [&](const auto& one) { return one.second.letter.sha256 == sha256; })) fs::remove(path_of(sha256), none);
}

bool ReferenceImages::drop_oldest() {
  auto oldest = kept_.end();
  for (auto it = kept_.begin(); it != kept_.end(); ++it)
    if (it->second.came_ms > 0 && (oldest == kept_.end() || it->second.came_ms < oldest->second.came_ms)) oldest = it;
  if (oldest == kept_.end()) return false;
  drop_it(oldest->first);
  return true;
}

Result<void> ReferenceImages::check(const sync::ReferenceImageLetter& letter, const std::string& file) {
  Bytes head(16);
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(ErrorCode::io, file + " cannot be read");
  in.read(reinterpret_cast<char*>(head.data()), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(in.gcount()));
  std::error_code error;
  if (const auto size = fs::file_size(file, error); error || size != letter.size_bytes)
    return fail(ErrorCode::invalid, "it has " + std::to_string(error ? 0 : size) + " bytes, HQ's letter says " + std::to_string(letter.size_bytes));
  if (letter.media_type != sync::scan_type && sync::picture_type_of(head) != letter.media_type) return fail(ErrorCode::invalid, "its content is not " + letter.media_type);
  return {};
}

Result<void> ReferenceImages::keep(const sync::ReferenceImageLetter& letter, const std::string& file) {
  std::lock_guard lock(mutex_);
  while (bytes() + letter.size_bytes > limits_.bytes_max && drop_oldest()) {}
  if (std::rename(file.c_str(), path_of(letter.sha256).c_str()) != 0) return fail(errno == ENOSPC ? ErrorCode::no_space : ErrorCode::io, "moving " + file + ": " + std::strerror(errno));
  return {};  // the letter's own write makes the name durable
}

Result<void> ReferenceImages::show(std::uint64_t number, WallTime now) {
  std::lock_guard lock(mutex_);
  const auto found = kept_.find(number);
  if (found == kept_.end()) return {};
  Kept shown = found->second;
  shown.came_ms = std::max<std::int64_t>(now.ms, 1);
  if (auto written = write(number, shown); !written) return written;
  found->second = std::move(shown);
  return {};
}

void ReferenceImages::drop(std::uint64_t number) {
  std::lock_guard lock(mutex_);
  drop_it(number);
}

std::size_t ReferenceImages::drop_old(WallTime now) {
  const std::int64_t before = now.ms - static_cast<std::int64_t>(limits_.days) * 86'400'000;
  std::lock_guard lock(mutex_);
  std::vector<std::uint64_t> old;
  for (const auto& [number, kept] : kept_)
    if (kept.came_ms > 0 && kept.came_ms < before) old.push_back(number);
  for (const std::uint64_t number : old) drop_it(number);
  return old.size();
}

std::size_t ReferenceImages::make_room(std::uint64_t wanted) {
  std::size_t count = 0;
  std::lock_guard lock(mutex_);
  for (const std::uint64_t before = bytes(); before - bytes() < wanted && drop_oldest();) ++count;
  return count;
}

std::vector<api::ReferenceImageView> ReferenceImages::of(const api::ReferenceQuestion& asked) const {
  std::vector<api::ReferenceImageView> out;
  std::lock_guard lock(mutex_);
  for (const auto& [number, kept] : kept_) {
    const sync::ReferenceImageLetter& l = kept.letter;
    if (kept.came_ms == 0) continue;
    const bool fits = !l.crossing.empty() ? l.crossing == asked.crossing.text
                      : !l.plate.empty()  ? any_of(asked.plates, kept.compared, compared_plate)
                                          : any_of(asked.containers, kept.compared, [](const std::string& text) { return risk::normalise_container_code(text); });
    if (fits) out.push_back({l.sha256, l.size_bytes, l.media_type, l.width_px, l.height_px, l.name, l.note, l.by, WallTime{kept.came_ms}, l.crossing, l.container, l.plate});
  }
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.came.ms > b.came.ms; });
  return out;
}

Result<Bytes> ReferenceImages::read(const std::string& sha256) const {
  {
    std::lock_guard lock(mutex_);
    if (std::none_of(kept_.begin(), kept_.end(), [&](const auto& one) { return one.second.came_ms > 0 && one.second.letter.sha256 == sha256; }))
      return fail(ErrorCode::not_found, "no reference image " + sha256);
  }
  std::ifstream in(path_of(sha256), std::ios::binary);
  if (!in) return fail(fs::exists(path_of(sha256)) ? ErrorCode::io : ErrorCode::not_found, "the reference image " + sha256 + " cannot be read");
  Bytes bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in.bad() && sync::hex(sync::sha256(bytes)) == sha256) return bytes;
  std::error_code none;
  fs::remove(path_of(sha256), none);  // else it would count as here, and not be fetched
  return fail(ErrorCode::io, "the reference image " + sha256 + " is damaged; HQ should send it again");
}

}  // namespace rampa::app
