// Signs requests to a service that speaks S3: AWS Signature Version 4. Pure.
#pragma once

#include <map>
#include <string>

#include "firmware-interfaces/time.hpp"
#include "sync/digest.hpp"

namespace rampa::sync::hq {

struct S3Credentials {
  std::string access_key, secret_key;
  std::string region = "us-east-1";  ///< what most services outside of AWS expect
};

/// What is signed of a request.
struct S3Request {
  std::string method;
  std::string path;                             ///< "/bucket/key", not encoded
  std::map<std::string, std::string> query;     ///< not encoded
  std::map<std::string, std::string> headers;   ///< names in lower case; `host` among them
  Sha256 payload{};                             ///< SHA-256 of the body
};

/// "20130524T000000Z", for the header x-amz-date.
[[nodiscard]] std::string amz_date(WallTime at);
/// Percent-encoded as S3 wants it; `/` stays where `path`.
[[nodiscard]] std::string uri_encoded(std::string_view text, bool path);
/// "a=1&b": as it goes onto the wire and into the signature.
[[nodiscard]] std::string query_text(const std::map<std::string, std::string>& query);
/// The header Authorization. Of `request.headers` all are signed; x-amz-date and x-amz-content-sha256 must be among them.
[[nodiscard]] std::string authorization(const S3Credentials& credentials, const S3Request& request, WallTime at);

}  // namespace rampa::sync::hq
