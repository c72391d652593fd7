#include "sync/letter_box.hpp"

#include <utility>

namespace rampa::sync {
namespace {

constexpr std::size_t waiting_max = 64;
constexpr Duration pause = 30s;  ///< after one that could not be kept

}  // namespace

void LetterBox::put(const Letters& letters) {
  for (const Letter& letter : letters.letters) {
    const std::uint64_t newest = !waiting_.empty() ? waiting_.back().number : applied_ ? applied_->number : through_;
    if (letter.number != newest + 1 || waiting_.size() >= waiting_max) continue;  // known already, or after a hole: HQ says it again
    waiting_.push_back(letter);
  }
}

std::optional<Letter> LetterBox::next() {
  if (applied_ || waiting_.empty()) return {};
  applied_ = std::move(waiting_.front());
  waiting_.pop_front();
  return applied_;
}

bool LetterBox::done(std::uint64_t number, const std::string& refused) {
  if (!applied_ || applied_->number != number) return false;
  applied_.reset();
  through_ = number;
  if (!refused.empty()) refuse(number, refused);
  return true;
}

bool LetterBox::failed(std::uint64_t number, MonoTime now) {
  if (!applied_ || applied_->number != number) return false;
  applied_.reset();
  waiting_.clear();
  again_ = now + pause;
  return true;
}

Receipt LetterBox::receipt(std::uint64_t order) {
  for (const RefusedLetter& letter : refused_) told_.push_back({letter, order});
  return {through_, std::exchange(refused_, {})};
}

void LetterBox::answered(std::uint64_t order) {
  std::erase_if(told_, [order](const Told& told) { return told.order < order; });
}

void LetterBox::disconnected() {
  waiting_.clear();
  for (Told& told : told_) refused_.push_back(std::move(told.letter));
  told_.clear();
}

}  // namespace rampa::sync
