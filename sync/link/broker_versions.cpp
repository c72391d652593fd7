#include "sync/link/broker_versions.hpp"

#include <utility>

namespace rampa::sync {
namespace {

constexpr int helped_enough = 2;  ///< once may have been a line that broke just then

}  // namespace

MqttVersion BrokerVersions::next(const std::string& broker) {
  std::lock_guard lock(mutex_);
  Known& known = known_[broker];
  return std::exchange(known.v311_next, false) || known.v311 ? MqttVersion::v311 : MqttVersion::v5;
}

void BrokerVersions::taken(const std::string& broker, MqttVersion version) {
  std::lock_guard lock(mutex_);
  Known& known = known_[broker];
  known.helped = version == MqttVersion::v5 ? 0 : known.helped + 1;
  if (known.helped >= helped_enough) known.v311 = true;
}

void BrokerVersions::only_v311(const std::string& broker) {
  std::lock_guard lock(mutex_);
  known_[broker].v311 = true;
}

void BrokerVersions::unanswered(const std::string& broker) {
  std::lock_guard lock(mutex_);
  known_[broker].v311_next = true;
}

}  // namespace rampa::sync
