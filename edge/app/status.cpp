// `rampa status`: asks the running appliance over its own HTTP interface, without a session.
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/StreamCopier.h>

#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "config/site.hpp"
#include "edge/app/tools.hpp"

namespace rampa::app {
namespace {

struct Reply {
  int status = 0;
  std::string body;
};

Reply get(const config::HttpSettings& http, const std::string& path) {
  Poco::Net::HTTPClientSession session(http.listen, http.port);
  session.setTimeout(Poco::Timespan(3, 0));
  Poco::Net::HTTPRequest request(Poco::Net::HTTPRequest::HTTP_GET, path, Poco::Net::HTTPMessage::HTTP_1_1);
  session.sendRequest(request);
  Poco::Net::HTTPResponse response;
  Reply reply;
  Poco::StreamCopier::copyToString(session.receiveResponse(response), reply.body);
  reply.status = response.getStatus();
  return reply;
}

std::string size_text(double bytes) {
  char text[32];
  std::snprintf(text, sizeof text, bytes < 1e9 ? "%.0f MB" : "%.1f GB", bytes / (bytes < 1e9 ? 1e6 : 1e9));
  return text;
}

/// What an administrator looks for first; all metrics are in --json and at /metrics.
void print_summary(const std::map<std::string, double>& values) {
  const auto of = [&](const std::string& name) {
    const auto found = values.find(name);
    return found == values.end() ? 0.0 : found->second;
  };
  const auto whole = [&](const std::string& name) { return std::to_string(static_cast<long long>(of(name))); };
  std::cout << "  headquarters  " << (of("rampa_hq_link_up") > 0 ? "answers" : "does NOT answer") << (of("rampa_hq_link_line") > 0 ? " over a RESERVE line" : "")
            << (of("rampa_hq_link_metered") > 0 ? ", metered" : "") << "; " << whole("rampa_hq_backlog_records") << " records wait for it\n";
  if (of("rampa_hq_link_trouble") > 0)
    std::cout << "                " << (of("rampa_hq_refuses") > 0 ? "it REFUSES records" : "something is wrong with the line") << ": the log and the Devices page say what\n";
  std::cout
            << "  records       " << whole("rampa_journal_last_sequence") << "; "
            << (of("rampa_store_writable") > 0 ? "can be written" : "can NOT be written: lanes hold") << "\n"
            << "  devices       " << whole("rampa_devices") << ", not ready: " << whole("rampa_devices_not_ready") << "\n"
            << "  disk          " << size_text(of("rampa_store_free_bytes")) << " free; pictures and scans take "
            << size_text(of("rampa_blob_bytes{class=\"image\"}") + of("rampa_blob_bytes{class=\"thumbnail\"}")) << "\n"
            << "  all figures: rampa status --json\n";
}

}  // namespace

int status(const ToolOptions& options) {
  auto check = config::read_site(options.site_file, options.icd_directory);
  if (!check.findings.empty()) {
    for (const auto& f : check.findings) std::cerr << f.file << ":" << f.line << ": " << f.key << ": " << f.cause << "\n";
    return exit_config;
  }
  const auto& http = check.site.http;
  try {
    const Reply ready = get(http, "/readyz");
    const Reply metrics = get(http, "/metrics");
    std::map<std::string, double> values;
    std::istringstream lines(metrics.body);
    for (std::string line; std::getline(lines, line);) {
      if (line.empty() || line[0] == '#') continue;
      const auto space = line.rfind(' ');
      if (space == std::string::npos) continue;
      values[line.substr(0, space)] = std::strtod(line.c_str() + space, nullptr);
    }
    const bool fine = ready.status == 200;
    if (options.json) {
      std::cout << nlohmann::json{{"running", true}, {"ready", fine}, {"why_not", fine ? "" : ready.body}, {"metrics", values}}.dump() << "\n";
    } else {
      std::cout << (fine ? "running and " + ready.body : "running, NOT ready:\n" + ready.body + "\n");
      print_summary(values);
    }
    return fine ? exit_ok : exit_found;
  } catch (const std::exception& error) {
    if (options.json)
      std::cout << nlohmann::json{{"running", false}, {"ready", false}, {"why_not", error.what()}}.dump() << "\n";
    else
      std::cout << "not running: nothing answers at " << http.listen << ":" << http.port << " (" << error.what() << ")\n";
    return exit_found;
  }
}

}  // namespace rampa::app
