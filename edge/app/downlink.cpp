#include "edge/app/downlink.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "edge/api/durable_file.hpp"
#include "edge/api/views.hpp"
#include "edge/app/explosive_sets.hpp"
#include "edge/app/lanes_first.hpp"
#include "edge/app/profiles_install.hpp"
#include "edge/app/waiter.hpp"
#include "sync/fetch_shelf.hpp"
#include "sync/letters.hpp"
#include "sync/uplink.hpp"

namespace rampa::app {
namespace {

SharedBytes read_whole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  auto bytes = std::make_shared<Bytes>(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  return in.bad() || bytes->empty() ? nullptr : SharedBytes(std::move(bytes));
}

constexpr std::string_view bundle_word = "bundle ", watch_list_word = "watch_list ";

/// What is no commodity code counts as not declared.
void tell_of_codes(std::uint64_t number, const std::vector<Declaration>& declarations) {
  std::size_t count = 0;
  std::string first;
  for (const Declaration& d : declarations)
    for (std::size_t i = 0; i < d.goods.size(); ++i) {
      if (d.goods[i].hs_code.empty() || !commodity_code(d.goods[i].hs_code).empty()) continue;
      if (++count == 1) first = d.reference + ", goods[" + std::to_string(i) + "]";
    }
  if (count > 0) spdlog::warn("letter {} of HQ: {} commodity codes do not begin with two digits and count as not declared, the first in declaration {}; HQ should correct them", number, count, first);
}

std::string hq_key_file(const config::Site& site) { return site.directory + "/hq.pub"; }
std::string desks_file(const config::Site& site) { return site.directory + "/letter-desks"; }

}  // namespace

Result<std::shared_ptr<Downlink>> Downlink::open(Appliance& appliance, const Clock& clock) {
  const config::Site& site = appliance.site();
  auto disk = store::real_disk();
  auto applied = store::SlotFile::open(*disk, site.directory + "/letters");
  if (!applied) return tl::unexpected(applied.error());
  std::shared_ptr<Downlink> downlink(new Downlink(appliance, clock, std::move(disk), std::move(*applied)));
  if (auto read = downlink->read_desks(); !read) return tl::unexpected(read.error());
  std::string key = site.sync.hq_key;
  if (key.empty()) {
    auto kept = api::read_file(hq_key_file(site));
    if (!kept) return tl::unexpected(kept.error());
    if (*kept) {
      key = **kept;
      while (!key.empty() && key.back() == '\n') key.pop_back();
      if (!sync::parse_public_key(key))
        return fail(ErrorCode::invalid, hq_key_file(site) + " does not hold 64 hex digits; write HQ's key into it (`rampa-hq key`), or give it as hq_key in the site file");
    }
  }
  if (!key.empty()) downlink->hq_key_ = sync::parse_public_key(key);
  HqCommands::Calls calls;
  Downlink* const self = downlink.get();
  calls.carry_out = [self](const sync::CommandLetter& command) { return self->carry_out(command); };
  calls.note = [&appliance](AuditNote note) { return appliance.write_audit_note(std::move(note), 10s); };
  calls.answer = [self](std::uint64_t number, const std::string& outcome) {
    std::lock_guard lock(self->mutex_);
    if (self->line_.answer) self->line_.answer(number, outcome);
  };
  auto commands = HqCommands::open(site.directory, downlink->applied_.value(), std::move(calls));
  if (!commands) return tl::unexpected(commands.error());
  downlink->commands_ = std::move(*commands);
  return downlink;
}

sync::Identity Downlink::identity() const {
  sync::Identity identity = sync::identity_of(appliance_.store());
  identity.hq_key = hq_key_;
  return identity;
}

void Downlink::keep_hq_key(const std::string& key) const {
  if (auto kept = api::replace_file(hq_key_file(appliance_.site()), key + "\n"); !kept)
    return spdlog::error("HQ's key could not be kept ({}): the next start will take the first HQ that it meets", kept.error().what);
  spdlog::warn("HQ was met for the first time and is known by its key {} from now on; compare it with `rampa-hq key`", key);
}

/// Letters that came before this file was written are of a desk without a name.
Result<void> Downlink::read_desks() {
  const auto text = api::read_file(desks_file(appliance_.site()));
  if (!text) return tl::unexpected(text.error());
  if (!*text) {
    if (applied_.value() > 0) desks_ = {{"", applied_.value()}};
    return {};
  }
  const auto kept = sync::decode_desks(as_bytes(**text));
  if (!kept || kept->empty())
    return fail(ErrorCode::invalid, desks_file(appliance_.site()) + " is damaged: move it away (a letter that two HQs gave the same number may then be lost)");
  desks_ = *kept;
  desks_.front().through = applied_.value();
  return {};
}

/// The file is written where another desk begins to write: until the next one does, all that is applied is this one's. It may be
/// written for a letter that is never applied: the desk knows which numbers the post has, and gives its own none of them.
Result<void> Downlink::comes_from(const std::string& desk) {
  if (!desks_.empty() && desks_.front().desk == desk) return {};
  auto next = desks_;
  if (!next.empty()) next.front().through = applied_.value();
  sync::take_of(next, desk, applied_.value());
  const Bytes text = sync::encode(next);
  if (auto written = api::replace_file(desks_file(appliance_.site()), {reinterpret_cast<const char*>(text.data()), text.size()}); !written) return written;
  desks_ = std::move(next);
  return {};
}

void Downlink::take(Result<void> durable, std::uint64_t number, const std::function<void(sync::LetterOutcome)>& done) {
  if (durable) durable = applied_.store(number);
  if (!durable) spdlog::error("letter {} of HQ could not be kept: {}; HQ is asked to say it again", number, durable.error().what);
  done({durable.has_value(), {}});
}

void Downlink::apply(const sync::Letter& letter, std::function<void(sync::LetterOutcome)> done) {
  if (const auto noted = comes_from(letter.desk); !noted) {
    spdlog::error("letter {} of HQ could not be kept: {}; HQ is asked to say it again", letter.number, noted.error().what);
    return done({false, {}});
  }
  const auto kept = [self = shared_from_this(), number = letter.number, done](Result<void> durable) { self->take(std::move(durable), number, done); };
  const auto refuse = [&](const std::string& why) {
    spdlog::error("letter {} of HQ ({}) is refused: {}", letter.number, letter.kind, why);
    const auto noted = applied_.store(letter.number);
    if (!noted) spdlog::error("letter {}: {}", letter.number, noted.error().what);
    done({noted.has_value(), why});
  };
  if (letter.kind == "declarations") {
    auto body = sync::decode_declarations(as_bytes(letter.body));
    if (!body) return refuse(body.error().what);
    tell_of_codes(letter.number, body->declarations);
    appliance_.declarations().add(body->declarations);
    return appliance_.store().put_declarations(std::move(body->declarations), kept);
  }
  const auto fetch = [&](const std::string& sha256, std::uint64_t size, const std::string& purpose) {
    const auto noted = want_file({sha256, size, letter.number, purpose});
    if (!noted && noted.error().code == ErrorCode::invalid) return refuse(noted.error().what);
    kept(noted);
  };
  if (letter.kind == "watch_list") {
    auto body = sync::decode_watch_list(as_bytes(letter.body));
    if (!body) return refuse(body.error().what);
    drop_older_lists(body->name, letter.number);
    if (body->file) return fetch(body->file->sha256, body->file->size_bytes, std::string(watch_list_word) + body->name);
    std::lock_guard lock(mutex_);
    plates_.push_back({letter.number, std::move(*body), std::move(done)});
    if (wake_) wake_();
    return;
  }
  if (letter.kind == "bundle") {
    const auto bundle = sync::decode_bundle(as_bytes(letter.body));
    if (!bundle) return refuse(bundle.error().what);
    return fetch(bundle->sha256, bundle->size_bytes, std::string(bundle_word) + bundle->name);
  }
  if (letter.kind == "code_list") {
    const auto body = sync::decode_code_list(as_bytes(letter.body));
    if (!body) return refuse(body.error().what);
    const auto taken = appliance_.codes().take(*body);
    if (!taken && taken.error().code == ErrorCode::invalid) return refuse(taken.error().what);
    return kept(taken);
  }
  if (letter.kind == "reference_image") return take_reference(letter, refuse, kept);
  if (letter.kind == "referral_answer") return take_answer(letter, refuse, kept);
  if (letter.kind == "command") return take_command(letter, refuse, done);
  if (letter.kind == sync::gap_letter) return kept({});
  refuse("this version of Rampa knows no letters of kind \"" + letter.kind + "\"");
}

/// Errors: not_found.
Result<LaneId> Downlink::lane_of(const CrossingId& crossing) const {
  const auto lanes = appliance_.lanes();
  // Ids are LANE-BOOT-NUMBER.
  const auto lane = std::find_if(lanes.begin(), lanes.end(), [&](const LaneId& id) { return crossing.text.starts_with(id.text + "-"); });
  if (lane == lanes.end()) return fail(ErrorCode::not_found, "no lane of this post has a crossing " + crossing.text);
  if (auto picture = appliance_.picture_reader())
    if (const auto records = (*picture)->records_of(crossing); records ? records->empty() : records.error().code == ErrorCode::not_found)
      return fail(ErrorCode::not_found, "this post knows no crossing " + crossing.text);
  return *lane;
}

/// A record of its crossing first; then the officer who stands there sees it.
void Downlink::take_answer(const sync::Letter& letter, const std::function<void(const std::string&)>& refuse, std::function<void(Result<void>)> kept) {
  auto body = sync::decode_referral_answer(as_bytes(letter.body));
  if (!body) return refuse(body.error().what);
  const auto lane = lane_of(body->crossing);
  if (!lane) return refuse(lane.error().what);
  Record record;
  record.lane = *lane;
  record.crossing = body->crossing;
  record.at = clock_.now();
  record.body = AuditNote{"referral_answer", "hq: " + body->who, body->answer + (body->text.empty() ? "" : ": " + body->text)};
  const WallTime at = record.at.wall;
  appliance_.store().persist({std::move(record)}, [self = shared_from_this(), answer = std::move(*body), at, kept = std::move(kept)](Result<std::vector<std::uint64_t>> written) {
    if (written) self->appliance_.show_answer(answer.crossing, {answer.answer, answer.text, answer.who, at});
    kept(written ? Result<void>{} : fail(written.error().code, written.error().what));
  });
}

void Downlink::take_command(const sync::Letter& letter, const std::function<void(const std::string&)>& refuse, const std::function<void(sync::LetterOutcome)>& done) {
  const auto body = sync::decode_command(as_bytes(letter.body));
  if (!body) return refuse(body.error().what);
  if (!sync::known_command(body->command)) {
    // Audited too: who wanted what and did not get it. Not waited for, HQ has the refusal.
    Record record;
    record.at = clock_.now();
    record.body = AuditNote{"command", "hq: " + body->by, "letter " + std::to_string(letter.number) + ": " + body->command + ": refused, unknown"};
    appliance_.store().persist({std::move(record)}, {});
    return refuse("this version of Rampa knows no command \"" + body->command + "\"");
  }
  const auto taken = commands_->take(letter.number, *body);
  if (!taken && taken.error().code == ErrorCode::busy) return refuse(taken.error().what);
  take(taken, letter.number, done);
  commands_->release(applied_.value());
  std::lock_guard lock(mutex_);
  if (wake_) wake_();
}

Result<std::string> Downlink::carry_out(const sync::CommandLetter& command) {
  if (command.command == "say_status") {
    api::JsonWriter status;
    api::write_status(status, appliance_, clock_.now());
    return status.take();
  }
  if (command.command == "look_for_image") return look_for_image(command.argument);
  if (command.command == "fetch_now") return fetch_now();
  return fail(ErrorCode::invalid, "this version of Rampa knows no such command");  // an older one took it
}

Result<std::string> Downlink::look_for_image(const std::string& sha256) {
  auto picture = appliance_.picture_reader();
  if (!picture) return tl::unexpected(picture.error());
  if (const auto size = (*picture)->blob_size(sha256)) return "here, " + std::to_string(*size) + " bytes";
  else if (size.error().code != ErrorCode::not_found) return fail(size.error().code, size.error().what);
  const auto gone = (*picture)->blob_gone(sha256);
  if (!gone) return tl::unexpected(gone.error());
  if (!*gone) return std::string("not here");
  return "made room at " + std::to_string((*gone)->when.ms) + " ms, HQ " + ((*gone)->held_at_hq ? "held it" : "did not hold it");
}

std::string Downlink::fetch_now() {
  const auto noted = sync::noted_wanted(fetch_directory());
  std::lock_guard lock(mutex_);
  not_to_be_had_.clear();
  again_ = {};
  if (!noted) return "what is to be fetched cannot be read: " + noted.error().what;
  for (const sync::WantedFile& wanted : *noted)
    if (!here(wanted)) ask_line_for(wanted, sync::Fetcher::Over::any_line);
  return std::to_string(noted->size()) + " files asked for";
}

Result<void> Downlink::want_file(const sync::WantedFile& wanted) {
  {
    std::lock_guard lock(wanted_mutex_);
    if (auto noted = sync::note_wanted(fetch_directory(), wanted); !noted) return noted;
  }
  std::lock_guard lock(mutex_);
  not_to_be_had_.erase(wanted.sha256);
  // A picture may be here already: work() looks, and asks where it is not.
  if (is_reference(wanted)) asked_.erase(wanted.sha256);
  if (is_reference(wanted) && wake_) wake_();
  if (!is_reference(wanted)) ask_line_for(wanted, sync::Fetcher::Over::unmetered_lines);
  return {};
}

/// A list that comes whole makes an earlier one of its name worthless, even one that is still on its way.
void Downlink::drop_older_lists(const std::string& name, std::uint64_t number) {
  std::lock_guard lock(wanted_mutex_);
  if (const auto noted = sync::noted_wanted(fetch_directory()))
    for (const sync::WantedFile& wanted : *noted)
      if (wanted.number < number && wanted.purpose == std::string(watch_list_word) + name) sync::forget_wanted(fetch_directory(), wanted.sha256);
}

/// Unless HQ has asked for the same file again meanwhile.
void Downlink::forget(const sync::WantedFile& used) {
  std::lock_guard lock(wanted_mutex_);
  if (const auto noted = sync::noted_wanted(fetch_directory()))
    for (const sync::WantedFile& wanted : *noted)
      if (wanted.sha256 == used.sha256 && wanted.number == used.number) sync::forget_wanted(fetch_directory(), used.sha256);
}

Result<std::unique_ptr<sync::FetchShelf>> Downlink::shelf() const {
  auto files = sync::FileShelf::open(fetch_directory());
  if (!files) return tl::unexpected(files.error());
  return std::unique_ptr<sync::FetchShelf>(std::move(*files));
}

void Downlink::connect(Line line) {
  const auto noted = sync::noted_wanted(fetch_directory());
  if (!noted) spdlog::error("what is to be fetched from HQ cannot be read: {}", noted.error().what);
  {
    std::lock_guard lock(mutex_);
    line_ = std::move(line);
    asked_.clear();
    if (noted)
      for (const sync::WantedFile& wanted : *noted)
        if (!is_reference(wanted)) ask_line_for(wanted, sync::Fetcher::Over::unmetered_lines);
  }
  commands_->answer_again();
}

void Downlink::work_by(std::function<void()> wake) {
  std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
  if (wake_) wake_();
}

void Downlink::fetched(const std::string& sha256, const std::string& trouble) {
  {
    std::lock_guard lock(wanted_mutex_);  // nobody wants it any more where a newer list of its name came meanwhile
    const auto noted = sync::noted_wanted(fetch_directory());
    if (noted && std::none_of(noted->begin(), noted->end(), [&](const sync::WantedFile& w) { return w.sha256 == sha256; }))
      return sync::forget_wanted(fetch_directory(), sha256);
  }
  std::lock_guard lock(mutex_);
  if (!trouble.empty()) not_to_be_had_[sha256] = trouble;
  if (wake_) wake_();
}

void Downlink::work() {
  for (;;) {
    std::optional<PlatesLetter> letter;
    {
      std::lock_guard lock(mutex_);
      if (plates_.empty()) break;
      letter = std::move(plates_.front());
      plates_.pop_front();
    }
    take_plates(std::move(*letter));
  }
  commands_->work();
  drop_references();
  if (clock_.mono() >= again_) use_fetched();
}

void Downlink::take_plates(PlatesLetter letter) {
  const std::string& name = letter.list.name;
  const auto refused = appliance_.declarations().replace_watch_list(name, {letter.list.plates.begin(), letter.list.plates.end()});
  if (refused > 0) spdlog::warn("watch list {}: {} of {} lines are no plates and watch nothing; HQ should correct them", name, refused, letter.list.plates.size());
  Waiter<Result<void>> stored;
  appliance_.store().put_watch_list(name, letter.list.plates, [stored](Result<void> result) mutable { stored.give(std::move(result)); });
  auto durable = stored.wait(10s).value_or(fail(ErrorCode::timeout, "the store did not answer"));
  if (durable) durable = lists_.remove(name);  // a built one of this name is replaced
  take(std::move(durable), letter.number, letter.done);
}

// In HQ's order: a delta stands on the set before it. What is not here yet holds up what follows; pictures stand for themselves.
void Downlink::use_fetched() {
  const auto noted = sync::noted_wanted(fetch_directory());
  if (!noted) return say_once("what was fetched from HQ cannot be told: " + noted.error().what);
  bool held_up = false;
  for (const sync::WantedFile& wanted : *noted) {
    if (held_up && !is_reference(wanted)) continue;
    std::string trouble;
    {
      std::lock_guard lock(mutex_);
      if (const auto found = not_to_be_had_.find(wanted.sha256); found != not_to_be_had_.end()) trouble = found->second;
    }
    if (trouble.empty() && !here(wanted)) {
      held_up |= !is_reference(wanted);
      if (!is_reference(wanted) || !own_evidence(wanted)) continue;
    }
    const auto used = trouble.empty() ? use(wanted) : Result<void>(fail(ErrorCode::refused, trouble));
    if (!used && not_now(used.error())) {
      again_ = clock_.mono() + again_after;
      say_once(wanted.purpose + " from HQ is not used yet: " + used.error().what);
      if (is_reference(wanted)) continue;
      return;
    }
    if (!used) refuse(wanted, used.error().what);
    forget(wanted);
    said_.clear();
  }
}

/// With the lock.
void Downlink::ask_line_for(const sync::WantedFile& wanted, sync::Fetcher::Over over) {
  if (line_.want) line_.want({wanted.sha256, wanted.size_bytes, over, is_reference(wanted) ? sync::Fetcher::Turn::behind : sync::Fetcher::Turn::ahead});
}

/// It was fetched; or another letter's picture is the same.
bool Downlink::here(const sync::WantedFile& wanted) const {
  return disk_->exists(fetch_directory() + "/" + wanted.sha256) || (is_reference(wanted) && appliance_.references().holds(wanted.sha256));
}

Result<void> Downlink::use(const sync::WantedFile& wanted) {
  if (wanted.purpose.starts_with(watch_list_word)) return use_watch_list(wanted, wanted.purpose.substr(watch_list_word.size()));
  if (wanted.purpose.starts_with(bundle_word)) return use_bundle(wanted);
  if (is_reference(wanted)) return use_reference(wanted);
  return fail(ErrorCode::invalid, "this version of Rampa does not know what it is for");
}

Result<void> Downlink::use_bundle(const sync::WantedFile& wanted) {
  const auto text = read_whole(fetch_directory() + "/" + wanted.sha256);
  if (!text) return fail(ErrorCode::io, "the fetched file cannot be read");
  // Verified by the bundle's own signatures; the lanes get it from the folder, as after `rampa profiles install`.
  const auto installed = [&] {
    const LanesFirst lanes_first;
    return install_bundle(appliance_.site().profiles_file, appliance_.site().post.text, text, clock_.now().wall, gate_of_own_past(appliance_.site().directory));
  }();
  const auto reason = !installed && installed.error().refusal ? std::optional(installed.error().refusal->reason) : std::nullopt;
  if (reason == bundle::Reason::disk_failed || reason == bundle::Reason::state_changed) return fail(ErrorCode::io, installed.error().text());
  if (installed) {
    spdlog::info("{} is installed", wanted.purpose);
    for (const auto& notice : installed->notices) note("bundle-installed", wanted.purpose + ": " + notice);
  }
  if (!installed && reason != bundle::Reason::already_installed) return fail(ErrorCode::invalid, installed.error().text());  // installed: the program died before it could note it
  return {};
}

Result<void> Downlink::use_watch_list(const sync::WantedFile& wanted, const std::string& name) {
  const std::string file = fetch_directory() + "/" + wanted.sha256;
  auto list = [&] {
    const LanesFirst lanes_first;
    return lists_.read(file, name);
  }();
  if (!list) return tl::unexpected(list.error());
  if (auto kept = lists_.keep(file, name); !kept) return kept;
  const auto& head = (*list)->head();
  const std::string said = name + ": " + std::to_string((*list)->size()) + " " + std::string(risk::name_of(head.kind)) + ", " + std::string(name_of(head.severity)) + ", sha256 " + wanted.sha256;
  appliance_.declarations().replace_watch_list(std::move(*list));
  // Plates of this name that came in a letter are replaced. Should this line be lost, the built list still counts at the next start.
  appliance_.store().put_watch_list(name, {});
  spdlog::info("watch list of HQ is taken: {}", said);
  note("watch-list-taken", said);
  return {};
}

void Downlink::refuse(const sync::WantedFile& wanted, const std::string& why) {
  if (is_reference(wanted)) return refuse_references(wanted, why);
  spdlog::error("{} from HQ is refused: {}", wanted.purpose, why);
  note(wanted.purpose.starts_with(bundle_word) ? "bundle-refused" : "watch-list-refused", wanted.purpose + ": " + why);
  std::lock_guard lock(mutex_);
  not_to_be_had_.erase(wanted.sha256);
  if (line_.refuse) line_.refuse(wanted.number, wanted.purpose + ": " + why);
}

void Downlink::note(const std::string& what, const std::string& detail) {
  if (auto told = appliance_.write_audit_note({what, "hq", detail}, 10s); !told) spdlog::error("{} is not in the journal: {}", what, told.error().what);
}

void Downlink::say_once(const std::string& what) {
  if (what != said_) spdlog::error("{}", what);
  said_ = what;
}

}  // namespace rampa::app
