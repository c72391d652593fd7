// rampa_api_demo: the HTTP interface over a post that does not exist. Prints one line of JSON with URL and claim code, then
// runs until its standard input closes or it is told to end.
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string>

#include "edge/api/server.hpp"
#include "edge/app/urgent_profiles.hpp"
#include "edge/runtime/system_clock.hpp"
#include "tests/browser/fake_scene.hpp"

namespace {
volatile std::sig_atomic_t ended = 0;
}

int main(int argc, char** argv) {
  rampa::api::Settings settings;
  std::string pictures;
  settings.port = 0;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string key = argv[i], value = argv[i + 1];
    if (key == "--web") settings.web_directory = value;
    else if (key == "--port") settings.port = static_cast<std::uint16_t>(std::stoi(value));
    else if (key == "--officers") settings.officers_file = value;
    else if (key == "--pictures") pictures = value;
    else if (key == "--idle-lock-s") settings.idle_lock = std::chrono::seconds(std::stoi(value));
    else {
      std::fprintf(stderr, "unknown option %s\n", key.c_str());
      return 2;
    }
  }
  if (settings.officers_file.empty()) {
    std::fprintf(stderr, "usage: rampa_api_demo --officers FILE [--web DIR] [--port N] [--pictures DIR] [--idle-lock-s N]\n");
    return 2;
  }
  std::signal(SIGTERM, [](int) { ended = 1; });
  std::signal(SIGINT, [](int) { ended = 1; });

  rampa::runtime::SystemClock clock;
  rampa::tests::FakeAppliance post(clock);
  rampa::tests::set_scene(post, clock, pictures);
  // The real desk over a set without profiles: nothing here assesses.
  const std::string set = R"({"format":2,"version":"demo","profiles":[]})";
  auto compiled = rampa::risk::compile(set, "");
  if (!compiled) return 1;
  rampa::app::UrgentProfiles urgent({settings.officers_file + ".urgent-profiles", rampa::PostId{"RS-DEMO"}, 72, ""},
                                    {*compiled, std::make_shared<const rampa::Bytes>(set.begin(), set.end()), {}}, clock);
  (void)urgent.begin();
  urgent.connect({[](auto, auto) -> rampa::Result<void> { return {}; },
                  [&](rampa::AuditNote note) { return post.write_audit_note(std::move(note), std::chrono::seconds(1)); },
                  [](const auto&, auto) -> rampa::Result<void> { return {}; }});
  post.set_urgent(&urgent);
  auto server = rampa::api::start(settings, post, clock);
  if (!server) {
    std::fprintf(stderr, "%s\n", server.error().what.c_str());
    return 1;
  }
  std::printf("{\"url\":\"http://127.0.0.1:%u/\",\"claim_code\":\"%s\"}\n", (*server)->port(), (*server)->claim_code().c_str());
  std::fflush(stdout);
  for (unsigned step = 0; !ended; ++step) {
    rampa::tests::play(post, clock, step);
    urgent.tick();
    pollfd in{STDIN_FILENO, POLLIN, 0};
    char ignored[64];
    if (::poll(&in, 1, 500) > 0 && ::read(STDIN_FILENO, ignored, sizeof ignored) <= 0) break;
  }
  return 0;
}
