// rampa-hq: the receiving side.
#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "edge/runtime/system_clock.hpp"
#include "sync/digest.hpp"
#include "sync/hq/report.hpp"
#include "sync/hq/serve.hpp"

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

int serve(hq::ServeSettings settings, bool json) {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  std::signal(SIGPIPE, SIG_IGN);
  const runtime::SystemClock clock;
  const std::uint64_t bits = runtime::random_bits();
  settings.incarnation = hex(ByteView{reinterpret_cast<const std::uint8_t*>(&bits), sizeof bits});
  settings.jitter_seed = runtime::random_bits();
  settings.notice = [json](const hq::Notice& notice) { print_notice(notice, json); };
  const auto served = hq::serve(settings, clock, stop_wanted);
  return served ? 0 : complain(served.error());
}

int send(const std::string& directory, const std::string& post, const std::string& declarations, const std::string& watch_list, bool json) {
  const bool lists = !watch_list.empty();
  const std::string& path = lists ? watch_list : declarations;
  std::ifstream file(path, std::ios::binary);
  if (!file) return complain({ErrorCode::not_found, path + " cannot be read"});
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  hq::Downlink downlink(directory);
  const auto item = downlink.add(post, lists ? Leaf::watch_list : Leaf::declarations, as_bytes(text));
  if (!item) return complain({item.error().code, path + ": " + item.error().what});
  if (json) std::cout << nlohmann::json{{"version", item->version}, {"post", item->post}}.dump() << '\n';
  else std::cout << "version " << item->version << " goes to " << item->post << " with its next hello\n";
  return 0;
}

int image(const std::string& directory, const std::string& sha, const std::string& out, bool json) {
  if (!parse_sha256(sha)) return complain({ErrorCode::invalid, "\"" + sha + "\": expected 64 lower-case hex digits"});
  const auto bytes = hq::BlobShelf(directory).read(sha);
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
  CLI::App app{"rampa-hq: receives what the posts record, keeps it and acknowledges it after its own commit.\n"
               "Exit status: 0 all is well, 1 something was found (gaps, alarms, a broken chain), 2 the command failed."};
  app.require_subcommand(1);
  app.fallthrough();
  bool json = false;
  std::string directory, post, sha, out, declarations, watch_list;
  hq::ServeSettings settings;
  hq::RecordQuery query;
  app.add_flag("--json", json, "machine-readable output");
  app.add_option("--directory", directory, "where HQ keeps its database and blobs")->required();

  auto* serve_command = app.add_subcommand("serve", "receive until SIGTERM; prints one line per event");
  serve_command->add_option("--broker", settings.broker, "mqtts://HOST:PORT")->required();
  serve_command->add_option("--ca", settings.credentials.ca_file, "PEM: whose certificates are believed");
  serve_command->add_option("--cert", settings.credentials.cert_file, "PEM: HQ's certificate, common name hq");
  serve_command->add_option("--key", settings.credentials.key_file, "PEM: its private key");
  serve_command->add_option("--post", settings.posts, "take only this post; may be repeated (default: all that the broker lets in)");

  auto* posts_command = app.add_subcommand("posts", "every post: cursor, backlog, alarms");
  auto* records_command = app.add_subcommand("records", "records of a post; personal fields stay encrypted");
  records_command->add_option("--post", query.post)->required();
  records_command->add_option("--crossing", query.crossing, "only this crossing");
  records_command->add_option("--from", query.from, "first sequence");
  records_command->add_option("--limit", query.limit);
  auto* gaps_command = app.add_subcommand("gaps", "sequences that are not here");
  gaps_command->add_option("--post", post);
  auto* alarms_command = app.add_subcommand("alarms", "conflicts, broken chains, blobs that could not be had");
  alarms_command->add_option("--post", post);
  auto* verify_command = app.add_subcommand("verify", "walk the chain and the blobs of a post");
  verify_command->add_option("--post", post)->required();
  auto* image_command = app.add_subcommand("image", "a blob by its SHA-256, checked");
  image_command->add_option("sha256", sha)->required();
  image_command->add_option("--out", out, "file (default: standard output)");
  auto* send_command = app.add_subcommand("send", "declarations or a watch list to one post or \"all\"");
  send_command->add_option("--post", post, "post, or all")->required();
  auto* kinds = send_command->add_option_group("what");
  kinds->add_option("--declarations", declarations, "JSON file {\"declarations\":[...]}");
  kinds->add_option("--watch-list", watch_list, "JSON file {\"name\":...,\"plates\":[...]}");
  kinds->require_option(1);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;  // 0: --help
  }

  if (*serve_command) {
    settings.directory = directory;
    return serve(std::move(settings), json);
  }
  if (*posts_command) return print(hq::report_posts(directory), json);
  if (*records_command) return print(hq::report_records(directory, query), json);
  if (*gaps_command) return print(hq::report_gaps(directory, post), json);
  if (*alarms_command) return print(hq::report_alarms(directory, post), json);
  if (*verify_command) return print(hq::verify_post(directory, post), json);
  if (*image_command) return image(directory, sha, out, json);
  return send(directory, post, declarations, watch_list, json);
} catch (const std::exception& error) {
  std::cerr << "rampa-hq: " << error.what() << '\n';
  return 2;
}
