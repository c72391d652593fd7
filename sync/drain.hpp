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
// - only HQ's signed ack of this connection frees a record; a broker's PUBACK is never even seen here;
// - live verdicts go before everything else and past the budget; all else under way stays within the line's budget;
// - what was sent and is not acknowledged is sent again, whatever became of it;
// - what the journal cannot give holds up nothing: HQ is told of the gap.
//
// drain.cpp holds the phases, drain_messages.cpp what HQ's messages do, drain_sending.cpp what goes out and when.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "edge/store/store.hpp"
#include "sync/backoff.hpp"
#include "sync/blob_sender.hpp"
#include "sync/blob_source.hpp"
#include "sync/drain_settings.hpp"
#include "sync/effects.hpp"
#include "sync/fetcher.hpp"
#include "sync/frame_maker.hpp"
#include "sync/greeting.hpp"
#include "sync/letter_tray.hpp"
#include "sync/line_budget.hpp"
#include "sync/link_status.hpp"
#include "sync/send_order.hpp"
#include "sync/stream_sender.hpp"
#include "sync/topics.hpp"

namespace rampa::sync {

class Drain {
 public:
  /// `acknowledged`: HQ's cursor as the store knows it at the start. `seed` draws the jitter.
  /// `shelf` null: nothing is fetched.
  Drain(DrainSettings settings, store::JournalReader& journal, BlobSource& blobs, FetchShelf* shelf, std::uint64_t acknowledged,
        std::uint64_t seed);
  Drain(const Drain&) = delete;
  Drain& operator=(const Drain&) = delete;

  // Facts. Those of an attempt that is no longer the current one are ignored.
  void durable(Stamp now);                            ///< the journal has more
  void link_ready(std::uint64_t attempt, Stamp now);  ///< connected and subscribed
  void link_lost(std::uint64_t attempt, const std::string& why, Stamp now);
  void message(std::uint64_t attempt, std::string_view topic, ByteView payload, Stamp now);
  /// The letter of the last TakeLetter is applied durably; or `refused` says why it cannot be.
  void letter_done(std::uint64_t number, const std::string& refused, Stamp now);
  /// What an earlier letter named was fetched and cannot be used. HQ is told now or when it answers again.
  void letter_refused(std::uint64_t number, const std::string& reason, Stamp now);
  /// It could not be kept (a full disk): HQ is asked to say it again after a while.
  void letter_failed(std::uint64_t number, Stamp now);
  /// Fetch this blob of HQ's; Fetched follows.
  void want(const std::string& sha256, std::uint64_t size_bytes, Stamp now);
  void advance(Stamp now);  ///< call at next_wake() or earlier; the first call starts everything

  [[nodiscard]] std::vector<Effect> take_effects();
  /// When advance() is wanted next, if no fact comes before.
  [[nodiscard]] MonoTime next_wake() const { return wake_; }
  [[nodiscard]] const LinkStatus& status() const { return status_; }

 private:
  enum class Phase { waiting, connecting, greeting, streaming, forked };
  enum class Fill { went_out, nothing, held_back };

  // drain.cpp
  void enter(Phase phase);
  void connect(MonoTime now);
  void say_hello(Stamp now);
  void hang_up(const std::string& why, MonoTime now);
  void refresh_ends();
  void refresh_waiting();
  void check_times(Stamp now);
  void plan_wake();
  [[nodiscard]] MonoTime silence_begun() const;
  [[nodiscard]] MonoTime hello_due() const;

  // drain_messages.cpp
  [[nodiscard]] bool believable(Leaf leaf, const std::string& topic, ByteView payload);
  void on_ack(const Ack& ack, Stamp now);
  void on_want(const Want& want, Stamp now);
  void start_streaming(const Ack& ack, Stamp now);
  void take_streams(const Ack& ack, bool answers, MonoTime now);
  void note_quarantined(const Ack& ack);
  void note_refused(const Ack& ack, MonoTime now);
  void delivered(const std::vector<Sent>& messages, std::size_t lost, MonoTime now);
  void heard(MonoTime now);
  void move_cursor(std::uint64_t cursor);
  void apply_next_letter();
  void say_receipt();
  void take_fetched(std::optional<Fetcher::Done> done);

  // drain_sending.cpp
  void fill(Stamp now);
  [[nodiscard]] Fill send_frame(Stream stream, std::size_t bytes_max, bool live_only, Stamp now);
  [[nodiscard]] Fill send_slice(Traffic traffic, Stamp now);
  void send_manifest(const std::string& sha256);
  void cannot_give(const std::string& sha256, const std::string& reason);
  void offer_restored(const Ack& ack);
  [[nodiscard]] Sent leaving(std::size_t bytes, bool live, MonoTime now);
  [[nodiscard]] bool may_send(Stream stream) const;
  [[nodiscard]] std::size_t bulk_under_way() const;
  [[nodiscard]] bool under_way() const;
  void publish(Leaf leaf, ByteView body);
  void publish_raw(Leaf leaf, Bytes payload);
  void trouble(std::string what);
  StreamSender& sender(Stream stream) { return senders_[static_cast<std::size_t>(stream)]; }
  [[nodiscard]] const StreamSender& sender(Stream stream) const { return senders_[static_cast<std::size_t>(stream)]; }

  DrainSettings settings_;
  store::JournalReader& journal_;
  BlobSource& blobs_;
  Backoff backoff_;
  LinkStatus status_;
  std::vector<Effect> effects_;
  bool changed_ = false;       ///< status() says something new
  Phase phase_ = Phase::waiting;
  std::uint64_t attempt_ = 0;
  MonoTime deadline_{};        ///< of the phase: pause over, connect or hello time-out
  MonoTime wake_{};
  MonoTime heard_{};           ///< last valid message from HQ
  MonoTime asked_{};           ///< first frame or slice sent since
  MonoTime connected_{};       ///< when HQ first answered on this connection
  std::size_t failed_in_a_row_ = 0;   ///< attempts at which HQ did not answer

  Greeting greeting_;
  std::uint64_t answered_order_ = 0;  ///< of the last hello that HQ has answered on this connection
  LetterTray letters_;
  std::set<std::pair<Stream, std::uint64_t>> known_quarantined_;

  store::StreamEnds ends_;
  std::array<StreamSender, store::streams.size()> senders_;
  FrameMaker frames_;
  BlobSender wanted_;
  Fetcher fetcher_;
  LineBudget budget_;
  SendOrder order_;
  bool budget_full_ = false;      ///< the last fill() stopped for the budget's sake
  MonoTime go_on_{};              ///< then: when it may go on without another acknowledgement; 0: it needs one
  std::uint64_t sent_order_ = 0;  ///< of the last message
  /// By stream: nothing of it goes before. After a read error, and after HQ refused a frame.
  std::array<MonoTime, store::streams.size()> journal_again_{}, refused_until_{};
};

}  // namespace rampa::sync
