#include "sync/hq/database.hpp"

namespace rampa::sync::hq {

std::unique_ptr<Database> open_postgres(const std::string&) {
  throw DatabaseError(ErrorCode::invalid, "PostgreSQL is not supported by this build yet");
}

}  // namespace rampa::sync::hq
