#include <csignal>

#include "hil/app/commands.hpp"

namespace rampa::hil::app {
namespace {
volatile std::sig_atomic_t asked = 0;
void ask(int) { asked = 1; }
}  // namespace

bool stop_asked() { return asked != 0; }

void watch_signals() {
  struct sigaction action {};
  action.sa_handler = ask;  // no SA_RESTART: poll() shall come back
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

}  // namespace rampa::hil::app
