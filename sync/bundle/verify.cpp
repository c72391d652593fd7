// The TUF client workflow (specification 1.0.x, section 5) for a bundle that brings everything along.
#include <algorithm>

#include "sync/bundle/bundle.hpp"
#include "sync/bundle/compression.hpp"
#include "sync/bundle/container.hpp"
#include "sync/bundle/limits.hpp"

namespace rampa::bundle {
namespace {

std::string numbers(std::uint64_t found, std::uint64_t wanted) { return std::to_string(found) + ", expected " + std::to_string(wanted); }

Checked<> not_expired(WallTime expires, WallTime now, const std::string& role) {
  if (expires > now) return {};
  return refuse(Reason::expired, role, "expired on " + time_text(expires) + ", the post's clock says " + time_text(now));
}

/// Signatures by the role's keys alone; those of others are left to the caller.
Checked<> signed_by(const Envelope& envelope, const Root& by, Reason too_few) {
  const Role& role = by.roles.at("root");
  Envelope own{envelope.signed_text, {}};
  for (const auto& one : envelope.signatures)
    if (std::find(role.key_ids.begin(), role.key_ids.end(), one.first) != role.key_ids.end()) own.signatures.push_back(one);
  auto signers = check_signers(own, by.keys, role, "root");
  if (!signers && signers.error().reason == Reason::too_few_signatures) signers.error().reason = too_few;
  if (!signers) return tl::unexpected(signers.error());
  return {};
}

/// One step of rotation: N+1, signed by the old root's keys and by its own.
Checked<Root> next_root(const Root& old, const Parts::Root& part) {
  auto envelope = read_envelope(part.bytes, "root");
  if (!envelope) return tl::unexpected(envelope.error());
  if (auto fine = signed_by(*envelope, old, Reason::root_not_signed_by_old); !fine) return tl::unexpected(fine.error());
  auto root = read_root(envelope->signed_text);
  if (!root) return root;
  if (root->version != part.version) return refuse(Reason::version_mismatch, "root", "the root's version is " + numbers(root->version, part.version));
  if (auto fine = signed_by(*envelope, *root, Reason::root_not_signed_by_new); !fine) return tl::unexpected(fine.error());
  for (const auto& [id, signature] : envelope->signatures) {
    const auto in = [&id = id](const Root& r) {
      const auto& ids = r.roles.at("root").key_ids;
      return std::find(ids.begin(), ids.end(), id) != ids.end();
    };
    if (!in(old) && !in(*root)) return refuse(Reason::unknown_signer, "root", "key " + id.substr(0, 12) + "... may not sign this");
  }
  return root;
}

class Verification {
 public:
  Verification(const SharedBytes& bundle, const TrustedState& state, const std::string& post, WallTime now)
      : bundle_(bundle), state_(state), post_(post), now_(std::max(now, state.last_seen)) {
    out_.next = state;
    out_.next.last_seen = now_;
    out_.base_generation = state.generation;
  }

  Checked<VerifiedBundle> run(WallTime now) {
    auto parts = unpack(as_text(*bundle_));
    if (!parts) return tl::unexpected(parts.error());
    auto sorted = sort_parts(*parts);
    if (!sorted) return tl::unexpected(sorted.error());
    parts_ = std::move(*sorted);
    if (now.ms + to_ms(clock_back_max) < state_.last_seen.ms)
      return refuse(Reason::clock_set_back, "bundle", "the clock says " + time_text(now) + " and said " + time_text(state_.last_seen) + " before");
    Checked<> fine = roots();
    if (fine) fine = listings();
    if (fine) fine = payload();
    if (!fine) return tl::unexpected(fine.error());
    return std::move(out_);
  }

 private:
  Checked<> roots() {
    auto trusted = read_envelope(state_.root, "root");
    auto root = trusted ? read_root(trusted->signed_text) : Checked<Root>(tl::unexpected(trusted.error()));
    if (!root) return refuse(Reason::trust_damaged, "state", text_of(root.error()));
    const Root first = *root;
    for (const Parts::Root& part : parts_.roots) {
      if (part.version <= root->version) {
        const auto known = state_.roots.find(part.version);
        if (known == state_.roots.end() || known->second != sha256(part.bytes))
          return refuse(Reason::root_differs, "root", "root " + std::to_string(part.version) + " is not the one that was trusted here");
        continue;
      }
      if (part.version != root->version + 1)
        return refuse(Reason::root_skipped, "root", "root " + numbers(part.version, root->version + 1));
      auto next = next_root(*root, part);
      if (!next) return tl::unexpected(next.error());
      root = std::move(next);
      out_.next.root = part.bytes;
      out_.next.roots[root->version] = sha256(part.bytes);
    }
    root_ = std::move(*root);
    // Whoever stole a machine's key may have published versions as high as there are: new keys begin anew (TUF 5.3.11).
    const auto rotated = [&](const char* role) { return first.roles.at(role).key_ids != root_.roles.at(role).key_ids; };
    if (rotated("timestamp") || rotated("snapshot")) out_.next.timestamp = out_.next.snapshot = {};
    return not_expired(root_.expires, now_, "root");
  }

  Checked<Envelope> signed_metadata(std::string_view bytes, const std::string& role) {
    auto envelope = read_envelope(bytes, role);
    if (!envelope) return envelope;
    auto signers = check_signers(*envelope, root_.keys, root_.roles.at(role), role);
    if (!signers) return tl::unexpected(signers.error());
    if (role == "targets") out_.signers = std::move(*signers);
    return envelope;
  }

  /// What one role says of the next one's metadata.
  static Checked<> fits(const MetaFile& said, std::uint64_t named_version, std::string_view bytes, const std::string& role) {
    if (bytes.empty()) return refuse(Reason::part_missing, role, "there is no " + role + " metadata");
    if (named_version != said.version) return refuse(Reason::version_mismatch, role, "version " + numbers(named_version, said.version));
    if (bytes.size() != said.length) return refuse(Reason::length_mismatch, role, "bytes " + numbers(bytes.size(), said.length));
    if (sha256(bytes) != said.hash) return refuse(Reason::hash_mismatch, role, "its SHA-256 is not the one that is signed for it");
    return {};
  }

  /// Never backwards, and never two of one number.
  static Checked<> moves_on(TrustedRole& trusted, std::uint64_t version, WallTime expires, std::string_view bytes, const std::string& role) {
    const Sha256 hash = sha256(bytes);
    if (version < trusted.version)
      return refuse(Reason::rolled_back, role, "version " + std::to_string(version) + " after version " + std::to_string(trusted.version));
    if (version == trusted.version && hash != trusted.hash)
      return refuse(Reason::changed_without_version, role, "two different ones are version " + std::to_string(version));
    trusted = {version, hash, expires};
    return {};
  }

  Checked<MetaFile> listing(std::string_view bytes, const std::string& role, TrustedRole& trusted, std::uint64_t version) {
    auto envelope = signed_metadata(bytes, role);
    if (!envelope) return tl::unexpected(envelope.error());
    auto read = read_listing(envelope->signed_text, role);
    if (!read) return tl::unexpected(read.error());
    if (version != 0 && read->version != version) return refuse(Reason::version_mismatch, role, "version " + numbers(read->version, version));
    if (auto fine = moves_on(trusted, read->version, read->expires, bytes, role); !fine) return tl::unexpected(fine.error());
    if (auto fine = not_expired(read->expires, now_, role); !fine) return tl::unexpected(fine.error());
    return read->file;
  }

  Checked<> listings() {
    auto snapshot = listing(parts_.timestamp, "timestamp", out_.next.timestamp, 0);
    if (!snapshot) return tl::unexpected(snapshot.error());
    if (auto fine = fits(*snapshot, parts_.snapshot_version, parts_.snapshot, "snapshot"); !fine) return fine;
    auto targets = listing(parts_.snapshot, "snapshot", out_.next.snapshot, snapshot->version);
    if (!targets) return tl::unexpected(targets.error());
    if (auto fine = fits(*targets, parts_.targets_version, parts_.targets, "targets"); !fine) return fine;
    auto envelope = signed_metadata(parts_.targets, "targets");
    if (!envelope) return tl::unexpected(envelope.error());
    auto read = read_targets(envelope->signed_text);
    if (!read) return tl::unexpected(read.error());
    if (read->version != targets->version) return refuse(Reason::version_mismatch, "targets", "version " + numbers(read->version, targets->version));
    if (auto fine = moves_on(out_.next.targets, read->version, read->expires, parts_.targets, "targets"); !fine) return fine;
    if (auto fine = not_expired(read->expires, now_, "targets"); !fine) return fine;
    targets_ = std::move(*read);
    return {};
  }

  [[nodiscard]] bool for_this_post(const Target& target) const {
    return std::any_of(target.posts.begin(), target.posts.end(), [&](const std::string& post) { return post == "*" || post == post_; });
  }

  Checked<const Target*> listed(const Parts::Target& part) const {
    const std::string name(part.name);
    const auto target = targets_.targets.find(name);
    if (target == targets_.targets.end()) return refuse(Reason::target_not_listed, "target", name);
    const Target& t = target->second;
    if (!for_this_post(t)) return refuse(Reason::wrong_post, "target", name + " is not for " + post_);
    if (part.bytes.size() != t.length) return refuse(Reason::length_mismatch, "target", name + ": bytes " + numbers(part.bytes.size(), t.length));
    if (part.hash_hex != hex(t.hash) || sha256(part.bytes) != t.hash) return refuse(Reason::hash_mismatch, "target", name + ": not the bytes that were signed");
    return &t;
  }

  Checked<> payload() {
    if (parts_.payload.empty()) {
      if (!parts_.breakglass.empty()) return refuse(Reason::breakglass_not_needed, "breakglass", "the bundle brings no set");
      for (const auto& [name, target] : targets_.targets)
        if (for_this_post(target)) return {};
      return refuse(Reason::wrong_post, "targets", "nothing is listed for " + post_);
    }
    std::vector<const Target*> targets;
    for (const Parts::Target& part : parts_.payload) {
      auto target = listed(part);
      if (!target) return tl::unexpected(target.error());
      if (!targets.empty() && ((*target)->delta != targets.back()->delta || !(*target)->delta))
        return refuse(Reason::part_out_of_order, "target", "a bundle brings one set, or deltas");
      targets.push_back(*target);
    }
    const Target& last = *targets.back();
    out_.kind = last.delta ? VerifiedBundle::Kind::deltas : VerifiedBundle::Kind::set;
    out_.release = last.release;
    out_.version = last.version;
    out_.set_hash = last.set_hash;
    if (state_.active && state_.active->release == out_.release && state_.active->set_hash == out_.set_hash) {
      // The active set published anew is a refresh: it is known to be still wanted.
      if (out_.next.timestamp.version == state_.timestamp.version)
        return refuse(Reason::already_installed, "target", "release " + std::to_string(out_.release));
      if (!parts_.breakglass.empty()) return refuse(Reason::breakglass_not_needed, "breakglass", "release " + std::to_string(out_.release) + " is active");
      out_.kind = VerifiedBundle::Kind::refresh;
      return {};
    }
    if (auto fine = release(); !fine) return fine;
    for (std::size_t i = 0; i < targets.size(); ++i) {
      auto text = unpacked(*targets[i], parts_.payload[i]);
      if (!text) return tl::unexpected(text.error());
      out_.texts.push_back(*text);
      if (auto fine = last.delta ? delta(*targets[i], *text) : set(*targets[i], *text); !fine) return fine;
    }
    return {};
  }

  /// Upwards only, but for a break-glass record, and for the very set that lies damaged here.
  Checked<> release() {
    const bool repair = state_.damaged && state_.damaged->release == out_.release && state_.damaged->set_hash == out_.set_hash;
    if (out_.release > state_.highest_release || repair) {
      if (!parts_.breakglass.empty()) return refuse(Reason::breakglass_not_needed, "breakglass", "release " + std::to_string(out_.release) + " is newer");
      return {};
    }
    if (parts_.breakglass.empty())
      return refuse(Reason::set_rolled_back, "target", "release " + std::to_string(out_.release) + " after release " + std::to_string(state_.highest_release));
    auto record = check_breakglass(parts_.breakglass, state_, root_, post_, out_.release, out_.set_hash, now_);
    if (!record) return tl::unexpected(record.error());
    out_.next.breakglass_used.emplace_back(record->hash, record->record.expires);
    out_.rollback = std::move(record->record);
    out_.rollback_signers = std::move(record->signers);
    return {};
  }

  Checked<HeldText> unpacked(const Target& target, const Parts::Target& part) const {
    if (target.zstd) return unpack_zstd(part.bytes, target.unpacked_length);
    if (target.unpacked_length > limits::target_bytes_max)
      return refuse(Reason::expands_too_far, "target", "unpacks to " + std::to_string(target.unpacked_length) + " bytes");
    if (target.unpacked_length != part.bytes.size())
      return refuse(Reason::length_mismatch, "target", "bytes " + numbers(part.bytes.size(), target.unpacked_length));
    return HeldText{bundle_, part.bytes};
  }

  Checked<> set(const Target& target, const HeldText& text) {
    auto table = ProfileTable::read(text);
    if (!table) return tl::unexpected(table.error());
    if (table->hash() != target.set_hash) return refuse(Reason::set_hash_mismatch, "target", "the set's hash is " + hex(table->hash()) + ", signed is " + hex(target.set_hash));
    if (table->version() != target.version) return refuse(Reason::bad_set, "target", "the set calls itself \"" + table->version() + "\", signed is \"" + target.version + "\"");
    out_.set = std::make_shared<const ProfileTable>(std::move(*table));
    return {};
  }

  Checked<> delta(const Target& target, const HeldText& text) {
    const bool first = out_.deltas.empty();
    if (first && !state_.active) return refuse(Reason::delta_wrong_base, "target", "nothing is installed here");
    const Sha256& base = first ? state_.active->set_hash : out_.deltas.back().result;
    if (target.base_hash != base) return refuse(Reason::delta_wrong_base, "target", "for set " + hex(target.base_hash) + ", before it is " + hex(base));
    auto read = read_delta(text);
    if (!read) return tl::unexpected(read.error());
    if (read->base != target.base_hash) return refuse(Reason::delta_wrong_base, "target", "inside it is for another set than signed");
    if (read->result != target.set_hash) return refuse(Reason::set_hash_mismatch, "target", "inside it leads to another set than signed");
    out_.deltas.push_back(std::move(*read));
    return {};
  }

  SharedBytes bundle_;
  const TrustedState& state_;
  const std::string& post_;
  WallTime now_;  ///< the clock's, or the last seen one's if that is later
  Parts parts_;
  Root root_;
  Targets targets_;
  VerifiedBundle out_;
};

}  // namespace

Checked<VerifiedBundle> verify(const SharedBytes& bundle, const TrustedState& state, const std::string& post, WallTime now) {
  return Verification(bundle, state, post, now).run(now);
}

Checked<CheckedBreakGlass> check_breakglass(std::string_view text, const TrustedState& state, const Root& root, const std::string& post,
                                            std::uint64_t to_release, const Sha256& to_hash, WallTime now) {
  const auto role = root.roles.find("breakglass");
  if (role == root.roles.end()) return refuse(Reason::no_breakglass_keys, "breakglass", "the root names no break-glass keys");
  auto envelope = read_envelope(text, "breakglass");
  if (!envelope) return tl::unexpected(envelope.error());
  CheckedBreakGlass out;
  auto signers = check_signers(*envelope, root.keys, role->second, "breakglass");
  if (!signers) return tl::unexpected(signers.error());
  out.signers = std::move(*signers);
  auto record = read_breakglass(envelope->signed_text);
  if (!record) return tl::unexpected(record.error());
  out.record = std::move(*record);
  out.hash = sha256(envelope->signed_text);
  if (out.record.post != post) return refuse(Reason::breakglass_wrong_post, "breakglass", "for " + out.record.post + ", this is " + post);
  if (auto fine = not_expired(out.record.expires, now, "breakglass"); !fine) return tl::unexpected(fine.error());
  for (const auto& [used, expires] : state.breakglass_used)
    if (used == out.hash) return refuse(Reason::breakglass_used, "breakglass", "the record was used here before");
  const BreakGlass& r = out.record;
  if (!state.active || r.from_release != state.active->release || r.from_hash != state.active->set_hash)
    return refuse(Reason::breakglass_wrong_release, "breakglass",
                  "from release " + std::to_string(r.from_release) + ", active is " + std::to_string(state.active ? state.active->release : 0));
  if (r.to_release != to_release || r.to_hash != to_hash)
    return refuse(Reason::breakglass_wrong_release, "breakglass", "to release " + std::to_string(r.to_release) + ", this is " + std::to_string(to_release));
  return out;
}

Checked<std::shared_ptr<const ProfileTable>> resulting_set(const VerifiedBundle& bundle, const std::shared_ptr<const ProfileTable>& current) {
  if (bundle.kind == VerifiedBundle::Kind::refresh) return current;
  if (bundle.set) return bundle.set;
  if (!current) return refuse(Reason::delta_wrong_base, "target", "nothing is installed here");
  std::shared_ptr<const ProfileTable> set = current;
  for (const Delta& delta : bundle.deltas) {
    auto next = set->with(delta);
    if (!next) return tl::unexpected(next.error());
    set = std::make_shared<const ProfileTable>(std::move(*next));
  }
  if (set->version() != bundle.version)
    return refuse(Reason::bad_set, "target", "the set calls itself \"" + set->version() + "\", signed is \"" + bundle.version + "\"");
  return set;
}

}  // namespace rampa::bundle
