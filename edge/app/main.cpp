// bin/rampa: the appliance and its tools.
#include <CLI/CLI.hpp>
#include <sys/stat.h>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "edge/app/camera_commands.hpp"
#include "edge/app/learning_commands.hpp"
#include "edge/app/picture_command.hpp"
#include "edge/app/plates_commands.hpp"
#include "edge/app/profiles_commands.hpp"
#include "edge/app/risk_commands.hpp"
#include "edge/app/tools.hpp"
#include "edge/app/version.hpp"
#include "edge/app/watchlist_commands.hpp"

int main(int argc, char** argv) {
  using namespace rampa::app;
  ::umask(0077);  // what Rampa writes holds plates and keys: for its own user alone
  CLI::App cli{"Rampa: the computer of a border post's lanes"};
  cli.set_version_flag("--version", described_version());
  cli.require_subcommand(1);
  cli.footer("Exit codes: 0 fine, 1 found something wrong, 2 wrong usage, 78 configuration.");

  ToolOptions options;
  int code = exit_ok;
  const char* site = std::getenv("RAMPA_SITE");
  options.site_file = site ? site : "";

  auto common = [&](CLI::App* sub) {
    sub->add_flag("--json", options.json, "one JSON object on standard output");
    sub->add_option("--icd-dir", options.icd_directory, "folder of ICD files (else RAMPA_ICD_DIR, else beside the binary)");
    return sub;
  };
  auto with_site = [&](CLI::App* sub) {
    sub->add_option("--site", options.site_file, "the post's site file (TOML); else RAMPA_SITE")->required(options.site_file.empty());
    return common(sub);
  };

  bool simulated = false;
  auto* serve_cmd = with_site(cli.add_subcommand("serve", "run the appliance"));
  serve_cmd->add_flag("--simulated", simulated, "devices are simulators: every page says so");
  serve_cmd->callback([&] { code = serve(options, simulated); });

  auto* check = common(cli.add_subcommand("check-config", "check a site file; reports all errors at once"));
  check->add_option("file", options.site_file, "site file")->required();
  check->callback([&] { code = check_config(options); });

  std::size_t limit = 50;
  std::string lane, plate, id;
  auto* list = with_site(cli.add_subcommand("crossings", "list crossings, newest first"));
  list->add_option("--limit", limit, "at most so many")->check(CLI::Range(std::size_t{1}, std::size_t{100000}))->capture_default_str();
  list->add_option("--lane", lane, "of this lane only");
  list->add_option("--plate", plate, "of this plate only");
  list->callback([&] { code = crossings(options, limit, lane, plate); });

  auto* one = with_site(cli.add_subcommand("show", "everything recorded of one crossing"));
  one->add_option("id", id, "crossing id, as `crossings` prints it")->required();
  one->callback([&] { code = show(options, id); });

  auto* whole = with_site(cli.add_subcommand("verify", "walk chain, signatures, images and picture; name the first broken link"));
  whole->callback([&] { code = verify(options); });

  std::string date, by;
  bool confirmed = false;
  auto* erase = with_site(cli.add_subcommand("erase-day", "destroy the key of one day's personal fields (UTC), while rampa serve is stopped; verify stays whole"));
  erase->add_option("date", date, "YYYY-MM-DD")->required();
  erase->add_option("--by", by, "who orders it; goes into the record")->required();
  erase->add_flag("--yes-destroy-the-key", confirmed, "there is no way back");
  erase->callback([&] { code = erase_day(options, date, by, confirmed); });

  auto* again = with_site(cli.add_subcommand("reassess", "assess a stored crossing again; must give the same"));
  again->add_option("id", id, "crossing id")->required();
  again->callback([&] { code = reassess(options, id); });

  auto* state = with_site(cli.add_subcommand("status", "how the running appliance is"));
  state->callback([&] { code = status(options); });

  auto* profiles = add_profiles_commands(cli, code);
  add_risk_commands(cli, *profiles, options, code);
  add_learning_commands(*profiles, code);
  add_watchlist_commands(cli, code);
  add_plates_commands(cli, code);
  add_camera_commands(cli, options, code);
  add_picture_command(cli, options, code);

  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return cli.exit(error) == 0 ? exit_ok : exit_usage;
  } catch (const std::exception& error) {
    std::cerr << "rampa: " << error.what() << "\n";
    return exit_found;
  }
  return code;
}
