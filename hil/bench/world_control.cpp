#include "hil/bench/world_control.hpp"

#include <nlohmann/json.hpp>
#include <set>

#include "hil/world/lorry_driver.hpp"

namespace rampa::hil {
namespace {

using nlohmann::json;

std::string refuse(const std::string& why) { return json{{"ok", false}, {"error", why}}.dump(); }

/// Throws json::exception on wrong types, std::invalid_argument on unknown keys.
void only(const json& object, const std::set<std::string>& keys) {
  for (const auto& [key, value] : object.items()) {
    if (keys.contains(key)) continue;
    std::string known;
    for (const auto& k : keys) known += (known.empty() ? "" : ", ") + k;
    throw std::invalid_argument("unknown key '" + key + "'; known: " + known);
  }
}

json lorry_json(const Lorry& l) {
  return {{"number", l.number},   {"plate", l.plate_front},   {"trailer", l.plate_rear}, {"front_m", l.front_m},
          {"rear_m", l.rear_m()}, {"speed_mps", l.speed_mps}, {"gross_kg", l.gross_kg()}, {"behaviour", l.behaviour}};
}

json observe(ServedPost& post) {
  json lanes = json::object();
  for (const auto& name : post.lane_names()) {
    auto& lane = *post.lane(name);
    const Observation o = lane.observe();
    json lorries = json::array();
    for (const auto& lorry : lane.lorries()) lorries.push_back(lorry_json(*lorry));
    lanes[name] = {{"lorries", lorries},
                   {"waiting", lane.waiting()},
                   {"boom", o.boom_angle},
                   {"boom_2", o.boom_2_angle},
                   {"loop_entry", o.loop_entry},
                   {"loop_boom", o.loop_boom},
                   {"loop_exit", o.loop_exit},
                   {"photocell", o.photocell},
                   {"emergency_stop", o.emergency_stop},
                   {"manual_mode", o.manual_mode},
                   {"scale_kg", o.mass_on_scale_kg},
                   {"scale_moving", o.scale_moving},
                   {"green", lane.output_state("light_green")},
                   {"stands_in_port", lane.lorry_stands_in_port()}};
  }
  return {{"ok", true}, {"world_s", post.world_seconds()}, {"speed", post.speed()}, {"lanes", lanes}};
}

json events(ServedPost& post, std::size_t from) {
  json list = json::array();
  const auto& history = post.history();
  for (std::size_t i = from; i < history.size(); ++i) {
    const auto& [event, wall_ms] = history[i];
    list.push_back({{"at_ns", event.at.ns}, {"wall_ms", wall_ms}, {"lane", event.lane}, {"what", event.what},
                    {"lorry", event.lorry}, {"detail", event.detail}});
  }
  return {{"ok", true}, {"next", history.size()}, {"events", list}};
}

json add_lorry(ServedPost& post, const json& in) {
  only(in, {"op", "lane", "number", "plate", "trailer", "country", "gross_kg", "behaviour", "behaviour_s", "gamma_cps",
            "neutron_cps", "unreadable", "misread_as"});
  Lorry l;
  l.number = in.value("number", std::uint64_t{0});
  l.plate_front = in.at("plate").get<std::string>();
  l.plate_rear = in.value("trailer", "");
  l.country = in.value("country", "");
  l.axles = articulated_axles(in.value("gross_kg", 30'000.0));
  l.behaviour = in.value("behaviour", "normal");
  const auto& known = behaviours();
  if (std::find(known.begin(), known.end(), l.behaviour) == known.end())
    throw std::invalid_argument("unknown behaviour '" + l.behaviour + "'");
  l.behaviour_s = in.value("behaviour_s", 0.0);
  l.gamma_cps = in.value("gamma_cps", 0.0);
  l.neutron_cps = in.value("neutron_cps", 0.0);
  l.plate_unreadable = in.value("unreadable", false);
  l.misread_as = in.value("misread_as", "");
  const auto number = post.add(in.at("lane").get<std::string>(), std::move(l));
  if (number == 0) throw std::invalid_argument("no such lane");
  return {{"ok", true}, {"number", number}};
}

template <class F>
std::string answer(const std::string& line, F&& act) {
  try {
    const json in = json::parse(line);
    if (!in.is_object()) return refuse("a line must be one JSON object");
    return act(in, in.at("op").template get<std::string>()).dump();
  } catch (const std::exception& error) {
    return refuse(error.what());
  }
}

}  // namespace

std::string control_world(ServedPost& post, ControlState& state, const std::string& line) {
  return answer(line, [&](const json& in, const std::string& op) -> json {
    if (op == "observe") return observe(post);
    if (op == "events") return events(post, in.value("from", std::size_t{0}));
    if (op == "lorry") return add_lorry(post, in);
    if (op == "go" || op == "leave") {
      auto* lane = post.lane(in.at("lane").get<std::string>());
      const auto number = in.at("number").get<std::uint64_t>();
      if (!lane || !(op == "go" ? lane->tell_to_go(number) : lane->tell_to_leave(number)))
        throw std::invalid_argument("no such lorry in that lane now");
      return {{"ok", true}};
    }
    if (op == "wave_out") {
      auto* lane = post.lane(in.at("lane").get<std::string>());
      if (!lane) throw std::invalid_argument("no such lane");
      lane->wave_out_of_port();
      return {{"ok", true}};
    }
    if (op == "fault") {
      only(in, {"op", "target", "name", "value", "on"});
      const auto target = in.at("target").get<std::string>();
      const auto name = in.at("name").get<std::string>();
      if (!post.fault(target, name, in.value("value", 0.0), in.value("on", true))) {
        std::string known;
        for (const auto& each : post.faults_of(target)) known += (known.empty() ? "" : ", ") + each;
        throw std::invalid_argument(known.empty() ? "no target '" + target + "'"
                                                  : "no fault '" + name + "' at " + target + "; known: " + known);
      }
      return {{"ok", true}};
    }
    if (op == "faults") {
      json all = json::object();
      for (const auto& target : post.targets()) all[target] = post.faults_of(target);
      return {{"ok", true}, {"faults", all}};
    }
    if (op == "stop") {
      state.stop = true;
      return {{"ok", true}};
    }
    throw std::invalid_argument("unknown op '" + op + "'; known: observe, events, lorry, go, leave, wave_out, fault, faults, stop");
  });
}

std::string lorry_line(const std::string& lane, const Lorry& l) {
  return json{{"op", "lorry"},          {"lane", lane},           {"number", l.number},           {"plate", l.plate_front},
              {"trailer", l.plate_rear}, {"country", l.country},   {"gross_kg", l.gross_kg()},     {"behaviour", l.behaviour},
              {"behaviour_s", l.behaviour_s}, {"gamma_cps", l.gamma_cps}, {"neutron_cps", l.neutron_cps},
              {"unreadable", l.plate_unreadable}, {"misread_as", l.misread_as}}
      .dump();
}

}  // namespace rampa::hil
