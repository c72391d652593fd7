// Which MQTT version each broker takes, learned from its answers, so that a reconnect does not pay for asking again.
#pragma once

#include <map>
#include <mutex>
#include <string>

namespace rampa::sync {

enum class MqttVersion { v5, v311 };

/// 5 until the broker says otherwise. Kept for the life of the program: a broker that was mended is asked anew after a restart.
/// Thread: any.
class BrokerVersions {
 public:
  /// For the next link to it.
  [[nodiscard]] MqttVersion next(const std::string& broker);
  /// It has taken a connection of this version.
  void taken(const std::string& broker, MqttVersion version);
  /// It speaks no 5, or 3.1.1 is better with it: from now on 3.1.1.
  void only_v311(const std::string& broker);
  /// It closed a connection of version 5 unanswered, as some do that do not know it; or the line broke. 3.1.1 is tried once, and
  /// kept to when that has helped twice in a row.
  void unanswered(const std::string& broker);

 private:
  struct Known {
    bool v311 = false;       ///< settled
    bool v311_next = false;  ///< for one attempt
    int helped = 0;          ///< times in a row that 3.1.1 was taken after 5 had not been answered
  };
  std::mutex mutex_;
  std::map<std::string, Known> known_;
};

}  // namespace rampa::sync
