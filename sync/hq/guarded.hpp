// Where exceptions of the database end.
#pragma once

#include "sync/hq/database.hpp"

namespace rampa::sync::hq {

template <class Work>
Result<void> guarded(Work work) {
  try {
    work();
    return {};
  } catch (const DatabaseError& error) {
    return fail(error.code, error.what());
  } catch (const std::exception& error) {
    return fail(ErrorCode::io, error.what());
  }
}

}  // namespace rampa::sync::hq
