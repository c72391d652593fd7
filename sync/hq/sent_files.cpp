#include "sync/hq/sent_files.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "edge/risk/watch_list.hpp"
#include "sync/digest.hpp"
#include "sync/hq/report.hpp"
#include "sync/hq/s3_shelf.hpp"

namespace rampa::sync::hq {
namespace {

Result<Bytes> bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(ErrorCode::not_found, path + " cannot be read");
  Bytes bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file.bad()) return fail(ErrorCode::io, path + " cannot be read to its end");
  if (bytes.empty()) return fail(ErrorCode::invalid, path + " is empty");
  return bytes;
}

Result<std::string> shelved(const Place& place, const Bytes& bytes) {
  const Sha256 sha = sha256(bytes);
  const auto images = open_images(place);
  if (!images) return tl::unexpected(images.error());
  ImageStore& shelf = **images;
  if (shelf.holds(sha)) return hex(sha);
  if (auto written = shelf.write("hq", sha, 0, bytes); !written) return tl::unexpected(written.error());
  if (auto finished = shelf.finish_now("hq", sha); !finished) return tl::unexpected(finished.error());
  return hex(sha);
}

std::string text_of(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

Result<SentFile> shelve_bundle(const Place& place, const std::string& path) {
  const auto bytes = bytes_of(path);
  if (!bytes) return tl::unexpected(bytes.error());
  auto sha = shelved(place, *bytes);
  if (!sha) return tl::unexpected(sha.error());
  return SentFile{*sha, text_of(encode(BundleLetter{std::filesystem::path(path).filename().string(), *sha, bytes->size()}))};
}

namespace {

Result<SentFile> sent(ReferenceImageLetter letter) {
  const Bytes body = encode(letter);
  if (const auto read = decode_reference_image(body); !read) return tl::unexpected(read.error());
  return SentFile{letter.sha256, text_of(body)};
}

}  // namespace

Result<SentFile> shelve_reference(const Place& place, const std::string& path, ReferenceImageLetter letter) {
  const auto bytes = bytes_of(path);
  if (!bytes) return tl::unexpected(bytes.error());
  letter.name = std::filesystem::path(path).filename().string();
  letter.sha256 = hex(sha256(*bytes));
  letter.size_bytes = bytes->size();
  letter.media_type = picture_type_of(*bytes);
  if (letter.media_type.empty()) return fail(ErrorCode::invalid, path + " is neither JPEG nor PNG; a scan that HQ holds is sent by its SHA-256");
  auto file = sent(std::move(letter));
  if (!file) return file;
  if (auto sha = shelved(place, *bytes); !sha) return tl::unexpected(sha.error());
  return file;
}

Result<SentFile> held_reference(const Place& place, const std::string& sha, ReferenceImageLetter letter) {
  const auto hash = parse_sha256(sha);
  if (!hash) return fail(ErrorCode::invalid, "\"" + sha + "\": expected 64 lower-case hex digits");
  const auto images = open_images(place);
  if (!images) return tl::unexpected(images.error());
  const auto size = (*images)->size(*hash);
  if (!size) return tl::unexpected(size.error());
  const auto head = (*images)->read(*hash, 0, 16);
  if (!head) return tl::unexpected(head.error());
  letter.sha256 = sha;
  letter.size_bytes = *size;
  const auto found = picture_named(place, sha);
  if (!found) return tl::unexpected(found.error());
  const bool scan = *found && (*found)->width_px > 0;
  letter.media_type = scan ? scan_type : picture_type_of(*head);
  if (letter.media_type.empty()) return fail(ErrorCode::invalid, sha + " is neither JPEG nor PNG, and no post's record names it as a scan");
  letter.name = *found ? (*found)->name + " of " + (*found)->crossing + " at " + (*found)->post : sha;
  if (scan) letter.width_px = (*found)->width_px, letter.height_px = (*found)->height_px;
  return sent(std::move(letter));
}

Result<std::optional<SentFile>> shelve_watch_list(const Place& place, const std::string& path, WallTime now) {
  const auto bytes = bytes_of(path);
  if (!bytes) return tl::unexpected(bytes.error());
  if (!risk::is_watch_list_file(*bytes)) return std::nullopt;
  if (bytes->size() > built_list_bytes_max) return fail(ErrorCode::invalid, path + ": a post takes lists of at most " + std::to_string(built_list_bytes_max) + " bytes; divide it into several");
  const auto list = risk::decode_watch_list(*bytes);
  if (!list) return fail(list.error().code, path + ": " + list.error().what);
  const auto& head = list->head();
  if (head.valid_before && now >= *head.valid_before) return fail(ErrorCode::invalid, path + ": the list \"" + head.name + "\" is over: build it again with a later valid_until");
  auto sha = shelved(place, *bytes);
  if (!sha) return tl::unexpected(sha.error());
  return SentFile{*sha, text_of(encode(WatchListLetter{head.name, {}, WatchListLetter::File{*sha, bytes->size()}}))};
}

}  // namespace rampa::sync::hq
