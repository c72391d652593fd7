// The receiver's other half: what HQ says to the posts by itself (letters, orders, what they fetch), and what it finds missing
// on its own shelf.
#include <algorithm>
#include <charconv>

#include "sync/hq/guarded.hpp"
#include "sync/hq/receiver.hpp"

namespace rampa::sync::hq {
namespace {

constexpr std::size_t fetches_waiting_max = 4;  ///< per post, which asks for one piece after the other
constexpr Duration images_pause = 10s, images_busy_pause = 1s, passed_by_pause = 1h, leftovers_pause = 24h;
constexpr Duration here_max = 45s;  ///< three heartbeats: a post that was silent for longer is away, perhaps at another HQ
constexpr std::size_t not_set_aside_max = 10'000;
constexpr std::int64_t refusal_bytes = 1024;    ///< what the answer to a fetch costs that gives nothing

std::uint64_t letters_of(const std::vector<DeskCursor>& desks, const std::string& desk) {
  const auto found = std::find_if(desks.begin(), desks.end(), [&](const DeskCursor& cursor) { return cursor.desk == desk; });
  return found == desks.end() ? 0 : found->through;
}

}  // namespace

/// The post has one row of numbers for the letters of all desks; which of them are of this one only the post can say.
void Receiver::take_letters_through(const std::string& name, Post& state, const Hello& hello, Stamp now) {
  const LetterState known = desk_.letter_state(name);
  const std::uint64_t own_by_name = hello.desks ? letters_of(*hello.desks, desk_.id()) : 0;
  // These may have been this desk's: they came without a name, or the post is an older one.
  const std::uint64_t perhaps_own = hello.desks ? letters_of(*hello.desks, "") : hello.letters_through;
  const std::uint64_t own = std::min(std::max(own_by_name, perhaps_own), hello.letters_through);
  const std::uint64_t moved = desk_.renumber(name, own, hello.letters_through);
  if (hello.letters_through > known.last) {
    const std::string numbers = "the post has letters up to number " + std::to_string(hello.letters_through) + ", HQ's desk has given it " + std::to_string(known.last) + ": ";
    if (own_by_name > known.last)
      bell_.alarm(name, 0, "desk_went_back", numbers + "restored from a backup. Its numbers go on behind the post's", now);
    else if (perhaps_own > known.last)
      bell_.alarm(name, 0, "desk_went_back", numbers + "restored from a backup, or does another HQ write to it? Its numbers go on behind the post's" +
                                                 (known.through == known.last ? "" : ". It never said that it took letters " + std::to_string(known.through + 1) + " to " +
                                                                                     std::to_string(known.last) + " of this desk: send again what of them it still needs"), now);
    else bell_.alarm(name, 0, "other_desk", numbers + "another HQ writes to it. This desk's numbers go on behind the post's", now);
  }
  if (moved > 0) bell_.tell({"letters", name, std::to_string(moved) + " letters had numbers that another HQ's letters have at the post: they go again under new ones", 0});
  letters_at_post_[name] = {hello.letters_through, now.mono};
  state.letters = desk_.number_letters(name, hello.letters_through);
  desk_.taken_through(name, hello.letters_through, now.wall);
  state.letters.through = hello.letters_through;
  state.letters_sent = moved > 0 ? 0 : state.letters_sent;
  state.letters_due = true;
}

void Receiver::take_receipt(const std::string& name, Post& state, const Receipt& receipt, Stamp now) {
  desk_.receive(name, receipt, now.wall);
  for (const RefusedLetter& refused : receipt.refused)
    if (desk_.gave(name, refused.number))
      bell_.alarm(name, 0, "letter_refused", "letter " + std::to_string(refused.number) + ": " + refused.reason, now);
  for (const AnsweredLetter& answered : receipt.answered) bell_.tell({"answer", name, "letter " + std::to_string(answered.number) + ": " + answered.outcome, 0});
  state.letters.through = std::max(state.letters.through, std::min(receipt.through, state.letters.last));
  state.letters_due = state.letters.through < state.letters.last;
  if (const auto at_post = letters_at_post_.find(name); at_post != letters_at_post_.end()) at_post->second.through = std::max(at_post->second.through, state.letters.through);
  bell_.tell({"receipt", name, "letters up to " + std::to_string(receipt.through), 0});
}

bool Receiver::desk_changed() {
  bool changed = false;
  const auto done = guarded([&] {
    const std::uint64_t version = desk_.version();
    changed = version != desk_version_;
    desk_version_ = version;
  });
  return done && changed;
}

void Receiver::look_at_desk() {
  for (auto& [name, state] : posts_) state.desk_due = true;
}

/// It was here. Whoever names it is asked for it again; what lies in its place is kept for people to look at. False: the image store
/// does not set it aside now, which is no trouble of the database: all stays as it is until it is tried again.
bool Receiver::lose_blob(const Sha256& sha256, const std::string& why, Stamp now) {
  if (ledger_.blob(sha256) != BlobState::held) return true;
  if (const auto moved = images_.set_aside(sha256); !moved && moved.error().code != ErrorCode::not_found) {
    if (not_set_aside_.size() < not_set_aside_max && not_set_aside_.insert(sha256).second)
      bell_.alarm("", 0, "images", hex(sha256) + ": " + why + ", but it cannot be set aside (tried again later): " + moved.error().what, now);
    return false;
  }
  not_set_aside_.erase(sha256);
  for (const std::string& name : ledger_.lose(sha256)) {
    bell_.alarm(name, 0, "blob_lost", hex(sha256) + ": " + why + "; the post is asked for it again", now);
    if (posts_.contains(name)) blobs_.look(name);
  }
  return true;
}

/// Once after the start: a disk that was restored from a backup lacks blobs that the ledger says are here. While the image store is
/// away this waits; what it does not let HQ look at or set aside is passed by and looked at again later.
void Receiver::check_shelf(Stamp now) {
  shelf_checked_ = shelf_next_;
  if (!shelf_next_ || now.mono < shelf_again_) return;
  const std::size_t at_once = images_.looks_at_once();
  const auto held = ledger_.held_blobs(*shelf_next_, at_once);
  const auto settled = [&](const Ledger::HeldBlob& blob, const Result<std::uint64_t>& size) {
    if (size && *size == blob.size_bytes) return true;
    if (size) return lose_blob(blob.sha256, "it has " + std::to_string(*size) + " bytes instead of " + std::to_string(blob.size_bytes), now);
    if (size.error().code == ErrorCode::not_found) return lose_blob(blob.sha256, "it is not on the shelf", now);
    bell_.tell({"alarm", "", size.error().what, 0});
    return false;
  };
  for (const Ledger::HeldBlob& blob : held) {
    if (!images_.has_time()) {
      shelf_again_ = now.mono + images_busy_pause;
      return;
    }
    const auto size = images_.size(blob.sha256);
    if (!size && (size.error().code == ErrorCode::disconnected || size.error().code == ErrorCode::timeout)) {
      if (size.error().what != std::exchange(images_told_, size.error().what)) bell_.tell({"alarm", "", size.error().what, 0});
      shelf_again_ = now.mono + images_pause;
      return;
    }
    if (!settled(blob, size) && !shelf_passed_by_) shelf_passed_by_ = shelf_checked_;
    shelf_checked_ = blob.sha256;
  }
  if (held.size() < at_once) {
    shelf_checked_ = std::exchange(shelf_passed_by_, std::nullopt);
    if (shelf_checked_) shelf_again_ = now.mono + passed_by_pause;
    return;
  }
  busy_ = true;
}

/// At the start and once a day.
void Receiver::remove_leftovers(Stamp now) {
  if (now.mono < leftovers_again_) return;
  leftovers_again_ = now.mono + leftovers_pause;
  images_.remove_leftovers([this](const std::string& post, const Sha256& sha256) { return ledger_.want(post, sha256).has_value(); });
}

void Receiver::look_at_desk(const std::string& name, Post& state, Stamp now) {
  for (const Order& order : desk_.orders(name)) {
    if (std::find(orders_to_forget_.begin(), orders_to_forget_.end(), order.id) != orders_to_forget_.end()) continue;
    if (order.what == "lost") {
      if (const auto sha = parse_sha256(order.detail); sha && !lose_blob(*sha, "`rampa-hq verify` found it missing or damaged", now)) {
        orders_wait_ = true;
        orders_again_ = now.mono + images_pause;
        continue;
      }
    }
    orders_done_.push_back(order.id);
    if (order.what == "resend") {
      std::uint64_t from = 1;
      std::from_chars(order.detail.data(), order.detail.data() + order.detail.size(), from);
      records_.renew(state.histories.back(), from);
      bell_.tell({"resend", name, "asked to send again", from});
    } else if (order.what == "boost") {
      if (const auto sha = parse_sha256(order.detail); sha && ledger_.boost(name, *sha)) blobs_.look(name);
    }
  }
  const auto at_post = letters_at_post_.find(name);
  if (at_post == letters_at_post_.end()) return;  // no letter gets a number before the post said which ones it has
  if (now.mono - at_post->second.heard > here_max) return;  // nor while it is away: another HQ may give it the same number
  const LetterState fresh = desk_.number_letters(name, at_post->second.through);
  state.letters.through = std::max(state.letters.through, at_post->second.through);
  state.letters_due |= fresh.last > state.letters.last;
  state.letters.last = fresh.last;
}

/// They were applied by what is committed now. Where the desk cannot be written they are only not looked at again.
void Receiver::forget_orders() {
  orders_to_forget_.insert(orders_to_forget_.end(), orders_done_.begin(), orders_done_.end());
  orders_done_.clear();
  if (orders_to_forget_.empty()) return;
  if (const auto removed = guarded([&] { desk_.remove_orders(orders_to_forget_); }); removed) orders_to_forget_.clear();
  else bell_.tell({"alarm", "", "orders that were carried out cannot be taken off the desk: " + removed.error().what, 0});
}

void Receiver::take_fetch(const std::string& name, Post& state, const Fetch& fetch) {
  if (state.fetches.size() < fetches_waiting_max) return state.fetches.push_back(fetch);
  bell_.tell({"refused", name, "it fetches more than " + std::to_string(fetches_waiting_max) + " pieces at once", 0});
}

/// One post's after the other's, each within what it may have; the rest waits.
void Receiver::answer_fetches(Stamp now) {
  waiting_ = false;
  std::vector<std::string> turns;
  for (const auto& [name, state] : posts_)
    if (!state.fetches.empty()) turns.push_back(name);
  std::rotate(turns.begin(), std::upper_bound(turns.begin(), turns.end(), fetch_turn_), turns.end());
  bool time = images_.has_time();
  std::int64_t left = static_cast<std::int64_t>(settings_.fetched_bytes_max);
  const auto most = static_cast<std::int64_t>(settings_.credit_bytes);
  for (const std::string& name : turns) {
    Post& state = posts_[name];
    const std::int64_t ms = state.fetch_room_at ? std::min<std::int64_t>(to_ms(now.mono - *state.fetch_room_at), 10'000) : 10'000;
    if (ms > 0) {
      state.fetch_room = std::min(most, state.fetch_room + most * 2 * ms / 1000);
      state.fetch_room_at = now.mono;
    }
    for (; !state.fetches.empty() && state.fetch_room > 0 && left > 0 && time; state.fetches.pop_front(), time = images_.has_time()) {
      const std::int64_t bytes = std::max(refusal_bytes, static_cast<std::int64_t>(answer_fetch(name, state.fetches.front())));
      state.fetch_room -= bytes;
      left -= bytes;
      fetch_turn_ = name;
    }
    busy_ |= !state.fetches.empty() && state.fetch_room > 0 && time;
    waiting_ |= !state.fetches.empty();
  }
}

/// A post gets what was offered to it and what it once sent itself. How many bytes it gets now.
std::uint64_t Receiver::answer_fetch(const std::string& name, const Fetch& fetch) {
  const Sha256 sha = parse_sha256(fetch.sha256).value_or(Sha256{});
  const auto unavailable = [&](const std::string& why) -> std::uint64_t {
    fetched_.push_back(sealed(name, Leaf::not_there, encode(Unavailable{fetch.sha256, why})));
    return 0;
  };
  if (!desk_.offered(name, fetch.sha256) && !ledger_.names(name, sha)) return unavailable("HQ has nothing of this name for this post");
  const auto size = images_.size(sha);
  if (!size) return unavailable("HQ does not hold it: " + size.error().what);
  const std::uint64_t end = std::min<std::uint64_t>(*size, fetch.offset + std::min<std::uint64_t>(fetch.bytes, slice_bytes_max));
  const std::uint64_t begin = std::min(fetch.offset, *size);
  const auto bytes = images_.read(sha, begin, end - std::min(begin, end));
  if (!bytes || bytes->size() != end - std::min(begin, end)) return unavailable("HQ cannot read it" + (bytes ? std::string{} : ": " + bytes.error().what));
  std::uint64_t at = begin;
  do {
    const std::uint64_t border = std::min(end, (at / chunk_bytes + 1) * chunk_bytes);
    fetched_.push_back({topic_text({PostId{name}, Leaf::fetched}), encode(BlobSlice{sha, at, *size, ByteView(*bytes).subspan(at - begin, border - at)})});
    at = border;
  } while (at < end);
  return end - begin;
}

}  // namespace rampa::sync::hq
