#include "sync/bundle/profile_table.hpp"

#include <algorithm>

#include "sync/bundle/json_walk.hpp"
#include "sync/bundle/limits.hpp"

namespace rampa::bundle {
namespace {

constexpr std::string_view k_domain = "rampa profile set 1\n";

/// Reads the profile that the walk stands before; its id views the text.
bool read_profile(JsonWalk& walk, std::string_view& profile, std::string_view& id) {
  const char* start = walk.position();
  JsonWalk::Place place;
  std::string_view key;
  id = {};
  if (!walk.enter_object()) return false;
  while (walk.next_member(place, key)) {
    if (key == "id") id = walk.plain_string();
    else (void)walk.value();
    if (!walk.ok()) return false;
  }
  profile = {start, static_cast<std::size_t>(walk.position() - start)};
  return walk.ok();
}

Checked<> good_profile(std::string_view profile, std::string_view id, std::size_t number, const std::string& where) {
  const std::string name = "profile " + std::to_string(number);
  if (id.empty()) return refuse(Reason::bad_set, where, name + " has no id");
  if (id.size() > limits::id_bytes_max) return refuse(Reason::bad_set, where, name + ": an id of more than " + std::to_string(limits::id_bytes_max) + " bytes");
  if (profile.size() > limits::profile_bytes_max)
    return refuse(Reason::too_large, where, name + ": more than " + std::to_string(limits::profile_bytes_max) + " bytes");
  return {};
}

}  // namespace

HeldText hold(std::string text) {
  auto bytes = std::make_shared<const Bytes>(text.begin(), text.end());
  return {bytes, as_text(*bytes)};
}

ProfileTable::Entry ProfileTable::entry(std::string_view profile, std::string_view id) {
  return {profile.data(), static_cast<std::uint32_t>(profile.size()), static_cast<std::uint32_t>(id.data() - profile.data()),
          static_cast<std::uint32_t>(id.size())};
}

void ProfileTable::finish() {
  sync::Digest all;
  all.add(as_bytes(k_domain));
  all.add(sha256(head_));
  std::array<std::uint8_t, 8> count{};
  for (std::size_t i = 0; i < 8; ++i) count[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(entries_.size()) >> (56 - 8 * i));
  all.add(count);
  all.add({reinterpret_cast<const std::uint8_t*>(hashes_.data()), hashes_.size() * sizeof(Sha256)});
  hash_ = all.finish();
}

Checked<ProfileTable> ProfileTable::read(HeldText set) {
  ProfileTable table;
  JsonWalk walk(set.text);
  JsonWalk::Place place;
  std::string_view key;
  bool found = false;
  table.head_ = "{";
  if (walk.peek() != '{') return refuse(Reason::bad_set, "target", "a set is an object");
  (void)walk.enter_object();
  while (walk.next_member(place, key)) {
    if (key != "profiles") {
      const std::string_view value = walk.value();
      if (table.head_.size() > 1) table.head_ += ',';
      table.head_.append("\"").append(key).append("\":").append(value);
      if (table.head_.size() > limits::head_bytes_max) return refuse(Reason::too_large, "target", "the set's head has more than 16 MiB");
      continue;
    }
    found = true;
    if (walk.peek() != '[') return refuse(Reason::bad_set, "target", "profiles is a list");
    JsonWalk::Place element;
    std::string_view profile, id, last;
    (void)walk.enter_array();
    while (walk.next_element(element)) {
      if (walk.peek() != '{') return refuse(Reason::bad_set, "target", "profile " + std::to_string(table.size()) + " is no object");
      if (!read_profile(walk, profile, id)) break;
      if (auto good = good_profile(profile, id, table.size(), "target"); !good) return tl::unexpected(good.error());
      if (table.size() > 0 && id <= last) return refuse(Reason::ids_not_ascending, "target", "profile " + std::to_string(table.size()) + " (" + std::string(id) + ")");
      if (table.size() == limits::profiles_max) return refuse(Reason::too_many_profiles, "target", "more than " + std::to_string(limits::profiles_max));
      last = id;
      table.entries_.push_back(entry(profile, id));
      table.hashes_.push_back(sha256(profile));
    }
  }
  if (!walk.finished()) return tl::unexpected(walk.refusal("target"));
  if (!found) return refuse(Reason::bad_set, "target", "a set without profiles");
  table.head_ += '}';
  table.held_.push_back(std::move(set.held));
  table.finish();
  return table;
}

Checked<ProfileTable> ProfileTable::with(const Delta& delta) const {
  if (delta.base != hash_) return refuse(Reason::delta_wrong_base, "target", "the delta is for set " + hex(delta.base) + ", this is " + hex(hash_));
  ProfileTable out;
  out.head_ = delta.head;
  out.entries_.reserve(entries_.size() + delta.changes.size());
  out.hashes_.reserve(entries_.size() + delta.changes.size());
  std::size_t at = 0;
  const auto copy_to = [&](std::size_t end) {
    const auto from = static_cast<std::ptrdiff_t>(at), to = static_cast<std::ptrdiff_t>(end);
    out.entries_.insert(out.entries_.end(), entries_.begin() + from, entries_.begin() + to);
    out.hashes_.insert(out.hashes_.end(), hashes_.begin() + from, hashes_.begin() + to);
    at = end;
  };
  for (const Change& change : delta.changes) {
    const auto place = std::lower_bound(entries_.begin() + static_cast<std::ptrdiff_t>(at), entries_.end(), change.id, [](const Entry& e, std::string_view wanted) {
      return std::string_view(e.at + e.id_offset, e.id_size) < wanted;
    });
    copy_to(static_cast<std::size_t>(place - entries_.begin()));
    const bool there = at < entries_.size() && id(at) == change.id;
    if (there != (change.kind != Change::Kind::add))
      return refuse(Reason::delta_does_not_fit, "target", std::string(change.id) + (there ? " is to be added and is there" : " is to be changed and is not there"));
    if (there) ++at;
    if (change.kind == Change::Kind::remove) continue;
    // A delta's id stands beside the profile and inside it; entry() wants the inner one.
    JsonWalk walk(change.profile);
    std::string_view profile, inner;
    if (!read_profile(walk, profile, inner) || inner != change.id)
      return refuse(Reason::bad_delta, "target", "the profile under " + std::string(change.id) + " has another id");
    out.entries_.push_back(entry(change.profile, inner));
    out.hashes_.push_back(sha256(change.profile));
  }
  copy_to(entries_.size());
  if (out.size() > limits::profiles_max) return refuse(Reason::too_many_profiles, "target", "more than " + std::to_string(limits::profiles_max));
  out.held_ = held_;
  out.held_.push_back(delta.held);
  out.finish();
  if (out.hash_ != delta.result)
    return refuse(Reason::delta_result_mismatch, "target", "the result is " + hex(out.hash_) + ", stated is " + hex(delta.result));
  return out;
}

std::string ProfileTable::version() const {
  JsonWalk walk(head_);
  JsonWalk::Place place;
  std::string_view key;
  (void)walk.enter_object();
  while (walk.next_member(place, key)) {
    if (key == "version" && walk.peek() == '"') return std::string(walk.plain_string());
    (void)walk.value();
  }
  return {};
}

std::string ProfileTable::text() const {
  std::size_t bytes = head_.size() + 20 + 64;  // the reader of sets spares itself a copy where there is room behind the text
  for (const Entry& e : entries_) bytes += e.size + 1;
  std::string out;
  out.reserve(bytes);
  out = "{";
  bool placed = false;
  const auto comma = [&] {
    if (out.size() > 1) out += ',';
  };
  const auto place_profiles = [&] {
    comma();
    out += "\"profiles\":[";
    for (const Entry& e : entries_) {
      if (&e != entries_.data()) out += ',';
      out.append(e.at, e.size);
    }
    out += ']';
    placed = true;
  };
  JsonWalk walk(head_);
  JsonWalk::Place place;
  std::string_view key;
  (void)walk.enter_object();
  while (walk.next_member(place, key)) {
    if (!placed && key > "profiles") place_profiles();
    comma();
    out.append("\"").append(key).append("\":").append(walk.value());
  }
  if (!placed) place_profiles();
  return out += '}';
}

std::size_t ProfileTable::held_bytes() const {
  std::size_t sum = 0;
  for (const auto& held : held_) sum += held->size();
  return sum;
}

}  // namespace rampa::bundle
