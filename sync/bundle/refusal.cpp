#include "sync/bundle/refusal.hpp"

namespace rampa::bundle {

std::string_view name_of(Reason reason) {
  switch (reason) {
#define RAMPA_X(name, remedy) \
  case Reason::name: return #name;
    RAMPA_BUNDLE_REASONS(RAMPA_X)
#undef RAMPA_X
  }
  return "?";
}

std::string_view remedy_of(Reason reason) {
  switch (reason) {
#define RAMPA_X(name, remedy) \
  case Reason::name: return remedy;
    RAMPA_BUNDLE_REASONS(RAMPA_X)
#undef RAMPA_X
  }
  return "";
}

std::string text_of(const Refusal& r) {
  return std::string(name_of(r.reason)) + (r.where.empty() ? "" : " (" + r.where + ")") + ": " + r.what + "; " +
         std::string(remedy_of(r.reason));
}

Error to_error(const Refusal& refusal) { return {refusal.code, text_of(refusal)}; }

}  // namespace rampa::bundle
