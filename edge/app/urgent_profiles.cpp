#include "edge/app/urgent_profiles.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "edge/api/durable_file.hpp"
#include "edge/app/sealing.hpp"
#include "edge/crossing/canonical_json.hpp"
#include "sync/bundle/bundle.hpp"

namespace rampa::app {

namespace {

constexpr Duration save_period = std::chrono::minutes(1);  // what a kill may add to a life after the machine was off, too

std::string list_json(const std::vector<std::string>& values) {
  std::string text = "[";
  for (const auto& value : values) text += (text.size() > 1 ? "," : "") + canonical_string(value);
  return text + "]";
}

/// What only the risk unit may read.
std::string criteria_json(const api::UrgentProfile& p) {
  const auto& tip = p.proposal.tip;
  return "{\"id\":" + canonical_string(p.id) + ",\"reason\":" + canonical_string(p.proposal.reason) + ",\"instruction\":" + canonical_string(p.proposal.instruction) +
         ",\"end_reason\":" + canonical_string(p.end_reason) + ",\"plates\":" + list_json(tip.plates) + ",\"containers\":" + list_json(tip.containers) +
         ",\"operators\":" + list_json(tip.operators) + ",\"documents\":" + list_json(tip.documents) + ",\"goods_prefixes\":" + list_json(tip.goods_prefixes) + "}";
}

}  // namespace

std::string UrgentProfiles::present_os_boot() {
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(in, id);
  return id;
}

UrgentProfiles::UrgentProfiles(Settings settings, LoadedProfiles base, const Clock& clock)
    : settings_(std::move(settings)), clock_(clock), base_(std::move(base)), book_(settings_.post, settings_.hours_max, settings_.os_boot) {
  const Stamp now = clock_.now();
  read_book(now);
  book_.pass(now);
  show(now);
}

void UrgentProfiles::read_book(Stamp now) {
  auto text = api::read_file(settings_.file);
  unreadable_ = !text;
  if (!text) {  // the disk, not the book: it stays where it is, nothing is written over it, and tick() tries again
    spdlog::error("{}: {}; its urgent profiles are not looked for until it can be read", settings_.file, text.error().what);
    return;
  }
  if (const Result<void> read = *text ? book_.read(**text, now) : Result<void>{}; !read) {
    damage_ = settings_.file + ": " + read.error().what;
    // Kept for whoever looks into it; the book begins anew.
    if (std::rename(settings_.file.c_str(), (settings_.file + ".damaged").c_str()) != 0) damage_ += "; it cannot be put aside either";
    spdlog::error("{}; put aside as .damaged: the urgent profiles that were in it are NOT looked for, have them proposed again", damage_);
  }
}

Result<LoadedProfiles> UrgentProfiles::merged(const LoadedProfiles& base, const UrgentBook& book) const {
  std::vector<std::string> profiles;
  for (const auto* p : book.in_force())
    profiles.push_back(risk::urgent_profile_json({p->id, settings_.post.text, p->proposal.channel, p->proposal.instruction, p->proposal.tip}));
  if (profiles.empty()) return base;
  const std::string text = risk::with_urgent({reinterpret_cast<const char*>(base.bytes->data()), base.bytes->size()}, profiles);
  auto set = risk::compile(text, bundle::hex(bundle::sha256(text)));
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
  auto set = merged(base_, book_);
  if (!set) {
    spdlog::error("{}: the lanes begin without them", set.error().what);
    damage_ += (damage_.empty() ? "" : "; ") + set.error().what;
    applied_ = base_.set->sha256();
    return base_;
  }
  applied_ = names_in_force(book_);
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
  spdlog::warn("profile set {} is active for the next crossings", set->set->version());
  return {};
}

Result<void> UrgentProfiles::save(const UrgentBook& book, Stamp now) {
  auto written = api::replace_file(settings_.file, book.to_text(now));
  if (written) saved_ = now.mono;
  return written;
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
  if (auto told = report(what, *next.find(id), who); !told) return told;
  if (auto written = save(next, now); !written) return written;
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
  if (!id) return id;
  if (auto done = commit(std::move(next), *id, "urgent_profile_proposed", who.text, now); !done) return tl::unexpected(done.error());
  return id;
}

Result<void> UrgentProfiles::confirm(const std::string& id, const OfficerId& second) {
  std::lock_guard lock(mutex_);
  const Stamp now = clock_.now();
  book_.pass(now);
  UrgentBook next = book_;
  if (auto fine = next.confirm(id, second, now); !fine) return fine;
  // Before it counts: a set that does not compile with it must not be found out afterwards.
  auto set = merged(base_, next);
  if (!set) return tl::unexpected(set.error());
  if (auto done = commit(std::move(next), id, "urgent_profile_confirmed", second.text, now); !done) return done;
  if (auto used = apply(std::move(*set)); !used) return fail(ErrorCode::outcome_unknown, id + " is confirmed, but the lanes have not got it yet (" + used.error().what + "); the post goes on trying");
  return {};
}

Result<void> UrgentProfiles::withdraw(const std::string& id, const OfficerId& who, const OfficerId& second, const std::string& reason) {
  std::lock_guard lock(mutex_);
  const Stamp now = clock_.now();
  book_.pass(now);
  UrgentBook next = book_;
  if (auto fine = next.withdraw(id, who, second, reason, now); !fine) return fine;
  if (auto done = commit(std::move(next), id, "urgent_profile_withdrawn", who.text, now); !done) return done;
  if (auto used = apply(); !used) return fail(ErrorCode::outcome_unknown, id + " is withdrawn, but the lanes still have it (" + used.error().what + "); the post goes on trying");
  return {};
}

void UrgentProfiles::tick() {
  std::lock_guard lock(mutex_);
  if (!outside_.use) return;
  const Stamp now = clock_.now();
  if (unreadable_) read_book(now);
  book_.pass(now);
  Result<void> done;
  if (!damage_.empty()) {
    done = outside_.report(AuditNote{"urgent_profiles_lost", "rampa", damage_});
    if (done) damage_.clear();
  }
  for (const auto& id : book_.due()) {
    if (!done) break;
    UrgentBook next = book_;
    next.end(id, now);
    const bool was_active = next.find(id)->state == api::UrgentState::expired;
    // Told once, however often its end cannot be written: the journal is never shortened.
    if (!told_.contains(id)) done = report(was_active ? "urgent_profile_expired" : "urgent_profile_lapsed", *next.find(id), "rampa");
    if (!done) break;
    told_.insert(id);
    done = save(next, now);
    if (!done) break;
    told_.erase(id);
    book_ = std::move(next);
  }
  // Whether or not its end could be written: what is over is out of in_force() already.
  if (auto used = apply(); !used) done = used;
  if (done && book_.something_lives() && now.mono - saved_ >= save_period) done = save(book_, now);
  if (!done && done.error().what != complained_) spdlog::error("urgent profiles: {}", done.error().what);
  complained_ = done ? std::string{} : done.error().what;
  show(now);
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
