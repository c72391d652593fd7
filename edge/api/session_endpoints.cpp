#include "edge/api/json_input.hpp"
#include "edge/api/parts.hpp"
#include "edge/api/views.hpp"

namespace rampa::api {
namespace {

std::string cookie_for(const Parts& parts, const std::string& token, Duration life) {
  std::string cookie = std::string(session_cookie) + "=" + token + "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" +
                       std::to_string(std::chrono::duration_cast<std::chrono::seconds>(life).count());
  if (parts.settings.secure_cookie) cookie += "; Secure";
  return cookie;
}

std::string terminal_of(const Request& request) {
  std::string name = request.header("x-rampa-terminal");
  if (name.empty() || name.size() > 32) return request.source;
  for (const char c : name)
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f) return request.source;
  return name + " (" + request.source + ")";
}

Response signed_in(Parts& parts, const Request& request, const Officer& officer, int status) {
  const Stamp now = parts.clock.now();
  const std::string token = parts.sessions.open(officer, terminal_of(request), now.mono);
  JsonWriter w;
  w.object().key("officer");
  write_officer(w, officer);
  w.field("idle_lock_ms", to_ms(parts.settings.idle_lock));
  w.field("ends_ms", now.wall.ms + to_ms(parts.settings.session_life)).end();
  return json(w.take(), status).with("Set-Cookie", cookie_for(parts, token, parts.settings.session_life));
}

bool badge_is_fit(const std::string& badge) {
  for (const char c : badge) {
    const bool fit = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    if (!fit) return false;
  }
  return !badge.empty();
}

}  // namespace

tl::expected<Officer, Response> check_password(Parts& parts, const Request& request, const std::string& badge,
                                               const std::string& password, int wrong_status, std::string_view wrong_word) {
  const Duration wait = parts.throttle.begin(badge, request.source, parts.clock.mono());
  if (wait > Duration{}) {
    const auto seconds = std::to_string(to_ms(wait + 999ms) / 1000);
    return tl::unexpected(problem(429, "try-later", "too many failed attempts; try again in " + seconds + " s", request)
                              .with("Retry-After", seconds));
  }
  const auto officer = parts.officers->find({badge});
  const bool usable = officer && !officer->disabled;
  const auto right = parts.passwords.verify(usable ? officer->password_hash : std::string{}, password);
  if (!right) {
    parts.throttle.not_judged(badge, request.source);
    return tl::unexpected(failed(right.error(), request));
  }
  if (!usable || !*right) {
    ++parts.counters.sign_in_failures;
    (void)audit(parts, "sign_in_failed", usable ? badge : "", "from " + request.source);  // logged inside if it fails
    return tl::unexpected(problem(wrong_status, wrong_word, "badge or password is wrong", request));
  }
  parts.throttle.succeeded(badge, request.source);
  return *officer;
}

Response get_session(Parts& parts, Call& call) {
  const auto session = parts.sessions.find(call.token, parts.clock.mono(), false);
  const PostView post = parts.port.post();
  JsonWriter w;
  w.object().field("claimed", parts.officers->claimed()).key("officer");
  if (session) w.object().field("badge", session->badge.text).field("name", session->name).field("role", name_of(session->role)).end();
  else w.value(nullptr);
  w.field("locked", session && session->locked).field("idle_lock_ms", to_ms(parts.settings.idle_lock));
  w.key("post").object().field("id", post.id.text).field("name", post.name).field("simulated", post.simulated).end();
  w.end();
  return json(w.take());
}

Response claim(Parts& parts, Call& call) {
  const Request& request = call.request;
  auto in = JsonInput::parse(request.body);
  if (!in) return problem(400, "malformed", in.error().what, request);
  const std::string code = in->text("code", 1, 64);
  Officer officer;
  officer.badge.text = in->text("badge", 1, 32);
  officer.name = in->text("name", 1, 100);
  const std::string password = in->text("password", 1, 128);
  if (auto ok = in->finish(); !ok) return problem(400, "invalid", ok.error().what, request);
  if (parts.officers->claimed()) return problem(409, "claimed", "this post has an administrator already", request);
  if (!badge_is_fit(officer.badge.text)) return problem(400, "invalid", "badge: use A-Z a-z 0-9 . _ -", request);

  const std::string account = "claim";  // one account for the delays: there is one code
  if (const Duration wait = parts.throttle.begin(account, request.source, parts.clock.mono()); wait > Duration{})
    return problem(429, "try-later", "too many wrong codes; wait", request)
        .with("Retry-After", std::to_string(to_ms(wait + 999ms) / 1000));
  if (!parts.officers->claim_code_is(code)) {
    ++parts.counters.sign_in_failures;
    (void)audit(parts, "claim_failed", "", "from " + request.source);
    return problem(403, "claim-code-wrong", "the code is printed on the appliance's own console at every start", request);
  }
  parts.throttle.succeeded(account, request.source);
  if (password.size() < 10) return problem(422, "password-weak", "a password needs at least 10 characters", request);
  auto hash = parts.passwords.hash(password);
  if (!hash) return failed(hash.error(), request);
  officer.role = Role::administrator;
  officer.password_hash = *hash;
  officer.created = parts.clock.now().wall;
  officer.created_by = "claim";
  if (auto ok = audit(parts, "post_claimed", officer.badge.text, "from " + request.source); !ok)
    return failed(ok.error(), request);  // the record comes before the effect
  if (auto ok = parts.officers->claim(officer); !ok) {
    if (ok.error().code == ErrorCode::refused) return problem(409, "claimed", ok.error().what, request);
    return failed(ok.error(), request);
  }
  return signed_in(parts, request, officer, 201);
}

Response sign_in(Parts& parts, Call& call) {
  const Request& request = call.request;
  auto in = JsonInput::parse(request.body);
  if (!in) return problem(400, "malformed", in.error().what, request);
  const std::string badge = in->text("badge", 1, 32);
  const std::string password = in->text("password", 1, 128);
  if (auto ok = in->finish(); !ok) return problem(400, "invalid", ok.error().what, request);
  if (!parts.officers->claimed()) return problem(409, "unclaimed", "this post has no account yet; claim it first", request);
  auto officer = check_password(parts, request, badge, password, 401, "credentials-wrong");
  if (!officer) return officer.error();
  // An officer must be able to work when the disk is full: a note that fails is logged and counted, no reason to refuse.
  (void)audit(parts, "signed_in", badge, "from " + terminal_of(request));
  return signed_in(parts, request, *officer, 200);
}

Response unlock(Parts& parts, Call& call) {
  const Request& request = call.request;
  auto in = JsonInput::parse(request.body);
  if (!in) return problem(400, "malformed", in.error().what, request);
  const std::string password = in->text("password", 1, 128);
  if (auto ok = in->finish(); !ok) return problem(400, "invalid", ok.error().what, request);
  auto officer = check_password(parts, request, call.session->badge.text, password, 401, "credentials-wrong");
  if (!officer) return officer.error();
  parts.sessions.unlock(call.token, parts.clock.mono());
  JsonWriter w;
  w.object().key("officer");
  write_officer(w, *officer);
  w.field("idle_lock_ms", to_ms(parts.settings.idle_lock));
  w.field("ends_ms", wall_ms(call.session->ends, parts.clock.now())).end();
  return json(w.take());
}

Response keepalive(Parts&, Call&) { return no_content(); }  // the route's session lookup counted as activity

Response change_password(Parts& parts, Call& call) {
  const Request& request = call.request;
  auto in = JsonInput::parse(request.body);
  if (!in) return problem(400, "malformed", in.error().what, request);
  const std::string old_password = in->text("old", 1, 128), new_password = in->text("new", 1, 128);
  if (auto ok = in->finish(); !ok) return problem(400, "invalid", ok.error().what, request);
  auto officer = check_password(parts, request, call.session->badge.text, old_password, 403, "credentials-wrong");
  if (!officer) return officer.error();
  if (new_password.size() < 10) return problem(422, "password-weak", "a password needs at least 10 characters", request);
  auto hash = parts.passwords.hash(new_password);
  if (!hash) return failed(hash.error(), request);
  officer->password_hash = *hash;
  if (auto ok = audit(parts, "password_changed", officer->badge.text, "by themselves"); !ok) return failed(ok.error(), request);
  if (auto ok = parts.officers->replace(*officer); !ok) return failed(ok.error(), request);
  return no_content();
}

Response sign_out(Parts& parts, Call& call) {
  parts.sessions.close(call.token);
  (void)audit(parts, "signed_out", call.session->badge.text, "");  // logged inside if it fails
  return no_content().with("Set-Cookie", cookie_for(parts, "", Duration{}));
}

}  // namespace rampa::api
