#include "edge/app/lanes_first.hpp"

#include <sched.h>

#include <atomic>

namespace rampa::app {
namespace {

// Priority is the process's business with the kernel, so the count is the process's too.
std::atomic<int> at_it{0};
std::atomic<std::uint64_t> begun_or_ended{0};

void priority(int policy) {
  sched_param none{};
  ::sched_setscheduler(0, policy, &none);  // where the kernel refuses, the work is done at the usual priority
}

}  // namespace

LanesFirst::LanesFirst() : before_(::sched_getscheduler(0)) {
  ++at_it;
  ++begun_or_ended;
  if (before_ == SCHED_OTHER) priority(SCHED_IDLE);
}

LanesFirst::~LanesFirst() {
  if (before_ == SCHED_OTHER) priority(SCHED_OTHER);
  ++begun_or_ended;
  --at_it;
}

bool LanesFirst::under_way() { return at_it > 0; }
std::uint64_t LanesFirst::turns() { return begun_or_ended; }

}  // namespace rampa::app
