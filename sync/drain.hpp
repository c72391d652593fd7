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
// - live verdicts go before everything else and past the budget; all else under way stays within the line's budget, which its last piece may pass;
// - what was sent and is not acknowledged is sent again, whatever became of it.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "edge/store/store.hpp"
#include "sync/backoff.hpp"
#include "sync/blob_sender.hpp"
#include "sync/day_keys.hpp"
#include "sync/envelope.hpp"
#include "sync/fetcher.hpp"
#include "sync/frame_reader.hpp"
#include "sync/letter_box.hpp"
#include "sync/line_budget.hpp"
#include "sync/lost_log.hpp"
#include "sync/payloads.hpp"
#include "sync/send_order.hpp"
#include "sync/stream_sender.hpp"
#include "sync/topics.hpp"

namespace rampa::sync {

/// Where wanted blobs come from. Errors: not_found where the post does not have it (any more).
class BlobSource {
 public:
  virtual ~BlobSource() = default;
  /// Up to `count` bytes from `offset` on, at least one before the end.
  [[nodiscard]] virtual Result<Bytes> read(const std::string& sha256, std::uint64_t offset, std::size_t count) = 0;
  /// Of what chunks it is made.
  [[nodiscard]] virtual Result<Manifest> manifest(const std::string& sha256) = 0;
};

/// Who this post is to HQ, and whom it believes.
struct Identity {
  Epoch epoch{};                      ///< of the journal
  std::string device_key;             ///< public, hex
  Signer signer;                      ///< signs with the device's key
  std::optional<PublicKey> hq_key;    ///< nothing: the first one met is kept
};

struct DrainSettings {
  PostId post;
  Identity identity;
  std::string boot_id;
  std::uint64_t boot_number = 0;
  std::string software;
  std::size_t brokers = 1;            ///< length of the list; tried in turn
  std::set<std::size_t> metered;      ///< over these brokers' lines only verdicts and events go, and no file is fetched without an order
  std::vector<Cap> caps;
  std::uint64_t letters_through = 0;  ///< HQ's letters that are applied durably
  std::vector<DeskCursor> letter_desks;  ///< whose they are
  /// The key of a day's personal fields, for HQ to read them; nothing: it was destroyed. Not set: HQ is given none.
  std::function<Result<std::optional<store::format::DayKey>>(const DayKeyName&)> day_key;

  std::size_t frame_records_max = 1024;              ///< at most sync::frame_records_max
  std::size_t live_bytes_max = 512u << 10;           ///< live verdicts under way: past the budget, but not without bound

  Duration connect_timeout = 15s;
  Duration hello_timeout = 5s;
  int hellos_unanswered_max = 3;
  Duration heartbeat = 15s;      ///< a hello at least this often, so that HQ notices a gap at the end
  /// Something is on its way and HQ says nothing for so long: the connection is taken for dead. After half of it a hello
  /// asks. Must be longer than a frame needs on the slowest link: 20 s and 32 KiB allow for 16 kbit/s.
  Duration ack_timeout = 20s;
  /// An attempt to connect that is younger is not given up for a broker that can be reached again: to this one, and to another one, which
  /// may be there all the time behind a satellite (five round trips) while this one comes and goes.
  Duration attempt_kept = 2s, attempt_elsewhere_kept = 6s;
  Duration pause_first = 250ms, pause_last = 30s;
  Duration refused_pause = 5s;   ///< before a frame that HQ refused is tried again
  /// Events that come one by one wait for HQ's word on those under way, at most for so long, and go together: an HQ with much to
  /// do, the one worker left of two say, is asked to take fewer and longer frames (Nagle, RFC 896). Verdicts never wait.
  Duration gather = 200ms;
  LostLog::Times lost;           ///< when HQ is told of what the journal cannot give
  Duration back_to_primary = 10min;  ///< on another line than the first: how often the first is looked for
};

/// For screens and `rampa status`.
struct LinkStatus {
  bool up = false;            ///< HQ itself answers (not merely a broker)
  std::string phase;          ///< "waiting", "connecting", "greeting", "streaming", "forked"
  std::size_t broker = 0;     ///< index into the list
  std::uint64_t cursor = 0;   ///< journal sequence up to which HQ has everything
  std::uint64_t last_sequence = 0;
  std::uint64_t backlog = 0;  ///< records durable here and not acknowledged
  store::StreamEnds waiting;  ///< of it by stream
  std::size_t blobs_wanted = 0;
  std::uint64_t quarantined = 0;      ///< records HQ keeps apart, since start
  std::uint64_t lost = 0;             ///< records that the journal cannot give
  MonoTime last_ack;                  ///< 0: none since start
  std::uint64_t attempts = 0, resends = 0;
  Duration round_trip{};              ///< the shortest on this connection; 0: none measured
  std::size_t budget_bytes = 0;       ///< what may be under way
  bool metered = false;
  std::size_t fetches_waiting = 0;    ///< files that HQ has for this post and that wait for a line that is not metered
  bool refuses = false;               ///< HQ does not take some records; `trouble` says which and why
  std::string durability;             ///< of HQ: "disk", "standby"; empty before its first answer
  std::string trouble;                ///< empty, or what is wrong and what to do
};

namespace effect {
struct OpenLink { std::uint64_t attempt = 0; std::size_t broker = 0; };
struct CloseLink { std::uint64_t attempt = 0; std::string why; };
struct Publish { std::uint64_t attempt = 0; std::string topic; Bytes payload; };
/// HQ has committed up to here. May go back only when HQ lost its database.
struct Acknowledged { std::uint64_t sequence = 0; };
struct Quarantined { QuarantinedRecord record; };
/// HQ is told that the journal cannot give these.
struct ToldLost { LostRecords records; };
/// HQ says that it holds this blob; or, not `held`, that it does not (any more).
struct BlobHeld { std::string sha256; bool held = true; };
/// Apply it durably, then call letter_done(); the next one comes after that.
struct TakeLetter { Letter letter; };
/// What want() asked for is on the shelf, or `trouble` says why it cannot be had.
struct Fetched { std::string sha256; std::string trouble; };
/// No key of HQ was given: this one was met first. Keep it, and give it at the next start.
struct KeepHqKey { std::string key; };
/// status() says something new.
struct StatusChanged {};
}  // namespace effect
using Effect = std::variant<effect::OpenLink, effect::CloseLink, effect::Publish, effect::Acknowledged, effect::Quarantined, effect::ToldLost,
                            effect::BlobHeld, effect::TakeLetter, effect::Fetched, effect::KeepHqKey, effect::StatusChanged>;

class Drain {
 public:
  /// `acknowledged`: HQ's cursor as the store knows it at the start. `seed` draws the jitter.
  /// `shelf` null: nothing is fetched.
  Drain(DrainSettings settings, store::JournalReader& journal, BlobSource& blobs, FetchShelf* shelf, std::uint64_t acknowledged,
        std::uint64_t seed);

  // Facts. Those of an attempt that is no longer the current one are ignored.
  void durable(Stamp now);                            ///< the journal has more
  void link_ready(std::uint64_t attempt, Stamp now);  ///< connected and subscribed
  void link_lost(std::uint64_t attempt, const std::string& why, Stamp now);
  /// The port of this broker was shut and can be reached now: it is tried at once, whatever is left of the pause, and in place of an
  /// attempt that was begun while it was shut.
  void reachable(std::size_t broker, Stamp now);
  /// There is no connection: whether a broker can be reached is worth knowing.
  [[nodiscard]] bool away() const { return phase_ == Phase::waiting || phase_ == Phase::connecting; }
  /// The broker says that it does not pass on what is sent. The connection stands: HQ's silence ends it, if it comes to that.
  void not_passed_on(std::uint64_t attempt, const std::string& why);
  void message(std::uint64_t attempt, std::string_view topic, ByteView payload, Stamp now);
  /// The letter of the last TakeLetter is applied durably; or `refused` says why it cannot be.
  void letter_done(std::uint64_t number, const std::string& refused, Stamp now);
  /// What an earlier letter named was fetched and cannot be used. HQ is told now or when it answers again.
  void letter_refused(std::uint64_t number, const std::string& reason, Stamp now);
  /// What became of a command. HQ is told now or when it answers again.
  void letter_answered(std::uint64_t number, const std::string& outcome, Stamp now);
  /// It could not be kept (a full disk): HQ is asked to say it again after a while.
  void letter_failed(std::uint64_t number, Stamp now);
  /// Fetch this blob of HQ's; Fetched follows.
  void want(const Fetcher::Wanted& wanted, Stamp now);
  void advance(Stamp now);  ///< call at next_wake() or earlier; the first call starts everything

  [[nodiscard]] std::vector<Effect> take_effects();
  /// When advance() is wanted next, if no fact comes before.
  [[nodiscard]] MonoTime next_wake() const { return wake_; }
  [[nodiscard]] const LinkStatus& status() const { return status_; }

 private:
  enum class Phase { waiting, connecting, greeting, streaming, forked };
  enum class Fill { went_out, nothing, held_back };

  void enter(Phase phase);
  void connect(MonoTime now);
  void say_hello(Stamp now);
  void hang_up(const std::string& why, MonoTime now, bool is_trouble = true);
  void nothing_under_way();  ///< the connection is over
  void on_ack(const Ack& ack, Stamp now);
  void on_want(const Want& want, MonoTime now);
  void take_letter();
  void say_receipt();
  void on_day_keys_wanted(const DayKeysWanted& wanted);
  [[nodiscard]] Fill cannot_read(Stream stream, std::uint64_t number, const Error& error, Stamp now);
  void take_gap(const store::JournalReader::Gap& gap, Stamp now);
  void look_for_lost(Stamp now);
  void let_go(Stream stream, std::uint64_t waited);
  void say_lost();
  void on_lost(const Ack& ack, Stamp now);
  void start_streaming(const Ack& ack, Stamp now);
  void take_streams(const Ack& ack, bool answers, MonoTime now);
  void note_quarantined(const Ack& ack);
  void note_refused(const Ack& ack, MonoTime now);
  void note_taken();
  void heard(MonoTime now);
  void move_cursor(std::uint64_t cursor);
  void refresh_ends();
  void refresh_waiting();
  [[nodiscard]] bool forked(const Ack& ack);
  /// What the ids of this connection's hellos begin with. The boot alone would not do: an earlier start of Rampa may share it.
  [[nodiscard]] std::string connection() const;
  [[nodiscard]] bool believable_key(const std::string& topic, ByteView payload);

  void fill(Stamp now);
  [[nodiscard]] Fill send_frame(Stream stream, std::size_t bytes_max, bool live_only, Stamp now);
  [[nodiscard]] Fill send_blob(Traffic traffic, Stamp now);
  [[nodiscard]] Result<Bytes> payload_of(const BlobSender::Piece& piece);
  void take_fetched(std::optional<Fetcher::Done> done);
  void cannot_give(const std::string& sha256, const std::string& reason);
  void delivered(const std::vector<Sent>& messages, std::size_t lost, Duration held, MonoTime now);
  void check_times(Stamp now);
  void plan_wake();
  void publish(Leaf leaf, ByteView body);
  void publish_raw(Leaf leaf, Bytes payload);
  [[nodiscard]] Bytes sealed(Leaf leaf, ByteView body) const { return seal(topic_text({settings_.post, leaf}), body, settings_.identity.signer); }
  void trouble(std::string what);
  StreamSender& sender(Stream stream) { return senders_[static_cast<std::size_t>(stream)]; }
  [[nodiscard]] bool gathering() const;
  [[nodiscard]] std::size_t bulk_under_way() const;
  [[nodiscard]] bool under_way() const;
  [[nodiscard]] MonoTime silence_begun() const;
  [[nodiscard]] std::optional<MonoTime> oldest_under_way() const;
  [[nodiscard]] MonoTime hello_due() const;
  [[nodiscard]] MonoTime leave_at() const;

  DrainSettings settings_;
  store::JournalReader& journal_;
  BlobSource& blobs_;
  Backoff backoff_;
  bool reached_ = false;        ///< this attempt was begun because its broker can be reached
  LinkStatus status_;
  std::vector<Effect> effects_;
  Phase phase_ = Phase::waiting;
  std::uint64_t attempt_ = 0;
  MonoTime deadline_{};        ///< of the phase: pause over, connect or hello time-out
  MonoTime journal_again_{};   ///< after a read error
  MonoTime refused_until_{};   ///< HQ refused a frame: no records until then
  MonoTime gathered_{};        ///< the newest event there was has gone: the next ones may go then
  std::optional<RefusedFrame> refused_;  ///< it, until HQ has taken that record
  std::string foreign_;        ///< what somebody who is not this post's HQ made us say on this connection
  MonoTime wake_{};
  MonoTime hello_sent_{};
  MonoTime heard_{};           ///< last valid message from HQ
  MonoTime asked_{};           ///< first frame or slice sent since
  bool changed_ = false;       ///< status() says something new
  int hellos_unanswered_ = 0;
  std::uint64_t hello_number_ = 0;
  std::string hello_id_;
  std::string incarnation_;
  std::string not_passed_on_;  ///< why; empty once HQ is heard

  store::StreamEnds ends_;
  std::array<StreamSender, store::streams.size()> senders_;
  BlobSender wanted_;
  Fetcher fetcher_;
  FrameReader frames_;
  MonoTime connected_{};       ///< when HQ first answered on this connection
  bool leaving_ = false;       ///< the primary is to be looked for: only live verdicts go until what is under way has ended
  std::size_t failed_in_a_row_ = 0;  ///< attempts at which HQ did not answer
  LineBudget budget_;
  SendOrder order_;
  LetterBox letters_;
  LostLog lost_;
  bool hq_takes_lost_ = false;  ///< it has said so on this connection
  bool hq_restarted_ = false;  ///< and has not answered a hello since: what is lost was lost with it and says nothing of the line
  bool budget_full_ = false;   ///< the last fill() stopped for lack of room
  std::uint64_t sent_order_ = 0;  ///< of the last message
  std::uint64_t answered_order_ = 0;  ///< of the last hello that HQ has answered on this connection
  std::uint64_t hello_order_ = 0; ///< sent_order_ when the last hello went: HQ has seen every message before it
  WallTime heard_answered_{};  ///< HQ's clock in the newest ack of this boot
  std::set<std::pair<Stream, std::uint64_t>> known_quarantined_;
};

}  // namespace rampa::sync
