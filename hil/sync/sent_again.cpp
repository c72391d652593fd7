#include "hil/sync/sent_again.hpp"

namespace rampa::hil {

class SentAgain::Watched : public sync::BlobSource {
 public:
  Watched(SentAgain& told, std::unique_ptr<sync::BlobSource> source) : told_(told), source_(std::move(source)) {}
  Result<Bytes> read(const std::string& sha256, std::uint64_t offset, std::size_t count) override {
    static const std::size_t head = sync::encode(sync::BlobSlice{}).size();
    auto bytes = source_->read(sha256, offset, count);
    if (bytes) told_.sent(sha256, offset, bytes->size(), head);
    return bytes;
  }
  Result<sync::Manifest> manifest(const std::string& sha256) override {
    auto manifest = source_->manifest(sha256);
    if (manifest) told_.sent("manifest of " + sha256, 0, sync::encode(*manifest).size(), 0);
    return manifest;
  }

 private:
  SentAgain& told_;
  std::unique_ptr<sync::BlobSource> source_;
};

std::unique_ptr<sync::BlobSource> SentAgain::watch(std::unique_ptr<sync::BlobSource> source) { return std::make_unique<Watched>(*this, std::move(source)); }

void SentAgain::status(const sync::LinkStatus& status) {
  std::lock_guard lock(mutex_);
  if (status.up && !connected_) connections_.push_back({status.attempts});
  if (status.up || connected_) connections_.back().budget_bytes = status.budget_bytes;
  connected_ = status.up;
  budgets_.push_back(status.budget_bytes);
}

std::vector<EndedConnection> SentAgain::ended() const {
  std::lock_guard lock(mutex_);
  return {connections_.begin(), connections_.end() - (connected_ ? 1 : 0)};
}

void SentAgain::sent(const std::string& what, std::uint64_t from, std::uint64_t count, std::size_t head) {
  std::lock_guard lock(mutex_);
  if (connections_.empty() || count == 0) return;
  auto& went = went_[what];
  const std::uint64_t end = from + count;
  // A stretch that reaches over an edge becomes two.
  for (const std::uint64_t edge : {from, end}) {
    auto behind = went.upper_bound(edge);
    if (behind == went.begin()) continue;
    Stretch& before = std::prev(behind)->second;
    if (std::prev(behind)->first == edge || before.end <= edge) continue;
    went.emplace(edge, Stretch{before.end, before.connection, 0, before.told});
    before.end = edge;
  }
  for (auto at = went.lower_bound(from); at != went.end() && at->first < end; at = went.erase(at)) {
    const Stretch& lost = at->second;
    EndedConnection& by = connections_[lost.connection];
    by.again_bytes += lost.end - at->first + lost.head;
    // An acknowledgement lets messages go before what it changed is told.
    for (std::size_t told = lost.told; told < std::min(lost.told + 2, budgets_.size()); ++told) by.budget_then_bytes = std::max(by.budget_then_bytes, budgets_[told]);
  }
  went[from] = {end, connections_.size() - 1, head, budgets_.size() - 1};
  EndedConnection& now = connections_.back();
  now.sent_bytes += count + head;
  now.message_bytes = std::max<std::size_t>(now.message_bytes, count + head);
}

}  // namespace rampa::hil
