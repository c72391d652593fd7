// Errors as values. A new code only where somebody reacts to it differently.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace rampa {

enum class ErrorCode {
  timeout,          ///< something answered before, not now: try again later
  no_reply,         ///< nothing ever answered at this address: look at cable, power, address
  bad_reply,        ///< an answer that fails a check; its value is thrown away
  busy,             ///< try again after a pause
  disconnected,     ///< the connection is gone; reconnect
  refused,          ///< understood and declined; trying again changes nothing
  outcome_unknown,  ///< a command may or may not have acted: read the position back, never resend blindly
  invalid,          ///< input that breaks its format; names the place and the remedy
  not_found,
  no_space,         ///< disk full or quota reached
  io,               ///< disk or operating system failed
};

[[nodiscard]] constexpr std::string_view name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::timeout: return "timeout";
    case ErrorCode::no_reply: return "no_reply";
    case ErrorCode::bad_reply: return "bad_reply";
    case ErrorCode::busy: return "busy";
    case ErrorCode::disconnected: return "disconnected";
    case ErrorCode::refused: return "refused";
    case ErrorCode::outcome_unknown: return "outcome_unknown";
    case ErrorCode::invalid: return "invalid";
    case ErrorCode::not_found: return "not_found";
    case ErrorCode::no_space: return "no_space";
    case ErrorCode::io: return "io";
  }
  return "?";
}

struct Error {
  ErrorCode code = ErrorCode::io;
  std::string what;  ///< for people: names the place and, where there is one, the remedy
};

template <class T = void>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string what) {
  return tl::unexpected<Error>(Error{code, std::move(what)});
}

}  // namespace rampa
