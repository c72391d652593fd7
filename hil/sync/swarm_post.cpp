#include "hil/sync/swarm_post.hpp"

#include <poll.h>

#include <algorithm>
#include <ctime>

#include "edge/store/record_format.hpp"
#include "edge/store/segment_format.hpp"
#include "hil/world/substream.hpp"
#include "sync/digest.hpp"

namespace rampa::hil {
namespace {

constexpr std::size_t record_overhead_bytes = 256;  ///< header, kind, lane, crossing, keys of the JSON, hash, check sum

std::array<std::uint8_t, 32> device_seed(std::uint64_t seed, const std::string& name) {
  SubStream draws(seed, "device key of " + name, 1);
  std::array<std::uint8_t, 32> key{};
  for (auto& byte : key) byte = static_cast<std::uint8_t>(draws.next());
  return key;
}

constexpr Duration wait_max = 10ms;  ///< what became durable is seen so soon
constexpr Duration wait_min = 200us;  ///< many posts are paced: they are turned together

struct NoBlobs : sync::BlobSource {
  Result<Bytes> read(const std::string&, std::uint64_t, std::size_t) override { return fail(ErrorCode::not_found, "these posts have no blobs"); }
  Result<sync::Manifest> manifest(const std::string&) override { return fail(ErrorCode::not_found, "these posts have no blobs"); }
};

}  // namespace

SwarmJournal::SwarmJournal(const PostId& post, std::uint64_t seed, std::uint64_t records, std::size_t record_bytes) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const std::size_t text = record_bytes > record_overhead_bytes ? record_bytes - record_overhead_bytes : 1;
  store::Hash previous = store::format::genesis(post);
  std::uint64_t verdicts = 0;
  records_.reserve(records);
  for (std::uint64_t n = 1; n <= records; ++n) {
    SubStream draws(seed, post.text, n);
    store::format::Entry entry;
    entry.sequence = n;
    entry.synced = n - 1;
    entry.ends_group = true;
    entry.at = {MonoTime{static_cast<std::int64_t>(n) * 1'000'000}, WallTime{1'780'000'000'000 + static_cast<std::int64_t>(n)}};
    const bool verdict = n % 5 == 0;
    entry.kind = verdict ? "verdict" : "passage_seen";
    entry.stream = store::stream_of_kind(entry.kind);
    entry.verdicts = static_cast<std::uint32_t>(verdicts += verdict);
    entry.lane = "L1";
    entry.crossing = "L1-1-" + std::to_string(n / 10);
    std::string note(text, ' ');
    for (std::size_t i = 0; i < text;)
      for (std::uint64_t bits = draws.next(), k = 0; k < 10 && i < text; ++k, bits >>= 6) note[i++] = letters[bits & 63];
    entry.open = R"({"kind":")" + entry.kind + R"(","note":")" + note + "\"}";
    Record record{store::format::encode(entry, previous).value(), {}, verdicts, verdict};
    std::copy_n(record.bytes.end() - store::format::record_trailer_bytes, previous.size(), previous.begin());
    record.hash = previous;
    bytes_ += record.bytes.size();
    records_.push_back(std::move(record));
  }
}

store::JournalReader::Raw SwarmJournal::raw(std::uint64_t sequence) const {
  const Record& record = records_[sequence - 1];
  store::JournalReader::Raw raw;
  raw.sequence = sequence;
  raw.bytes = record.bytes;
  raw.hash = store::to_hex(record.hash);
  raw.kind = record.verdict ? "verdict" : "passage_seen";
  raw.stream = record.verdict ? store::Stream::verdicts : store::Stream::events;
  raw.stream_sequence = record.verdict ? record.verdicts : sequence - record.verdicts;
  return raw;
}

class SwarmJournal::Reader : public store::JournalReader {
 public:
  explicit Reader(const SwarmJournal& journal) : journal_(journal) {}
  Result<std::vector<Raw>> read(std::uint64_t sequence, std::size_t count) override {
    std::vector<Raw> out;
    for (const std::uint64_t shown = journal_.shown(); sequence >= 1 && sequence <= shown && out.size() < count; ++sequence) out.push_back(journal_.raw(sequence));
    return out;
  }
  Result<store::StreamEnds> ends() override {
    const std::uint64_t shown = journal_.shown(), verdicts = shown ? journal_.records_[shown - 1].verdicts : 0;
    return store::StreamEnds{verdicts, shown - verdicts};
  }

 protected:
  /// Every fifth record is a verdict.
  Result<std::uint64_t> locate(store::Stream stream, std::uint64_t first) override {
    return stream == store::Stream::verdicts ? first * 5 : std::max<std::uint64_t>(first, 1);
  }

 private:
  const SwarmJournal& journal_;
};

std::unique_ptr<store::JournalReader> SwarmJournal::reader() const { return std::make_unique<Reader>(*this); }

SwarmPost::SwarmPost(const SwarmPostSettings& settings, const Clock& clock)
    : settings_(settings), clock_(clock), journal_(PostId{settings.name}, settings.seed, settings.records, settings.record_bytes) {}

Result<void> SwarmPost::begin() {
  auto tls = TlsClient::load(settings_.ca_file, settings_.cert_file, settings_.key_file);
  if (!tls) return tl::unexpected(tls.error());
  tls_ = std::move(*tls);
  const auto seed = device_seed(settings_.seed, settings_.name);
  const auto key = sync::public_key_of(seed);
  sync::DrainSettings drain;
  drain.post = PostId{settings_.name};
  drain.identity = {store::format::epoch_of(drain.post, key), sync::hex(ByteView{key}), sync::signer_of(seed), {}};
  drain.boot_id = "boot-1";
  drain.software = "swarm";
  drain.brokers = settings_.brokers.size();
  reader_ = journal_.reader();
  blobs_ = std::make_unique<NoBlobs>();
  drain_ = std::make_unique<sync::Drain>(std::move(drain), *reader_, *blobs_, nullptr, 0, SubStream(settings_.seed, "jitter of " + settings_.name, 1).next());
  return {};
}

void SwarmPost::turn() {
  if (const std::uint64_t shown = journal_.shown(); shown != seen_) {
    seen_ = shown;
    drain_->durable(clock_.now());
    perform();
  }
  if (drain_->next_wake() <= clock_.mono()) {
    drain_->advance(clock_.now());
    perform();
  }
  if (closed_) line_.reset();
  if (!line_) return;
  const auto turned = line_->turn({[this] { drain_->link_ready(attempt_, clock_.now()); perform(); },
                                   [this](const std::string& topic, ByteView payload) { drain_->message(attempt_, topic, payload, clock_.now()); perform(); }},
                                  clock_.mono());
  if (!turned) {
    line_.reset();
    drain_->link_lost(attempt_, turned.error().what, clock_.now());
    perform();
  }
  if (closed_) line_.reset();
}

void SwarmPost::perform() {
  for (auto effects = drain_->take_effects(); !effects.empty(); effects = drain_->take_effects())
    for (sync::Effect& effect : effects) act(effect);
}

void SwarmPost::act(sync::Effect& effect) {
  if (const auto* open = std::get_if<sync::effect::OpenLink>(&effect)) {
    attempt_ = open->attempt;
    closed_ = false;
    auto opened = SwarmLine::open(*tls_, settings_.brokers[open->broker], "rampa-post-" + settings_.name, sync::downlink_filter(PostId{settings_.name}), clock_.mono());
    if (opened) line_ = std::move(*opened);
    else drain_->link_lost(attempt_, opened.error().what, clock_.now());
  } else if (const auto* close = std::get_if<sync::effect::CloseLink>(&effect)) {
    if (close->attempt == attempt_) closed_ = true;
  } else if (const auto* publish = std::get_if<sync::effect::Publish>(&effect)) {
    if (publish->attempt == attempt_ && line_ && !closed_) line_->publish(publish->topic, publish->payload);
  } else if (const auto* reached = std::get_if<sync::effect::Acknowledged>(&effect)) {
    acknowledged_ = reached->sequence;
    const MonoTime now = clock_.mono();
    std::lock_guard lock(mutex_);
    longest_ = std::max(longest_, now - last_);
    last_ = now;
  } else if (std::holds_alternative<sync::effect::StatusChanged>(effect)) {
    const sync::LinkStatus& status = drain_->status();
    up_ = status.up;
    resends_ = status.resends;
    std::lock_guard lock(mutex_);
    if (trouble_ != status.trouble) trouble_ = status.trouble;
  }
}

std::string SwarmPost::trouble() const {
  std::lock_guard lock(mutex_);
  return trouble_;
}

void SwarmPost::watch(MonoTime now) {
  std::lock_guard lock(mutex_);
  last_ = now;
  longest_ = {};
}

Duration SwarmPost::longest_gap(MonoTime now) const {
  std::lock_guard lock(mutex_);
  return acknowledged_ < journal_.shown() ? std::max(longest_, now - last_) : longest_;
}

SwarmCrew::SwarmCrew(const std::vector<std::unique_ptr<SwarmPost>>& posts, const Clock& clock, unsigned threads) : clock_(clock) {
  std::vector<std::vector<SwarmPost*>> shares(threads);
  for (std::size_t i = 0; i < posts.size(); ++i) shares[i % threads].push_back(posts[i].get());
  for (auto& share : shares) threads_.emplace_back([this, own = std::move(share)] { run(own); });
}

SwarmCrew::~SwarmCrew() {
  stop_ = true;
  for (std::thread& thread : threads_) thread.join();
}

void SwarmCrew::run(std::vector<SwarmPost*> posts) const {
  std::vector<pollfd> waiting(posts.size());
  while (!stop_) {
    MonoTime wake = clock_.mono() + wait_max;
    for (std::size_t i = 0; i < posts.size(); ++i) {
      const SwarmLine* line = posts[i]->line();
      waiting[i] = {line ? line->descriptor() : -1, static_cast<short>(POLLIN | (line && line->wants_to_write() ? POLLOUT : 0)), 0};
      wake = std::min(wake, posts[i]->next_wake());
    }
    const Duration wait = std::max<Duration>(wake - clock_.mono(), wait_min);
    const timespec limit{wait / 1s, (wait % 1s).count()};
    ::ppoll(waiting.data(), waiting.size(), &limit, nullptr);
    const MonoTime now = clock_.mono();
    for (std::size_t i = 0; i < posts.size(); ++i)
      if (waiting[i].revents != 0 || posts[i]->next_wake() <= now || posts[i]->has_news()) posts[i]->turn();
  }
}

}  // namespace rampa::hil
