// `rampa profiles sign` and `keys`: headquarters' side. Each person runs it on his own machine with his own key.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "edge/app/profiles_file.hpp"
#include "edge/app/profiles_succession.hpp"
#include "edge/app/profiles_tools.hpp"
#include "edge/app/tools.hpp"
#include "edge/runtime/system_clock.hpp"
#include "sync/bundle/signing.hpp"
#include "sync/bundle/trusted_state.hpp"

namespace rampa::app {
namespace {

using Json = nlohmann::ordered_json;

int complain(const std::string& what, int code) {
  std::cerr << "rampa: " << what << "\n";
  return code;
}

Result<std::string> read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (text.empty()) return fail(ErrorCode::not_found, path + ": can't be read, or is empty");
  return text;
}

/// Beside it and then over it, so that what is signed further is never lost; a secret is never written over.
Result<void> write_text(const std::string& path, std::string_view text, bool secret) {
  const std::string beside = secret ? path : path + ".new";
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (secret ? O_EXCL : O_TRUNC), secret ? 0600 : 0644);
  if (fd < 0) return fail(ErrorCode::io, beside + ": " + std::strerror(errno) + (errno == EEXIST ? "; keys are never written over, name another file" : ""));
  bool fine = true;
  while (fine && !text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    fine = n > 0;
    if (fine) text.remove_prefix(static_cast<std::size_t>(n));
  }
  fine = fine && ::fsync(fd) == 0;
  ::close(fd);
  if (fine && !secret) fine = ::rename(beside.c_str(), path.c_str()) == 0;
  if (!fine) return fail(ErrorCode::io, path + ": " + std::strerror(errno));
  return {};
}

Result<std::vector<bundle::KeyPair>> read_keys(const std::vector<std::string>& files) {
  std::vector<bundle::KeyPair> out;
  for (const auto& file : files) {
    auto text = read_text(file);
    if (!text) return tl::unexpected(text.error());
    auto pair = bundle::read_key_file(*text, file);
    if (!pair) return tl::unexpected(pair.error());
    out.push_back(*pair);
  }
  return out;
}

WallTime now() { return runtime::SystemClock().now().wall; }
WallTime in_days(int days) { return {now().ms + std::int64_t{days} * 86'400'000}; }

Result<WallTime> time_of(const std::string& text, const char* option) {
  if (const auto parsed = bundle::parse_time(text)) return *parsed;
  return fail(ErrorCode::invalid, std::string(option) + ": a time like 2027-02-21T00:00:00Z is expected, not \"" + text + "\"");
}

int said(bool json, const Json& values, const std::string& text) {
  if (json) std::cout << values.dump() << "\n";
  else std::cout << text << "\n";
  return exit_ok;
}

/// The keys that the role names and that have not signed `metadata` yet.
Result<std::string> signed_further(const std::string& metadata, const std::string& role, const bundle::Root& root, const std::vector<bundle::KeyPair>& keys) {
  auto envelope = bundle::read_envelope(metadata, role);
  if (!envelope) return tl::unexpected(bundle::to_error(envelope.error()));
  std::vector<bundle::KeyPair> fresh;
  for (const auto& pair : bundle::keys_of_role(root, role, keys)) {
    bool there = false;
    for (const auto& [id, signature] : envelope->signatures) there |= id == bundle::key_id(pair.open);
    if (!there) fresh.push_back(pair);
  }
  return bundle::add_signatures(metadata, role, fresh);
}

int missing(const std::string& metadata, const std::string& role, const bundle::Root& root) {
  auto envelope = bundle::read_envelope(metadata, role);
  const auto found = root.roles.find(role);
  return envelope && found != root.roles.end() ? static_cast<int>(found->second.threshold) - static_cast<int>(envelope->signatures.size()) : 0;
}

/// A draft as far as it is: published where the keys of snapshot and timestamp are at hand, else written for the next one.
int finish(const SignOptions& o, bundle::Draft draft, const std::vector<bundle::KeyPair>& keys) {
  auto root = bundle::root_of(draft.roots.back());
  if (!root) return complain(root.error().what, exit_found);
  auto targets = signed_further(draft.targets, "targets", *root, keys);
  if (!targets) return complain(targets.error().what, exit_found);
  draft.targets = *targets;
  if (o.refresh) draft.payload.clear(), draft.breakglass.clear();
  const int lacking = missing(draft.targets, "targets", *root);
  const bool publishing = !bundle::keys_of_role(*root, "snapshot", keys).empty() && !bundle::keys_of_role(*root, "timestamp", keys).empty();
  std::string out;
  if (publishing) {
    const bundle::PublishPlan plan{o.metadata_version ? o.metadata_version : static_cast<std::uint64_t>(now().ms / 1000), in_days(o.snapshot_days), in_days(o.timestamp_days)};
    auto published = bundle::publish(draft, plan, keys);
    if (!published) return complain(published.error().what, exit_found);
    out = std::move(*published);
  } else {
    out = bundle::pack_draft(draft);
  }
  if (auto written = write_text(o.out, out, false); !written) return complain(written.error().what, exit_found);
  const std::string state = publishing ? "bundle, published" : lacking > 0 ? "draft; targets lack " + std::to_string(lacking) + " signature(s)" : "draft; all signed, to be published with the keys of snapshot and timestamp";
  return said(o.json, {{"ok", true}, {"file", o.out}, {"bytes", out.size()}, {"published", publishing}, {"signatures_missing", std::max(lacking, 0)}}, o.out + ": " + state);
}

/// "7:HASH".
bool release_and_hash(const std::string& text, std::uint64_t& release, bundle::Sha256& hash) {
  const auto colon = text.find(':');
  if (colon == std::string::npos) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + colon, release);
  const auto parsed = bundle::parse_sha256(std::string_view(text).substr(colon + 1));
  if (error != std::errc{} || end != text.data() + colon || !parsed) return false;
  hash = *parsed;
  return true;
}

int new_record(const SignOptions& o, const std::vector<bundle::KeyPair>& keys) {
  bundle::BreakGlass record;
  if (!release_and_hash(o.from, record.from_release, record.from_hash) || !release_and_hash(o.to, record.to_release, record.to_hash))
    return complain("--from and --to: RELEASE:HASH as `rampa profiles list` prints them", exit_usage);
  if (o.posts.size() != 1 || o.reason.empty()) return complain("a break-glass record needs one --post and a --reason", exit_usage);
  auto expires = time_of(o.expires, "--expires");
  if (!expires) return complain(expires.error().what, exit_usage);
  record.post = o.posts[0];
  record.reason = o.reason;
  record.expires = *expires;
  auto made = bundle::make_breakglass(record, keys);
  if (!made) return complain(made.error().what, exit_found);
  if (auto written = write_text(o.out, *made, false); !written) return complain(written.error().what, exit_found);
  return said(o.json, {{"ok", true}, {"file", o.out}, {"signatures", keys.size()}}, o.out + ": break-glass record with " + std::to_string(keys.size()) + " signature(s)");
}

/// A root or a record is JSON; which one, its _type says.
int sign_json(const SignOptions& o, const std::string& metadata, const std::vector<bundle::KeyPair>& keys) {
  const bool record = metadata.find(R"("_type":"breakglass")") != std::string::npos;
  const std::string role = record ? "breakglass" : "root";
  auto more = bundle::add_signatures(metadata, role, keys);
  if (!more) return complain(o.proceed + ": " + more.error().what, exit_found);
  if (auto written = write_text(o.out, *more, false); !written) return complain(written.error().what, exit_found);
  return said(o.json, {{"ok", true}, {"file", o.out}}, o.out + ": " + role + " signed further");
}

/// Nobody signs a set of which it was not tried what it stops. The report is not signed: it keeps people from forgetting; a post judges by its own past.
Result<void> simulated(const SignOptions& o, const std::string& canonical) {
  const auto set = bundle::ProfileTable::read(bundle::hold(canonical));
  if (!set) return tl::unexpected(bundle::to_error(set.error()));
  const auto policy = Json::parse(set->head())["policy"];
  if (policy.is_object() && policy.contains("stop_limit") && policy["stop_limit"].is_object() && policy["stop_limit"].contains("waived")) return {};
  const std::string how = "run `rampa profiles simulate " + o.set + " --history FILE --json > REPORT` and name it with --simulation";
  if (o.simulation.empty()) return fail(ErrorCode::refused, o.set + ": nobody has tried what it stops: " + how + ", or give the policy's stop_limit a `waived` reason, which every post writes into its journal");
  auto text = read_text(o.simulation);
  if (!text) return tl::unexpected(text.error());
  const auto report = Json::parse(*text, nullptr, false);
  const auto is = [&](const char* key, Json::value_t type) { return report.is_object() && report.contains(key) && report[key].type() == type; };
  if (!is("ok", Json::value_t::boolean) || !is("set_hash", Json::value_t::string) || !is("crossings", Json::value_t::number_unsigned))
    return fail(ErrorCode::invalid, o.simulation + ": is not what `rampa profiles simulate --json` prints; " + how);
  if (report["set_hash"] != bundle::hex(set->hash())) return fail(ErrorCode::refused, o.simulation + ": is of another set than " + o.set + "; " + how);
  constexpr std::uint64_t least = 100;
  if (report["crossings"].get<std::uint64_t>() < least)
    return fail(ErrorCode::refused, o.simulation + ": goes over " + report["crossings"].dump() + " crossings, which say too little; take a history of at least " + std::to_string(least));
  if (report["ok"].get<bool>()) return {};
  std::string why;
  if (report.contains("refused"))
    for (const auto& line : report["refused"])
      if (line.is_string()) why += "\n" + line.get<std::string>();
  return fail(ErrorCode::refused, o.set + ": would stop too many:" + why);
}

/// `before` as it is signed; empty where nobody named one.
Result<void> follows(const SignOptions& o, const std::string& canonical, const std::string& before) {
  if (before.empty()) {
    std::cerr << "rampa: versions and stages are not compared with the set before: name it with --previous or --base, unless this is the first\n";
    return {};
  }
  const auto from = bundle::ProfileTable::read(bundle::hold(before)), to = bundle::ProfileTable::read(bundle::hold(canonical));
  if (!from || !to) return tl::unexpected(bundle::to_error(from ? to.error() : from.error()));
  std::string all;
  for (const auto& wrong : wrong_succession(*from, *to, Releases::next, Names::all)) all += "\n" + wrong;
  if (!all.empty()) return fail(ErrorCode::refused, o.set + ": cannot follow " + (o.base.empty() ? o.previous : o.base) + ":" + all);
  return {};
}

}  // namespace

int profiles_sign(const SignOptions& o) {
  const int modes = !o.set.empty() + !o.proceed.empty() + !o.from.empty();
  if (modes != 1) return complain("name one of --set, --continue, --from", exit_usage);
  auto keys = read_keys(o.keys);
  if (!keys) return complain(keys.error().what, exit_usage);
  if (!o.from.empty()) return new_record(o, *keys);
  if (!o.proceed.empty()) {
    auto bytes = read_text(o.proceed);
    if (!bytes) return complain(bytes.error().what, exit_found);
    if (bytes->front() == '{') return sign_json(o, *bytes, *keys);
    auto draft = bundle::read_draft(*bytes);
    if (!draft) return complain(o.proceed + ": " + draft.error().what, exit_found);
    return finish(o, std::move(*draft), *keys);
  }
  if (o.roots.empty() || o.posts.empty() || o.release == 0 || o.expires.empty())
    return complain("a new draft needs --root, --post, --release and --expires", exit_usage);
  bundle::DraftPlan plan;
  auto expires = time_of(o.expires, "--expires");
  if (!expires) return complain(expires.error().what, exit_usage);
  if (*expires <= now()) return complain("--expires: " + o.expires + " is past; posts would refuse it as expired", exit_usage);
  for (const auto& file : o.roots) {
    auto text = read_text(file);
    if (!text) return complain(text.error().what, exit_found);
    plan.roots.push_back(*text);
  }
  std::string previous;
  for (auto [from, to] : {std::pair{&o.set, &plan.set}, {&o.base, &plan.base}, {&o.previous, &previous}}) {
    if (from->empty()) continue;
    auto text = read_text(*from);
    auto set = text ? bundle::canonical_set(*text) : text;
    if (!set) return complain(*from + ": " + set.error().what, exit_found);
    *to = std::move(*set);
  }
  if (!o.base.empty() && !o.previous.empty()) return complain("name --base or --previous: the set before is one", exit_usage);
  const auto written = read_text(o.set);  // as its author wrote it: findings name his lines
  if (auto compiled = compile_set(written.value_or(plan.set), "", Priority::usual, risk::Reading::fresh); !compiled) {
    std::string all = o.set + ": does not compile; nobody signs what no lane can run on:";
    for (const auto& f : profile_findings(o.set, compiled.error()))
      all += "\n" + f.file + ":" + std::to_string(f.line) + ": " + f.key + ": " + f.cause + (f.remedy.empty() ? "" : "; " + f.remedy);
    return complain(all, exit_config);
  }
  if (auto fine = follows(o, plan.set, o.base.empty() ? previous : plan.base); !fine) return complain(fine.error().what, exit_found);
  if (auto fine = simulated(o, plan.set); !fine) return complain(fine.error().what, exit_found);
  if (!o.breakglass.empty()) {
    auto text = read_text(o.breakglass);
    if (!text) return complain(text.error().what, exit_found);
    plan.breakglass = *text;
  }
  plan.posts = o.posts;
  plan.release = o.release;
  plan.targets_version = o.metadata_version ? o.metadata_version : static_cast<std::uint64_t>(now().ms / 1000);
  plan.expires = *expires;
  plan.zstd_level = o.zstd_level;
  plan.name = o.target_name;
  auto draft = bundle::make_draft(plan, *keys);
  if (!draft) return complain(draft.error().what, exit_found);
  return finish(o, std::move(*draft), *keys);
}

int profiles_keys(const KeysOptions& o) {
  if (o.person.empty() == o.roles.empty()) return complain("name --person for a key pair, or --role for a root", exit_usage);
  if (!o.person.empty()) {
    auto pair = bundle::make_keys(o.person);
    if (!pair) return complain(pair.error().what, exit_usage);
    if (auto written = write_text(o.out, bundle::key_file(*pair), true); !written) return complain(written.error().what, exit_found);
    if (auto written = write_text(o.out + ".pub", bundle::key_json(pair->open) + "\n", false); !written) return complain(written.error().what, exit_found);
    return said(o.json, {{"ok", true}, {"person", o.person}, {"key_id", bundle::key_id(pair->open)}, {"private", o.out}, {"public", o.out + ".pub"}},
                "key " + bundle::key_id(pair->open) + " of " + o.person + ": " + o.out + " (secret), " + o.out + ".pub");
  }
  bundle::RootPlan plan;
  plan.version = o.version;
  auto expires = time_of(o.expires, "--expires");
  if (!expires) return complain(expires.error().what, exit_usage);
  plan.expires = *expires;
  const auto split = [](const std::string& text, std::string& name, std::string& rest) {
    const auto equals = text.find('=');
    name = text.substr(0, equals);
    rest = equals == std::string::npos ? "" : text.substr(equals + 1);
    for (const char* role : {"root", "targets", "snapshot", "timestamp", "breakglass"})
      if (name == role && !rest.empty()) return true;
    return false;
  };
  std::string name, rest;
  for (const auto& option : o.roles) {
    if (!split(option, name, rest)) return complain("--role " + option + ": ROLE=FILE,FILE with one of root, targets, snapshot, timestamp, breakglass", exit_usage);
    std::stringstream files(rest);
    for (std::string file; std::getline(files, file, ',');) {
      auto text = read_text(file);
      auto key = text ? bundle::read_key(*text, file) : Result<bundle::PublicKey>(tl::unexpected(text.error()));
      if (!key) return complain(key.error().what, exit_usage);
      plan.keys[name].push_back(*key);
    }
  }
  for (const auto& option : o.thresholds) {
    std::uint64_t number = 0;
    if (!split(option, name, rest) || std::from_chars(rest.data(), rest.data() + rest.size(), number).ec != std::errc{})
      return complain("--threshold " + option + ": ROLE=N", exit_usage);
    plan.thresholds[name] = number;
  }
  auto keys = read_keys(o.keys);
  if (!keys) return complain(keys.error().what, exit_usage);
  auto root = bundle::make_root(plan, *keys);
  if (!root) return complain(root.error().what, exit_found);
  if (auto written = write_text(o.out, *root, false); !written) return complain(written.error().what, exit_found);
  return said(o.json, {{"ok", true}, {"file", o.out}, {"version", o.version}, {"signatures", keys->size()}},
              o.out + ": root " + std::to_string(o.version) + " with " + std::to_string(keys->size()) + " signature(s)");
}

}  // namespace rampa::app
