// rampa-hq: the receiving side.
#include <CLI/CLI.hpp>
#include <sys/stat.h>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "edge/runtime/system_clock.hpp"
#include "sync/digest.hpp"
#include "sync/envelope.hpp"
#include "sync/hq/desk.hpp"
#include "sync/hq/export/export_command.hpp"
#include "sync/hq/hq_key.hpp"
#include "sync/hq/metrics.hpp"
#include "sync/hq/receiver.hpp"
#include "sync/hq/report.hpp"
#include "sync/hq/s3_shelf.hpp"
#include "sync/hq/sent_files.hpp"
#include "sync/hq/serve.hpp"
#include "sync/letters.hpp"

using namespace rampa;
using namespace rampa::sync;

namespace {

std::atomic<bool> stop_wanted{false};
extern "C" void on_signal(int) { stop_wanted = true; }

int complain(const Error& error) {
  std::cerr << "rampa-hq: " << error.what << '\n';
  return 2;
}

/// A flat object per line, for people; the JSON document itself with --json.
int print(const Result<hq::Report>& report, bool json) {
  if (!report) return complain(report.error());
  if (json) {
    std::cout << report->json << '\n';
    return report->sound ? 0 : 1;
  }
  const auto document = nlohmann::json::parse(report->json);
  const auto line = [](const nlohmann::json& object) {
    bool first = true;
    for (const auto& [key, value] : object.items()) {
      if (value.is_structured() && value.empty()) continue;
      std::cout << (std::exchange(first, false) ? "" : "  ") << key << ' ' << (value.is_string() ? value.get<std::string>() : value.dump());
    }
    std::cout << '\n';
  };
  if (document.is_object()) line(document);
  else for (const auto& entry : document) line(entry);
  if (document.is_array() && document.empty()) std::cout << "none\n";
  return report->sound ? 0 : 1;
}

void print_notice(const hq::Notice& notice, bool json) {
  if (json) {
    const nlohmann::json line{{"event", notice.event}, {"post", notice.post}, {"sequence", notice.sequence}, {"detail", notice.detail}};
    std::cout << line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
    return;
  }
  std::cout << notice.event;
  if (!notice.post.empty()) std::cout << ' ' << notice.post;
  if (notice.sequence) std::cout << " up to " << notice.sequence;
  if (!notice.detail.empty()) std::cout << ": " << notice.detail;
  std::cout << std::endl;
}

int serve(hq::ServeSettings settings, int metrics_port, bool json) {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  std::signal(SIGPIPE, SIG_IGN);
  const runtime::SystemClock clock;
  const std::uint64_t bits = runtime::random_bits();
  settings.incarnation = hex(ByteView{reinterpret_cast<const std::uint8_t*>(&bits), sizeof bits});
  settings.jitter_seed = runtime::random_bits();
  settings.notice = [json](const hq::Notice& notice) { print_notice(notice, json); };
  // The broker drops an older connection of the same name: workers of one database must not share theirs.
  if (settings.place.server()) settings.client_id = "rampa-hq-" + settings.incarnation;
  hq::ServeCounts counts;
  settings.counts = &counts;
  std::unique_ptr<hq::MetricsServer> metrics;
  if (metrics_port >= 0) {
    auto started = hq::serve_metrics(settings.place, static_cast<std::uint16_t>(metrics_port), clock, &counts);
    if (!started) return complain(started.error());
    metrics = std::move(*started);
    print_notice({"metrics", "", "http://127.0.0.1:" + std::to_string(metrics->port()) + "/metrics", 0}, json);
  }
  const auto served = hq::serve(settings, clock, stop_wanted);
  return served ? 0 : complain(served.error());
}

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path + " cannot be read");
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

struct LetterOptions {
  std::string post, declarations, watch_list, bundle, command, argument, by, referral, answer, text, code_list, kind, body;
  std::string reference_image, reference_sha, crossing, container, plate, note;
};

int send(const hq::Place& place, const LetterOptions& options, bool json) {
  const std::string post = options.post == "all" ? "" : options.post;
  if (options.post != "all" && !usable_as_post(options.post)) return complain({ErrorCode::invalid, "\"" + options.post + "\" is no post's name"});
  if (const auto known = hq::known_post(place, post); !known) return complain(known.error());
  const WallTime now = runtime::SystemClock().now().wall;
  std::string kind = options.kind, path = options.body;
  std::optional<hq::SentFile> file;
  if (!options.bundle.empty()) {
    kind = "bundle";
    auto shelved = hq::shelve_bundle(place, options.bundle);
    if (!shelved) return complain(shelved.error());
    file = std::move(*shelved);
  } else if (!options.reference_image.empty() || !options.reference_sha.empty()) {
    kind = "reference_image";
    if (post.empty() && !options.crossing.empty()) return complain({ErrorCode::invalid, "a crossing is one post's: name the post instead of \"all\""});
    ReferenceImageLetter letter;
    letter.crossing = options.crossing;
    letter.container = options.container;
    letter.plate = options.plate;
    letter.note = options.note;
    letter.by = options.by;
    auto shelved = options.reference_image.empty() ? hq::held_reference(place, options.reference_sha, std::move(letter))
                                                   : hq::shelve_reference(place, options.reference_image, std::move(letter));
    if (!shelved) return complain(shelved.error());
    file = std::move(*shelved);
  } else if (!options.watch_list.empty()) {
    kind = "watch_list";
    path = options.watch_list;
    auto shelved = hq::shelve_watch_list(place, options.watch_list, now);
    if (!shelved) return complain(shelved.error());
    file = std::move(*shelved);
  } else if (!options.code_list.empty()) {
    kind = "code_list";
    path = options.code_list;
  } else if (!options.declarations.empty()) {
    kind = "declarations";
    path = options.declarations;
  }
  std::string document = file ? file->body : std::string{};
  if (!options.command.empty()) {
    kind = path = "command";
    const Bytes encoded = encode(CommandLetter{options.command, options.argument, options.by});
    document.assign(encoded.begin(), encoded.end());
  } else if (!options.referral.empty()) {
    kind = path = "referral_answer";
    const Bytes encoded = encode(ReferralAnswerLetter{CrossingId{options.referral}, options.answer, options.text, options.by});
    document.assign(encoded.begin(), encoded.end());
  } else if (!file) {
    document = text_of(path);
  }
  const auto body = hq::checked_letter(kind, as_bytes(document));
  if (!body) return complain({body.error().code, path + ": " + body.error().what});
  const auto desk = hq::open_desk(place);
  if (file) desk->offer(post, file->sha256, now);
  const auto id = desk->add_letter(post, kind, *body, now);
  if (json) std::cout << nlohmann::json{{"letter", id}, {"version", id}, {"post", options.post}, {"kind", kind}}.dump() << '\n';
  else std::cout << "letter " << id << " goes to " << options.post << '\n';
  return 0;
}

/// To the serving process, which looks at its desk several times a second.
int order(const hq::Place& place, const std::vector<hq::Order>& orders, bool json) {
  for (const hq::Order& each : orders)  // an order for nobody would lie there for ever
    if (const auto known = hq::known_post(place, each.post); !known) return complain(known.error());
  const auto desk = hq::open_desk(place);
  nlohmann::json out = nlohmann::json::array();
  for (const hq::Order& each : orders) {
    desk->add_order(each, runtime::SystemClock().now().wall);
    out.push_back({{"post", each.post}, {"order", each.what}, {"detail", each.detail}});
  }
  if (json) std::cout << out.dump() << '\n';
  else for (const auto& each : out) std::cout << each["order"].get<std::string>() << ' ' << each["post"].get<std::string>() << ": ordered\n";
  return 0;
}

int records_opened(const hq::Place& place, hq::RecordQuery query, hq::Look look, bool json) {
  if (look.by.empty() || look.purpose.empty())
    return complain({ErrorCode::invalid, "--personal shows plates and names: say who looks and why with --by NAME --purpose TEXT"});
  if (const auto known = hq::known_post(place, query.post); !known) return complain(known.error());
  const auto key = hq::hq_key(place.directory);
  if (!key) return complain(key.error());
  query.key = *key;
  look.what = "records of " + query.post + " from " + std::to_string(query.from) + ", at most " + std::to_string(query.limit) +
              (query.crossing.empty() ? std::string{} : ", crossing " + query.crossing);
  look.at = runtime::SystemClock().now().wall;
  hq::open_desk(place)->note_look(look);
  return print(hq::report_records(place, query), json);
}

int looks(const hq::Place& place, bool json) {
  if (const auto here = hq::known_post(place, ""); !here) return complain(here.error());
  nlohmann::json out = nlohmann::json::array();
  for (const hq::Look& look : hq::open_desk(place)->looks())
    out.push_back({{"at_ms", look.at.ms}, {"by", look.by}, {"purpose", look.purpose}, {"what", look.what}});
  if (json) std::cout << out.dump() << '\n';
  else
    for (const auto& each : out)
      std::cout << each["at_ms"].get<std::int64_t>() << "  " << each["by"].get<std::string>() << "  " << each["purpose"].get<std::string>() << "  "
                << each["what"].get<std::string>() << '\n';
  return 0;
}

int letters(const hq::Place& place, const std::string& post, std::size_t limit, bool json) {
  if (const auto known = hq::known_post(place, post); !known) return complain(known.error());
  nlohmann::json out = nlohmann::json::array();
  for (const hq::SentLetter& letter : hq::open_desk(place)->sent(post, limit))
    out.push_back({{"number", letter.number}, {"kind", letter.kind}, {"command", letter.command}, {"state", letter.state}, {"said", letter.said}, {"made_ms", letter.made.ms}});
  if (json) std::cout << out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
  else
    for (const auto& each : out)
      std::cout << each["number"].dump() << "  " << each["kind"].get<std::string>() << "  " << each["command"].get<std::string>() << "  " << each["state"].get<std::string>() << "  "
                << each["said"].get<std::string>() << '\n';
  return 0;
}

int boost(const hq::Place& place, const std::string& sha, bool json) {
  if (!parse_sha256(sha)) return complain({ErrorCode::invalid, "\"" + sha + "\": expected 64 lower-case hex digits"});
  const auto posts = hq::posts_asked_for(place, sha);
  if (!posts) return complain(posts.error());
  if (posts->empty()) return complain({ErrorCode::not_found, "no post is asked for " + sha + ": it is here already, or no record names it"});
  std::vector<hq::Order> orders;
  for (const std::string& post : *posts) orders.push_back({post, "boost", sha});
  return order(place, orders, json);
}

/// What is not here any more is asked for again, while the post may still have it.
int verify(const hq::Place& place, const std::string& post, const std::string& epoch, bool json) {
  const auto report = hq::verify_post(place, post, epoch);
  const int status = print(report, json);
  if (!report || report->lost_blobs.empty()) return status;
  const auto desk = hq::open_desk(place);
  for (const std::string& sha : report->lost_blobs) desk->add_order({post, "lost", sha}, runtime::SystemClock().now().wall);
  std::cerr << "rampa-hq: " << report->lost_blobs.size() << " blobs are missing or damaged here; `serve` asks the posts for them again\n";
  return status;
}

int allow_epoch(const hq::Place& place, const std::string& post, bool json) {
  if (!usable_as_post(post)) return complain({ErrorCode::invalid, "\"" + post + "\" is no post's name"});
  if (const auto known = hq::known_post(place, post); !known) return complain(known.error());
  const auto desk = hq::open_desk(place);
  desk->allow_epoch(post);
  const std::uint64_t allowed = hq::epochs_max + desk->epochs_allowed(post);
  if (json) std::cout << nlohmann::json{{"post", post}, {"epochs_allowed", allowed}}.dump() << '\n';
  else std::cout << post << " may begin " << allowed << " journals in all\n";
  return 0;
}

int key(const std::string& directory, bool json) {
  const auto seed = hq::hq_key(directory);
  if (!seed) return complain(seed.error());
  const std::string text = hex(ByteView{public_key_of(*seed)});
  if (json) std::cout << nlohmann::json{{"key", text}}.dump() << '\n';
  else std::cout << text << '\n';
  return 0;
}

int image(const hq::Place& place, const std::string& sha, const std::string& out, bool json) {
  const auto hash = parse_sha256(sha);
  if (!hash) return complain({ErrorCode::invalid, "\"" + sha + "\": expected 64 lower-case hex digits"});
  const auto images = hq::open_images(place);
  if (!images) return complain(images.error());
  const auto bytes = hq::read_checked(**images, *hash);
  if (!bytes && bytes.error().code == ErrorCode::not_found)
    if (const auto evicted = hq::report_evictions(place, sha); evicted && !evicted->sound) return print(evicted, json);
  if (!bytes) return complain(bytes.error());
  if (json && out.empty()) {
    std::cout << nlohmann::json{{"sha256", sha}, {"size_bytes", bytes->size()}}.dump() << '\n';
    return 0;
  }
  std::FILE* file = out.empty() ? stdout : std::fopen(out.c_str(), "wb");
  const bool written = file && std::fwrite(bytes->data(), 1, bytes->size(), file) == bytes->size();
  const bool closed = file && (out.empty() ? std::fflush(file) : std::fclose(file)) == 0;
  if (!written || !closed) return complain({ErrorCode::io, (out.empty() ? "standard output" : out) + " cannot be written"});
  if (json) std::cout << nlohmann::json{{"sha256", sha}, {"size_bytes", bytes->size()}, {"file", out}}.dump() << '\n';
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  ::umask(0077);  // pictures and keys: for HQ's own user alone
  CLI::App app{"rampa-hq: receives what the posts record, keeps it and acknowledges it after its own commit.\n"
               "Exit status: 0 all is well, 1 something was found (gaps, alarms, a broken chain, results set aside), 2 the command failed."};
  app.require_subcommand(1);
  app.fallthrough();
  bool json = false;
  std::string post, sha, out, epoch;
  bool boosted = false;
  std::uint64_t from = 1;
  int metrics_port = -1;
  std::size_t credit_kib = 8192;
  hq::Place place;
  hq::ServeSettings settings;
  hq::RecordQuery query;
  LetterOptions letter;
  hq::Look look;
  bool personal = false;
  app.add_flag("--json", json, "machine-readable output");
  app.add_option("--directory", place.directory, "where HQ keeps its database, its key and blobs")->required();
  app.add_option("--database", place.database, "postgresql://... (default: SQLite in the directory)");
  app.add_option("--images", place.images, "s3://HOST[:PORT]/BUCKET[/PREFIX], or s3+http://... (default: files in the directory)");
  app.add_option("--images-credentials", place.images_credentials, "file of mode 600: access_key = ..., secret_key = ..., and where wanted region = ..., ca_file = ...");

  auto* serve_command = app.add_subcommand("serve", "receive until SIGTERM; prints one line per event");
  serve_command->add_option("--broker", settings.broker, "mqtts://HOST:PORT")->required();
  serve_command->add_option("--ca", settings.credentials.ca_file, "PEM: whose certificates are believed");
  serve_command->add_option("--cert", settings.credentials.cert_file, "PEM: HQ's certificate, common name hq");
  serve_command->add_option("--key", settings.credentials.key_file, "PEM: its private key");
  serve_command->add_option("--post", settings.posts, "take only this post; may be repeated (default: all that the broker lets in)");

  serve_command->add_option("--posts-max", settings.posts_max, "of several workers with one --database: take no more posts than this");
  serve_command->add_option("--credit", credit_kib, "KiB that a post may have under way at most; twice that may wait here")->check(CLI::Range(64, 65536))->capture_default_str();
  serve_command->add_option("--metrics", metrics_port, "port on 127.0.0.1 for /metrics; 0: any free one")->check(CLI::Range(0, 65535));

  auto* posts_command = app.add_subcommand("posts", "every post: cursor, streams, backlog, clock, alarms");
  auto* records_command = app.add_subcommand("records", "records of a post; personal fields stay encrypted unless --personal is given");
  records_command->add_option("--post", query.post)->required();
  records_command->add_option("--crossing", query.crossing, "only this crossing");
  records_command->add_option("--from", query.from, "first sequence of the journal");
  records_command->add_option("--limit", query.limit);
  records_command->add_option("--epoch", query.epoch, "of an earlier journal of this post (default: the current one)");
  records_command->add_flag("--personal", personal, "open the personal fields (plates, names); needs --by and --purpose, which are written down");
  records_command->add_option("--by", look.by, "who looks");
  records_command->add_option("--purpose", look.purpose, "why, e.g. the number of a case");
  auto* looks_command = app.add_subcommand("looks", "who looked at personal fields, when and why");
  hq::ExportOptions export_options;
  auto* export_command = app.add_subcommand("export", "results of closed crossings for the ministry's systems, as files or by HTTP; goes on where it was");
  export_command->add_option("--name", export_options.settings.name, "of this export; each has its own position")->required();
  export_command->add_option("--to", export_options.to, "a folder, or http://127.0.0.1:PORT/PATH (a proxy with TLS on this machine)")->required();
  export_command->add_option("--format", export_options.format)->check(CLI::IsMember({"json", "xml"}))->capture_default_str();
  export_command->add_option("--post", export_options.settings.post, "only this post's (default: all)");
  export_command->add_flag("--personal", export_options.personal, "with plates and names; needs --by and --purpose, which are written down");
  export_command->add_option("--by", export_options.look.by, "who orders it");
  export_command->add_option("--purpose", export_options.look.purpose, "on what ground");
  export_command->add_flag("--follow", export_options.follow, "go on until SIGTERM; a target that is away is tried again");
  export_command->add_flag("--again", export_options.again, "first send what is set aside, also what the target has refused");
  auto* gaps_command = app.add_subcommand("gaps", "numbers of each stream that are not here, of every journal of a post");
  gaps_command->add_option("--post", post);
  gaps_command->add_option("--epoch", epoch, "only of this journal (default: all, also those whose disk was replaced)");
  auto* alarms_command = app.add_subcommand("alarms", "conflicts, broken chains, new epochs, blobs that could not be had, results that an export has set aside");
  alarms_command->add_option("--post", post);
  auto* verify_command = app.add_subcommand("verify", "walk the chain and the blobs of a post, of all its journals");
  verify_command->add_option("--post", post)->required();
  verify_command->add_option("--epoch", epoch, "only of this journal of this post (default: all)");
  auto* image_command = app.add_subcommand("image", "a blob by its SHA-256, checked");
  image_command->add_option("sha256", sha)->required();
  image_command->add_option("--out", out, "file (default: standard output)");
  image_command->add_flag("--boost", boosted, "it is not here yet: the posts that have it send it before all other pictures");
  auto* send_command = app.add_subcommand("send", "a letter to one post or \"all\": it comes in order, once, and is receipted");
  send_command->add_option("--post", letter.post, "post, or all")->required();
  auto* kinds = send_command->add_option_group("what");
  kinds->add_option("--declarations", letter.declarations, "JSON file {\"declarations\":[...]}");
  kinds->add_option("--watch-list", letter.watch_list, "a list that `rampa watchlist build` made (.rwl), of any kind; or a JSON file {\"name\":...,\"plates\":[...]}, without plates: the list goes");
  kinds->add_option("--bundle", letter.bundle, "a signed bundle of profiles, which the post fetches and installs");
  auto* command_option = kinds->add_option("--command", letter.command, "something to do at the post, once; needs --by. say_status; look_for_image SHA256; fetch_now")
                             ->check(CLI::IsMember(std::vector<std::string>(commands.begin(), commands.end())));
  auto* referral_option = kinds->add_option("--referral", letter.referral, "id of a crossing that an officer referred: shown there; needs --answer, --text and --by");
  kinds->add_option("--code-list", letter.code_list, "JSON file {\"name\":...,\"version\":N,\"codes\":[{\"code\":...,\"texts\":{\"en\":...}}]}: replaces an older version");
  auto* reference_file = kinds->add_option("--reference-image", letter.reference_image, "a picture to compare with, JPEG or PNG; needs --note, --by and one of --crossing, --container, --plate");
  auto* reference_held = kinds->add_option("--reference-sha", letter.reference_sha, "the same, one that HQ holds: SHA-256 of an earlier scan or picture");
  auto* kind_option = kinds->add_option("--kind", letter.kind, "any other kind, with --body");
  kinds->require_option(1);
  auto* body_option = send_command->add_option("--body", letter.body, "JSON file");
  kind_option->needs(body_option);
  auto* argument_option = send_command->add_option("--argument", letter.argument, "of the command, e.g. a SHA-256");
  auto* by_option = send_command->add_option("--by", letter.by, "who gives the command or the answer: goes into the post's journal");
  auto* answer_option = send_command->add_option("--answer", letter.answer, "of the referral")->check(CLI::IsMember({"release", "hold", "control"}));
  auto* text_option = send_command->add_option("--text", letter.text, "of the referral's answer, for the officer");
  referral_option->needs(answer_option)->needs(text_option)->needs(by_option);
  answer_option->needs(referral_option);
  text_option->needs(referral_option);
  auto* reference_for = send_command->add_option_group("what the picture is for");
  reference_for->add_option("--crossing", letter.crossing, "id of a crossing of this post");
  reference_for->add_option("--container", letter.container, "number of a container, of whatever crossing it comes with");
  reference_for->add_option("--plate", letter.plate, "of a lorry or trailer");
  reference_for->require_option(0, 1);
  auto* note_option = send_command->add_option("--note", letter.note, "of the picture, for the officer");
  for (auto* reference : {reference_file, reference_held}) reference->needs(note_option)->needs(by_option);
  command_option->needs(by_option);
  argument_option->needs(command_option);
  std::size_t letters_max = 50;
  auto* letters_command = app.add_subcommand("letters", "the newest letters to a post: on their way, taken, refused and why, answered and how");
  letters_command->add_option("--post", post)->required();
  letters_command->add_option("--limit", letters_max)->capture_default_str();
  auto* resend_command = app.add_subcommand("resend", "let a post send its records again: what is here is compared, what is not is stored");
  resend_command->add_option("post", post)->required();
  resend_command->add_option("--from", from, "first sequence of the journal (default: all)");
  auto* allow_command = app.add_subcommand("allow-epoch", "take one journal more of a post that has begun " + std::to_string(hq::epochs_max));
  allow_command->add_option("post", post)->required();
  auto* key_command = app.add_subcommand("key", "HQ's public key, for the posts' site files");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;  // 0: --help
  }

  if (*serve_command) {
    settings.place = place;
    settings.post_queue_bytes_max = 2 * credit_kib * 1024;
    return serve(std::move(settings), metrics_port, json);
  }
  if (*posts_command) return print(hq::report_posts(place), json);
  if (*records_command) return personal ? records_opened(place, query, look, json) : print(hq::report_records(place, query), json);
  if (*export_command) {
    std::signal(SIGINT, on_signal);
    std::signal(SIGTERM, on_signal);
    export_options.settings.place = place;
    const auto done = hq::export_to(export_options, json, stop_wanted);
    return !done ? complain(done.error()) : *done ? 0 : 1;
  }
  if (*looks_command) return looks(place, json);
  if (*gaps_command) return print(hq::report_gaps(place, post, epoch), json);
  if (*alarms_command) return print(hq::report_alarms(place, post), json);
  if (*verify_command) return verify(place, post, epoch, json);
  if (*allow_command) return allow_epoch(place, post, json);
  if (*image_command) return boosted ? boost(place, sha, json) : image(place, sha, out, json);
  if (*resend_command) {
    if (!usable_as_post(post)) return complain({ErrorCode::invalid, "\"" + post + "\" is no post's name"});
    return order(place, {{post, "resend", std::to_string(from)}}, json);
  }
  if (*letters_command) return letters(place, post, letters_max, json);
  if (*key_command) return key(place.directory, json);
  return send(place, letter, json);
} catch (const std::exception& error) {
  std::cerr << "rampa-hq: " << error.what() << '\n';
  return 2;
}
