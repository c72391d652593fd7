// The seam behind which the ministry's systems lie: who takes the documents. A new system is a new target, or a mapping at the
// service bus. What deliver() answered for is durable there: the exporter then goes on and never looks back.
#pragma once

#include <memory>
#include <string>

#include "firmware-interfaces/result.hpp"
#include "sync/hq/export/document.hpp"

namespace rampa::sync::hq {

/// Thread: one.
class ExportTarget {
 public:
  virtual ~ExportTarget() = default;
  /// The same document may come again after a crash: it has the same id and the same text.
  /// Errors: refused (the target says no to this document; the others go on), invalid (it takes nothing from here: somebody has to
  /// mend the address, the credentials or the format), disconnected, timeout, no_space, io (try again later).
  [[nodiscard]] virtual Result<void> deliver(const Document& document) = 0;
};

/// Files in a folder, each whole or not there: temporary name, sync, rename, sync of the folder.
[[nodiscard]] std::unique_ptr<ExportTarget> folder_target(const std::string& folder);
/// POST to http://HOST:PORT/PATH on this machine with the headers Idempotency-Key and Content-Type; 2xx takes it, 409 says that it was taken
/// before; 400, 413 and 422 refuse this document, any other 4xx (but 408, 425, 429) every one, all else is tried again. TLS and
/// credentials are the local proxy's.
/// Errors: invalid (no such address, or another machine's).
[[nodiscard]] Result<std::unique_ptr<ExportTarget>> http_target(const std::string& url, Duration timeout);

}  // namespace rampa::sync::hq
