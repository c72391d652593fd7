#include "edge/api/officers.hpp"

#include <algorithm>

#include "edge/api/durable_file.hpp"
#include "edge/api/json_input.hpp"
#include "edge/api/json_writer.hpp"
#include "edge/api/passwords.hpp"
#include "firmware-interfaces/same_person.hpp"

namespace rampa::api {
namespace {

constexpr std::string_view role_names[] = {"officer", "shift_leader", "administrator"};

bool leaves_administrator(const std::vector<Officer>& officers) {
  return std::any_of(officers.begin(), officers.end(),
                     [](const Officer& o) { return o.role == Role::administrator && !o.disabled; });
}

}  // namespace

std::string_view name_of(Role role) { return role_names[static_cast<std::size_t>(role)]; }

std::optional<Role> role_named(std::string_view name) {
  for (std::size_t i = 0; i < std::size(role_names); ++i)
    if (role_names[i] == name) return static_cast<Role>(i);
  return std::nullopt;
}

Result<std::unique_ptr<Officers>> Officers::open(const std::string& file) {
  std::unique_ptr<Officers> made(new Officers(file));
  auto text = read_file(file);
  if (!text) return tl::unexpected(text.error());
  if (*text) {
    if (auto ok = made->read(**text); !ok)
      return fail(ErrorCode::invalid, file + " is damaged (" + ok.error().what +
                                          "); put back a copy of it. Removing it lets anybody with the new claim code "
                                          "take the post over, so do that only on purpose");
  }
  if (made->officers_.empty()) {
    made->claim_code_ = new_claim_code();
    made->claim_hash_ = digest(normalised_claim_code(made->claim_code_));
    if (auto ok = made->write({}, made->claim_hash_); !ok) return tl::unexpected(ok.error());
  }
  return made;
}

Result<void> Officers::read(const std::string& text) {
  auto in = JsonInput::parse(text);
  if (!in) return tl::unexpected(in.error());
  (void)in->integer("format", 1, 1);
  claim_hash_ = in->text_or("claim_hash", "", 64);
  for (auto& item : in->objects("officers")) {
    Officer o;
    o.badge.text = item.text("badge", 1, 32);
    o.name = item.text("name", 1, 100);
    const auto role = role_named(item.text("role", 1, 32));
    if (!role) return fail(ErrorCode::invalid, "unknown role of " + o.badge.text);
    o.role = *role;
    o.password_hash = item.text("password_hash", 1, 200);
    o.disabled = item.flag_if("disabled").value_or(false);
    o.created.ms = item.integer("created_ms", 0, INT64_MAX);
    o.created_by = item.text_or("created_by", "", 32);
    if (auto ok = item.finish(); !ok) return ok;
    officers_.push_back(std::move(o));
  }
  return in->finish();
}

Result<void> Officers::write(const std::vector<Officer>& officers, const std::string& claim_hash) const {
  JsonWriter w;
  w.object().field("format", 1).field("claim_hash", claim_hash).key("officers").array();
  for (const auto& o : officers) {
    w.object().field("badge", o.badge.text).field("name", o.name).field("role", name_of(o.role));
    w.field("password_hash", o.password_hash).field("disabled", o.disabled).field("created_ms", o.created.ms);
    w.field("created_by", o.created_by).end();
  }
  w.end().end();
  return replace_file(file_, w.take() + "\n");
}

bool Officers::claimed() const {
  std::lock_guard lock(mutex_);
  return !officers_.empty();
}

std::string Officers::claim_code() const {
  std::lock_guard lock(mutex_);
  return claim_code_;
}

bool Officers::claim_code_is(const std::string& typed) const {
  std::lock_guard lock(mutex_);
  return !claim_hash_.empty() && equal_in_constant_time(claim_hash_, digest(normalised_claim_code(typed)));
}

std::optional<Officer> Officers::find(const OfficerId& badge) const {
  std::lock_guard lock(mutex_);
  for (const auto& o : officers_)
    if (o.badge == badge) return o;
  return std::nullopt;
}

std::vector<Officer> Officers::list() const {
  std::lock_guard lock(mutex_);
  return officers_;
}

Result<void> Officers::claim(Officer first) {
  std::lock_guard lock(mutex_);
  if (!officers_.empty()) return fail(ErrorCode::refused, "the post has an administrator already");
  std::vector<Officer> next{std::move(first)};
  if (auto ok = write(next, ""); !ok) return ok;
  officers_ = std::move(next);
  claim_hash_.clear();
  claim_code_.clear();
  return {};
}

Result<void> Officers::add(Officer officer) {
  std::lock_guard lock(mutex_);
  for (const auto& o : officers_)
    if (same_person(o.badge.text, officer.badge.text)) return fail(ErrorCode::refused, "badge " + o.badge.text + " has an account already; large and small letters make no other badge");
  auto next = officers_;
  next.push_back(std::move(officer));
  if (auto ok = write(next, claim_hash_); !ok) return ok;
  officers_ = std::move(next);
  return {};
}

Result<void> Officers::replace(Officer officer) {
  std::lock_guard lock(mutex_);
  auto next = officers_;
  const auto found = std::find_if(next.begin(), next.end(), [&](const Officer& o) { return o.badge == officer.badge; });
  if (found == next.end()) return fail(ErrorCode::not_found, "no account with badge " + officer.badge.text);
  *found = std::move(officer);
  if (!leaves_administrator(next))
    return fail(ErrorCode::refused, "this is the last active administrator; make another one first");
  if (auto ok = write(next, claim_hash_); !ok) return ok;
  officers_ = std::move(next);
  return {};
}

}  // namespace rampa::api
