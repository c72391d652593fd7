#include "edge/app/urgent_profiles.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "edge/api/durable_file.hpp"
#include "edge/app/sealing.hpp"
#include "edge/crossing/canonical_json.hpp"
#include "edge/runtime/system_clock.hpp"
#include "firmware-interfaces/hex.hpp"
#include "sync/bundle/bundle.hpp"

namespace rampa::app {

namespace {

bool nobody_knows(const Error& error) { return error.code == ErrorCode::outcome_unknown || error.code == ErrorCode::timeout; }

constexpr Duration save_period = std::chrono::minutes(1);  // what a kill may add to a life after the machine was off, too

std::string list_json(const std::vector<std::string>& values) {
  std::string text = "[";
  for (const auto& value : values) text += (text.size() > 1 ? "," : "") + canonical_string(value);
  return text + "]";
}

/// What only the risk unit may read.
std::string criteria_json(const api::UrgentProfile& p) {
  std::string text = "{\"id\":" + canonical_string(p.id) + ",\"reason\":" + canonical_string(p.proposal.reason) + ",\"instruction\":" +
                     canonical_string(p.proposal.instruction) + ",\"end_reason\":" + canonical_string(p.end_reason);
  for (const auto& field : risk::urgent_fields()) text += "," + canonical_string(field.name) + ":" + list_json(p.proposal.tip.*field.values);
  return text + "}";
}

}  // namespace

// Versions whose monotonic clock was another one (CLOCK_MONOTONIC, which NTP slews) wrote the boot with dashes. So what they left
// counts as of another boot, over which time goes by the wall clock: their mono_ms is never held against this clock, and no life gets longer.
std::string UrgentProfiles::present_os_boot() {
  const auto boot = runtime::os_boot();
  return boot ? hex_of(ByteView{*boot}) : std::string{};
}

UrgentProfiles::UrgentProfiles(Settings settings, LoadedProfiles base, const Clock& clock)
    : settings_(std::move(settings)), clock_(clock), base_(std::move(base)), book_(settings_.post, settings_.hours_max, settings_.os_boot) {
  const Stamp now = clock_.now();
  if (auto read = read_book(now); !read) spdlog::error("urgent profiles: {}", read.error().what);
  book_.pass(now);
  // A power cut may have come between the journal and the book.
  state_due_ = book_.something_lives() || !damage_.empty();
  show(now);
}

Result<void> UrgentProfiles::read_book(Stamp now) {
  auto text = api::read_file(settings_.file);
  unreadable_ = !text;
  if (!text)  // the disk, not the book: it stays where it is, nothing is written over it, and tick() tries again
    return fail(text.error().code, settings_.file + ": " + text.error().what + "; its urgent profiles are not looked for until it can be read");
  if (const Result<void> read = *text ? book_.read(**text, now) : Result<void>{}; !read) {
    damage_ = settings_.file + ": " + read.error().what;
    // Kept for whoever looks into it; the book begins anew.
    if (std::rename(settings_.file.c_str(), (settings_.file + ".damaged").c_str()) != 0) damage_ += "; it cannot be put aside either";
    spdlog::error("{}; put aside as .damaged: the urgent profiles that were in it are NOT looked for, have them proposed again", damage_);
  }
  return {};
}

Result<LoadedProfiles> UrgentProfiles::merged(const LoadedProfiles& base, const UrgentBook& book, Priority priority) const {
  std::vector<std::string> profiles;
  for (const auto* p : book.in_force())
    profiles.push_back(risk::urgent_profile_json({p->id, settings_.post.text, p->proposal.channel, p->proposal.instruction, p->proposal.tip}));
  if (profiles.empty()) return base;
  const std::string text = risk::with_urgent({reinterpret_cast<const char*>(base.bytes->data()), base.bytes->size()}, profiles);
  auto set = settings_.compile(text, bundle::hex(bundle::sha256(text)), priority, risk::Reading::kept);
  if (!set) return fail(ErrorCode::invalid, "the set does not compile with the urgent profiles in it");  // no finding: it would quote criteria
  return LoadedProfiles{std::move(*set), std::make_shared<const Bytes>(text.begin(), text.end()), {}};
}

std::string UrgentProfiles::names_in_force(const UrgentBook& book) const {
  std::string names = base_.set->sha256();
  for (const auto* p : book.in_force()) names += " " + p->id;
  return names;
}

LoadedProfiles UrgentProfiles::begin() {
  std::lock_guard lock(mutex_);
  auto set = merged(base_, book_, Priority::usual);  // the lanes wait for it
  if (!set) {
    spdlog::error("{}: the lanes begin without them", set.error().what);
    damage_ += (damage_.empty() ? "" : "; ") + set.error().what;
    applied_ = base_.set->sha256();
    begun_with_ = base_;
    return base_;
  }
  applied_ = names_in_force(book_);
  begun_with_ = *set;
  if (const auto count = book_.in_force().size(); count > 0) spdlog::warn("{} urgent profiles of this post go on", count);
  return *set;
}

void UrgentProfiles::connect(Outside outside) {
  {
    std::lock_guard lock(mutex_);
    outside_ = std::move(outside);
  }
  tick();
}

std::string UrgentProfiles::base_sha256() const {
  std::lock_guard lock(mutex_);
  return base_.set->sha256();
}

Result<void> UrgentProfiles::use_base(LoadedProfiles base) {
  std::lock_guard lock(mutex_);
  book_.pass(clock_.now());
  auto set = merged(base, book_);
  if (!set) return tl::unexpected(set.error());
  if (auto used = outside_.use(set->set, set->bytes); !used) return used;
  if (base.installed)
    if (auto told = outside_.report(*base.installed); !told) spdlog::error("who signed the profile set is not in the journal: {}", told.error().what);
  base.installed.reset();
  base_ = std::move(base);
  begun_with_.reset();
  applied_ = names_in_force(book_);
  return {};
}

Result<void> UrgentProfiles::apply(std::optional<LoadedProfiles> ready) {
  const std::string wanted = names_in_force(book_);
  if (wanted == applied_) return {};
  if (wanted == uncompilable_) return fail(ErrorCode::invalid, "the set does not compile with the urgent profiles in it");
  auto set = ready ? Result<LoadedProfiles>(std::move(*ready)) : merged(base_, book_);
  if (!set) {
    uncompilable_ = wanted;
    return tl::unexpected(set.error());
  }
  if (auto used = outside_.use(set->set, set->bytes); !used) return used;
  applied_ = wanted;
  begun_with_.reset();
  spdlog::warn("profile set {} is active for the next crossings", set->set->version());
  return {};
}

Result<void> UrgentProfiles::save(const UrgentBook& book, Stamp now) {
  auto written = api::replace_file(settings_.file, book.to_text(now));
  unsaved_ = !written;
  if (written) saved_ = now.mono;
  return written;
}

Result<void> UrgentProfiles::keep() {
  if (!begun_with_) return {};
  if (auto kept = outside_.keep(*begun_with_->set, begun_with_->bytes); !kept)
    return fail(kept.error().code, "profile set " + begun_with_->set->version() + " is in use and not in the store yet, so what is assessed with it can't be made again: " + kept.error().what);
  begun_with_.reset();
  return {};
}

Result<void> UrgentProfiles::report_state() {
  std::vector<std::string> in_force, proposed;
  for (const auto* p : book_.in_force()) in_force.push_back(p->id);
  for (const auto& p : book_.entries())
    if (p.state == api::UrgentState::proposed && p.left > Duration{}) proposed.push_back(p.id);
  return outside_.report(AuditNote{"urgent_profiles_state", "rampa", "{\"in_force\":" + list_json(in_force) + ",\"proposed\":" + list_json(proposed) + "}"});
}

Result<void> UrgentProfiles::report(const char* what, const api::UrgentProfile& p, const std::string& who) {
  const std::string key = base_.set->risk_unit_key();
  std::string detail = "{\"id\":" + canonical_string(p.id) + ",\"channel\":\"" + std::string(name_of(p.proposal.channel)) + "\",\"hours\":" + std::to_string(p.proposal.hours) +
                       ",\"proposed_by\":" + canonical_string(p.proposed_by.text);
  if (!p.confirmed_by.empty()) detail += ",\"confirmed_by\":" + canonical_string(p.confirmed_by.text);
  if (!p.ended_by.empty()) detail += ",\"ended_by\":" + canonical_string(p.ended_by.text);
  if (!p.ended_second.empty()) detail += ",\"ended_second\":" + canonical_string(p.ended_second.text);
  // Without a key the criteria stay at the post: the journal is read by many.
  const auto box = key.empty() ? Result<std::string>(std::string{}) : seal(criteria_json(p), key);
  if (!box) spdlog::error("urgent profiles: the set's risk_unit_key {}", box.error().what);
  detail += box && !box->empty() ? ",\"sealed\":" + canonical_string(*box) + "}" : ",\"sealed\":null}";
  return outside_.report(AuditNote{what, who, detail});
}

Result<void> UrgentProfiles::commit(UrgentBook next, const std::string& id, const char* what, const std::string& who, Stamp now) {
  if (unreadable_) return fail(ErrorCode::io, settings_.file + " cannot be read, so nothing is written over it; look at the disk");
  if (auto told = report(what, *next.find(id), who); !told) {
    state_due_ = state_due_ || nobody_knows(told.error());
    return told;
  }
  if (auto written = save(next, now); !written) {
    state_due_ = true;
    return written;
  }
  book_ = std::move(next);
  show(now);
  spdlog::warn("{}: {} by {}", what, id, who);
  return {};
}

Result<std::string> UrgentProfiles::propose(const api::UrgentProposal& proposal, const OfficerId& who) {
  std::lock_guard lock(mutex_);
  const Stamp now = clock_.now();
  book_.pass(now);
  UrgentBook next = book_;
  auto id = next.propose(proposal, who, now);
  if (!id || next.entries() == book_.entries()) return id;
  if (auto done = commit(std::move(next), *id, "urgent_profile_proposed", who.text, now); !done) return tl::unexpected(done.error());
  return id;
}

Result<void> UrgentProfiles::confirm(const std::string& id, const OfficerId& second) {
  std::lock_guard lock(mutex_);
  const Stamp now = clock_.now();
  book_.pass(now);
  UrgentBook next = book_;
  if (auto fine = next.confirm(id, second, now); !fine) return fine;
  std::optional<LoadedProfiles> ready;
  if (next.entries() != book_.entries()) {
    // Before it counts: a set that does not compile with it must not be found out afterwards.
    auto set = merged(base_, next);
    if (!set) return tl::unexpected(set.error());
    if (auto done = commit(std::move(next), id, "urgent_profile_confirmed", second.text, now); !done) return done;
    ready = std::move(*set);
  }
  if (auto used = apply(std::move(ready)); !used) return fail(ErrorCode::outcome_unknown, id + " is confirmed, but the lanes have not got it yet (" + used.error().what + "); the post goes on trying");
  return {};
}

Result<void> UrgentProfiles::withdraw(const std::string& id, const OfficerId& who, const OfficerId& second, const std::string& reason) {
  std::lock_guard lock(mutex_);
  const Stamp now = clock_.now();
  book_.pass(now);
  UrgentBook next = book_;
  if (auto fine = next.withdraw(id, who, second, reason, now); !fine) return fine;
  if (next.entries() != book_.entries())
    if (auto done = commit(std::move(next), id, "urgent_profile_withdrawn", who.text, now); !done) return done;
  if (auto used = apply(); !used) return fail(ErrorCode::outcome_unknown, id + " is withdrawn, but the lanes still have it (" + used.error().what + "); the post goes on trying");
  return {};
}

Result<void> UrgentProfiles::end(const std::string& id, Stamp now) {
  UrgentBook next = book_;
  next.end(id, now);
  const bool was_active = next.find(id)->state == api::UrgentState::expired;
  // Told once, however often its end cannot be written: the journal is never shortened.
  if (!told_.contains(id)) {
    auto told = report(was_active ? "urgent_profile_expired" : "urgent_profile_lapsed", *next.find(id), "rampa");
    if (!told && !nobody_knows(told.error())) return told;
    told_.insert(id);
    state_due_ = state_due_ || !told;  // says it too, should the record not be there
    if (!told) return told;
  }
  if (auto written = save(next, now); !written) return written;
  told_.erase(id);
  book_ = std::move(next);
  return {};
}

void UrgentProfiles::tick() {
  std::lock_guard lock(mutex_);
  if (!outside_.use) return;
  const Stamp now = clock_.now();
  // A full journal must not keep a life from being counted; but a store that hangs is not waited for again and again in one round.
  std::string trouble;
  bool hangs = false;
  const auto fine = [&](const Result<void>& done) {
    if (!done && trouble.empty()) trouble = "urgent profiles: " + done.error().what;
    hangs = hangs || (!done && nobody_knows(done.error()));
    return done.has_value();
  };
  if (unreadable_ && fine(read_book(now))) state_due_ = book_.something_lives();
  book_.pass(now);
  if (!damage_.empty() && fine(outside_.report(AuditNote{"urgent_profiles_lost", "rampa", damage_}))) damage_.clear();
  if (state_due_ && !hangs && fine(report_state())) state_due_ = false;
  for (const auto& id : book_.due())
    if (hangs || !fine(end(id, now))) break;
  // Whether or not its end could be written: what is over is out of in_force() already.
  (void)fine(apply());
  if (!hangs) (void)fine(keep());
  if (unsaved_ || (book_.something_lives() && now.mono - saved_ >= save_period)) (void)fine(save(book_, now));
  std::string said;
  {
    std::lock_guard shown(shown_mutex_);
    said = std::exchange(trouble_, trouble);
  }
  if (!trouble.empty() && trouble != said) spdlog::error("{}", trouble);
  show(now);
}

std::string UrgentProfiles::trouble() const {
  std::lock_guard lock(shown_mutex_);
  return trouble_;
}

void UrgentProfiles::show(Stamp now) {
  std::lock_guard lock(shown_mutex_);
  shown_.assign(book_.entries().rbegin(), book_.entries().rend());
  shown_at_ = now.mono;
}

std::vector<api::UrgentProfile> UrgentProfiles::list() const {
  std::lock_guard lock(shown_mutex_);
  auto profiles = shown_;
  const Duration since = std::max(clock_.mono() - shown_at_, Duration{});
  for (auto& p : profiles) p.left = std::max(p.left - since, Duration{});
  return profiles;
}

}  // namespace rampa::app
