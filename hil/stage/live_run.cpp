#include "hil/stage/live_run.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "edge/runtime/system_clock.hpp"
#include "hil/bench/world_control.hpp"

namespace rampa::hil {
namespace {

using nlohmann::json;
const runtime::SystemClock clock_now;

std::vector<std::string> log_lines(const std::string& file, const std::function<std::string(const std::string&)>& pick) {
  std::vector<std::string> found;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);)
    if (auto text = pick(line); !text.empty()) found.push_back(std::move(text));
  return found;
}

std::string word_after(const std::string& line, const std::string& key) {
  const auto at = line.find(key);
  if (at == std::string::npos) return {};
  const auto begin = at + key.size();
  return line.substr(begin, line.find(' ', begin) - begin);
}

}  // namespace

LiveRun::LiveRun(Stage& stage, ScenarioOfficer habits)
    : stage_(stage), officer_(stage), script_(std::move(habits)), control_(stage.control_port()) {}

Result<std::string> LiveRun::control(const std::string& line) {
  if (auto sent = control_.send(line + "\n"); !sent) return tl::unexpected(sent.error());
  auto answer = control_.receive_line(5s);
  if (!answer) return answer;
  const json parsed = json::parse(*answer, nullptr, false);
  if (!parsed.is_object() || !parsed.value("ok", false))
    return fail(ErrorCode::not_found, parsed.is_object() ? parsed.value("error", *answer) : *answer);
  return answer;
}

Result<void> LiveRun::start_appliance() {
  if (auto up = stage_.start_appliance(); !up) return up;
  auto took = stage_.wait_for_appliance(60s);
  if (!took) return tl::unexpected(took.error());
  return officer_.sign_in();
}

Result<void> LiveRun::begin(const std::set<std::string>& without) {
  if (!without.contains("broker"))
    if (auto up = stage_.start_broker(); !up) return up;
  auto line = WanRelay::listen("127.0.0.1", static_cast<std::uint16_t>(stage_.line_port()), "127.0.0.1",
                               static_cast<std::uint16_t>(stage_.broker_port()), clock_now, stage_.settings().seed);
  if (!line) return tl::unexpected(line.error());
  line_ = std::move(*line);
  line_thread_ = std::make_unique<WireThread>(std::vector<WireServer*>{line_.get()}, clock_now, 100ms);
  if (!without.contains("hq"))
    if (auto up = stage_.start_hq(); !up) return up;
  if (auto up = stage_.start_world(); !up) return up;
  for (int i = 0; i < 200; ++i) {
    if (control("{\"op\":\"faults\"}")) break;
    if (!stage_.world()->alive()) return fail(ErrorCode::io, "the world ended at once; its log is " + stage_.log("world"));
    runtime::sleep_for(50ms);
  }
  if (auto up = start_appliance(); !up) return up;
  started_ = clock_now.mono();
  return {};
}

double LiveRun::world_seconds() const {
  return std::chrono::duration<double>(clock_now.mono() - started_).count() * stage_.settings().speed;
}

Result<void> LiveRun::look_at_world() {
  auto text = control("{\"op\":\"events\",\"from\":" + std::to_string(events_) + "}");
  if (!text) return tl::unexpected(text.error());
  const json answer = json::parse(*text);
  for (const auto& e : answer.at("events")) {
    WorldEvent event{MonoTime{e.value("at_ns", std::int64_t{0})}, e.value("lane", ""), e.value("what", ""), e.value("lorry", std::uint64_t{0}), e.value("detail", "")};
    ++events_;
    if (event.what == "lorry_left") {
      ++left_;
      --inside_[event.lane];
    }
    world_wall_ms_.push_back(e.value("wall_ms", std::int64_t{0}));
    world_.push_back(event);
    if (on_world_) on_world_(event);
  }
  return {};
}

Result<void> LiveRun::officers(const std::function<std::string(std::uint64_t)>& ends) {
  auto sights = officer_.lanes();
  if (!sights) return {};  // the appliance is down or starting; the officers wait
  sights_ = std::move(*sights);
  if (auto looked = look_out_of_window(); !looked) return looked;
  for (const auto& sight : sights_) {
    std::uint64_t lorry = 0;
    for (auto it = world_.rbegin(); it != world_.rend() && !lorry; ++it)
      if (it->lane == sight.lane && it->what == "lorry_on_entry") lorry = it->lorry;
    const auto wish = script_.look(sight, ends(lorry), true, clock_now.mono());
    if (!wish) continue;
    auto done = officer_.act(sight.lane, *wish);
    if (done && *done && wish->then_send_away)
      (void)control(json{{"op", "leave"}, {"lane", sight.lane}, {"number", lorry}}.dump());
    if (done && *done && wish->action == "open_boom" && wish->boom == 2)
      (void)control(json{{"op", "wave_out"}, {"lane", sight.lane}}.dump());
  }
  return {};
}

Result<void> LiveRun::look_out_of_window() {
  const bool port_without_crossing = std::any_of(sights_.begin(), sights_.end(), [](const auto& s) { return s.kind == "sally_port" && s.crossing.empty(); });
  if (!port_without_crossing) return {};
  auto text = control("{\"op\":\"observe\"}");
  if (!text) return tl::unexpected(text.error());
  const json seen = json::parse(*text);
  for (auto& sight : sights_)
    if (const auto lane = seen.at("lanes").find(sight.lane); lane != seen.at("lanes").end())
      sight.stranded = sight.crossing.empty() && lane->value("stands_in_port", false);
  return {};
}

Result<void> LiveRun::step(const std::function<std::string(std::uint64_t)>& ends) {
  if (appliance_wanted_ && stage_.appliance() && !stage_.appliance()->alive())
    return fail(ErrorCode::io, "the appliance died by itself; its log is " + stage_.log("appliance"));
  if (auto seen = look_at_world(); !seen) return seen;
  if (clock_now.mono() - looked_ >= 150ms) {
    looked_ = clock_now.mono();
    if (auto acted = officers(ends); !acted) return acted;
  }
  runtime::sleep_for(20ms);
  return {};
}

Result<std::uint64_t> LiveRun::add(const std::string& lane, const Lorry& lorry) {
  auto answer = control(lorry_line(lane, lorry));
  if (!answer) return tl::unexpected(answer.error());
  ++added_;
  ++inside_[lane];
  return json::parse(*answer).value("number", std::uint64_t{0});
}

Result<void> LiveRun::fault(const std::string& target, const std::string& name, double value, bool on) {
  if (target == "hq" || target == "broker") {
    auto& process = target == "hq" ? stage_.hq() : stage_.broker();
    if (on) {
      if (process) process->kill();
      process.reset();
      return {};
    }
    return target == "hq" ? stage_.start_hq() : stage_.start_broker();
  }
  if (target == "appliance" && name == "kill") {
    if (on) {
      appliance_wanted_ = false;
      sights_.clear();  // what the dead one showed is nobody's view any more
      stage_.appliance()->kill();
      return {};
    }
    appliance_wanted_ = true;
    looked_ = {};  // the officers look at once
    return start_appliance();
  }
  if (target == "disk" && name == "full") return fill_disk(on);
  if (target == "clock" && name == "step") return step_clock(std::chrono::milliseconds(static_cast<std::int64_t>(on ? value : -value)));
  if (target == "line") {
    bool known = false;
    line_thread_->with([&] { known = line_->fault(name, value, on); });
    if (!known) return fail(ErrorCode::not_found, "the line does not know the fault '" + name + "'");
    return {};
  }
  if (target == "disk" || target == "clock" || target == "appliance")
    return fail(ErrorCode::refused, "runs against real processes can't do '" + target + " " + name + "' yet");
  auto done = control(json{{"op", "fault"}, {"target", target}, {"name", name}, {"value", value}, {"on", on}}.dump());
  if (!done) return tl::unexpected(done.error());
  return {};
}

namespace {

/// Behind the last byte that was written: segments of the journal are reserved in full when they are made.
std::uintmax_t written_end(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  std::vector<char> block(1 << 16);
  for (auto end = static_cast<std::streamoff>(in.tellg()); end > 0;) {
    const auto size = std::min(end, static_cast<std::streamoff>(block.size()));
    in.seekg(end - size);
    if (!in.read(block.data(), size)) return 0;
    for (auto at = size; at > 0; --at)
      if (block[static_cast<std::size_t>(at - 1)] != 0) return static_cast<std::uintmax_t>(end - size + at);
    end -= size;
  }
  return 0;
}

}  // namespace

// As on a full quota: the running appliance may write nothing behind the journal's present end (RLIMIT_FSIZE; such writes
// fail with EFBIG, which the store takes for "no space"). Smaller files, its own log among them, can still be written.
Result<void> LiveRun::fill_disk(bool full) {
  if (!stage_.appliance() || !stage_.appliance()->alive()) return fail(ErrorCode::refused, "the appliance does not run: its disk can't be filled");
  rlimit limit{RLIM_INFINITY, RLIM_INFINITY};
  if (full) {
    std::uintmax_t end = 1;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(stage_.settings().directory + "/post/journal", ignored))
      if (entry.is_regular_file(ignored)) end = std::max(end, written_end(entry.path()));
    limit.rlim_cur = end;
  }
  if (::prlimit(stage_.appliance()->pid(), RLIMIT_FSIZE, &limit, nullptr) != 0)
    return fail(ErrorCode::io, std::string("prlimit: ") + std::strerror(errno));
  return {};
}

std::size_t LiveRun::lorries_at(const std::string& lane) const {
  const auto it = inside_.find(lane);
  return it == inside_.end() ? 0 : it->second;
}

bool LiveRun::lanes_idle() const {
  return !sights_.empty() && std::all_of(sights_.begin(), sights_.end(), [](const auto& s) { return s.phase == "idle"; });
}

Result<void> LiveRun::step_clock(std::chrono::milliseconds by) {
  clock_offsets_.push_back(clock_offsets_.back() + by);
  return stage_.set_clock_offset(clock_offsets_.back());
}

std::uint64_t LiveRun::lorry_of_crossing(const std::string& lane, std::int64_t opened_ms) const {
  // The record's wall time is the appliance's. Steps are much longer than a run: only one offset puts it inside.
  if (!world_wall_ms_.empty()) {
    const std::int64_t first = world_wall_ms_.front() - 5000, last = clock_now.now().wall.ms + 5000, recorded = opened_ms;
    for (const auto offset : clock_offsets_)
      if (recorded - offset.count() >= first && recorded - offset.count() <= last) opened_ms = recorded - offset.count();
  }
  std::uint64_t lorry = 0;
  for (std::size_t i = 0; i < world_.size(); ++i) {
    if (world_wall_ms_[i] > opened_ms) break;
    if (world_[i].lane != lane) continue;
    if (world_[i].what == "lorry_on_entry") lorry = world_[i].lorry;
    if ((world_[i].what == "lorry_passed" || world_[i].what == "lorry_left") && world_[i].lorry == lorry) lorry = 0;
  }
  return lorry;
}

std::vector<std::string> LiveRun::conditions() const {
  return log_lines(stage_.log("appliance"), [](const std::string& line) {
    const std::string device = word_after(line, " device=");
    return device.empty() ? device : device + ":" + word_after(line, " condition=") + ":" + word_after(line, " fault=");
  });
}

std::vector<std::string> LiveRun::notices() const {
  return log_lines(stage_.log("appliance"), [](const std::string& line) {
    const auto at = line.find(" level=");
    return at == std::string::npos ? std::string{} : word_after(line, " lane=") + ": " + line.substr(at + 9);
  });
}

}  // namespace rampa::hil
