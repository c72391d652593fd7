// One connection to a service that speaks S3: signed requests, one after the other. Poco's HTTP client is seen by its .cpp alone.
#pragma once

#include "sync/hq/s3_shelf.hpp"

namespace rampa::sync::hq {

struct S3Answer {
  int status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  Bytes body;
  [[nodiscard]] bool fine() const { return status >= 200 && status < 300; }
};
struct S3Ask {
  std::string method, key;  ///< key: in the bucket
  std::map<std::string, std::string> query = {}, headers = {};  ///< of the headers those that begin with x-amz- are signed
  ByteView body = {};
};

/// Thread: one owner.
class S3Client {
 public:
  S3Client(const S3Settings& settings, const Clock& clock, Duration timeout);
  ~S3Client();
  /// Whatever the service answers. Errors: timeout, disconnected.
  [[nodiscard]] Result<S3Answer> ask(const S3Ask& request);

 private:
  struct Session;
  [[nodiscard]] Result<S3Answer> once(const S3Ask& request, Session& session);

  const S3Settings& settings_;
  const Clock& clock_;
  const Duration timeout_;
  std::unique_ptr<Session> session_;
};

}  // namespace rampa::sync::hq
