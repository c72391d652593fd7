// The thread that drains the journal to HQ: runs a Drain with the real clock and a real MQTT link.
#pragma once

#include <functional>
#include <memory>

#include "edge/store/blob_reader.hpp"
#include "sync/drain.hpp"
#include "sync/link/mqtt_link.hpp"

namespace rampa::sync {

struct UplinkSettings {
  DrainSettings drain;                ///< `brokers` is set from the list below
  std::vector<std::string> brokers;   ///< "mqtts://host:8883", tried in turn
  LinkCredentials credentials;
  std::uint64_t jitter_seed = 0;      ///< production: runtime::random_bits()
};

/// What became of a letter: applied durably; refused for good, with the reason; or not kept now (a full disk), to be said again.
struct LetterOutcome {
  bool kept = true;
  std::string refused;  ///< empty: applied
};

/// Called on the uplink's thread; must not block for long and must not throw. Empty ones are not called.
struct UplinkCalls {
  std::function<void(std::uint64_t sequence)> acknowledged;   ///< -> Store::acknowledge
  std::function<void(const QuarantinedRecord&)> quarantined;  ///< HQ keeps this record apart; people should look
  std::function<void(const LostRecords&)> lost;  ///< HQ is told that the journal cannot give these; people should look
  std::function<void(const std::string& sha256, bool held)> blob_held;  ///< HQ has this blob whole; or asks for it (again)
  /// HQ's next letter. `done` is to be called once, from any thread. Without this function every letter is refused.
  std::function<void(const Letter&, std::function<void(LetterOutcome)> done)> letter;
  std::function<void(const std::string& sha256, const std::string& trouble)> fetched;  ///< what want() asked for
  std::function<void(const std::string& key)> keep_hq_key;    ///< none was given and this is the first that was met
  std::function<void(const LinkStatus&)> status;              ///< on every change
  std::function<void(const std::string&)> remark;             ///< for the log: what a broker cannot do, and what is done instead
};

/// Thread: start, durable(), status() and the destructor from any one thread; durable() from the store's too.
class Uplink {
 public:
  virtual ~Uplink() = default;  ///< ends the thread and the connection; nothing is lost, the journal is the outbox
  /// More is durable. Cheap; -> Store::on_durable.
  virtual void durable(std::uint64_t last_sequence) = 0;
  /// Fetches a blob of HQ's onto the shelf; calls.fetched follows. Thread: any.
  virtual void want(const Fetcher::Wanted& wanted) = 0;
  /// What this letter named was fetched and cannot be used: HQ is told. Thread: any.
  virtual void refuse_letter(std::uint64_t number, const std::string& reason) = 0;
  /// What became of a command: HQ is told. Thread: any.
  virtual void answer_letter(std::uint64_t number, const std::string& outcome) = 0;
  [[nodiscard]] virtual LinkStatus status() const = 0;
  /// Rises whenever the thread comes round, about once a second unless a call into the broker's library lasts.
  [[nodiscard]] virtual std::uint64_t beats() const = 0;
};

/// Epoch, key and signer of a post's store; HQ's key is not known to it.
[[nodiscard]] Identity identity_of(const store::Store& store);

/// Owns journal, blobs and shelf (null: nothing is fetched). `acknowledged`: from Store::status(). Errors: invalid (settings), io.
[[nodiscard]] Result<std::unique_ptr<Uplink>> start_uplink(UplinkSettings settings, std::unique_ptr<store::JournalReader> journal,
                                                           std::unique_ptr<BlobSource> blobs, std::unique_ptr<FetchShelf> shelf,
                                                           std::uint64_t acknowledged, UplinkCalls calls, const Clock& clock);

/// Over the store's blobs (store::open_blobs): holds one checked chunk, never a whole scan.
[[nodiscard]] std::unique_ptr<BlobSource> blobs_of(std::unique_ptr<store::BlobReader> reader);

}  // namespace rampa::sync
