// Blobs at HQ in a service that speaks S3, addressed by path: BUCKET/PREFIXblobs/ab/abcdef... What is still arriving lies in
// DIRECTORY/partial, as with files; a finished one is put there whole (in parts where it is large) by a thread of its own, so that
// no upload holds up records. Until the service has it the blob counts as not finished. What the owner asks itself is bounded: a quarter
// of its time, nothing while the service is away; the thread sees when it is back. PREFIXrampa-hq-images marks the place.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "sync/hq/blob_shelf.hpp"
#include "sync/hq/database.hpp"
#include "sync/hq/s3_signature.hpp"

namespace rampa::sync::hq {

/// The object that says: HQ's blobs are here.
inline constexpr const char* place_mark = "rampa-hq-images";

struct S3Settings {
  bool tls = true;
  std::string host;                    ///< "s3.example:9000"
  std::uint16_t port = 443;
  std::string bucket, prefix;          ///< prefix: empty, or ends in /
  std::string ca_file;                 ///< PEM; empty: the system's
  S3Credentials credentials;
  std::uint64_t part_bytes = 8u << 20; ///< larger ones are put in parts of this size; the service wants at least 5 MiB
  Duration look_timeout = 2s, put_timeout = 60s;
  Duration away_pause = 5s;            ///< after it did not answer
};

/// "s3://HOST[:PORT]/BUCKET[/PREFIX]", or "s3+http://..." without TLS, and a file of lines NAME = VALUE: access_key, secret_key,
/// and where wanted region and ca_file. Errors: invalid (says what and where), not_found.
[[nodiscard]] Result<S3Settings> read_s3_settings(const std::string& url, const std::string& credentials_file);

class S3Client;
struct S3Answer;
struct S3Ask;

/// Thread: one owner; it has one more.
class S3Shelf : public ImageStore {
 public:
  /// `directory`: for what is still arriving. The clock outlives it.
  S3Shelf(std::string directory, S3Settings settings, const Clock& clock);
  ~S3Shelf() override;
  S3Shelf(const S3Shelf&) = delete;
  S3Shelf& operator=(const S3Shelf&) = delete;

  [[nodiscard]] bool holds(const Sha256& sha256) const override;
  [[nodiscard]] Result<std::uint64_t> size(const Sha256& sha256) const override;
  [[nodiscard]] Result<Bytes> read(const Sha256& sha256, std::uint64_t offset, std::size_t count) const override;
  [[nodiscard]] Result<void> write(const std::string& post, const Sha256& sha256, std::uint64_t offset, ByteView bytes) override;
  [[nodiscard]] Result<Bytes> read_unfinished(const std::string& post, const Sha256& sha256, std::uint64_t offset, std::size_t count) const override;
  [[nodiscard]] Result<void> set_aside(const Sha256& sha256) override;  ///< to BUCKET/PREFIXdamaged/SHA256
  void discard(const std::string& post, const Sha256& sha256) override;
  void remove_leftovers(const std::function<bool(const std::string& post, const Sha256& sha256)>& wanted) override { local_.remove_leftovers(wanted); }
  [[nodiscard]] Result<void> finish(const std::string& post, const Sha256& sha256) override;
  [[nodiscard]] Result<void> finish_now(const std::string& post, const Sha256& sha256) override;
  [[nodiscard]] std::size_t looks_at_once() const override { return 16; }
  [[nodiscard]] bool has_time() const override;
  [[nodiscard]] Result<void> confirm(const std::vector<Sha256>& some, bool mark) override;

 private:
  struct Upload {
    std::string place;  ///< see place_of()
    Sha256 sha256{};
    enum class State { waits, runs, done, failed } state = State::waits;
    Error error{};
    MonoTime again{};  ///< failed: not before
    bool discarded = false;
  };
  void run();
  [[nodiscard]] Result<void> put(const std::string& place, const Sha256& sha256);
  [[nodiscard]] Result<void> put_in_parts(const std::string& key, const std::string& place, const Sha256& sha256, std::uint64_t size);
  [[nodiscard]] Result<S3Answer> look(const S3Ask& ask) const;
  [[nodiscard]] std::optional<std::string> away() const;
  void is_away(const Error& error) const;
  void look_whether_it_is_back();
  [[nodiscard]] Result<void> look_at_place(S3Client& client) const;
  [[nodiscard]] std::string key_of(const Sha256& sha256, const char* folder = "blobs") const;

  [[nodiscard]] const std::string& place_of(const std::string& post, const Sha256& sha256) const;
  void remove_dropped();

  const S3Settings settings_;
  const Clock& clock_;
  BlobShelf local_;  ///< the owner's; the thread only reads from it what is finished, by name
  std::map<std::pair<std::string, Sha256>, std::string> places_;  ///< the owner's: where it is not the post's name
  std::uint64_t places_given_ = 0;
  std::unique_ptr<S3Client> looking_, putting_, finding_;  ///< the owner's; the thread's two: finding whether it is back
  mutable Duration room_ = 250ms;  ///< the owner's: how long it may still wait for answers...
  mutable MonoTime room_at_{};     ///< ...as of then

  mutable std::mutex mutex_;  ///< of all below
  mutable std::condition_variable wake_;  ///< something waits, or the service is away
  std::condition_variable over_;          ///< an upload has ended
  mutable std::optional<std::string> away_;  ///< why the service is asked nothing but whether it is back, and the right place
  std::vector<Sha256> some_;              ///< see confirm()
  bool confirms_ = false, marks_ = false;
  std::map<std::pair<std::string, Sha256>, Upload> uploads_;  ///< by place
  std::vector<std::pair<std::string, Sha256>> dropped_;  ///< places whose upload is over and that nobody wants: the owner removes them
  bool ending_ = false;
  std::thread thread_;
};

/// Where this HQ keeps blobs: files in the directory, or where `place.images` names one, an S3 service. Errors: as read_s3_settings().
[[nodiscard]] Result<std::unique_ptr<ImageStore>> open_images(const Place& place);

}  // namespace rampa::sync::hq
