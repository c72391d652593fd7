#include "edge/app/profiles_commands.hpp"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <memory>

#include "edge/app/explosive_sets.hpp"
#include "edge/app/profiles_convert.hpp"
#include "edge/app/profiles_tools.hpp"
#include "edge/app/urgent_list.hpp"
#include "edge/runtime/system_clock.hpp"

namespace rampa::app {
namespace {

void place_options(CLI::App* command, ProfilesPlace& place) {
  const char* site = std::getenv("RAMPA_SITE");
  place.site_file = site ? site : "";
  command->add_flag("--json", place.json, "one JSON object on standard output");
  command->add_option("--site", place.site_file, "the post's site file, whose `profiles` is a folder; else RAMPA_SITE");
  command->add_option("--icd-dir", place.icd_directory, "folder of ICD files (else RAMPA_ICD_DIR, else beside the binary)");
  command->add_option("--directory", place.directory, "the folder of installed sets, instead of the site's");
  command->add_option("--post", place.post, "id of the post, instead of the site's");
}

void add_sign(CLI::App* profiles, int& code) {
  auto o = std::make_shared<SignOptions>();
  auto* command = profiles->add_subcommand("sign", "make, sign and publish bundles and break-glass records");
  command->footer("Author:    rampa profiles simulate S.json --history H.jsonl --json > S.simulated\n"
                  "           rampa profiles sign --set S.json --simulation S.simulated --root 1.root.json --post P --release 7 --expires T --key author.key --out 7.draft\n"
                  "Approver:  rampa profiles sign --continue 7.draft --key approver.key --out 7.draft\n"
                  "Publisher: rampa profiles sign --continue 7.draft --key snapshot.key --key timestamp.key --out 7.bundle");
  command->add_option("--set", o->set, "profile set (JSON) for a new draft")->check(CLI::ExistingFile);
  command->add_option("--simulation", o->simulation, "what `rampa profiles simulate --json` printed of this set; a new draft needs it, unless its policy waives its limits")->check(CLI::ExistingFile);
  command->add_option("--base", o->base, "the set that the posts have: a delta from it is sent")->check(CLI::ExistingFile);
  command->add_option("--previous", o->previous, "the set that the new one follows, sent whole: versions and stages are compared, as with --base")->check(CLI::ExistingFile);
  command->add_option("--continue", o->proceed, "a draft, bundle, root or break-glass record to sign further")->check(CLI::ExistingFile);
  command->add_option("--root", o->roots, "root metadata, ascending; the last one is in force")->check(CLI::ExistingFile);
  command->add_option("--key", o->keys, "private key that signs wherever the root names it; may be given several times")->check(CLI::ExistingFile);
  command->add_option("--post", o->posts, "post that the set is for; \"*\" for all; may be given several times");
  command->add_option("--release", o->release, "number of the set at these posts; has to grow");
  command->add_option("--name", o->target_name, "of the target (profiles-RELEASE)");
  command->add_option("--expires", o->expires, "of targets or record: 2027-02-21T00:00:00Z");
  command->add_option("--metadata-version", o->metadata_version, "of targets, snapshot and timestamp (seconds since 1970)");
  command->add_option("--snapshot-days", o->snapshot_days, "the snapshot holds so long")->check(CLI::Range(1, 3650))->capture_default_str();
  command->add_option("--timestamp-days", o->timestamp_days, "the timestamp holds so long")->check(CLI::Range(1, 365))->capture_default_str();
  command->add_option("--zstd", o->zstd_level, "packs at this level; 0: not")->check(CLI::Range(0, 19))->capture_default_str();
  command->add_flag("--refresh", o->refresh, "with --continue: publish the metadata without the set");
  command->add_option("--breakglass", o->breakglass, "signed record to send along, for a lower release")->check(CLI::ExistingFile);
  command->add_option("--from", o->from, "new break-glass record: active RELEASE:HASH, as `list` prints them");
  command->add_option("--to", o->to, "new break-glass record: RELEASE:HASH to go back to");
  command->add_option("--reason", o->reason, "of a new break-glass record");
  command->add_option("--out", o->out, "file to write")->required();
  command->add_flag("--json", o->json, "one JSON object on standard output");
  command->callback([o, &code] { code = profiles_sign(*o); });
}

void add_keys(CLI::App* profiles, int& code) {
  auto o = std::make_shared<KeysOptions>();
  auto* command = profiles->add_subcommand("keys", "make a person's key pair, or a root of all the roles' keys");
  command->footer("rampa profiles keys --person \"Ana Petrovic\" --out ana.key     (writes ana.key and ana.key.pub)\n"
                  "rampa profiles keys --role root=a.pub,b.pub,c.pub --role targets=d.pub,e.pub,f.pub --role snapshot=s.pub --role timestamp=t.pub \\\n"
                  "  --role breakglass=g.pub,h.pub --expires 2028-01-01T00:00:00Z --key a.key --key b.key --out 1.root.json");
  command->add_option("--person", o->person, "whose key: a person's name, or \"publisher\" for a machine's");
  command->add_option("--role", o->roles, "ROLE=PUBLIC-KEY,...: root, targets, snapshot, timestamp, breakglass");
  command->add_option("--threshold", o->thresholds, "ROLE=N persons (2; snapshot and timestamp 1)");
  command->add_option("--version", o->version, "of the root; a new one is one higher, signed by the old root's keys too")->capture_default_str();
  command->add_option("--expires", o->expires, "of the root: 2028-01-01T00:00:00Z");
  command->add_option("--key", o->keys, "private key that signs the root; others sign with `sign --continue`")->check(CLI::ExistingFile);
  command->add_option("--out", o->out, "file to write")->required();
  command->add_flag("--json", o->json, "one JSON object on standard output");
  command->callback([o, &code] { code = profiles_keys(*o); });
}

void add_convert(CLI::App* profiles, int& code) {
  auto o = std::make_shared<ConvertOptions>();
  auto* command = profiles->add_subcommand("convert", "between a set or one condition (.json), a decision table (.dmn) and a condition as CEL text (any other name)");
  command->footer("What the other form cannot hold is named, with exit code 1. In a set that is converted a condition may be written {\"cel\": \"...\"}.");
  command->add_option("file", o->file, "what to convert")->required();
  command->add_option("--to", o->to, "json (a set, or one condition), cel or dmn (a set only)")->check(CLI::IsMember({"json", "cel", "dmn"}))->required();
  command->add_flag("--json", o->json, "one JSON object on standard output: {\"ok\",\"to\",\"text\",\"told\"}");
  command->callback([o, &code] { code = convert_profiles(*o, std::cout, std::cerr); });
}

}  // namespace

CLI::App* add_profiles_commands(CLI::App& cli, int& code) {
  auto* profiles = cli.add_subcommand("profiles", "profile sets and their signed bundles");
  profiles->require_subcommand(1);
  add_sign(profiles, code);
  add_keys(profiles, code);
  add_convert(profiles, code);

  auto verify = std::make_shared<VerifyOptions>();
  auto* verify_command = profiles->add_subcommand("verify", "judge a bundle as the post would, and change nothing");
  place_options(verify_command, verify->place);
  verify_command->add_option("bundle", verify->bundle, "bundle file")->required()->check(CLI::ExistingFile);
  verify_command->add_option("--root", verify->root, "judge by this root alone, as a post without a set")->check(CLI::ExistingFile);
  verify_command->add_option("--now", verify->now, "judge as at this time: 2026-11-21T12:00:00Z");
  verify_command->callback([verify, &code] { code = profiles_verify(*verify); });

  auto install = std::make_shared<InstallOptions>();
  auto* install_command = profiles->add_subcommand("install", "install a bundle; or begin the trust; or go back by a break-glass record");
  place_options(install_command, install->place);
  auto* bundle = install_command->add_option("bundle", install->bundle, "bundle file")->check(CLI::ExistingFile);
  auto* root = install_command->add_option("--root", install->root, "first root: makes the folder; once, by hand")->check(CLI::ExistingFile)->excludes(bundle);
  install_command->add_option("--rollback", install->rollback, "break-glass record: back to the last good set")->check(CLI::ExistingFile)->excludes(bundle)->excludes(root);
  install_command->callback([install, &code] { code = profiles_install(*install, gate_of_own_past); });

  auto place = std::make_shared<ProfilesPlace>();
  auto* list = profiles->add_subcommand("list", "installed sets: release, version, hash, date, who signed; the history; and the post's urgent profiles that live");
  place_options(list, *place);
  list->callback([place, &code] { code = profiles_list(*place, [](const ProfilesPlace& found) { return list_urgent(found, runtime::SystemClock()); }); });
  return profiles;
}

}  // namespace rampa::app
