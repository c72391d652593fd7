#include "edge/app/downlink.hpp"

#include <spdlog/spdlog.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "edge/api/durable_file.hpp"
#include "edge/app/profiles_install.hpp"
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

std::string hq_key_file(const config::Site& site) { return site.directory + "/hq.pub"; }

}  // namespace

Result<std::shared_ptr<Downlink>> Downlink::open(Appliance& appliance, const Clock& clock) {
  const config::Site& site = appliance.site();
  auto disk = store::real_disk();
  auto applied = store::SlotFile::open(*disk, site.directory + "/letters");
  if (!applied) return tl::unexpected(applied.error());
  std::shared_ptr<Downlink> downlink(new Downlink(appliance, clock, std::move(disk), std::move(*applied)));
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

void Downlink::take(Result<void> durable, std::uint64_t number, const std::function<void(sync::LetterOutcome)>& done) {
  if (durable) durable = applied_.store(number);
  if (!durable) spdlog::error("letter {} of HQ could not be kept: {}; HQ is asked to say it again", number, durable.error().what);
  done({durable.has_value(), {}});
}

void Downlink::apply(const sync::Letter& letter, std::function<void(sync::LetterOutcome)> done) {
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
    appliance_.declarations().add(body->declarations);
    return appliance_.store().put_declarations(std::move(body->declarations), kept);
  }
  if (letter.kind == "watch_list") {
    auto body = sync::decode_watch_list(as_bytes(letter.body));
    if (!body) return refuse(body.error().what);
    // Built here, on sync's thread: the core goes on with the lists it has.
    const auto refused = appliance_.declarations().replace_watch_list(body->name, {body->plates.begin(), body->plates.end()});
    if (refused > 0) spdlog::warn("watch list {}: {} of {} lines are no plates and watch nothing; HQ should correct them", body->name, refused, body->plates.size());
    return appliance_.store().put_watch_list(body->name, std::move(body->plates), kept);
  }
  if (letter.kind == "bundle") {
    if (auto noted = note_bundle(letter.number, letter.body); !noted) {
      if (noted.error().code == ErrorCode::invalid) return refuse(noted.error().what);
      return kept(noted);
    }
    return kept({});
  }
  if (letter.kind == sync::gap_letter) return kept({});
  refuse("this version of Rampa knows no letters of kind \"" + letter.kind + "\"");
}

Result<void> Downlink::note_bundle(std::uint64_t number, const std::string& body) {
  auto bundle = sync::decode_bundle(as_bytes(body));
  if (!bundle) return tl::unexpected(bundle.error());
  if (auto noted = sync::note_wanted(fetch_directory(), {bundle->sha256, bundle->size_bytes, number, "bundle " + bundle->name}); !noted) return noted;
  std::lock_guard lock(mutex_);
  if (want_) want_(bundle->sha256, bundle->size_bytes);
  return {};
}

Result<std::unique_ptr<sync::FetchShelf>> Downlink::shelf() const {
  auto files = sync::FileShelf::open(fetch_directory());
  if (!files) return tl::unexpected(files.error());
  return std::unique_ptr<sync::FetchShelf>(std::move(*files));
}

void Downlink::fetch_with(std::function<void(const std::string&, std::uint64_t)> want) {
  const auto noted = sync::noted_wanted(fetch_directory());
  if (!noted) return spdlog::error("what is to be fetched from HQ cannot be read: {}", noted.error().what);
  std::lock_guard lock(mutex_);
  want_ = std::move(want);
  if (want_)
    for (const sync::WantedFile& wanted : *noted) want_(wanted.sha256, wanted.size_bytes);
}

/// False: not now (the disk); it stays wanted and is tried again with the next bundle or start.
bool Downlink::use(const sync::WantedFile& wanted, const std::string& trouble) {
  std::string outcome = trouble;
  if (outcome.empty()) {
    const auto text = read_whole(fetch_directory() + "/" + wanted.sha256);
    if (!text) return false;
    // Verified by the bundle's own signatures; the lanes get it from the folder, as after `rampa profiles install`.
    const auto installed = install_bundle(appliance_.site().profiles_file, appliance_.site().post.text, text, clock_.now().wall);
    const auto reason = !installed && installed.error().refusal ? std::optional(installed.error().refusal->reason) : std::nullopt;
    if (reason == bundle::Reason::disk_failed || reason == bundle::Reason::state_changed) {
      spdlog::error("{} from HQ is not installed yet: {}", wanted.purpose, installed.error().text());
      return false;
    }
    if (installed) spdlog::info("{} is installed", wanted.purpose);
    else if (reason != bundle::Reason::already_installed) outcome = installed.error().text();  // installed: the program died before it could note it
  }
  if (!outcome.empty()) {
    spdlog::error("{} from HQ is not installed: {}", wanted.purpose, outcome);
    if (auto told = appliance_.write_audit_note({"bundle-refused", "hq", wanted.purpose + ": " + outcome}, 10s); !told)
      spdlog::error("that is not in the journal either: {}", told.error().what);
  }
  sync::forget_wanted(fetch_directory(), wanted.sha256);
  return true;
}

void Downlink::fetched(const std::string& sha256, const std::string& trouble) {
  const auto noted = sync::noted_wanted(fetch_directory());
  if (!noted) return spdlog::error("what was fetched from HQ cannot be told: {}", noted.error().what);
  // In HQ's order: a delta stands on the set before it. What is not here yet holds up what follows.
  for (const sync::WantedFile& wanted : *noted) {
    const bool failed = wanted.sha256 == sha256 && !trouble.empty();
    if (!failed && !std::filesystem::exists(fetch_directory() + "/" + wanted.sha256)) return;
    if (!use(wanted, failed ? trouble : std::string{})) return;
  }
}

}  // namespace rampa::app
