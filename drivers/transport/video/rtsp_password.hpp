// Who asks a camera: the password from its file, and the answers to the camera's challenge (RFC 7235, Digest by RFC 7616, Basic by RFC 7617).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-interfaces/result.hpp"

namespace rampa::drivers::rtsp {

/// The first line of a file, as Unix or Windows writes it. Errors: invalid (can't be read, no password of 1 to 256 characters), with the
/// file's whole path and the remedy.
[[nodiscard]] Result<std::string> password_in(const std::string& file);

struct Challenge {
  std::string scheme;                             ///< in small letters: "digest"
  std::map<std::string, std::string> parameters;  ///< names in small letters, values as they stand, without their quotes
};
/// Of one WWW-Authenticate header, which may hold several. Reads what it can of anything.
[[nodiscard]] std::vector<Challenge> challenges_in(std::string_view header);

/// User and password for one camera. Thread: one.
class Credentials {
 public:
  Credentials(std::string user, std::string password) : user_(std::move(user)), password_(std::move(password)) {}

  /// Chooses among the challenges of an answer's WWW-Authenticate headers: the first Digest with MD5 or SHA-256. Basic, which shows the
  /// password to the line, only where no Digest is offered at all. Errors: refused, with what to choose in the camera.
  Result<void> take(const std::vector<std::string>& headers);
  void forget() { challenge_ = {}; }
  /// The value for Authorization; empty where no challenge was taken. Each is for one request: the nonce's uses are counted.
  /// `cnonce` empty: one of its own.
  [[nodiscard]] std::string answer(const std::string& method, const std::string& uri, std::string cnonce = {});

 private:
  [[nodiscard]] std::string parameter(const char* name) const;

  const std::string user_, password_;
  Challenge challenge_;
  std::uint32_t uses_ = 0;  ///< of the challenge's nonce
};

}  // namespace rampa::drivers::rtsp
