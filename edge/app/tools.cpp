#include "edge/app/tools.hpp"

#include <ctime>
#include <fstream>
#include <future>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "config/site.hpp"
#include "edge/app/cached_lists.hpp"
#include "edge/app/profiles_file.hpp"
#include "edge/crossing/record_json.hpp"
#include "edge/runtime/system_clock.hpp"
#include "edge/store/store.hpp"

namespace rampa::app {

std::optional<std::string> whole_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

namespace {

using Json = nlohmann::ordered_json;

std::string time_text(WallTime time) {
  const std::time_t seconds = time.ms / 1000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[80];
  std::snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02dZ", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                utc.tm_hour, utc.tm_min, utc.tm_sec);
  return text;
}

Json finding_json(const config::Finding& f) {
  return {{"file", f.file}, {"line", f.line}, {"key", f.key}, {"cause", f.cause}, {"remedy", f.remedy}};
}

void print_findings(const std::vector<config::Finding>& findings, std::ostream& out) {
  for (const auto& f : findings)
    out << f.file << ":" << f.line << ": " << f.key << ": " << f.cause << (f.remedy.empty() ? "" : "; " + f.remedy) << "\n";
}

int complain(const Error& error) {
  std::cerr << "rampa: " << error.what << "\n";
  return exit_found;
}

Json record_json(const StoredRecord& record) {
  const RecordText text = encode(record.body);
  Json body = Json::parse(text.open);
  body.merge_patch(Json::parse(text.personal));
  Json blobs = Json::array();
  for (const auto& blob : record.blobs)
    blobs.push_back({{"name", blob.name}, {"media_type", blob.media_type}, {"sha256", blob.sha256}, {"size_bytes", blob.size_bytes}});
  return {{"sequence", record.sequence}, {"boot_id", record.boot_id}, {"lane", record.lane.text},
          {"crossing", record.crossing.text}, {"wall_ms", record.at.wall.ms}, {"mono_ns", record.at.mono.ns},
          {"kind", kind_of(record.body)}, {"body", body}, {"blobs", blobs}, {"hash", record.hash}, {"erased", record.erased}};
}

Json row_json(const store::CrossingRow& row) {
  auto or_null = [](std::int64_t value) { return value < 0 ? Json(nullptr) : Json(value); };
  return {{"id", row.id.text}, {"lane", row.lane.text}, {"opened_ms", row.opened.wall.ms}, {"plate", row.plate},
          {"trailer", row.trailer}, {"gross_kg", or_null(row.gross_kg)}, {"channel", row.channel}, {"hits", row.hits},
          {"verdict", row.verdict}, {"decided_by", row.decided_by}, {"outcome", row.outcome},
          {"decision_ms", or_null(row.decision_ms)}, {"paper", row.paper}, {"acknowledged", row.acknowledged}};
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ",") + word;
  return text.empty() ? "-" : text;
}

}  // namespace

std::optional<config::Site> site_of(const ToolOptions& options) {
  auto check = config::read_site(options.site_file, options.icd_directory);
  if (check.findings.empty()) return std::move(check.site);
  print_findings(check.findings, std::cerr);
  return std::nullopt;
}

int check_config(const ToolOptions& options) {
  auto check = config::read_site(options.site_file, options.icd_directory);
  if (check.findings.empty()) {
    auto profiles = read_profiles(check.site.profiles_file, risk::Reading::fresh);
    if (!profiles) check.findings = profile_findings(check.site.profiles_file, profiles.error());
    (void)read_site_lists(check.site, check.findings);
  }
  if (options.json) {
    Json findings = Json::array();
    for (const auto& f : check.findings) findings.push_back(finding_json(f));
    std::cout << Json{{"file", options.site_file}, {"ok", check.findings.empty()}, {"findings", findings}}.dump() << "\n";
  } else if (check.findings.empty()) {
    std::cout << options.site_file << ": fine: post " << check.site.post.text << ", " << check.site.lanes.size() << " lanes, "
              << check.site.devices.size() << " devices\n";
  } else {
    print_findings(check.findings, std::cout);
  }
  return check.findings.empty() ? exit_ok : exit_config;
}

int crossings(const ToolOptions& options, std::size_t limit, const std::string& lane, const std::string& plate) {
  auto site = site_of(options);
  if (!site) return exit_config;
  auto reader = store::open_picture(site->directory);
  if (!reader) return complain(reader.error());
  store::CrossingQuery query;
  query.limit = limit;
  query.lane.text = lane;
  query.plate = plate;
  auto rows = (*reader)->crossings(query);
  if (!rows) return complain(rows.error());
  if (options.json) {
    Json list = Json::array();
    for (const auto& row : *rows) list.push_back(row_json(row));
    std::cout << Json{{"crossings", list}}.dump() << "\n";
    return exit_ok;
  }
  for (const auto& row : *rows) {
    std::cout << time_text(row.opened.wall) << "  " << row.id.text << "  " << (row.plate.empty() ? "?" : row.plate)
              << (row.trailer.empty() ? "" : "+" + row.trailer) << "  " << (row.gross_kg < 0 ? "?" : std::to_string(row.gross_kg))
              << " kg  " << row.channel << "  " << joined(row.hits) << "  " << row.verdict << " by " << row.decided_by << "  "
              << row.outcome << (row.paper ? "  (from paper)" : "") << (row.acknowledged ? "  HQ has it" : "") << "\n";
  }
  return exit_ok;
}

int show(const ToolOptions& options, const std::string& id) {
  auto site = site_of(options);
  if (!site) return exit_config;
  auto reader = store::open_picture(site->directory);
  if (!reader) return complain(reader.error());
  auto records = (*reader)->records_of(CrossingId{id});
  if (!records) return complain(records.error());
  if (records->empty()) return complain({ErrorCode::not_found, "no crossing '" + id + "'; `rampa crossings` lists them"});
  if (options.json) {
    Json list = Json::array();
    for (const auto& record : *records) list.push_back(record_json(record));
    std::cout << Json{{"id", id}, {"records", list}}.dump() << "\n";
    return exit_ok;
  }
  for (const auto& record : *records) {
    std::cout << time_text(record.at.wall) << "  #" << record.sequence << "  " << record_json(record)["body"].dump() << "\n";
    for (const auto& blob : record.blobs)
      std::cout << "    " << blob.name << "  " << blob.media_type << "  " << blob.size_bytes << " bytes  " << blob.sha256 << "\n";
  }
  return exit_ok;
}

int verify(const ToolOptions& options) {
  auto site = site_of(options);
  if (!site) return exit_config;
  int shown = -1;
  auto report = store::verify(site->directory, [&](int percent) {
    if (options.json || percent == shown) return;
    shown = percent;
    std::cerr << "\rverifying " << percent << " %" << std::flush;
  });
  if (shown >= 0) std::cerr << "\n";
  if (!report) return complain(report.error());
  if (options.json)
    std::cout << Json{{"ok", report->first_broken.empty()}, {"records", report->records}, {"signatures", report->signatures},
                      {"blobs", report->blobs}, {"blobs_at_hq", report->blobs_at_hq}, {"blobs_removed", report->blobs_removed}, {"rows", report->rows}, {"first_broken", report->first_broken}}.dump() << "\n";
  else
    std::cout << report->records << " records, " << report->signatures << " signatures, " << report->blobs << " blobs"
              << (report->blobs_at_hq + report->blobs_removed > 0 ? " (" + std::to_string(report->blobs_at_hq + report->blobs_removed) + " more made room, " +
                      std::to_string(report->blobs_at_hq) + " of them HQ holds)" : "") << ", "
              << report->rows << " rows: " << (report->first_broken.empty() ? "whole" : "BROKEN: " + report->first_broken) << "\n";
  return report->first_broken.empty() ? exit_ok : exit_found;
}

int erase_day(const ToolOptions& options, const std::string& date, const std::string& by, bool confirmed) {
  auto site = site_of(options);
  if (!site) return exit_config;
  if (!confirmed) {
    std::cerr << "rampa: this destroys the key of " << date << ": plates and names recorded that day can never be read again "
              << "(pictures are not encrypted and stay); say --yes-destroy-the-key to do it\n";
    return exit_usage;
  }
  runtime::SystemClock clock;
  store::Settings settings;
  settings.directory = site->directory;
  settings.post = site->post;
  settings.boot = runtime::os_boot();
  settings.wall_quality = runtime::wall_quality;
  auto store = store::open(settings, clock);
  if (!store)
    return complain({store.error().code, store.error().what + (store.error().code == ErrorCode::busy ? " (rampa serve runs: stop it for this)" : "")});
  const auto wait = [](auto begin) {
    std::promise<Result<void>> done;
    begin([&done](auto result) { done.set_value(result ? Result<void>{} : tl::unexpected(result.error())); });
    return done.get_future().get();
  };
  // The record first: a day that was erased without anybody's name would be worse than a note about one that was not.
  Record note;
  note.at = clock.now();
  note.body = AuditNote{"erase_day", by, date};
  if (auto noted = wait([&](auto answer) { (*store)->persist({note}, answer); }); !noted) return complain(noted.error());
  if (auto erased = wait([&](auto answer) { (*store)->erase_day(date, answer); }); !erased) return complain(erased.error());
  if (options.json) std::cout << Json{{"erased", date}, {"by", by}}.dump() << "\n";
  else std::cout << "the personal fields of " << date << " are gone; `rampa verify` stays whole\n";
  return exit_ok;
}

int reassess(const ToolOptions& options, const std::string& id) {
  auto site = site_of(options);
  if (!site) return exit_config;
  std::map<std::string, std::shared_ptr<const risk::ProfileSet>> sets;  // by hash
  // The site's present set may be newer, or broken: what an assessment was made with lies in the store.
  if (auto present = read_profiles(site->profiles_file)) sets[present->set->sha256()] = present->set;
  auto reader = store::open_picture(site->directory);
  if (!reader) return complain(reader.error());
  auto records = (*reader)->records_of(CrossingId{id});
  if (!records) return complain(records.error());
  bool any = false, same = true;
  Json results = Json::array();
  for (const auto& record : *records) {
    const auto* made = std::get_if<AssessmentMade>(&record.body);
    if (!made) continue;
    any = true;
    const Assessment& stored = made->assessment;
    if (record.erased) return complain({ErrorCode::refused, "the facts of " + id + " were erased with the key of their day"});
    auto& set = sets[stored.profile_set_sha256];
    if (!set) {
      auto kept = stored_profiles(site->directory, stored.profile_set_sha256);
      if (!kept)
        return complain({ErrorCode::not_found, id + " was assessed with profile set " + stored.profile_set + " (" + stored.profile_set_sha256 +
                                                   "), which is neither the site's nor in the store: " + kept.error().what});
      set = std::move(*kept);
    }
    const Assessment again = risk::reassess(*set, stored, record.at.wall, made->evidence_missing);
    const bool equal = encode(again) == encode(stored);
    same = same && equal;
    results.push_back({{"sequence", record.sequence}, {"stored", Json::parse(encode(stored))},
                       {"again", Json::parse(encode(again))}, {"equal", equal}});
    if (!options.json) {
      auto line = [](const Assessment& a) {
        std::vector<std::string> hits;
        for (const auto& hit : a.hits) hits.push_back(hit.profile);
        return std::string(name_of(a.channel)) + "  hits " + joined(hits);
      };
      std::cout << "#" << record.sequence << "  stored: " << line(stored) << "\n"
                << "#" << record.sequence << "  again:  " << line(again) << (equal ? "  equal" : "  DIFFERENT") << "\n";
    }
  }
  if (records->empty()) return complain({ErrorCode::not_found, "no crossing '" + id + "'; `rampa crossings` lists them"});
  if (!any) return complain({ErrorCode::not_found, "crossing '" + id + "' has no assessment"});
  if (options.json) std::cout << Json{{"id", id}, {"equal", same}, {"assessments", results}}.dump() << "\n";
  return same ? exit_ok : exit_found;
}

}  // namespace rampa::app
