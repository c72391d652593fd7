#include <filesystem>

#include "sync/hq/blob_shelf.hpp"
#include "sync/hq/export/target.hpp"

namespace rampa::sync::hq {
namespace {

class FolderTarget : public ExportTarget {
 public:
  explicit FolderTarget(std::string folder) : folder_(std::move(folder)) {}
  Result<void> deliver(const Document& document) override {
    std::error_code failed;
    std::filesystem::create_directories(folder_, failed);
    if (failed) return fail(ErrorCode::io, folder_ + " cannot be made: " + failed.message());
    return write_durably(folder_ + "/" + document.name, as_bytes(document.text), 0640);
  }

 private:
  std::string folder_;
};

}  // namespace

std::unique_ptr<ExportTarget> folder_target(const std::string& folder) { return std::make_unique<FolderTarget>(folder); }

}  // namespace rampa::sync::hq
