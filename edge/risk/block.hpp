// Inside edge/risk only: the one piece of memory in which a set's arrays lie side by side. Scattered over thousands of pages of 4 kB, after a
// quiet hour a decision waits longer for where its pages are than for what stands there.
#pragma once

#include <cstddef>
#include <cstring>
#include <new>
#include <type_traits>
#include <vector>

#include "edge/risk/profile.hpp"

namespace rampa::risk {

class Block {
 public:
  Block() = default;
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block() {
    if (memory_) ::operator delete(memory_, std::align_val_t{alignment()});
  }
  /// Once. It begins where a large page does if it is as long as one.
  void reserve(std::size_t bytes, PageAdvice advice) {
    size_ = bytes;
    memory_ = static_cast<std::byte*>(::operator new(size_, std::align_val_t{alignment()}));
    if (advice) advice(memory_, size_);
  }
  /// The next piece of what was reserved, at the start of a cache line.
  void* take(std::size_t bytes) {
    if (rounded(bytes) > size_ - taken_) throw std::bad_alloc();
    void* piece = memory_ + taken_;
    taken_ += rounded(bytes);
    return piece;
  }
  [[nodiscard]] std::size_t bytes() const { return size_; }
  /// What an array takes of a block.
  static std::size_t rounded(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

 private:
  [[nodiscard]] std::size_t alignment() const { return size_ >= std::size_t{2} << 20 ? std::size_t{2} << 20 : 64; }

  std::byte* memory_ = nullptr;
  std::size_t size_ = 0, taken_ = 0;
};

/// An array that grows in a vector, is sealed when it is whole, and moves into the set's block at the end. Read from seal() on.
template <class T>
class PackedArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  std::vector<T>& growing() { return growing_; }
  void seal() { data_ = growing_.data(), size_ = growing_.size(); }
  [[nodiscard]] std::size_t packed_bytes() const { return Block::rounded(size_ * sizeof(T)); }
  void pack(Block& block) {
    void* to = block.take(size_ * sizeof(T));
    if (size_ > 0) std::memcpy(to, data_, size_ * sizeof(T));
    data_ = static_cast<const T*>(to);
    growing_ = std::vector<T>();
  }

  [[nodiscard]] const T& operator[](std::size_t i) const { return data_[i]; }
  [[nodiscard]] const T* data() const { return data_; }
  [[nodiscard]] const T* begin() const { return data_; }
  [[nodiscard]] const T* end() const { return data_ + size_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

 private:
  std::vector<T> growing_;
  const T* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace rampa::risk
