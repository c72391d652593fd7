#include "drivers/transport/video/rtsp_password.hpp"

#include <glib.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

namespace rampa::drivers::rtsp {
namespace {

std::string taken(gchar* text) {
  const std::unique_ptr<gchar, decltype(&g_free)> own(text, g_free);
  return own.get();
}

std::string lower(std::string_view text) { return taken(g_ascii_strdown(text.data(), static_cast<gssize>(text.size()))); }

std::string value_of(const Challenge& challenge, const char* name) {
  const auto found = challenge.parameters.find(name);
  return found == challenge.parameters.end() ? std::string{} : found->second;
}

/// Whether a list like "auth,auth-int" names `wanted`.
bool lists(const std::string& list, std::string_view wanted) {
  constexpr const char* blank = " \t,";
  for (std::size_t at = 0; (at = list.find_first_not_of(blank, at)) != std::string::npos;) {
    const std::size_t end = std::min(list.find_first_of(blank, at), list.size());
    if (lower(list.substr(at, end - at)) == wanted) return true;
    at = end;
  }
  return false;
}

/// Why a Digest can't be answered.
std::optional<std::string> obstacle(const Challenge& digest) {
  const std::string algorithm = value_of(digest, "algorithm"), qop = value_of(digest, "qop");
  if (const auto name = lower(algorithm); !name.empty() && name != "md5" && name != "sha-256")
    return "offers Digest by " + algorithm.substr(0, 32) + ", which is not known here; choose MD5 or SHA-256 in the camera";
  if (!qop.empty() && !lists(qop, "auth")) return "offers Digest with qop " + qop.substr(0, 32) + " alone, which is not known here; choose qop auth in the camera";
  return std::nullopt;
}

}  // namespace

Result<std::string> password_in(const std::string& file) {
  std::error_code ignored;
  const std::string whole = std::filesystem::absolute(file, ignored).lexically_normal().string();
  errno = 0;
  std::ifstream in(file);
  if (!in)
    return fail(ErrorCode::invalid, "password file " + whole + " can't be read (" + std::generic_category().message(errno) + "): write the password into it, for the service's user to read, or correct password_file");
  std::string line;
  std::getline(in, line);
  if (line.ends_with('\r')) line.pop_back();
  if (line.empty() || line.size() > 256) return fail(ErrorCode::invalid, "password file " + whole + ": its first line is no password of 1 to 256 characters; write the password there");
  return line;
}

std::vector<Challenge> challenges_in(std::string_view header) {
  std::vector<Challenge> out;
  std::size_t at = 0;
  const auto skip = [&](const char* set) { at = std::min(header.find_first_not_of(set, at), header.size()); };
  const auto until = [&](const char* set) {
    const std::size_t from = std::exchange(at, std::min(header.find_first_of(set, at), header.size()));
    return header.substr(from, at - from);
  };
  while (skip(" \t,=\""), at < header.size()) {
    std::string name = lower(until(" \t,=\""));
    skip(" \t");
    if (at == header.size() || header[at] != '=') {
      out.push_back({std::move(name), {}});
      continue;
    }
    ++at;
    skip(" \t");
    std::string_view value;
    if (at < header.size() && header[at] == '"') {
      const std::size_t from = ++at;
      while (at < header.size() && header[at] != '"') at += header[at] == '\\' ? 2 : 1;
      at = std::min(at, header.size());
      value = header.substr(from, at - from);
      if (at < header.size()) ++at;
    } else {
      value = until(" \t,");
    }
    if (!out.empty()) out.back().parameters.emplace(std::move(name), value);
  }
  return out;
}

Result<void> Credentials::take(const std::vector<std::string>& headers) {
  std::optional<Challenge> chosen;
  std::string why_not = "wants a kind of password that is not known here; choose Digest in the camera";
  bool digest_offered = false;
  for (const auto& header : headers)
    for (auto& offered : challenges_in(header)) {
      if (offered.scheme == "basic" && !digest_offered && !chosen) chosen = std::move(offered);
      if (offered.scheme != "digest") continue;
      if (!std::exchange(digest_offered, true)) chosen.reset();
      if (auto wrong = obstacle(offered)) why_not = std::move(*wrong);
      else if (!chosen) chosen = std::move(offered);
    }
  const std::string nonce = std::exchange(challenge_, {}).parameters["nonce"];
  if (!chosen) return fail(ErrorCode::refused, why_not);
  challenge_ = std::move(*chosen);
  if (parameter("nonce") != nonce) uses_ = 0;
  return {};
}

std::string Credentials::parameter(const char* name) const { return value_of(challenge_, name); }

std::string Credentials::answer(const std::string& method, const std::string& uri, std::string cnonce) {
  if (challenge_.scheme.empty()) return {};
  if (challenge_.scheme == "basic") {
    const std::string both = user_ + ":" + password_;
    return "Basic " + taken(g_base64_encode(reinterpret_cast<const guchar*>(both.data()), both.size()));
  }
  const std::string algorithm = parameter("algorithm"), realm = parameter("realm"), nonce = parameter("nonce"), opaque = parameter("opaque");
  const GChecksumType kind = lower(algorithm) == "sha-256" ? G_CHECKSUM_SHA256 : G_CHECKSUM_MD5;
  const auto sum = [&](const std::string& text) { return taken(g_compute_checksum_for_string(kind, text.c_str(), -1)); };
  const std::string who = sum(user_ + ":" + realm + ":" + password_), what = sum(method + ":" + uri);
  std::string out = "Digest username=\"" + user_ + "\", realm=\"" + realm + "\", nonce=\"" + nonce + "\", uri=\"" + uri + "\"";
  if (!parameter("qop").empty()) {
    char count[9];
    std::snprintf(count, sizeof count, "%08x", ++uses_);
    if (cnonce.empty()) cnonce = sum(who + ":" + nonce + ":" + count).substr(0, 16);  // the camera can't choose it
    out += std::string(", qop=auth, nc=") + count + ", cnonce=\"" + cnonce + "\", response=\"" + sum(who + ":" + nonce + ":" + count + ":" + cnonce + ":auth:" + what) + "\"";
  } else {
    out += ", response=\"" + sum(who + ":" + nonce + ":" + what) + "\"";
  }
  if (!algorithm.empty()) out += ", algorithm=" + algorithm;
  if (!opaque.empty()) out += ", opaque=\"" + opaque + "\"";
  return out;
}

}  // namespace rampa::drivers::rtsp
