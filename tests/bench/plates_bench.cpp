// Our plate reader in figures, beside a tesseract reader (lanes once read with it): what both read on the labelled pictures of the
// shared data, votes over passages, the processor time of a 1080p frame, start and memory of the appliance's pool. `plates_bench [--json] [--smoke] [--wrong]`.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "edge/vision/image_health/picture_measures.hpp"
#include "edge/vision/plates/plate_read.hpp"
#include "edge/vision/vision_pool.hpp"
#include "tests/bench/tesseract_reader.hpp"
#include "tests/support/labelled_plates.hpp"

namespace {

using namespace rampa;
using nlohmann::json;
using tests::PictureSet;
using tests::Tally;

struct Options {
  std::string data = "../shared/data";
  bool as_json = false, smoke = false, wrong = false;
};

/// OpenALPR 2.3 with OpenCV 4.6 and tesseract 5.3, as this project's reference gives it. Another machine, another day: not measured here.
struct Published {
  const char* set;
  int plates, exact, detected;  // detected -1: not told
};
constexpr Published openalpr[]{{"eu", 108, 79, 106}, {"romania", 127, 47, -1}};
constexpr double openalpr_eu_ms_p50 = 25.2, openalpr_eu_ms_p95 = 52.9, openalpr_1080p_ms_from = 78, openalpr_1080p_ms_to = 103;

constexpr std::size_t passage_frames_max = 5;

double cpu_ms() {
  rusage used{};
  ::getrusage(RUSAGE_THREAD, &used);
  const auto ms = [](const timeval& t) { return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_usec) / 1e3; };
  return ms(used.ru_utime) + ms(used.ru_stime);
}

double resident_mib() {
  std::ifstream in("/proc/self/statm");
  double all = 0, resident = 0;
  in >> all >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

double quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1) + 0.5)];
}

json share(int hits, int of) {
  const auto [low, high] = tests::wilson(hits, of);
  return {{"count", hits}, {"of", of}, {"percent", of ? 100.0 * hits / of : 0.0}, {"low_percent", low * 100}, {"high_percent", high * 100}};
}

/// What the vote over a passage's first frames says of its plate. Its frames show other plates too, of which nothing is said here.
json passages(const std::vector<tests::LabelledPassage>& all, vision::plates::FrameReader& ours, std::size_t frames_max, bool name_wrong) {
  int right = 0, first_frame = 0, certified = 0;
  for (const auto& passage : all) {
    std::vector<vision::plates::Sighting> sightings;
    for (std::size_t i = 0; i < std::min(frames_max, passage.frames.size()); ++i) {
      std::ifstream in(passage.frames[i].file, std::ios::binary);
      const Bytes jpeg{std::istreambuf_iterator<char>(in), {}};
      const auto picture = vision::plates::decoded(jpeg);
      if (!picture) throw std::runtime_error(passage.frames[i].file + ": " + picture.error().what);
      const auto plates = ours.read(picture->frame());
      if (!plates) throw std::runtime_error(plates.error().what);
      for (const auto& plate : *plates) {
        sightings.push_back(vision::plates::as_sighting(plate, passage.frames[i].at_ms));
        first_frame += i == 0 && plate.read.text == passage.text;
      }
    }
    const auto found = vision::plates::passages_of(sightings);
    const auto of_plate = std::find_if(found.begin(), found.end(), [&](const auto& p) { return p.text == passage.text; });
    right += of_plate != found.end();
    certified += of_plate != found.end() && of_plate->certified;
    if (of_plate != found.end() || !name_wrong) continue;
    std::fprintf(stderr, "passage %s from %s:", passage.text.c_str(), passage.frames.front().file.c_str());
    for (const auto& p : found) std::fprintf(stderr, " %s%s", p.text.c_str(), p.certified ? " (certified)" : "");
    std::fprintf(stderr, "\n");
  }
  const int of = static_cast<int>(all.size());
  return {{"frames_max", frames_max}, {"right", share(right, of)}, {"certified_right", share(certified, of)}, {"right_in_the_first_frame_alone", share(first_frame, of)}};
}

json times(const std::vector<double>& ms) {
  return {{"frames", ms.size()}, {"p50", quantile(ms, 0.5)}, {"p95", quantile(ms, 0.95)}};
}

json as_json(const Tally& t) {
  json out{{"pictures", t.pictures}, {"reads", t.reads}};
  if (t.plates == 0) {
    out["certified"] = share(t.certified_unlabelled, t.pictures);
    return out;
  }
  out["exact"] = share(t.exact, t.plates);
  out["detected"] = share(t.detected, t.plates);
  out["certified_right"] = share(t.certified_right, t.plates);
  out["certified_wrong"] = share(t.certified_wrong, t.certified_right + t.certified_wrong);
  out["certified_where_nothing_is_labelled"] = t.certified_unlabelled;
  return out;
}

/// The picture as large as it gets on 1920 x 1080, the rest grey.
cv::Mat on_1080p(const cv::Mat& picture) {
  const double scale = std::min(1920.0 / picture.cols, 1080.0 / picture.rows);
  cv::Mat frame(1080, 1920, CV_8UC3, cv::Scalar::all(110)), scaled;
  cv::resize(picture, scaled, {std::min(1920, static_cast<int>(picture.cols * scale)), std::min(1080, static_cast<int>(picture.rows * scale))}, 0, 0,
             cv::INTER_CUBIC);
  scaled.copyTo(frame(cv::Rect((1920 - scaled.cols) / 2, (1080 - scaled.rows) / 2, scaled.cols, scaled.rows)));
  return frame;
}

struct Times {
  std::vector<double> ours_one_plate, ours_empty, tesseract, health, health_decoded;
};

/// Frames are decoded for ours and coded (JPEG) for tesseract's door, whose time includes the decoding.
Times frame_times(const PictureSet& with, const PictureSet& without, vision::plates::FrameReader& ours, vision::PlateReader& tesseract,
                  std::size_t frames) {
  Times out;
  const auto each = [&](const PictureSet& set, std::vector<double>& mine, std::vector<double>* theirs) {
    for (std::size_t i = 0; i < std::min(frames, set.pictures.size()); ++i) {
      const cv::Mat frame = on_1080p(cv::imread(set.pictures[i].file));
      double before = cpu_ms();
      const auto read = ours.read({frame.data, frame.cols, frame.rows, frame.step, 3});
      if (i >= 3 || frames <= 3) mine.push_back(cpu_ms() - before);  // the first ones prepare the nets
      if (!read) throw std::runtime_error(read.error().what);
      if (!theirs) continue;
      Bytes jpeg;
      cv::imencode(".jpg", frame, jpeg);
      before = cpu_ms();
      (void)tesseract.read(jpeg);
      theirs->push_back(cpu_ms() - before);
      before = cpu_ms();
      if (const auto measured = vision::measure_picture(jpeg); !measured) throw std::runtime_error(measured.error().what);
      out.health.push_back(cpu_ms() - before);
      cv::Mat grey;
      cv::cvtColor(frame, grey, cv::COLOR_BGR2GRAY);
      before = cpu_ms();
      (void)vision::measure_grey(grey.data, grey.cols, grey.rows, grey.step);
      out.health_decoded.push_back(cpu_ms() - before);
    }
  };
  each(with, out.ours_one_plate, &out.tesseract);
  each(without, out.ours_empty, nullptr);
  return out;
}

/// The appliance's pool of two threads, started and fed one frame each: in a process of its own, so that nothing loaded before counts.
json pool_cost(const vision::VisionPool::MakeReader& make, const std::string& picture) {
  std::array<int, 2> pipe{};
  if (::pipe(pipe.data()) != 0) throw std::runtime_error("no pipe");
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("no process");
  if (child == 0) {
    const double before_mib = resident_mib();
    const auto begin = std::chrono::steady_clock::now();
    auto pool = vision::VisionPool::start(make, 2, 8, [](device::DeviceEvent) {});
    std::array<double, 2> out{std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count(), 0};
    if (!pool) ::_exit(1);
    std::ifstream in(picture, std::ios::binary);
    const auto jpeg = std::make_shared<const Bytes>(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    for (std::uint64_t i = 0; i < 8; ++i) (*pool)->add({{}, device::CameraFrame{{}, i}, {{"frame", "image/jpeg", jpeg}}});
    (*pool)->wait_idle();
    out[1] = resident_mib() - before_mib;
    ::_exit(::write(pipe[1], out.data(), sizeof out) == sizeof out ? 0 : 1);
  }
  std::array<double, 2> got{};
  ::close(pipe[1]);
  const bool whole = ::read(pipe[0], got.data(), sizeof got) == sizeof got;
  ::close(pipe[0]);
  ::waitpid(child, nullptr, 0);
  if (!whole) throw std::runtime_error("a pool of two threads did not start");
  return {{"start_ms", got[0]}, {"mib", got[1]}};
}

void print(const json& result) {
  const auto line = [](const std::string& name, const json& s) {
    std::printf("    %-30s %4d of %4d  %5.1f %%  (95 %%: %.1f to %.1f)\n", name.c_str(), s["count"].get<int>(), s["of"].get<int>(),
                s["percent"].get<double>(), s["low_percent"].get<double>(), s["high_percent"].get<double>());
  };
  for (const auto& [set, readers] : result["sets"].items()) {
    std::printf("\n%s\n", set.c_str());
    for (const auto& [reader, t] : readers.items()) {
      std::printf("  %s%s\n", reader.c_str(), t.contains("not_measured_here") ? " (published figures, not measured here)" : "");
      for (const char* name : {"exact", "detected", "certified_right", "certified_wrong", "certified"})
        if (t.contains(name)) line(name, t[name]);
      if (t.contains("reads")) std::printf("    %-30s %4d in %d pictures\n", "reads reported", t["reads"].get<int>(), t["pictures"].get<int>());
      if (t.value("certified_where_nothing_is_labelled", 0))
        std::printf("    %-30s %4d (judged by nobody)\n", "certified elsewhere", t["certified_where_nothing_is_labelled"].get<int>());
    }
  }
  std::printf("\npassages of romania: the vote over at most %d frames, one a second\n", result["passages"]["frames_max"].get<int>());
  for (const char* name : {"right", "certified_right", "right_in_the_first_frame_alone"}) line(name, result["passages"][name]);
  const auto& all = result["certified"];
  std::printf(
      "\ncertified over all labelled sets: %d right, %d wrong; the error rate's upper bound is %.2f %% (95 %%); covers %.1f %% of the plates\n",
      all["right"].get<int>(), all["wrong"].get<int>(), all["wrong_share"]["high_percent"].get<double>(), all["coverage"]["percent"].get<double>());
  std::printf("\nprocessor time in ms, one thread, 1080p (photographs scaled up to it, the rest grey)\n");
  for (const auto& [name, t] : result["ms_1080p"].items())
    std::printf("    %-62s p50 %6.1f  p95 %6.1f  (%d frames)\n", name.c_str(), t["p50"].get<double>(), t["p95"].get<double>(),
                t["frames"].get<int>());
  std::printf("    %-62s %.0f to %.0f in the mean\n", "OpenALPR (published figures, not measured here)", openalpr_1080p_ms_from,
              openalpr_1080p_ms_to);
  std::printf("a pool of two threads, as in the appliance:\n");
  for (const auto& [name, cost] : result["pool"].items())
    std::printf("    %-62s starts in %4.0f ms, %4.0f MiB with a frame read\n", name.c_str(), cost["start_ms"].get<double>(), cost["mib"].get<double>());
  std::printf("memory of our reader, nets and buffers: %.0f MiB\nload average of the last minute: %.1f (other programs slow what is measured)\n",
              result["reader_mib"].get<double>(), result["load"].get<double>());
}

int run(const Options& options) {
  std::vector<PictureSet> sets{tests::eu(options.data), tests::romania(options.data), tests::negatives(options.data), tests::two_line(options.data)};
  const auto net_reader = [] { return vision::plates::make_net_reader(vision::plates::ReaderFiles::usual(), vision::plates::known_countries()); };
  const json pools{{"ours", pool_cost(net_reader, sets[0].pictures[0].file)}, {"tesseract", pool_cost(bench::make_tesseract_reader, sets[0].pictures[0].file)}};
  const double before_mib = resident_mib();
  auto ours = vision::plates::make_frame_reader(vision::plates::ReaderFiles::usual());
  if (!ours) return std::fprintf(stderr, "plates_bench: %s\n", ours.error().what.c_str()), 1;
  const auto look = tests::look_with(**ours);
  if (options.smoke)
    for (auto& set : sets) set.pictures.resize(std::min<std::size_t>(set.pictures.size(), 4));

  json result{{"smoke", options.smoke}, {"sets", json::object()}, {"pool", pools}};
  int right = 0, wrong = 0, plates = 0;
  for (const auto& set : sets) {
    const Tally tally = tests::count(set, look);
    result["sets"][set.name]["ours"] = as_json(tally);
    right += tally.certified_right, wrong += tally.certified_wrong, plates += tally.plates;
    if (tally.plates == 0) wrong += tally.certified_unlabelled;
    if (options.wrong)
      for (const auto& misread : tally.misread) std::fprintf(stderr, "%s %s\n", set.name.c_str(), misread.c_str());
  }
  auto labelled = tests::romania_passages(options.data);
  if (options.smoke) labelled.resize(2);
  result["passages"] = passages(labelled, **ours, passage_frames_max, options.wrong);
  result["certified"] = {{"right", right}, {"wrong", wrong}, {"coverage", share(right, plates)}, {"wrong_share", share(wrong, right + wrong)}};
  result["reader_mib"] = resident_mib() - before_mib;

  auto tesseract = bench::make_tesseract_reader();
  if (!tesseract) return std::fprintf(stderr, "plates_bench: %s\n", tesseract.error().what.c_str()), 1;
  // Its reads have no place in the picture: a plate counts as read where any read of the frame has its text.
  const tests::Look peer = [&](ByteView jpeg) {
    const auto reads = (*tesseract)->read(jpeg);
    std::vector<tests::Seen> out;
    if (reads)
      for (const auto& read : *reads) out.push_back({read.text, false, {}});
    return out;
  };
  for (const auto& set : sets) {
    json tally = as_json(tests::count(set, peer));
    for (const char* name : {"certified", "certified_right", "certified_wrong", "certified_where_nothing_is_labelled"})
      tally.erase(name);  // it certifies nothing
    if (set.name == "romania") tally.erase("detected");
    result["sets"][set.name]["tesseract"] = tally;
  }
  for (const auto& peer_figures : openalpr) {
    json one{{"not_measured_here", true}, {"exact", share(peer_figures.exact, peer_figures.plates)}};
    if (peer_figures.detected >= 0) one["detected"] = share(peer_figures.detected, peer_figures.plates);
    result["sets"][peer_figures.set]["openalpr"] = one;
  }
  const Times ms = frame_times(sets[0], sets[2], **ours, **tesseract, options.smoke ? 3 : 108);
  result["ms_1080p"] = {{"ours, one plate: decoded BGR to reads", times(ms.ours_one_plate)},
                        {"ours, empty frame", times(ms.ours_empty)},
                        {"tesseract, one plate: JPEG to reads, decoding included", times(ms.tesseract)},
                        {"image health: JPEG to measures, decoding included", times(ms.health)},
                        {"image health: decoded grey to measures", times(ms.health_decoded)}};
  result["openalpr_not_measured_here"] = {{"eu_ms_p50", openalpr_eu_ms_p50},
                                          {"eu_ms_p95", openalpr_eu_ms_p95},
                                          {"ms_1080p_mean_from", openalpr_1080p_ms_from},
                                          {"ms_1080p_mean_to", openalpr_1080p_ms_to}};
  double load[1] = {0};
  result["load"] = ::getloadavg(load, 1) == 1 ? load[0] : 0;
  if (options.as_json)
    std::cout << result.dump(2) << "\n";
  else
    print(result);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (const char* data = std::getenv("RAMPA_SHARED_DATA")) options.data = data;
  CLI::App app{"What our plate reader reads and how fast, beside tesseract. Exit codes: 0 measured, 1 could not be, 2 wrong arguments."};
  app.add_option("--data", options.data, "the shared data (else RAMPA_SHARED_DATA, else ../shared/data)");
  app.add_flag("--smoke", options.smoke, "a few pictures: shows that the bench works, its figures mean little");
  app.add_flag("--json", options.as_json, "one JSON object");
  app.add_flag("--wrong", options.wrong, "name what was misread, on standard error");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    return run(options);
  } catch (const std::exception& error) {
    return std::fprintf(stderr, "plates_bench: %s\n", error.what()), 1;
  }
}
