// The file of a watch list: WATCHLISTS.md. Everything is checked before it is used; the index is made anew from what was
// read, so that it can't contradict the list.
#include <algorithm>

#include "edge/risk/watch_list.hpp"
#include "firmware-interfaces/crc32c.hpp"

namespace rampa::risk {
namespace {

constexpr std::string_view magic = "RAMPA-WL";
constexpr std::uint32_t version = 1;
constexpr std::size_t front_bytes = 36;
constexpr std::string_view key_text = "rampa watch list: which key";

class Writer {
 public:
  void number(std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
  void text(std::string_view value) {
    number(value.size(), 4);
    raw(as_bytes(value));
  }
  void raw(ByteView value) { bytes.insert(bytes.end(), value.begin(), value.end()); }
  Bytes bytes;
};

/// After a read past the end everything is zero and `whole` is false.
class Reader {
 public:
  explicit Reader(ByteView bytes) : bytes_(bytes) {}
  std::uint64_t number(std::size_t size) {
    std::uint64_t value = 0;
    const ByteView part = raw(size);
    for (std::size_t i = 0; i < part.size(); ++i) value |= std::uint64_t{part[i]} << (8 * i);
    return value;
  }
  std::string text() { return std::string(as_text(raw(number(4)))); }
  ByteView raw(std::size_t size) {
    if (size > bytes_.size() - at_) {
      whole = false;
      at_ = bytes_.size();
      return {};
    }
    at_ += size;
    return bytes_.subspan(at_ - size, size);
  }
  [[nodiscard]] std::size_t left() const { return bytes_.size() - at_; }
  bool whole = true;

 private:
  ByteView bytes_;
  std::size_t at_ = 0;
};

tl::unexpected<Error> damaged(const std::string& what) {
  return fail(ErrorCode::invalid, "watch list file: " + what + "; build it again, or copy it again from where it came");
}

}  // namespace

bool is_watch_list_file(ByteView bytes) {
  return bytes.size() >= magic.size() && std::equal(magic.begin(), magic.end(), bytes.begin());
}

/// What the public functions do, as a friend of the list.
struct WatchListFile {
  static void write_head(Writer& out, const WatchList& list) {
    const auto& h = list.head_;
    out.text(h.name);
    out.number(static_cast<std::uint64_t>(h.kind), 1);
    out.number(h.secret, 1);
    out.number(h.severity == SelectivityChannel::red, 1);
    out.number(static_cast<std::uint64_t>(list.rule_), 1);
    out.text(h.owner);
    out.text(h.reason);
    out.number(h.valid_before.has_value(), 1);
    out.number(static_cast<std::uint64_t>(h.valid_before ? h.valid_before->ms : 0), 8);
    out.number(h.false_alerts_max_ppm, 4);
    out.number(h.instruction.size(), 4);
    for (const auto& [language, text] : h.instruction) out.text(language), out.text(text);
    const auto& f = list.false_alerts_;
    for (const std::uint64_t count : {f.seed, f.reads, f.fold_only, f.edit_one, f.any, f.firm, f.independent}) out.number(count, 8);
    KeyedHash check{};
    if (h.hashed() && list.hasher_) check = list.hasher_(key_text);
    out.raw(check);
  }

  static void write_body(Writer& out, const WatchList& list) {
    out.number(list.attributes_.size(), 4);
    for (const auto& a : list.attributes_)
      for (const auto* text : {&a.country, &a.second_plate, &a.carrier, &a.note}) out.text(*text);
    out.number(list.size(), 4);
    for (std::uint32_t i = 0; i < list.size(); ++i) {
      if (list.head_.hashed()) {
        out.raw(list.hashes_[i]);
      } else {
        const PlateKey key = list.index_.key(i);
        out.number(key.folded, 8);
        out.number(key.variant, 4);
      }
      out.number(list.attribute_of_.empty() ? 0 : list.attribute_of_[i], 4);
    }
  }

  static Result<void> read_head(ByteView bytes, WatchList& list, KeyedHasher hasher) {
    Reader in(bytes);
    auto& h = list.head_;
    h.name = in.text();
    const auto kind = in.number(1), secret = in.number(1), red = in.number(1), rule = in.number(1);
    h.owner = in.text();
    h.reason = in.text();
    const auto limited = in.number(1);
    const auto until = static_cast<std::int64_t>(in.number(8));
    h.false_alerts_max_ppm = static_cast<std::uint32_t>(in.number(4));
    const auto languages = in.number(4);
    for (std::uint64_t i = 0; i < languages && in.whole; ++i) {
      auto language = in.text();
      h.instruction[std::move(language)] = in.text();
    }
    auto& f = list.false_alerts_;
    for (std::uint64_t* count : {&f.seed, &f.reads, &f.fold_only, &f.edit_one, &f.any, &f.firm, &f.independent}) *count = in.number(8);
    const ByteView check = in.raw(sizeof(KeyedHash));
    if (!in.whole || in.left() != 0) return damaged("the head ends too early or too late");
    if (kind > 3 || secret > 1 || red > 1 || rule > 3 || limited > 1) return damaged("the head has a value that this version does not know");
    if (h.name.empty()) return damaged("the list has no name");
    h.kind = static_cast<WatchKind>(kind);
    h.secret = secret != 0;
    h.severity = red != 0 ? SelectivityChannel::red : SelectivityChannel::yellow;
    list.rule_ = static_cast<PossibleRule>(rule);
    if (limited) h.valid_before = WallTime{until};
    if (h.hashed() && hasher) {
      const KeyedHash mine = hasher(key_text);
      if (!std::equal(mine.begin(), mine.end(), check.begin()))
        return fail(ErrorCode::refused, "watch list \"" + h.name + "\" was built with another key; give the key it was built with");
      list.hasher_ = std::move(hasher);
    }
    return {};
  }

  static Result<void> read_body(ByteView bytes, WatchList& list) {
    Reader in(bytes);
    const std::uint64_t attributes = in.number(4);
    for (std::uint64_t i = 0; i < attributes && in.whole; ++i) {
      WatchAttributes a;
      for (auto* text : {&a.country, &a.second_plate, &a.carrier, &a.note}) *text = in.text();
      list.attributes_.push_back(std::move(a));
    }
    const std::uint64_t count = in.number(4);
    const std::size_t row = list.head_.hashed() ? sizeof(KeyedHash) + 4 : 16;
    if (!in.whole || in.left() != count * row) return damaged("the entries end too early or too late");
    if (list.attributes_.empty() || !(list.attributes_[0] == WatchAttributes{})) return damaged("the first set of attributes is not the empty one");
    const bool any_attributes = list.attributes_.size() > 1;
    std::vector<PlateKey> keys;
    for (std::uint64_t i = 0; i < count; ++i) {
      bool good = true;
      if (list.head_.hashed()) {
        KeyedHash hash;
        const ByteView part = in.raw(hash.size());
        std::copy(part.begin(), part.end(), hash.begin());
        good = list.hashes_.empty() || list.hashes_.back() < hash;
        list.hashes_.push_back(hash);
      } else {
        const PlateKey key{in.number(8), static_cast<std::uint32_t>(in.number(4))};
        good = is_packed(key) && (keys.empty() || keys.back() < key);
        keys.push_back(key);
      }
      const auto at = static_cast<std::uint32_t>(in.number(4));
      if (!good || at >= list.attributes_.size()) return damaged("entry " + std::to_string(i + 1) + " is none, or out of order");
      if (any_attributes) list.attribute_of_.push_back(at);
    }
    if (list.head_.hashed()) return {};
    auto index = PlateIndex::build(std::move(keys));
    if (!index) return tl::unexpected(index.error());
    list.index_ = std::move(*index);
    return {};
  }
};

Bytes encode(const WatchList& list) {
  Writer head, body, front;
  WatchListFile::write_head(head, list);
  WatchListFile::write_body(body, list);
  front.raw(as_bytes(magic));
  front.number(version, 4);
  front.number(head.bytes.size(), 4);
  front.number(body.bytes.size(), 8);
  front.number(crc32c(head.bytes), 4);
  front.number(crc32c(body.bytes), 4);
  front.number(crc32c(front.bytes), 4);
  front.bytes.reserve(front.bytes.size() + head.bytes.size() + body.bytes.size());
  front.raw(head.bytes);
  front.raw(body.bytes);
  return std::move(front.bytes);
}

Result<WatchList> decode_watch_list(ByteView bytes, KeyedHasher hasher) {
  if (!is_watch_list_file(bytes)) return fail(ErrorCode::invalid, "this is no watch list file; `rampa watchlist build` makes one");
  if (bytes.size() < front_bytes) return damaged("it ends within its first " + std::to_string(front_bytes) + " bytes");
  Reader front(bytes.subspan(magic.size(), front_bytes - magic.size()));
  const auto format = front.number(4), head_bytes = front.number(4), body_bytes = front.number(8);
  const auto head_sum = front.number(4), body_sum = front.number(4), front_sum = front.number(4);
  if (front_sum != crc32c(bytes.first(front_bytes - 4))) return damaged("check sum of the first " + std::to_string(front_bytes) + " bytes");
  if (format != version)
    return fail(ErrorCode::invalid, "watch list file: version " + std::to_string(format) + ", this software reads " + std::to_string(version) + "; build it with this version");
  const std::size_t rest = bytes.size() - front_bytes;
  if (head_bytes > rest || body_bytes != rest - head_bytes)
    return damaged("it is " + std::to_string(bytes.size()) + " bytes long and should be " + std::to_string(front_bytes + head_bytes + body_bytes));
  const ByteView head = bytes.subspan(front_bytes, head_bytes), body = bytes.subspan(front_bytes + head_bytes);
  if (crc32c(head) != head_sum) return damaged("check sum of the head");
  if (crc32c(body) != body_sum) return damaged("check sum of the entries");
  WatchList list;
  if (auto read = WatchListFile::read_head(head, list, std::move(hasher)); !read) return tl::unexpected(read.error());
  if (auto read = WatchListFile::read_body(body, list); !read) return tl::unexpected(read.error());
  return list;
}

}  // namespace rampa::risk
