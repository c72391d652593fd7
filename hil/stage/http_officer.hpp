// The bench's officers: sign in at the appliance's HTTP interface and act through it, as people at a terminal do.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "hil/bench/officer_script.hpp"
#include "hil/stage/stage.hpp"

namespace rampa::hil {

class HttpOfficer {
 public:
  explicit HttpOfficer(Stage& stage) : stage_(stage) {}

  /// At a first start: claims the post and makes three officers: 1001 and 1002 are the bench's, 1003 is for whoever watches
  /// (a badge has one session: signing in ends the one before). Then, and after every restart, signs in as 1001.
  /// Errors: what the interface said.
  Result<void> sign_in();
  /// The lanes as the terminal shows them. Errors: no_reply while the appliance is down.
  Result<std::vector<LaneSight>> lanes();
  /// True: accepted. False: refused by the lane, with its reason in `refusal()`.
  Result<bool> act(const std::string& lane, const OfficerWish& wish);
  [[nodiscard]] const std::string& refusal() const { return refusal_; }

 private:
  Result<std::string> call(const std::string& method, const std::string& path, const std::string& body, int& status);

  Stage& stage_;
  std::string cookie_, refusal_;
  std::uint64_t keys_ = 0;
};

}  // namespace rampa::hil
