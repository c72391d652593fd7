// One connection to a service that speaks S3: signed requests, one after the other. Poco's HTTP client is seen by its .cpp alone.
#pragma once

#include "sync/hq/s3_shelf.hpp"

namespace rampa::sync::hq {

/// Thread: one owner.
class S3Client {
 public:
  struct Response {
    int status = 0;
    std::map<std::string, std::string> headers;  ///< names in lower case
    Bytes body;
    [[nodiscard]] bool fine() const { return status >= 200 && status < 300; }
  };
  struct Ask {
    std::string method, key;  ///< key: in the bucket
    std::map<std::string, std::string> query = {}, headers = {};  ///< of the headers those that begin with x-amz- are signed
    ByteView body = {};
  };
  S3Client(const S3Settings& settings, const Clock& clock, Duration timeout);
  ~S3Client();
  /// Whatever the service answers. Errors: timeout, disconnected; then it is not asked for `away_pause`.
  [[nodiscard]] Result<Response> ask(const Ask& request);

 private:
  struct Session;
  [[nodiscard]] Result<Response> once(const Ask& request, Session& session);

  const S3Settings& settings_;
  const Clock& clock_;
  const Duration timeout_;
  std::unique_ptr<Session> session_;
  std::optional<MonoTime> away_until_;
  std::string away_;
};

}  // namespace rampa::sync::hq
