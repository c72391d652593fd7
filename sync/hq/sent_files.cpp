#include "sync/hq/sent_files.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "edge/risk/watch_list.hpp"
#include "sync/digest.hpp"
#include "sync/hq/s3_shelf.hpp"
#include "sync/letters.hpp"

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
