#include "sync/letter_tray.hpp"

#include <utility>

namespace rampa::sync {
namespace {

constexpr std::size_t waiting_max = 64;
constexpr Duration pause = 30s;  ///< after one that could not be kept

}  // namespace

void LetterTray::add(const Letters& letters) {
  for (const Letter& letter : letters.letters) {
    const std::uint64_t next = (waiting_.empty() ? (applied_ ? applied_->number : through_) : waiting_.back().number) + 1;
    if (letter.number == next && waiting_.size() < waiting_max) waiting_.push_back(letter);
  }
}

std::optional<Letter> LetterTray::next() {
  if (applied_ || waiting_.empty()) return {};
  applied_ = std::move(waiting_.front());
  waiting_.pop_front();
  return applied_;
}

bool LetterTray::done(std::uint64_t number, const std::string& refused) {
  if (!applied_ || applied_->number != number) return false;
  applied_.reset();
  through_ = number;
  if (!refused.empty()) refuse(number, refused);
  return true;
}

bool LetterTray::failed(std::uint64_t number, MonoTime now) {
  if (!applied_ || applied_->number != number) return false;
  applied_.reset();
  waiting_.clear();
  again_ = now + pause;
  return true;
}

void LetterTray::disconnected() {
  waiting_.clear();
  for (Told& told : told_) refused_.push_back(std::move(told.letter));
  told_.clear();
}

Receipt LetterTray::receipt(std::uint64_t order) {
  for (const RefusedLetter& refused : refused_) told_.push_back({refused, order});
  return {through_, std::exchange(refused_, {})};
}

void LetterTray::answered(std::uint64_t order) {
  std::erase_if(told_, [order](const Told& told) { return told.order < order; });
}

}  // namespace rampa::sync
