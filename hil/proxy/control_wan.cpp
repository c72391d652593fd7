#include "hil/proxy/control_wan.hpp"

#include <nlohmann/json.hpp>

namespace rampa::hil {
namespace {

using nlohmann::json;

json of(const WayStatistics& way) {
  return {{"taken_bytes", way.taken_bytes},   {"given_bytes", way.given_bytes},
          {"swallowed_bytes", way.swallowed_bytes}, {"waiting_bytes", way.waiting_bytes},
          {"waiting_bytes_max", way.waiting_bytes_max}, {"flying_bytes", way.flying_bytes},
          {"cut_after_bytes", way.cut_after_bytes ? json(*way.cut_after_bytes) : json(nullptr)}};
}

json of(const WanStatistics& s) {
  return {{"up", of(s.ways[0])}, {"down", of(s.ways[1])}, {"connections", s.connections},
          {"accepted", s.accepted}, {"resets", s.resets}, {"cuts", s.cuts}};
}

void order(WanRelay& relay, const std::string& name, double value, bool on) {
  if (!relay.fault(name, value, on)) throw std::invalid_argument("no fault '" + name + "' with value " + std::to_string(value));
}

}  // namespace

std::string statistics_json(const WanStatistics& statistics) { return of(statistics).dump(); }

std::string control_wan(WanRelay& relay, bool& stop, const std::string& line) {
  try {
    const json in = json::parse(line);
    const auto op = in.at("op").get<std::string>();
    json out{{"ok", true}};
    if (op == "fault") {
      order(relay, in.at("name").get<std::string>(), in.value("value", 0.0), in.value("on", true));
    } else if (op == "set") {  // several at once: {"op":"set","delay":300,"rate":512000}; null switches off
      for (const auto& [name, value] : in.items())
        if (name != "op") order(relay, name, value.is_null() ? 0 : value.get<double>(), !value.is_null());
    } else if (op == "faults") {
      out["faults"] = relay.faults();
    } else if (op == "stats") {
      out.update(of(relay.statistics()));
    } else if (op == "stop") {
      stop = true;
    } else {
      throw std::invalid_argument("unknown op '" + op + "'; known: fault, set, faults, stats, stop");
    }
    return out.dump();
  } catch (const std::exception& error) {
    return json{{"ok", false}, {"error", error.what()}}.dump(-1, ' ', false, json::error_handler_t::replace);
  }
}

}  // namespace rampa::hil
