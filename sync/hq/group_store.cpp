#include "sync/hq/group_store.hpp"

#include <algorithm>
#include <utility>

namespace rampa::sync::hq {
namespace {

constexpr Duration suspected = 60s;
constexpr std::size_t held_bytes_max = 64u << 20;  ///< unpacked, in one transaction
constexpr std::size_t guilty_max = 8;  ///< of one post in one group; the rest of its messages comes again

/// Then it would be so with any message.
bool of_the_place(ErrorCode code) { return code == ErrorCode::no_space || code == ErrorCode::busy || code == ErrorCode::disconnected; }

}  // namespace

Result<GroupStore::Stored> GroupStore::store(std::span<const Message> messages, bool desk) {
  Stored out;
  guilty_.clear();
  std::erase_if(suspects_, [now = clock_.mono()](const auto& suspect) { return suspect.second <= now; });
  std::vector<const Message*> together;
  std::map<std::string, std::vector<const Message*>> apart;
  for (const Message& message : messages) {
    const std::string& post = message.topic.post.text;
    (suspects_.contains(post) ? apart[post] : together).push_back(&message);
  }
  Part rest(together);
  auto done = attempt(rest, desk, out);
  if (!done && !of_the_place(done.error().code) && !rest.empty()) {
    std::vector<const Message*> sorted(rest.begin(), rest.end());
    std::stable_sort(sorted.begin(), sorted.end(), [](const Message* a, const Message* b) { return a->topic.post.text < b->topic.post.text; });
    done = by_halves(sorted, done.error(), out);
  }
  if (!done) return tl::unexpected(done.error());
  for (const auto& [post, messages_apart] : apart) {
    Part own(messages_apart);
    auto stored = attempt(own, false, out);
    if (!stored && !of_the_place(stored.error().code) && !own.empty()) stored = by_halves(own, stored.error(), out);
    if (!stored) return tl::unexpected(stored.error());
  }
  return out;
}

Result<void> GroupStore::attempt(Part& part, bool desk, Stored& out) {
  if (const auto begun = receiver_.begin(); !begun) return begun;
  if (desk) receiver_.look_at_desk();
  for (std::size_t i = 0; i < part.size();) {
    if (const auto taken = receiver_.take(part[i]->topic, part[i]->payload, part[i]->arrived); !taken) {
      receiver_.rollback();
      return taken;
    }
    if (++i == part.size() || receiver_.held_bytes() < held_bytes_max) continue;
    if (const auto stored = commit(out); !stored) return stored;
    part = part.subspan(std::exchange(i, 0));
    if (const auto begun = receiver_.begin(); !begun) return begun;
  }
  return commit(out);
}

Result<void> GroupStore::commit(Stored& out) {
  auto answers = receiver_.commit(clock_);
  if (!answers) return tl::unexpected(answers.error());
  std::move(answers->begin(), answers->end(), std::back_inserter(out.answers));
  auto notices = receiver_.take_notices();
  std::move(notices.begin(), notices.end(), std::back_inserter(out.notices));
  return {};
}

/// `part` was attempted and failed for this reason; it is in the order of its posts.
Result<void> GroupStore::by_halves(Part part, const Error& why, Stored& out) {
  if (part.size() == 1) return drop(*part.front(), why, out);
  const auto post = [&](std::size_t i) -> const std::string& { return part[i]->topic.post.text; };
  std::size_t border = part.size() / 2;
  // Between two posts where there are several, so that one post's trouble is met alone.
  if (post(0) != post(part.size() - 1)) {
    while (border > 0 && post(border) == post(border - 1)) --border;
    if (border == 0)
      for (border = part.size() / 2; post(border) == post(border - 1); ++border) {}
  }
  for (Part half : {part.first(border), part.subspan(border)}) {
    if (guilty_[post(0)] >= guilty_max && post(0) == post(part.size() - 1)) return {};  // enough of this post
    auto stored = attempt(half, false, out);
    if (!stored && !of_the_place(stored.error().code) && !half.empty()) stored = by_halves(half, stored.error(), out);
    if (!stored) return stored;
  }
  return {};
}

Result<void> GroupStore::drop(const Message& message, const Error& why, Stored& out) {
  const std::string& post = message.topic.post.text;
  suspects_[post] = clock_.mono() + suspected;
  ++guilty_[post];
  Result<void> done;
  for (const bool tell : {true, false}) {  // the trouble may be what is known of this post; then it is only noted
    if (const auto begun = receiver_.begin(); !begun) return begun;
    done = receiver_.note_dropped(message.topic, why.what, tell, clock_.now());
    if (done) done = commit(out);
    else receiver_.rollback();
    if (done || of_the_place(done.error().code)) break;
  }
  return done;
}

}  // namespace rampa::sync::hq
