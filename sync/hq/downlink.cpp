#include "sync/hq/downlink.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "sync/hq/blob_shelf.hpp"
#include "sync/payloads.hpp"

namespace rampa::sync::hq {
namespace fs = std::filesystem;

Downlink::Downlink(std::string directory) : folder_(std::move(directory) + "/downlink") {
  std::error_code ignored;  // add() reports it
  fs::create_directories(folder_, ignored);
}

std::vector<DownlinkItem> Downlink::items() const {
  std::vector<DownlinkItem> found;
  std::error_code gone;
  for (const auto& entry : fs::directory_iterator(folder_, gone)) {
    const std::string name = entry.path().filename().string();
    const auto first = name.find('.');
    const auto second = name.find('.', first == std::string::npos ? first : first + 1);
    if (second == std::string::npos) continue;
    DownlinkItem item;
    const auto number = std::from_chars(name.data(), name.data() + first, item.version);
    if (number.ec != std::errc{} || number.ptr != name.data() + first) continue;
    item.post = name.substr(first + 1, second - first - 1);
    const std::string kind = name.substr(second + 1);
    if (kind == "declarations.json") item.leaf = Leaf::declarations;
    else if (kind == "watch_list.json") item.leaf = Leaf::watch_list;
    else continue;
    item.path = entry.path().string();
    found.push_back(std::move(item));
  }
  std::sort(found.begin(), found.end(), [](const DownlinkItem& a, const DownlinkItem& b) { return a.version < b.version; });
  return found;
}

Result<Bytes> Downlink::payload(const DownlinkItem& item) {
  std::ifstream file(item.path, std::ios::binary);
  if (!file) return fail(ErrorCode::io, item.path + " cannot be read");
  return Bytes(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

Result<DownlinkItem> Downlink::add(const std::string& post, Leaf leaf, ByteView document) {
  if (post != "all" && !usable_as_post(post)) return fail(ErrorCode::invalid, "\"" + post + "\" is no post's name");
  const auto known = items();
  DownlinkItem item{known.empty() ? 1 : known.back().version + 1, post, leaf, {}};
  auto json = nlohmann::json::parse(document.begin(), document.end(), nullptr, false);
  if (json.is_discarded() || !json.is_object()) return fail(ErrorCode::invalid, "the document is not a JSON object");
  json["v"] = 1;
  json["version"] = item.version;
  const std::string text = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (leaf == Leaf::declarations) {
    if (const auto read = decode_declarations(as_bytes(text)); !read) return tl::unexpected(read.error());
  } else if (const auto read = decode_watch_list(as_bytes(text)); !read) {
    return tl::unexpected(read.error());
  }
  item.path = folder_ + "/" + std::to_string(item.version) + "." + post + "." + std::string(name_of(leaf)) + ".json";
  if (const auto written = write_durably(item.path, as_bytes(text)); !written) return tl::unexpected(written.error());
  return item;
}

}  // namespace rampa::sync::hq
