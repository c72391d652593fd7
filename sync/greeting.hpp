// The hello with which a connection begins, and which goes on as heartbeat: which of them HQ has answered, whether HQ speaks
// of this connection, and whether it holds the same history as this journal.
#pragma once

#include <optional>
#include <string>

#include "edge/store/store.hpp"
#include "sync/drain_settings.hpp"
#include "sync/payloads.hpp"

namespace rampa::sync {

class Greeting {
 public:
  /// A new connection, of this number.
  void begin(std::uint64_t attempt);

  struct Standing {
    store::StreamEnds ends;              ///< durable here
    std::uint64_t letters_through = 0;
    MonoTime last_ack;
    bool metered = false;
  };
  /// `order`: of the message that it goes in.
  [[nodiscard]] Hello say(const DrainSettings& settings, const Standing& standing, store::JournalReader& journal, std::uint64_t order, Stamp now);

  [[nodiscard]] bool answered_by(const Ack& ack) const { return ack.answers && ack.session == id_; }
  [[nodiscard]] bool of_this_connection(const DrainSettings& settings, const Ack& ack) const;
  void heard() { unanswered_ = 0; }  ///< HQ said something that counts
  void know_hq_clock(WallTime answered) { answered_ = answered; }  ///< for the next hello
  /// HQ restarted, as far as this ack tells.
  [[nodiscard]] bool is_new_incarnation(const Ack& ack) const { return ack.incarnation != incarnation_; }
  void know_incarnation(const Ack& ack) { incarnation_ = ack.incarnation; }

  [[nodiscard]] int unanswered() const { return unanswered_; }
  [[nodiscard]] MonoTime said_at() const { return said_at_; }
  /// HQ has seen every message before this one when it has answered.
  [[nodiscard]] std::uint64_t order() const { return order_; }

 private:
  std::uint64_t attempt_ = 0, number_ = 0;
  std::string id_, incarnation_;
  MonoTime said_at_{};
  std::uint64_t order_ = 0;
  int unanswered_ = 0;
  WallTime answered_{};
};

/// Nothing, or what to tell people: HQ's cursor is not in this journal.
[[nodiscard]] std::optional<std::string> fork_of(const DrainSettings& settings, const Ack& ack, std::uint64_t last_sequence, store::JournalReader& journal);
/// Where no key of HQ is known yet: the key that this first ack names and is signed with. From then on all must be.
[[nodiscard]] std::optional<PublicKey> key_of_first_ack(const std::string& topic, ByteView payload);

}  // namespace rampa::sync
