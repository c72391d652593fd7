// A permit for tests of devices that move nothing: the guard gives one for frames at any time.
#pragma once

#include "edge/lane/guard.hpp"

namespace rampa::tests {

/// Belongs to no command under test.
inline device::Permit empty_permit() {
  const device::Command frames{1, DeviceId{"none"}, device::TakeFrames{}, MonoTime{INT64_MAX}};
  return std::move(lane::Guard::permit(frames, lane::State{}, lane::Config{}, MonoTime{0}).value());
}

}  // namespace rampa::tests
