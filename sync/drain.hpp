// The post's side of the protocol as an object without threads, sockets or clock: facts go in, effects come out. The
// production link (sync/uplink) and the simulation drive the same object.
//
//            open_link                ready                     ack answers hello
//   waiting -----------> connecting -----------> greeting ----------------------------> streaming
//      ^   pause is over      | lost, time-out       | silent x3, lost                      | lost, no ack in time
//      +----------------------+----------------------+--------------------------------------+
//   forked: HQ holds another history of this post; nothing is sent until an officer of HQ clears it. Asked again slowly.
//
// What holds always:
// - only HQ's application ack moves the cursor; a broker's PUBACK is never even seen here;
// - at most frames_in_flight_max frames and records_in_flight_bytes_max bytes of records are sent and not yet acked;
// - records go before blobs: a slice is sent only when every durable record has been sent.
#pragma once

#include <deque>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "edge/store/store.hpp"
#include "sync/backoff.hpp"
#include "sync/payloads.hpp"
#include "sync/topics.hpp"

namespace rampa::sync {

/// Where wanted blobs come from. Errors: not_found where the post does not have it (any more).
class BlobSource {
 public:
  virtual ~BlobSource() = default;
  /// Up to `count` bytes from `offset` on, at least one before the end.
  [[nodiscard]] virtual Result<Bytes> read(const std::string& sha256, std::uint64_t offset, std::size_t count) = 0;
};

struct DrainSettings {
  PostId post;
  std::string boot_id;
  std::string software;
  std::size_t brokers = 1;  ///< length of the list; tried in turn

  std::size_t frame_records_max = 64;
  std::size_t frame_bytes_max = 32u << 10;           ///< a single larger record still goes, alone
  std::size_t frames_in_flight_max = 64;
  std::size_t records_in_flight_bytes_max = 512u << 10;
  std::size_t slice_bytes = 32u << 10;
  std::size_t blob_in_flight_bytes_max = 256u << 10; ///< what a new verdict may have to queue behind

  Duration connect_timeout = 15s;
  Duration hello_timeout = 5s;
  int hellos_unanswered_max = 3;
  Duration heartbeat = 15s;      ///< a hello at least this often, so that HQ notices a gap at the end
  /// Something is on its way and HQ says nothing for so long: the connection is taken for dead. After half of it a hello
  /// asks. Must be longer than a frame needs on the slowest link: 20 s and 32 KiB allow for 16 kbit/s.
  Duration ack_timeout = 20s;
  Duration pause_first = 250ms, pause_last = 30s;
};

/// For screens and `rampa status`.
struct LinkStatus {
  bool up = false;            ///< HQ itself answers (not merely a broker)
  std::string phase;          ///< "waiting", "connecting", "greeting", "streaming", "forked"
  std::size_t broker = 0;     ///< index into the list
  std::uint64_t cursor = 0;   ///< acknowledged by HQ
  std::uint64_t last_sequence = 0;
  std::uint64_t backlog = 0;  ///< records durable here and not acknowledged
  std::size_t blobs_wanted = 0;
  std::uint64_t quarantined = 0;      ///< records HQ keeps apart, since start
  MonoTime last_ack;                  ///< 0: none since start
  std::uint64_t attempts = 0, resends = 0;
  std::string trouble;                ///< empty, or what is wrong and what to do
};

namespace effect {
struct OpenLink { std::uint64_t attempt = 0; std::size_t broker = 0; };
struct CloseLink { std::uint64_t attempt = 0; std::string why; };
struct Publish { std::uint64_t attempt = 0; std::string topic; Bytes payload; };
/// HQ has committed up to here. May go back only when HQ lost its database.
struct Acknowledged { std::uint64_t sequence = 0; };
struct Quarantined { QuarantinedRecord record; };
struct TakeDeclarations { std::vector<Declaration> declarations; };
struct TakeWatchList { std::string name; std::vector<std::string> plates; };
/// status() says something new.
struct StatusChanged {};
}  // namespace effect
using Effect = std::variant<effect::OpenLink, effect::CloseLink, effect::Publish, effect::Acknowledged, effect::Quarantined,
                            effect::TakeDeclarations, effect::TakeWatchList, effect::StatusChanged>;

class Drain {
 public:
  /// `last_sequence`, `acknowledged`: as the store knows them at the start. `seed` draws the jitter.
  Drain(DrainSettings settings, store::JournalReader& journal, BlobSource& blobs, std::uint64_t last_sequence,
        std::uint64_t acknowledged, std::uint64_t seed);

  // Facts. Those of an attempt that is no longer the current one are ignored.
  void durable(std::uint64_t last_sequence, Stamp now);
  void link_ready(std::uint64_t attempt, Stamp now);  ///< connected and subscribed
  void link_lost(std::uint64_t attempt, const std::string& why, Stamp now);
  void message(std::uint64_t attempt, std::string_view topic, ByteView payload, Stamp now);
  void advance(Stamp now);  ///< call at next_wake() or earlier; the first call starts everything

  [[nodiscard]] std::vector<Effect> take_effects();
  /// When advance() is wanted next, if no fact comes before.
  [[nodiscard]] MonoTime next_wake() const { return wake_; }
  [[nodiscard]] const LinkStatus& status() const { return status_; }

 private:
  enum class Phase { waiting, connecting, greeting, streaming, forked };
  struct SentFrame { std::uint64_t last = 0; std::size_t bytes = 0; };
  struct Wanted { std::string sha256; std::uint64_t size = 0, have = 0, sent = 0; };

  void enter(Phase phase);
  void connect(MonoTime now);
  void say_hello(Stamp now);
  void hang_up(const std::string& why, MonoTime now);
  void stream(Stamp now);
  void on_ack(const Ack& ack, Stamp now);
  void on_want(const Want& want);
  void heard(MonoTime now);
  void move_cursor(const Ack& ack);
  void go_back(MonoTime now);
  [[nodiscard]] bool forked(const Ack& ack);
  void fill(MonoTime now);
  bool send_frame(MonoTime now);
  bool send_slice(MonoTime now);
  void check_times(Stamp now);
  void plan_wake();
  void publish(Leaf leaf, Bytes payload);
  void trouble(std::string what);
  [[nodiscard]] std::uint64_t blob_bytes_in_flight() const;
  [[nodiscard]] bool in_flight() const { return !sent_.empty() || blob_bytes_in_flight() > 0; }
  [[nodiscard]] MonoTime silence_begun() const;
  [[nodiscard]] MonoTime hello_due() const;

  DrainSettings settings_;
  store::JournalReader& journal_;
  BlobSource& blobs_;
  Backoff backoff_;
  LinkStatus status_;
  std::vector<Effect> effects_;
  Phase phase_ = Phase::waiting;
  std::uint64_t attempt_ = 0;
  MonoTime deadline_{};        ///< of the phase: pause over, connect or hello time-out
  MonoTime journal_again_{};   ///< after a read error
  MonoTime wake_{};
  MonoTime went_back_{};
  MonoTime hello_sent_{};
  MonoTime heard_{};           ///< last valid message from HQ
  MonoTime asked_{};           ///< first frame or slice sent since
  std::uint64_t hello_next_ = 1;  ///< next_ when the last hello was sent: HQ has seen every frame before it
  bool changed_ = false;       ///< status() says something new
  int hellos_unanswered_ = 0;
  std::uint64_t hello_number_ = 0;
  std::string hello_id_;
  std::string incarnation_;
  std::uint64_t next_ = 1;     ///< next sequence to send
  std::deque<SentFrame> sent_;
  std::size_t sent_bytes_ = 0;
  std::deque<Wanted> wanted_;
  std::set<std::uint64_t> known_quarantined_;
  std::uint64_t declarations_version_ = 0, watch_lists_version_ = 0;
};

}  // namespace rampa::sync
