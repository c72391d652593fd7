#include "tests/unit/golden_frames/golden_peer.hpp"

namespace rampa::tests {

GoldenPeer::GoldenPeer()
    : thread_([this] {
        while (!over_) {
          auto peer = server_.accept();
          serve(peer);
        }
      }) {}

GoldenPeer::~GoldenPeer() {
  over_ = true;
  const auto wake = LoopbackPeer::connect(server_.port());  // accept() waits without end
  thread_.join();
}

void GoldenPeer::expect(const std::vector<GoldenExchange>& wire) {
  const std::lock_guard held(lock_);
  expected_.insert(expected_.end(), wire.begin(), wire.end());
}

std::string GoldenPeer::differences() {
  const std::lock_guard held(lock_);
  std::string all = std::move(differences_);
  differences_.clear();
  for (const auto& exchange : expected_) all += "not asked: " + to_hex(exchange.request) + "\n";
  expected_.clear();
  return all;
}

void GoldenPeer::serve(LoopbackPeer& peer) {
  constexpr std::size_t header = 6;
  for (std::string bytes; !over_;) {
    const auto more = peer.receive_some(60'000);
    if (more.empty()) return;
    bytes += more;
    while (bytes.size() >= header) {
      const auto size = header + static_cast<std::size_t>((bytes[4] & 0xff) << 8 | (bytes[5] & 0xff));
      if (bytes.size() < size) break;
      peer.send(answer(bytes.substr(0, size)));
      bytes.erase(0, size);
    }
  }
}

std::string GoldenPeer::answer(const std::string& request) {
  const std::lock_guard held(lock_);
  // The transaction number is the asker's to choose, and the answer repeats it.
  const std::string transaction = request.substr(0, 2);
  if (!expected_.empty() && request.substr(2) == expected_.front().request.substr(2)) {
    const std::string golden = expected_.front().answer;
    expected_.pop_front();
    return transaction + golden.substr(2);
  }
  differences_ += "asked " + to_hex(request) + ", golden is " + (expected_.empty() ? "nothing" : to_hex(expected_.front().request)) + "\n";
  // "Illegal data value", so that the asker need not wait.
  return transaction + std::string("\0\0\0\3", 4) + request[6] + static_cast<char>(request[7] | 0x80) + '\3';
}

}  // namespace rampa::tests
