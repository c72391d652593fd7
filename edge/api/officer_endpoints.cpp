#include "edge/api/json_input.hpp"
#include "edge/api/parts.hpp"
#include "edge/api/views.hpp"
#include "firmware-interfaces/same_person.hpp"

namespace rampa::api {
namespace {

const std::vector<std::string_view> role_words = {"officer", "shift_leader", "administrator"};

Response officer_json(const Officer& officer, int status) {
  JsonWriter w;
  write_officer(w, officer);
  return json(w.take(), status);
}

}  // namespace

Response list_officers(Parts& parts, Call&) {
  JsonWriter w;
  w.object().key("officers").array();
  for (const auto& o : parts.officers->list()) write_officer(w, o);
  w.end().end();
  return json(w.take());
}

Response add_officer(Parts& parts, Call& call) {
  const Request& request = call.request;
  auto in = JsonInput::parse(request.body);
  if (!in) return problem(400, "malformed", in.error().what, request);
  Officer officer;
  officer.badge.text = in->text("badge", 1, 32);
  officer.name = in->text("name", 1, 100);
  const auto role = role_named(in->word("role", role_words));
  const std::string password = in->text("password", 1, 128);
  if (auto ok = in->finish(); !ok) return problem(400, "invalid", ok.error().what, request);
  for (const char c : officer.badge.text)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-'))
      return problem(400, "invalid", "badge: use A-Z a-z 0-9 . _ -", request);
  if (password.size() < 10) return problem(422, "password-weak", "a password needs at least 10 characters", request);
  for (const auto& o : parts.officers->list())
    if (same_person(o.badge.text, officer.badge.text)) return problem(409, "badge-taken", "badge " + o.badge.text + " has an account already", request);
  auto hash = parts.passwords.hash(password);
  if (!hash) return failed(hash.error(), request);
  officer.role = *role;
  officer.password_hash = *hash;
  officer.created = parts.clock.now().wall;
  officer.created_by = call.session->badge.text;
  if (auto ok = audit(parts, "officer_added", call.session->badge.text, officer.badge.text + " as " + std::string(name_of(*role))); !ok)
    return failed(ok.error(), request);
  if (auto ok = parts.officers->add(officer); !ok) {
    if (ok.error().code == ErrorCode::refused) return problem(409, "badge-taken", ok.error().what, request);
    return failed(ok.error(), request);
  }
  return officer_json(officer, 201);
}

Response change_officer(Parts& parts, Call& call) {
  const Request& request = call.request;
  auto officer = parts.officers->find({call.arguments.at(0)});
  if (!officer) return problem(404, "not-found", "no account with this badge", request);
  auto in = JsonInput::parse(request.body);
  if (!in) return problem(400, "malformed", in.error().what, request);
  std::string changed;
  if (in->has("name")) {
    officer->name = in->text("name", 1, 100);
    changed += " name";
  }
  if (in->has("role")) {
    const std::string word = in->word("role", role_words);
    officer->role = role_named(word).value_or(officer->role);
    changed += " role=" + word;
  }
  const std::string password = in->has("password") ? in->text("password", 1, 128) : std::string{};
  if (const auto disabled = in->flag_if("disabled")) {
    officer->disabled = *disabled;
    changed += *disabled ? " disabled" : " enabled";
  }
  if (auto ok = in->finish(); !ok) return problem(400, "invalid", ok.error().what, request);
  if (!password.empty()) {
    if (password.size() < 10) return problem(422, "password-weak", "a password needs at least 10 characters", request);
    auto hash = parts.passwords.hash(password);
    if (!hash) return failed(hash.error(), request);
    officer->password_hash = *hash;
    changed += " password";
  }
  if (changed.empty()) return problem(400, "invalid", "nothing to change", request);
  if (auto ok = audit(parts, "officer_changed", call.session->badge.text, officer->badge.text + ":" + changed); !ok)
    return failed(ok.error(), request);
  if (auto ok = parts.officers->replace(*officer); !ok) {
    if (ok.error().code == ErrorCode::refused) return problem(409, "last-administrator", ok.error().what, request);
    return failed(ok.error(), request);
  }
  parts.sessions.close_of(officer->badge);  // whoever changed, a running session must not outlive the old rights
  return officer_json(*officer, 200);
}

}  // namespace rampa::api
