// What may be asked of a device, and the permit without which no actuator moves.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <variant>

#include "firmware-interfaces/ids.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::lane {
class Guard;  // edge/lane/guard.hpp: the one place where permits are made
}

namespace rampa::device {

enum class Boom { first = 1, second = 2 };
enum class Motion { raise, lower };
enum class Aspect { red, green, dark };

struct MoveBoom {
  Boom boom = Boom::first;
  Motion motion = Motion::raise;
  bool operator==(const MoveBoom&) const = default;
};
struct SetLight {
  Boom at = Boom::first;
  Aspect aspect = Aspect::red;
  bool operator==(const SetLight&) const = default;
};
/// NII-IL/1: Rampa may only withhold. `withhold=false` lets the scanner's own interlock decide; it starts nothing.
struct WithholdScan {
  bool withhold = true;
  bool operator==(const WithholdScan&) const = default;
};
struct AbortScan {
  bool operator==(const AbortScan&) const = default;
};
/// Ask a plain camera for frames for this long from now; in place of what was asked before.
struct TakeFrames {
  Duration for_time{};
  bool operator==(const TakeFrames&) const = default;
};

using CommandBody = std::variant<MoveBoom, SetLight, WithholdScan, AbortScan, TakeFrames>;

/// A request to one device. `not_after`: later than this it must not act (S9: no command older than its life is executed).
struct Command {
  std::uint64_t id = 0;
  DeviceId device;
  CommandBody body;
  MonoTime not_after;
};

/// The right to move one actuator once, soon. Move-only; made by lane::Guard alone; taken by Driver::execute.
class Permit {
 public:
  Permit(Permit&& other) noexcept { *this = std::move(other); }
  Permit& operator=(Permit&& other) noexcept {
    command_ = std::exchange(other.command_, 0);
    not_after_ = other.not_after_;
    return *this;
  }
  Permit(const Permit&) = delete;
  Permit& operator=(const Permit&) = delete;

  /// True while the permit was not spent, belongs to this command and is not past its life.
  [[nodiscard]] bool allows(const Command& command, MonoTime now) const {
    return command_ != 0 && command_ == command.id && now <= not_after_ && now <= command.not_after;
  }

 private:
  friend class rampa::lane::Guard;
  Permit(std::uint64_t command, MonoTime not_after) : command_(command), not_after_(not_after) {}
  std::uint64_t command_ = 0;
  MonoTime not_after_;
};

}  // namespace rampa::device
