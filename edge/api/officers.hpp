// Accounts of one post, kept in a small JSON file (mode 0600) that is replaced whole and durably at every change.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-interfaces/ids.hpp"
#include "firmware-interfaces/result.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::api {

enum class Role { officer, shift_leader, administrator };
[[nodiscard]] std::string_view name_of(Role role);
[[nodiscard]] std::optional<Role> role_named(std::string_view name);
/// May decide at a lane. Administrators may not: who makes accounts does not use them.
[[nodiscard]] inline bool decides(Role role) { return role != Role::administrator; }

struct Officer {
  OfficerId badge;  ///< 1..32 of A-Z a-z 0-9 . _ -
  std::string name;
  Role role = Role::officer;
  std::string password_hash;
  bool disabled = false;
  WallTime created;
  std::string created_by;
};

/// Thread: any.
class Officers {
 public:
  /// Makes a file with a new claim code where there is no account yet. Errors: io, invalid (damaged: names file and remedy).
  [[nodiscard]] static Result<std::unique_ptr<Officers>> open(const std::string& file);

  [[nodiscard]] bool claimed() const;
  /// The code printed at this start; empty once claimed.
  [[nodiscard]] std::string claim_code() const;
  [[nodiscard]] bool claim_code_is(const std::string& typed) const;

  [[nodiscard]] std::optional<Officer> find(const OfficerId& badge) const;
  [[nodiscard]] std::vector<Officer> list() const;

  /// First account; spends the claim code. Errors: refused (claimed already), io.
  [[nodiscard]] Result<void> claim(Officer first);
  /// Errors: refused (badge taken; "l7" is where "L7" is), io.
  [[nodiscard]] Result<void> add(Officer officer);
  /// Replaces the account of the same badge. Errors: not_found, refused (would leave no active administrator), io.
  [[nodiscard]] Result<void> replace(Officer officer);

 private:
  explicit Officers(std::string file) : file_(std::move(file)) {}
  [[nodiscard]] Result<void> read(const std::string& text);
  [[nodiscard]] Result<void> write(const std::vector<Officer>& officers, const std::string& claim_hash) const;
  const std::string file_;
  mutable std::mutex mutex_;
  std::vector<Officer> officers_;
  std::string claim_hash_, claim_code_;
};

}  // namespace rampa::api
