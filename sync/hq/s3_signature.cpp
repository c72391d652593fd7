#include "sync/hq/s3_signature.hpp"

#include <sodium.h>

#include <ctime>

namespace rampa::sync::hq {
namespace {

using Mac = std::array<std::uint8_t, crypto_auth_hmacsha256_BYTES>;

Mac hmac(ByteView key, std::string_view text) {
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, key.data(), key.size());
  crypto_auth_hmacsha256_update(&state, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  Mac mac{};
  crypto_auth_hmacsha256_final(&state, mac.data());
  return mac;
}

}  // namespace

std::string amz_date(WallTime at) {
  const std::time_t seconds = at.ms / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts);
  return text;
}

std::string uri_encoded(std::string_view text, bool path) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~' || (path && c == '/');
    if (plain) out += c;
    else (out += '%') += digits[static_cast<unsigned char>(c) >> 4], out += digits[c & 15];
  }
  return out;
}

std::string query_text(const std::map<std::string, std::string>& query) {
  std::string out;
  for (const auto& [name, value] : query) out += (out.empty() ? "" : "&") + uri_encoded(name, false) + "=" + uri_encoded(value, false);
  return out;
}

std::string authorization(const S3Credentials& credentials, const S3Request& request, WallTime at) {
  const std::string date = amz_date(at), day = date.substr(0, 8), scope = day + "/" + credentials.region + "/s3/aws4_request";
  std::string headers, names;
  for (const auto& [name, value] : request.headers) {
    headers += name + ":" + value + "\n";
    names += (names.empty() ? "" : ";") + name;
  }
  const std::string canonical = request.method + "\n" + uri_encoded(request.path, true) + "\n" + query_text(request.query) + "\n" + headers + "\n" + names + "\n" + hex(request.payload);
  const std::string to_sign = "AWS4-HMAC-SHA256\n" + date + "\n" + scope + "\n" + hex(sha256(as_bytes(canonical)));
  Mac key = hmac(as_bytes("AWS4" + credentials.secret_key), day);
  for (const std::string_view step : {std::string_view(credentials.region), std::string_view("s3"), std::string_view("aws4_request")}) key = hmac(key, step);
  return "AWS4-HMAC-SHA256 Credential=" + credentials.access_key + "/" + scope + ", SignedHeaders=" + names + ", Signature=" + hex(ByteView{hmac(key, to_sign)});
}

}  // namespace rampa::sync::hq
