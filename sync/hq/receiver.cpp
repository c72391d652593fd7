#include "sync/hq/receiver.hpp"

#include <algorithm>

#include "edge/store/segment_format.hpp"
#include "sync/hq/chain_walk.hpp"
#include "sync/hq/guarded.hpp"

namespace rampa::sync::hq {
namespace format = store::format;
namespace {

constexpr std::uint64_t letters_under_way_max = 256;
constexpr std::size_t letters_at_once = 64, letter_bytes_at_once = 64u << 10;  ///< seconds of a thin line: none of it goes twice
/// A hello says how far the post was when it sent it, not what is on its way since. Twice as long each time the same goes again, up to
/// letters_lost: on a thin line it is still arriving, and a second copy only stands behind the first.
constexpr Duration letters_again = 3s;
constexpr Duration letters_lost = 2min;  ///< no receipt for so long: said again, though the post may be at work on one

/// Of a hello's id: what all hellos of one connection begin with.
std::string_view connection_of(std::string_view id) { return id.substr(0, id.rfind('-')); }

/// What the envelope says of its body, unpacked: a few bytes may stand for many.
std::size_t stated_body_bytes(ByteView sealed) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < 4 && 8 + i < sealed.size(); ++i) length |= static_cast<std::size_t>(sealed[8 + i]) << (8 * i);
  return length;
}

/// How long the newest message that is answered now was kept; nothing: none is.
Duration held_for(const std::optional<MonoTime>& arrived, MonoTime now) { return arrived ? now - *arrived : Duration{}; }

std::size_t body_bytes_max(Leaf leaf) {
  if (leaf == Leaf::verdicts || leaf == Leaf::events) return envelope_body_max;
  if (leaf == Leaf::manifest) return 128 + static_cast<std::size_t>(chunks_of(blob_bytes_max)) * sizeof(Sha256);
  return 256u << 10;
}

}  // namespace

Receiver::Receiver(Ledger& ledger, ImageStore& images, Desk& desk, const ReceiverSettings& settings)
    : ledger_(ledger), images_(images), desk_(desk), settings_(settings), signer_(signer_of(settings.key)), public_key_(hex(ByteView{public_key_of(settings.key)})),
      durability_(ledger.database().durability()), bell_(ledger), keys_(ledger, bell_), records_(ledger, bell_, keys_), blobs_(ledger, images, bell_, settings.blob_work) {}

Result<void> Receiver::begin() {
  return guarded([&] { ledger_.begin(); });
}

void Receiver::load(Post& state, const std::string& name) {
  for (HistoryRow& row : ledger_.histories(name)) {
    History& history = state.histories.emplace_back();
    history.row = std::move(row);
    for (const Stream which : store::streams) {
      const StreamRow stored = ledger_.stream(history.row.id, which);
      HeldStream& stream = history.stream(which);
      stream.held = RangeSet(stored.held);
      stream.recheck = stored.recheck;
      stream.lost = RangeSet(ledger_.lost(history.row.id, which));
      stream.passed = RangeSet(ledger_.passed(history.row.id, which));
      for (const auto& [number, hash] : ledger_.expected(history.row.id, which)) stream.expected.emplace(number, hash);
    }
    history.walk = true;  // a walk may have been cut short
  }
  if (const auto at_post = letters_at_post_.find(name); at_post != letters_at_post_.end()) state.letters = {desk_.letter_state(name).last, at_post->second.through};
  state.loaded = true;
}

Receiver::Post& Receiver::post(const std::string& name) {
  Post& state = posts_[name];
  if (!state.loaded) load(state, name);
  return state;
}

Result<void> Receiver::take(const Topic& topic, ByteView payload, Stamp now) {
  return guarded([&] {
    const std::string& name = topic.post.text;
    const std::string text = topic_text(topic);
    Post& state = post(name);
    if (const auto at_post = letters_at_post_.find(name); at_post != letters_at_post_.end()) at_post->second.heard = std::max(at_post->second.heard, now.mono);
    const bool of_a_blob = topic.leaf == Leaf::slice || topic.leaf == Leaf::manifest || topic.leaf == Leaf::unavailable;
    // The newest one: verdicts have overtaken what came before them.
    const auto newer = [now](const std::optional<MonoTime>& at) { return std::max(at.value_or(now.mono), now.mono); };
    if (of_a_blob) state.blob_arrived = newer(state.blob_arrived);
    else if (topic.leaf == Leaf::hello || topic.leaf == Leaf::verdicts || topic.leaf == Leaf::events) state.record_arrived = newer(state.record_arrived);
    if (const std::size_t stated = stated_body_bytes(payload); topic.leaf != Leaf::slice && stated > body_bytes_max(topic.leaf))
      return refuse(name, "a message (" + std::string(name_of(topic.leaf)) + ") of more than " + std::to_string(body_bytes_max(topic.leaf)) + " bytes", now);
    if (topic.leaf == Leaf::verdicts) {
      MonoTime& newest = verdicts_arrived_.try_emplace(name, now.mono).first->second;
      newest = std::max(newest, now.mono);
    }
    if (topic.leaf == Leaf::hello) return take_hello(name, state, text, payload, now);
    if (state.histories.empty()) return bell_.tell({"refused", name, "it has not said hello yet", 0});
    switch (topic.leaf) {
      case Leaf::verdicts: return take_frame(name, state, Stream::verdicts, text, payload, now);
      case Leaf::events: return take_frame(name, state, Stream::events, text, payload, now);
      case Leaf::slice: {
        const auto slice = decode_slice(payload);
        if (!slice) return refuse(name, slice.error().what, now);
        return blobs_.take(name, *slice, now);
      }
      case Leaf::manifest:
        return take_signed<Manifest>(name, state, text, payload, decode_manifest, [&](const Manifest& manifest) { blobs_.take(name, manifest, now); }, now);
      case Leaf::unavailable:
        return take_signed<Unavailable>(name, state, text, payload, decode_unavailable, [&](const Unavailable& gone) { blobs_.take(name, gone, now); }, now);
      case Leaf::receipt:
        return take_signed<Receipt>(name, state, text, payload, decode_receipt, [&](const Receipt& receipt) { take_receipt(name, state, receipt, now); }, now);
      case Leaf::day_keys:
        return take_signed<DayKeys>(name, state, text, payload, decode_day_keys, [&](const DayKeys& keys) { keys_.take(state.histories.back().row, keys, now); }, now);
      case Leaf::lost:
        return take_signed<Lost>(name, state, text, payload, decode_lost, [&](const Lost& lost) { records_.take(state.histories.back(), lost, now); }, now);
      case Leaf::fetch:
        return take_signed<Fetch>(name, state, text, payload, decode_fetch, [&](const Fetch& fetch) { take_fetch(name, state, fetch); }, now);
      default: return;
    }
  });
}

Result<void> Receiver::note_dropped(const Topic& topic, const std::string& why, bool tell, Stamp now) {
  return guarded([&] {
    const std::string& name = topic.post.text;
    const std::string what = "HQ's database does not take a message (" + std::string(name_of(topic.leaf)) + "): " + why;
    bell_.alarm(name, 0, "not_stored", what, now);
    if (!tell) return;
    Post& state = post(name);
    if (state.histories.empty() || (topic.leaf != Leaf::verdicts && topic.leaf != Leaf::events)) return;
    History& history = state.histories.back();
    history.answer = true;
    if (history.refused.size() < told_max) history.refused.push_back({topic.leaf == Leaf::verdicts ? Stream::verdicts : Stream::events, 0, what});
  });
}

void Receiver::refuse(const std::string& name, const std::string& why, Stamp now) {
  bell_.tell({"refused", name, why, 0});
  bell_.alarm(name, 0, "refused", why, now);
}

template <class Payload, class Take>
void Receiver::take_signed(const std::string& name, Post& state, std::string_view topic, ByteView payload, Result<Payload> (*decode)(ByteView),
                           Take take, Stamp now) {
  const auto body = open(topic, payload, state.histories.back().row.key);
  if (!body) return refuse(name, body.error().what, now);
  const auto read = decode(*body);
  if (!read) return refuse(name, read.error().what, now);
  take(*read);
}

void Receiver::take_hello(const std::string& name, Post& state, std::string_view topic, ByteView payload, Stamp now) {
  const auto body = peek(payload);
  if (!body) return refuse(name, body.error().what, now);
  const auto hello = decode_hello(*body);
  if (!hello) return refuse(name, hello.error().what, now);
  const PublicKey key = parse_public_key(hello->key).value_or(PublicKey{});
  if (hello->letters_through >= number_end) return refuse(name, "hello: HQ has never written so many letters", now);
  if (format::epoch_of(PostId{name}, key) != hello->epoch) return refuse(name, "hello: its epoch is not that of its key", now);
  if (const auto opened = open(topic, payload, key); !opened) return refuse(name, opened.error().what, now);

  auto known = std::find_if(state.histories.begin(), state.histories.end(), [&](const History& h) { return h.row.epoch == hello->epoch; });
  if (known == state.histories.end()) {
    const bool first = state.histories.empty();
    if (state.histories.size() >= epochs_max && state.histories.size() >= epochs_max + desk_.epochs_allowed(name)) {
      const std::string why = "it has begun " + std::to_string(state.histories.size()) + " journals; a further one is refused until `rampa-hq allow-epoch " + name + "`";
      bell_.tell({"refused", name, why, 0});
      return bell_.alarm(name, 0, "too_many_epochs", why, now);
    }
    History& history = state.histories.emplace_back();
    history.row.post = name;
    history.row.epoch = hello->epoch;
    history.row.key = key;
    history.row.head = format::genesis(PostId{name});
    ledger_.add_history(history.row, now.wall);
    if (!first)
      bell_.alarm(name, 0, "new_epoch", "the post has begun a new journal, epoch " + hex(ByteView{hello->epoch}) +
                                            ": a new disk, or somebody else with its certificate?", now);
  } else if (known->row.key != key) {
    return refuse(name, "hello: another key than the one that this epoch began with", now);
  } else if (known + 1 != state.histories.end()) {
    std::rotate(known, known + 1, state.histories.end());
    ledger_.make_current(state.histories.back().row);
  }
  History& history = state.histories.back();
  check_hello(history, *hello, now);
  if (connection_of(hello->id) != connection_of(history.row.session)) state.letters_sent = 0;  // what was on its way is lost
  history.row.session = hello->id;
  history.row.hello = *hello;
  history.row.hello_received = now.wall;
  history.changed = history.answer = history.greeted = history.walk = true;
  history.quarantined = ledger_.quarantined(history.row.id, told_max);
  ClockEstimate clock = ledger_.clock(history.row.id, hello->boot_id);
  if (!clock.take(*hello, now.wall))
    bell_.alarm(name, 0, "clock_set", "boot " + hello->boot_id + ": a clock was set, here or there; what was known of the post's is dropped", now);
  ledger_.save(history.row.id, hello->boot_id, clock);
  take_letters_through(name, state, *hello, now);
  blobs_.greet(name);
  keys_.greet(history.row);
  bell_.tell({"greeted", name, hello->metered ? "over a metered line" : "", hello->last_sequence});
}

void Receiver::check_hello(History& history, const Hello& hello, Stamp now) {
  const HistoryRow& row = history.row;
  // What overtook this hello, or was stored by the worker that served the post until now, it cannot have known. A post that
  // went back sends nothing, and its next hello is judged.
  const auto verdicts = verdicts_arrived_.find(row.post);
  const bool overtaken = (verdicts != verdicts_arrived_.end() && verdicts->second > now.mono) || row.last_record > now.wall;
  bool back = hello.last_sequence < row.cursor;
  for (const Stream which : store::streams) back |= hello.ends.of(which) < history.stream(which).through();
  if (back && !overtaken)
    bell_.alarm(row.post, hello.last_sequence, "post_went_back",
                "the post says its last record is " + std::to_string(hello.last_sequence) + ", HQ has up to " + std::to_string(row.cursor) +
                    ": restored journal, or two machines with one key?", now);
  if (hello.last_sequence == 0 || hello.last_sequence >= number_end) return;
  if (const auto own = ledger_.hash_at(row.id, hello.last_sequence); own && hex(ByteView{*own}) != hello.last_hash)
    bell_.alarm(row.post, hello.last_sequence, "conflict", "the post's record hashes to " + hello.last_hash + ", HQ holds " + hex(ByteView{*own}), now);
}

void Receiver::take_frame(const std::string& name, Post& state, Stream stream, std::string_view topic, ByteView payload, Stamp now) {
  // Nearly always it is of the current epoch; what is late from before is told apart by whose signature holds.
  Result<Bytes> body = open(topic, payload, state.histories.back().row.key);
  std::size_t index = state.histories.size() - 1;
  while (!body && index-- > 0)
    if (auto late = open(topic, payload, state.histories[index].row.key)) body = std::move(late);
  History& history = body ? state.histories[index] : state.histories.back();
  const auto refused = [&](const std::string& why) {
    history.answer = true;
    if (history.refused.size() < told_max) history.refused.push_back({stream, 0, why});
    refuse(name, why, now);
  };
  if (!body) return refused(body.error().what);
  held_bytes_ += body->size();
  bodies_.push_back(std::move(*body));
  const auto frame = decode_records(bodies_.back());
  if (!frame) return refused(frame.error().what);
  if (frame->head.stream != stream) return refused("the frame is of another stream than its topic");
  if (frame->head.epoch != history.row.epoch) return refused("the frame is of another epoch than its signature");
  const std::uint64_t records = history.row.records;
  if (records_.take(history, *frame, now)) blobs_.look(name);
  if (history.row.records != records) bell_.tell({"records", name, std::string(store::name_of(stream)), 0});
}

Answer Receiver::sealed(const std::string& name, Leaf leaf, const Bytes& body) const {
  std::string topic = topic_text({PostId{name}, leaf});
  Bytes payload = seal(topic, body, signer_);
  return {std::move(topic), std::move(payload)};
}

Ack Receiver::ack_for(const Post& state, History& history, Stamp now) const {
  const HistoryRow& row = history.row;
  Ack ack;
  ack.session = row.session;
  ack.answers = history.greeted;
  ack.incarnation = settings_.incarnation + (row.renewals ? "-" + std::to_string(row.renewals) : "");
  ack.epoch = row.epoch;
  ack.key = public_key_;
  for (const Stream which : store::streams) {
    const HeldStream& stream = history.stream(which);
    StreamAck& said = ack.streams[static_cast<std::size_t>(which)];
    said.through = stream.through();
    for (const Range& range : stream.held.list())
      if (range.first > said.through && said.ranges.size() < ack_ranges_max) said.ranges.push_back(range);
  }
  if (history.greeted) {
    ack.lost.emplace();
    for (const Stream which : store::streams)
      for (const Range& range : history.stream(which).lost.list())
        if (ack.lost->size() < told_max) ack.lost->push_back({which, range, {}});
  }
  ack.cursor = row.cursor;
  if (row.cursor > 0 && row.head) ack.hash = hex(ByteView{*row.head});
  ack.durability = durability_;
  ack.credit_bytes = settings_.credit_bytes;
  ack.letters_last = state.letters.last;
  ack.quarantined = std::exchange(history.quarantined, {});
  ack.refused = std::exchange(history.refused, {});
  ack.hello_mono_ns = row.hello.sent.mono.ns;
  ack.hello_received = row.hello_received;
  ack.answered = now.wall;
  ack.held = held_for(state.record_arrived, now.mono);
  return ack;
}

Result<std::vector<Answer>> Receiver::commit(const Clock& clock) {
  const Stamp now = clock.now();
  std::vector<Answer> answers;
  std::vector<std::pair<std::string, Want>> wants;
  std::map<std::string, Letters> letters;
  std::vector<std::pair<std::string, DayKeysWanted>> keys;
  busy_ = false;
  if (orders_wait_ && now.mono >= orders_again_) {
    orders_wait_ = false;
    look_at_desk();
  }
  const auto done = guarded([&] {
    for (auto& [name, state] : posts_) {
      if (!state.histories.empty() && std::exchange(state.desk_due, false)) look_at_desk(name, state, now);
      for (History& history : state.histories) {
        const std::uint64_t cursor = history.row.cursor;
        if (history.walk) history.walk = walk(history, ledger_, bell_, settings_.walk_records, now);
        busy_ |= history.walk;
        history.answer |= history.row.cursor != cursor;
        if (history.row.cursor > cursor) bell_.tell({"cursor", name, "", history.row.cursor});
        for (const Stream which : store::streams)
          if (HeldStream& stream = history.stream(which); std::exchange(stream.changed, false))
            ledger_.save(history.row.id, which, {stream.held.list(), stream.recheck});
        if (std::exchange(history.changed, false)) ledger_.save(history.row, now.wall);
      }
      state.letters_due |= state.letters_sent > state.letters.through && now.mono - state.letters_sent_at >= letters_lost;
      if (std::exchange(state.letters_due, false)) {
        const Duration patience = std::min(letters_again * (1 << std::min(state.letters_said_again, 6)), letters_lost);
        const bool under_way = state.letters_sent > state.letters.through && now.mono - state.letters_sent_at < patience;
        const std::uint64_t after = under_way ? state.letters_sent : state.letters.through;
        if (after < state.letters.last && after - state.letters.through < letters_under_way_max) {
          Letters next{desk_.letters(name, after, state.letters.last, letters_at_once, letter_bytes_at_once), desk_.id()};
          if (!next.letters.empty()) {
            if (!under_way) {
              const bool again = state.letters_sent > after && state.letters_said_after == after;
              state.letters_said_again = again ? state.letters_said_again + 1 : 0;
              state.letters_said_after = after;
              state.letters_sent_at = now.mono;  // of the oldest: new ones behind it must not put off its being said again
            }
            state.letters_sent = next.letters.back().number;
            letters[name] = std::move(next);
          }
        }
      }
    }
    check_shelf(now);
    remove_leftovers(now);
    answer_fetches(now);
    wants = blobs_.settle(now);
    busy_ |= blobs_.busy();
    waiting_ |= blobs_.waiting() || orders_wait_;
    keys = keys_.settle();
    ledger_.commit();
  });
  if (!done) {
    rollback();
    return tl::unexpected(done.error());
  }
  // From here on nothing can fail: what is acknowledged is on the disk.
  forget_orders();
  shelf_next_ = shelf_checked_;
  const Stamp committed = clock.now();
  for (auto& [name, state] : posts_) {
    for (History& history : state.histories) {
      for (const Stream which : store::streams) history.stream(which).fresh.clear();
      if (std::exchange(history.answer, false) && !history.row.session.empty())
        answers.push_back(sealed(name, Leaf::ack, encode(ack_for(state, history, committed))));
      history.greeted = false;
    }
  }
  for (auto& [name, want] : wants) {
    want.held = held_for(posts_[name].blob_arrived, committed.mono);
    answers.push_back(sealed(name, Leaf::want, encode(want)));
  }
  for (auto& [name, state] : posts_) state.record_arrived = state.blob_arrived = std::nullopt;
  for (const auto& [name, wanted] : keys) answers.push_back(sealed(name, Leaf::day_keys_wanted, encode(wanted)));
  for (const auto& [name, next] : letters) answers.push_back(sealed(name, Leaf::letters, encode(next)));
  for (Answer& answer : fetched_) answers.push_back(std::move(answer));
  fetched_.clear();
  bodies_.clear();
  held_bytes_ = 0;
  return answers;
}

void Receiver::rollback() {
  ledger_.rollback();
  posts_.clear();  // read again from the ledger when next needed
  blobs_.rollback();
  keys_.rollback();
  bodies_.clear();
  held_bytes_ = 0;
  fetched_.clear();
  orders_done_.clear();
  desk_version_ = 0;
  shelf_checked_ = shelf_next_;
  not_set_aside_.clear();
  busy_ = waiting_ = false;
  (void)bell_.take();
}

Result<std::vector<Answer>> Receiver::announce(const Clock& clock, const std::vector<std::string>* posts) {
  if (const auto begun = begin(); !begun) return tl::unexpected(begun.error());
  const auto loaded = guarded([&] {
    for (const std::string& name : posts ? *posts : ledger_.posts())
      for (Post& state = post(name); History& history : state.histories) history.answer = &history == &state.histories.back();
  });
  if (!loaded) {
    rollback();
    return tl::unexpected(loaded.error());
  }
  return commit(clock);
}

}  // namespace rampa::sync::hq
