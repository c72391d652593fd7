#include "edge/api/static_files.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "edge/api/passwords.hpp"

namespace rampa::api {
namespace {

constexpr std::uintmax_t file_bytes_max = 8u << 20;

std::string_view type_of(const std::string& extension) {
  constexpr std::pair<std::string_view, std::string_view> types[] = {
      {".html", "text/html; charset=utf-8"}, {".js", "text/javascript; charset=utf-8"}, {".css", "text/css; charset=utf-8"},
      {".svg", "image/svg+xml"},             {".png", "image/png"},                     {".woff2", "font/woff2"},
      {".json", "application/json"},         {".webmanifest", "application/manifest+json"}, {".ico", "image/x-icon"}};
  for (const auto& [known, type] : types)
    if (extension == known) return type;
  return "application/octet-stream";
}

// No inline script or style, nothing from elsewhere, no frames: what a page of the terminal needs and no more.
constexpr std::string_view policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "worker-src 'self'; font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

}  // namespace

StaticFiles::StaticFiles(const std::string& directory) {
  if (directory.empty()) return;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    if (!it->is_regular_file(error) || it->is_symlink(error) || it->file_size(error) > file_bytes_max) continue;
    std::ifstream in(it->path(), std::ios::binary);
    Bytes bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (in.bad()) continue;
    const std::string path = "/" + it->path().lexically_relative(directory).generic_string();
    File file{std::string(type_of(it->path().extension().string())), "\"" + digest(as_text(bytes)).substr(0, 32) + "\"",
              std::make_shared<const Bytes>(std::move(bytes))};
    files_[path] = std::move(file);
  }
}

Response StaticFiles::answer(const Request& request) const {
  if (files_.empty())
    return plain_text("The terminal is not built here. Run ./dev web, or set the site file's web_directory; "
                      "the interface itself is at /api/v1.\n", 404);
  const auto found = files_.find(request.path == "/" ? std::string_view("/index.html") : std::string_view(request.path));
  if (found == files_.end()) return problem(404, "not-found", "nothing is here: " + request.path, request);
  const File& file = found->second;
  // Names under /assets/ carry a hash of their content; everything else must be asked for again.
  const bool hashed = request.path.rfind("/assets/", 0) == 0;
  Response r;
  r.with("Content-Security-Policy", std::string(policy)).with("ETag", file.etag);
  r.with("Cache-Control", hashed ? "public, max-age=31536000, immutable" : "no-cache");
  if (request.header("if-none-match") == file.etag) {
    r.status = 304;
    r.type.clear();
    return r;
  }
  r.type = file.type;
  r.bytes = file.bytes;
  r.length = file.bytes->size();
  return r;
}

}  // namespace rampa::api
