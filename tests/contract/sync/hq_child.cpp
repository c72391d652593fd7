// HQ's serving loop with a fault of its own: kills itself between its N-th commit and the acknowledgements.
//   sync_hq_child BROKER DIRECTORY CA CERT KEY INCARNATION KILL_AFTER_COMMITS
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "edge/runtime/system_clock.hpp"
#include "sync/hq/serve.hpp"

int main(int argc, char** argv) {
  if (argc != 8) return 2;
  rampa::sync::hq::ServeSettings settings;
  settings.broker = argv[1];
  settings.place.directory = argv[2];
  settings.credentials = {argv[3], argv[4], argv[5]};
  settings.incarnation = argv[6];
  long commits_left = std::atol(argv[7]);
  settings.after_commit = [&commits_left] {
    if (--commits_left == 0) ::kill(::getpid(), SIGKILL);
  };
  const rampa::runtime::SystemClock clock;
  const std::atomic<bool> stop{false};
  const auto served = rampa::sync::hq::serve(settings, clock, stop);
  if (!served) std::cerr << served.error().what << '\n';
  return served ? 0 : 1;
}
