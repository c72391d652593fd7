// What HQ has for the posts: files DIRECTORY/downlink/VERSION.POST.KIND.json ("all" for every post), written whole by
// `rampa-hq send`, read by `serve`. The file is the payload as it goes over the wire. Versions only grow.
#pragma once

#include <string>
#include <vector>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/result.hpp"
#include "sync/topics.hpp"

namespace rampa::sync::hq {

struct DownlinkItem {
  std::uint64_t version = 0;
  std::string post;  ///< or "all"
  Leaf leaf = Leaf::declarations;
  std::string path;
};

class Downlink {
 public:
  explicit Downlink(std::string directory);
  /// All items, by version. A file with a foreign name is no item.
  [[nodiscard]] std::vector<DownlinkItem> items() const;
  [[nodiscard]] static Result<Bytes> payload(const DownlinkItem& item);
  /// Adds a JSON document {"declarations":[...]} or {"name":...,"plates":[...]} for a post or "all"; checks it, gives it
  /// the next version. Errors: invalid, no_space, io.
  [[nodiscard]] Result<DownlinkItem> add(const std::string& post, Leaf leaf, ByteView document);

 private:
  std::string folder_;
};

}  // namespace rampa::sync::hq
