// The post's folder. Everything that a bundle brings goes into files named by hashes; what is active, and what is trusted, is
// one small file that is exchanged by one rename after everything it names is durable:
//
//   profiles/trusted/state.json        trusted roles and active set; the rename onto it is the activation
//   profiles/trusted/state.copy.json   the same again, written after it, for the day the first is damaged
//   profiles/sets/HASH.set             a whole set, HASH is the set's hash
//   profiles/sets/HASH.delta           a delta on the files before it, HASH is the file's SHA-256
#include <algorithm>

#include "sync/bundle/bundle.hpp"
#include "sync/bundle/limits.hpp"

namespace rampa::bundle {
namespace {

constexpr std::size_t k_deltas_kept_max = 8;  ///< then the set is written whole
constexpr std::size_t k_history_max = 100;
constexpr const char* k_state = "/trusted/state.json";
constexpr const char* k_copy = "/trusted/state.copy.json";

tl::unexpected<Refusal> disk_failed(const Error& error) {
  return tl::unexpected<Refusal>(Refusal{Reason::disk_failed, "disk", error.what, error.code});
}

std::string path_of(const std::string& directory, const SetFile& file) {
  return directory + "/sets/" + hex(file.hash) + (file.delta ? ".delta" : ".set");
}

std::string joined(const std::vector<std::string>& persons) {
  std::string text;
  for (const auto& person : persons) text += (text.empty() ? "" : ", ") + person;
  return text;
}

/// Durable under its name when it returns; before, the name holds what it held.
Checked<> write_whole(store::Disk& disk, const std::string& path, std::string_view text) {
  const std::string beside = path + ".new";
  {
    auto file = disk.open(beside, store::OpenMode::create);
    if (!file) return disk_failed(file.error());
    if (auto ok = (*file)->write_at(0, as_bytes(text)); !ok) return disk_failed(ok.error());
    if (auto ok = (*file)->sync(); !ok) return disk_failed(ok.error());
  }
  if (auto ok = disk.rename(beside, path); !ok) return disk_failed(ok.error());
  if (auto ok = disk.sync_directory(path.substr(0, path.rfind('/'))); !ok) return disk_failed(ok.error());
  return {};
}

Result<HeldText> read_whole(store::Disk& disk, const std::string& path, std::uint64_t most) {
  auto file = disk.open(path, store::OpenMode::read);
  if (!file) return tl::unexpected(file.error());
  auto size = (*file)->size();
  if (!size) return tl::unexpected(size.error());
  if (*size > most) return fail(ErrorCode::invalid, path + " has " + std::to_string(*size) + " bytes, at most " + std::to_string(most));
  auto bytes = std::make_shared<Bytes>(static_cast<std::size_t>(*size));
  auto got = (*file)->read_at(0, *bytes);
  if (!got) return tl::unexpected(got.error());
  if (*got != *size) return fail(ErrorCode::io, path + " ends early");
  return hold(SharedBytes(std::move(bytes)));
}

/// The set that lies in the folder under this record. Any difference is damage.
Checked<std::shared_ptr<const ProfileTable>> load(store::Disk& disk, const std::string& directory, const InstalledSet& record) {
  const auto damaged = [&](const std::string& what) {
    return refuse(Reason::set_damaged, "state", "release " + std::to_string(record.release) + " (" + record.version + "): " + what);
  };
  std::shared_ptr<const ProfileTable> set;
  for (const SetFile& file : record.files) {
    auto text = read_whole(disk, path_of(directory, file), limits::target_bytes_max);
    if (!text) return damaged(text.error().what);
    if (file.delta) {
      if (!set || sha256(text->text) != file.hash) return damaged(path_of(directory, file) + " does not fit its hash");
      auto delta = read_delta(*text);
      auto next = delta ? set->with(*delta) : Checked<ProfileTable>(tl::unexpected(delta.error()));
      if (!next) return damaged(text_of(next.error()));
      set = std::make_shared<const ProfileTable>(std::move(*next));
    } else {
      auto whole = ProfileTable::read(*text);
      if (!whole) return damaged(text_of(whole.error()));
      if (whole->hash() != file.hash) return damaged(path_of(directory, file) + " does not fit its hash");
      set = std::make_shared<const ProfileTable>(std::move(*whole));
    }
  }
  if (!set || set->hash() != record.set_hash) return damaged("its files give another set");
  return set;
}

/// The copy is there for a damaged first file, not for an older one: it is only read where the first can't be.
Checked<TrustedState> load_state(store::Disk& disk, const std::string& directory, std::vector<std::string>& notices) {
  std::string first_fault;
  for (const char* name : {k_state, k_copy}) {
    const std::string path = directory + name;
    if (!disk.exists(path)) continue;
    auto text = read_whole(disk, path, 16u << 20);
    auto state = text ? read_state(text->text) : Checked<TrustedState>(disk_failed(text.error()));
    if (state) {
      if (!first_fault.empty()) notices.push_back("trusted state restored from its copy: " + first_fault);
      return state;
    }
    if (first_fault.empty()) first_fault = path + ": " + text_of(state.error());
  }
  if (first_fault.empty()) return refuse(Reason::no_trust_yet, "state", directory + " holds no trusted root");
  return refuse(Reason::trust_damaged, "state", first_fault);
}

/// Activates. The first rename is the moment; what fails after it is a notice.
Checked<> write_state_files(store::Disk& disk, const std::string& directory, const TrustedState& state, std::vector<std::string>& notices) {
  const std::string text = write_state(state);
  if (auto ok = write_whole(disk, directory + k_state, text); !ok) return ok;
  if (auto ok = write_whole(disk, directory + k_copy, text); !ok) notices.push_back("copy of the trusted state not written: " + ok.error().what);
  return {};
}

/// What neither the active nor the last good set needs goes.
void tidy(store::Disk& disk, const std::string& directory, const TrustedState& state, std::vector<std::string>& notices) {
  std::vector<std::string> needed;
  for (const auto& set : {state.active, state.last_good})
    if (set)
      for (const SetFile& file : set->files) needed.push_back(path_of(directory, file));
  const auto names = disk.list(directory + "/sets");
  if (!names) return notices.push_back("old sets not tidied: " + names.error().what);
  for (const std::string& name : *names) {
    const std::string path = directory + "/sets/" + name;
    if (std::find(needed.begin(), needed.end(), path) != needed.end()) continue;
    if (auto ok = disk.unlink(path); !ok) return notices.push_back("old sets not tidied: " + ok.error().what);
  }
}

Checked<> unchanged(store::Disk& disk, const std::string& directory, std::uint64_t generation) {
  std::vector<std::string> notices;
  auto now = load_state(disk, directory, notices);
  if (!now) return tl::unexpected(now.error());
  if (now->generation != generation)
    return refuse(Reason::state_changed, "state", "generation " + std::to_string(now->generation) + ", verified against " + std::to_string(generation));
  return {};
}

void remember(TrustedState& state, const std::string& how, const std::vector<std::string>& persons, const std::string& reason, WallTime now) {
  const InstalledSet& set = *state.active;
  state.history.push_back({now, how, set.release, set.version, set.set_hash, persons, reason});
  if (state.history.size() > k_history_max) state.history.erase(state.history.begin());
  std::erase_if(state.breakglass_used, [&](const auto& used) { return used.second <= now; });
}

AuditNote note(const std::string& what, const TrustedState& state, const std::vector<std::string>& persons, const std::string& reason) {
  const InstalledSet& set = *state.active;
  return {what, joined(persons), "release " + std::to_string(set.release) + " (" + set.version + "), set " + hex(set.set_hash) + (reason.empty() ? "" : ": " + reason)};
}

/// The files of the new set, durable. A delta is kept as one while the chain is short and small beside the whole.
Checked<std::vector<SetFile>> write_set(store::Disk& disk, const std::string& directory, const Installed& before, const VerifiedBundle& bundle,
                                        const ProfileTable& set) {
  std::vector<SetFile> files;
  if (bundle.kind == VerifiedBundle::Kind::deltas && before.state.active) {
    files = before.state.active->files;
    std::uint64_t delta_bytes = 0;
    std::vector<std::pair<SetFile, std::string_view>> fresh;
    for (const HeldText& text : bundle.texts) fresh.push_back({SetFile{true, sha256(text.text), text.text.size()}, text.text});
    for (const auto& [file, text] : fresh) files.push_back(file);
    for (const SetFile& file : files) delta_bytes += file.delta ? file.bytes : 0;
    if (files.size() <= 1 + k_deltas_kept_max && delta_bytes <= files.front().bytes / 2) {
      for (const auto& [file, text] : fresh)
        if (auto ok = write_whole(disk, path_of(directory, file), text); !ok) return tl::unexpected(ok.error());
      return files;
    }
  }
  std::string assembled;
  std::string_view text;
  if (bundle.kind == VerifiedBundle::Kind::set) text = bundle.texts.front().text;
  else text = assembled = set.text();
  files = {SetFile{false, set.hash(), text.size()}};
  if (auto ok = write_whole(disk, path_of(directory, files.front()), text); !ok) return tl::unexpected(ok.error());
  return files;
}

}  // namespace

Checked<Installed> begin_trust(store::Disk& disk, const std::string& directory, std::string_view root, WallTime now) {
  if (disk.exists(directory + k_state) || disk.exists(directory + k_copy))
    return refuse(Reason::trust_exists, "state", directory + " already trusts a root");
  auto state = first_trust(root, now);
  if (!state) return tl::unexpected(state.error());
  for (const std::string& folder : {directory, directory + "/trusted", directory + "/sets"})
    if (auto ok = disk.make_directory(folder); !ok) return disk_failed(ok.error());
  const auto slash = directory.rfind('/');
  for (const std::string& folder : {slash == std::string::npos ? std::string(".") : directory.substr(0, std::max<std::size_t>(slash, 1)), directory})
    if (auto ok = disk.sync_directory(folder); !ok) return disk_failed(ok.error());
  Installed out;
  out.state = std::move(*state);
  out.state.generation = 1;
  if (auto ok = write_state_files(disk, directory, out.state, out.notices); !ok) return tl::unexpected(ok.error());
  return out;
}

Checked<Installed> open_installed(store::Disk& disk, const std::string& directory) {
  Installed out;
  auto state = load_state(disk, directory, out.notices);
  if (!state) return tl::unexpected(state.error());
  out.state = std::move(*state);
  if (!out.state.active) return out;
  auto set = load(disk, directory, *out.state.active);
  if (set) {
    out.set = std::move(*set);
    return out;
  }
  out.state.damaged = std::exchange(out.state.active, std::nullopt);
  out.notices.push_back("the active profile set is damaged: " + set.error().what);
  if (!out.state.last_good) {
    out.notices.push_back("there is no last good profile set");
    return out;
  }
  auto last = load(disk, directory, *out.state.last_good);
  if (!last) {
    out.notices.push_back("the last good profile set is damaged too: " + last.error().what);
    return out;
  }
  out.state.active = std::exchange(out.state.last_good, std::nullopt);
  out.set = std::move(*last);
  out.notices.push_back("running on the last good profile set, release " + std::to_string(out.state.active->release) + " (" + out.state.active->version + ")");
  return out;
}

Checked<Installed> install(store::Disk& disk, const std::string& directory, const Installed& before, const VerifiedBundle& bundle,
                           const std::shared_ptr<const ProfileTable>& set, WallTime now) {
  if (bundle.base_generation != before.state.generation)
    return refuse(Reason::state_changed, "state", "the bundle was verified against another state");
  if (auto ok = unchanged(disk, directory, before.state.generation); !ok) return tl::unexpected(ok.error());
  Installed out;
  out.state = bundle.next;
  out.state.generation = before.state.generation + 1;
  out.set = set;
  if (bundle.kind == VerifiedBundle::Kind::refresh) {
    if (out.state.damaged) {  // as it lies on the disk
      if (out.state.active) out.state.last_good = out.state.active;
      out.state.active = out.state.damaged;
    }
    if (auto ok = write_state_files(disk, directory, out.state, out.notices); !ok) return tl::unexpected(ok.error());
    return before.state.damaged ? open_installed(disk, directory) : std::move(out);
  }
  if (!set || set->hash() != bundle.set_hash) return refuse(Reason::set_hash_mismatch, "target", "this is not the bundle's set");
  auto files = write_set(disk, directory, before, bundle, *set);
  if (!files) return tl::unexpected(files.error());
  // What two persons went back from is no set to fall back to.
  out.state.last_good = bundle.rollback ? std::nullopt : before.state.active;
  out.state.active = InstalledSet{bundle.release, bundle.version, bundle.set_hash, set->size(), now, bundle.signers, std::move(*files)};
  out.state.highest_release = std::max(out.state.highest_release, bundle.release);
  out.state.damaged.reset();
  const std::string reason = bundle.rollback ? bundle.rollback->reason : "";
  remember(out.state, bundle.rollback ? "rollback" : bundle.kind == VerifiedBundle::Kind::set ? "set" : "deltas",
           bundle.rollback ? bundle.rollback_signers : bundle.signers, reason, now);
  if (auto ok = write_state_files(disk, directory, out.state, out.notices); !ok) return tl::unexpected(ok.error());
  out.notes.push_back(bundle.rollback ? note("profiles-rolled-back", out.state, bundle.rollback_signers, reason)
                                      : note("profiles-installed", out.state, bundle.signers, ""));
  if (out.notices.empty()) tidy(disk, directory, out.state, out.notices);  // an older copy of the state may still need them
  return out;
}

Checked<Installed> rollback(store::Disk& disk, const std::string& directory, const Installed& before, std::string_view record,
                            const std::string& post, WallTime now) {
  if (auto ok = unchanged(disk, directory, before.state.generation); !ok) return tl::unexpected(ok.error());
  const TrustedState& state = before.state;
  if (!state.last_good) return refuse(Reason::nothing_to_go_back_to, "state", "there is no last good set");
  if (now.ms + to_ms(clock_back_max) < state.last_seen.ms)
    return refuse(Reason::clock_set_back, "state", "the clock says " + time_text(now) + " and said " + time_text(state.last_seen) + " before");
  auto envelope = read_envelope(state.root, "root");
  auto root = envelope ? read_root(envelope->signed_text) : Checked<Root>(tl::unexpected(envelope.error()));
  if (!root) return refuse(Reason::trust_damaged, "state", text_of(root.error()));
  auto checked = check_breakglass(record, state, *root, post, state.last_good->release, state.last_good->set_hash, std::max(now, state.last_seen));
  if (!checked) return tl::unexpected(checked.error());
  auto set = load(disk, directory, *state.last_good);
  if (!set) return tl::unexpected(set.error());
  Installed out;
  out.state = state;
  out.state.generation += 1;
  out.state.last_seen = std::max(now, state.last_seen);
  out.state.active = std::exchange(out.state.last_good, std::nullopt);
  out.state.breakglass_used.emplace_back(checked->hash, checked->record.expires);
  out.set = std::move(*set);
  remember(out.state, "rollback", checked->signers, checked->record.reason, now);
  if (auto ok = write_state_files(disk, directory, out.state, out.notices); !ok) return tl::unexpected(ok.error());
  out.notes.push_back(note("profiles-rolled-back", out.state, checked->signers, checked->record.reason));
  if (out.notices.empty()) tidy(disk, directory, out.state, out.notices);  // an older copy of the state may still need them
  return out;
}

}  // namespace rampa::bundle
