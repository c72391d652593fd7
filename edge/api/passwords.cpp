#include "edge/api/passwords.hpp"

#include <sodium.h>

#include <array>

namespace rampa::api {
namespace {

constexpr int at_once_max = 2;
constexpr int waiting_max = 8;
constexpr std::string_view claim_alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

std::string hex(const unsigned char* bytes, std::size_t size) {
  std::string text(size * 2 + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes, size);
  text.pop_back();
  return text;
}

}  // namespace

class Passwords::Turn {
 public:
  explicit Turn(Passwords& of) : of_(of) {
    std::unique_lock lock(of_.mutex_);
    if (of_.running_ >= at_once_max && of_.waiting_ >= waiting_max) return;
    ++of_.waiting_;
    of_.free_.wait(lock, [&] { return of_.running_ < at_once_max; });
    --of_.waiting_;
    ++of_.running_;
    taken_ = true;
  }
  ~Turn() {
    if (!taken_) return;
    {
      std::lock_guard lock(of_.mutex_);
      --of_.running_;
    }
    of_.free_.notify_one();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  [[nodiscard]] bool taken() const { return taken_; }

 private:
  Passwords& of_;
  bool taken_ = false;
};

Result<std::string> Passwords::compute(const std::string& password) const {
  std::array<char, crypto_pwhash_STRBYTES> out{};
  const auto operations = cheap_ ? crypto_pwhash_OPSLIMIT_MIN : 3ULL;
  const auto memory = cheap_ ? crypto_pwhash_MEMLIMIT_MIN : std::size_t{64} << 20;
  if (crypto_pwhash_str(out.data(), password.data(), password.size(), operations, memory) != 0)
    return fail(ErrorCode::no_space, "no memory for a password hash (64 MiB)");
  return std::string(out.data());
}

Result<std::string> Passwords::hash(const std::string& password) {
  const Turn turn(*this);
  if (!turn.taken()) return fail(ErrorCode::busy, "too many sign-ins at once; try again in a moment");
  return compute(password);
}

Result<bool> Passwords::verify(const std::string& hash, const std::string& password) {
  const Turn turn(*this);
  if (!turn.taken()) return fail(ErrorCode::busy, "too many sign-ins at once; try again in a moment");
  if (!hash.empty()) return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
  std::string decoy;
  {
    std::lock_guard lock(mutex_);
    decoy = decoy_;
  }
  if (decoy.empty()) {
    auto made = compute(new_token());
    if (!made) return tl::unexpected(made.error());
    std::lock_guard lock(mutex_);
    decoy_ = *made;
    return false;
  }
  const int ignored = crypto_pwhash_str_verify(decoy.c_str(), password.data(), password.size());
  return ignored == 0 && false;
}

Result<void> prepare_crypto() {
  if (sodium_init() < 0) return fail(ErrorCode::io, "libsodium cannot be initialised");
  return {};
}

std::string new_token() {
  std::array<unsigned char, 32> bytes;
  randombytes_buf(bytes.data(), bytes.size());
  return hex(bytes.data(), bytes.size());
}

std::string new_claim_code() {
  std::string code;
  for (int i = 0; i < 20; ++i) {
    if (i > 0 && i % 5 == 0) code += '-';
    code += claim_alphabet[randombytes_uniform(static_cast<std::uint32_t>(claim_alphabet.size()))];
  }
  return code;
}

std::string normalised_claim_code(std::string_view typed) {
  std::string code;
  for (char c : typed) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (c == 'O') c = '0';
    if (c == 'I' || c == 'L') c = '1';
    if (claim_alphabet.find(c) != std::string_view::npos) code += c;
  }
  return code;
}

std::string digest(std::string_view text) {
  std::array<unsigned char, 32> out;
  crypto_generichash(out.data(), out.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(), nullptr, 0);
  return hex(out.data(), out.size());
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace rampa::api
