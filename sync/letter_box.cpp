#include "sync/letter_box.hpp"

#include <algorithm>
#include <utility>

namespace rampa::sync {
namespace {

constexpr std::size_t waiting_max = 64;
constexpr std::size_t answers_at_once = 16;  ///< a message has its limit
constexpr Duration pause = 30s;  ///< after one that could not be kept
constexpr Duration under_way = 4s;  ///< after that HQ says again what it said before a hello

}  // namespace

void take_of(std::vector<DeskCursor>& desks, const std::string& desk, std::uint64_t number) {
  const auto known = std::find_if(desks.begin(), desks.end(), [&](const DeskCursor& d) { return d.desk == desk; });
  if (known != desks.end()) desks.erase(known);
  desks.insert(desks.begin(), {desk, number});
  if (desks.size() > desk_cursors_max) desks.pop_back();
}

void LetterBox::perhaps_another_hq() {
  passed_by_ |= !waiting_.empty();
  waiting_.clear();  // HQ says them again, perhaps under other numbers
  said_all_.reset();
  in_doubt_ |= applied_.has_value();
}

void LetterBox::greets(std::uint64_t order) {
  if (!in_doubt_ || applied_ || said_all_) return;
  said_all_ = order;
  again_.reset();
}

void LetterBox::put(const Letters& letters) {
  if (applied_ && applied_->desk != letters.desk) perhaps_another_hq();
  if (in_doubt_) passed_by_ |= !letters.letters.empty();
  if (in_doubt_) return;
  for (const Letter& letter : letters.letters) {
    const std::uint64_t newest = !waiting_.empty() ? waiting_.back().number : applied_ ? applied_->number : through_;
    if (letter.number != newest + 1 || waiting_.size() >= waiting_max) continue;  // known already, or after a hole: HQ says it again
    again_.reset();
    waiting_.push_back(letter);
    waiting_.back().desk = letters.desk;
  }
}

std::optional<Letter> LetterBox::next() {
  if (applied_ || waiting_.empty()) return {};
  applied_ = std::move(waiting_.front());
  waiting_.pop_front();
  return applied_;
}

bool LetterBox::done(std::uint64_t number, const std::string& refused, MonoTime now) {
  if (!applied_ || applied_->number != number) return false;
  take_of(desks_, applied_->desk, number);
  applied_.reset();
  through_ = number;
  if (!refused.empty()) refuse(number, refused);
  if (in_doubt_) again_ = now;
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
  Receipt receipt{through_, std::exchange(refused_, {}), {}};
  while (!answers_.empty() && receipt.answered.size() < answers_at_once) {
    told_answers_.push_back({answers_.front(), order});
    receipt.answered.push_back(std::move(answers_.front()));
    answers_.erase(answers_.begin());
  }
  return receipt;
}

void LetterBox::answered(std::uint64_t order, MonoTime now) {
  std::erase_if(told_, [order](const auto& told) { return told.order < order; });
  std::erase_if(told_answers_, [order](const auto& told) { return told.order < order; });
  if (!said_all_ || order < *said_all_) return;
  in_doubt_ = false;
  said_all_.reset();
  if (std::exchange(passed_by_, false)) again_ = now + under_way;
}

void LetterBox::disconnected() {
  perhaps_another_hq();
  passed_by_ = false;  // to a new connection all is said anew
  for (auto& told : told_) refused_.push_back(std::move(told.letter));
  for (auto& told : told_answers_) answers_.push_back(std::move(told.letter));
  told_.clear();
  told_answers_.clear();
}

}  // namespace rampa::sync
