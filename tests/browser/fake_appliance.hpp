// A post without devices, store or HQ behind the HTTP interface: for the interface's tests and for working on the terminal.
// Its lanes do what a test or the script in fake_scene.cpp tells them; nothing here decides anything.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "edge/api/appliance_port.hpp"

namespace rampa::tests {

/// Thread: any.
class FakeAppliance : public api::AppliancePort {
 public:
  explicit FakeAppliance(Clock& clock) : clock_(clock) {}

  // ---- what a test sets -------------------------------------------------------------------------------------------
  void add_lane(lane::Config config);
  /// Changes a lane's state and tells the listener.
  void change(const LaneId& lane, const std::function<void(lane::State&)>& how);
  /// HQ answers a referral of what stands there.
  void answer(const LaneId& lane, api::HqAnswer answer) {
    std::lock_guard lock(mutex_);
    lanes_.at(lane).hq_answer = std::move(answer);
  }
  void set_code_list(api::CodeListView list, std::string text) {
    std::lock_guard lock(mutex_);
    code_texts_[list.name] = {list, std::move(text)};
  }
  void set_reference_image(api::ReferenceImageView image, Bytes bytes) {
    std::lock_guard lock(mutex_);
    references_.emplace_back(std::move(image), std::move(bytes));
  }
  /// What the interface asked with last.
  [[nodiscard]] api::ReferenceQuestion reference_question() const {
    std::lock_guard lock(mutex_);
    return reference_question_;
  }
  /// The reactor lives: all lanes and their inputs are as fresh as now.
  void vouch();
  void notify(const LaneId& lane, int level, const std::string& text);
  void add_device(api::DeviceView device);
  void add_declaration(Declaration declaration);
  /// Appends a record with its attachments as blobs, as the store would.
  void record(const LaneId& lane, const CrossingId& crossing, RecordBody body, std::vector<Attachment> attachments = {});
  void set_link(api::LinkView link);
  void set_not_ready(std::vector<std::string> reasons);
  void set_store(const std::function<void(store::Status&)>& how);
  void set_post(api::PostView post);
  /// Instead of the built-in rules of act(): called without any lock.
  using Act = std::function<Result<lane::Answer>(const LaneId&, const lane::OfficerAction&)>;
  void on_act(Act act);
  void fail_audit(bool fails);
  /// Outlives this; nullptr: the post keeps no urgent profiles.
  void set_urgent(api::UrgentDesk* desk) { urgent_ = desk; }

  // ---- what a test looks at ---------------------------------------------------------------------------------------
  [[nodiscard]] std::vector<lane::OfficerAction> acts() const;
  [[nodiscard]] std::vector<AuditNote> audit_notes() const;
  [[nodiscard]] std::vector<StoredRecord> records() const;
  std::atomic<int> blobs_read_whole{0};

  // ---- the port ---------------------------------------------------------------------------------------------------
  [[nodiscard]] api::PostView post() const override;
  [[nodiscard]] std::vector<LaneId> lanes() const override;
  [[nodiscard]] std::optional<api::LaneSnapshot> lane(const LaneId& id) const override;
  [[nodiscard]] std::vector<api::DeviceView> devices() const override;
  [[nodiscard]] api::LinkView link() const override;
  [[nodiscard]] store::Status store_status() const override;
  [[nodiscard]] api::ProfileSetView profiles() const override;
  [[nodiscard]] Result<lane::Answer> act(const LaneId& lane, lane::OfficerAction action, Duration timeout) override;
  [[nodiscard]] Result<CrossingId> enter_paper_crossing(const LaneId& lane, PaperCrossing crossing, Duration timeout) override;
  [[nodiscard]] Result<void> write_audit_note(AuditNote note, Duration timeout) override;
  [[nodiscard]] std::vector<api::CodeListView> code_lists() const override {
    std::lock_guard lock(mutex_);
    std::vector<api::CodeListView> out;
    for (const auto& [name, list] : code_texts_) out.push_back(list.first);
    return out;
  }
  [[nodiscard]] std::optional<std::string> code_list(const std::string& name) const override {
    std::lock_guard lock(mutex_);
    const auto found = code_texts_.find(name);
    return found == code_texts_.end() ? std::nullopt : std::optional(found->second.second);
  }
  [[nodiscard]] std::vector<api::ReferenceImageView> reference_images(const api::ReferenceQuestion& crossing) const override {
    std::lock_guard lock(mutex_);
    reference_question_ = crossing;
    std::vector<api::ReferenceImageView> out;
    const auto among = [](const std::vector<std::string>& texts, const std::string& text) { return std::find(texts.begin(), texts.end(), text) != texts.end(); };
    for (const auto& [image, bytes] : references_)
      if (image.crossing == crossing.crossing.text || among(crossing.plates, image.plate) || among(crossing.containers, image.container)) out.push_back(image);
    return out;
  }
  [[nodiscard]] Result<Bytes> reference_image(const std::string& sha256) const override {
    std::lock_guard lock(mutex_);
    for (const auto& [image, bytes] : references_)
      if (image.sha256 == sha256) return bytes;
    return fail(ErrorCode::not_found, "no reference image " + sha256);
  }
  [[nodiscard]] api::UrgentDesk* urgent() override { return urgent_; }
  [[nodiscard]] Result<std::unique_ptr<store::PictureReader>> picture_reader() override;
  [[nodiscard]] std::vector<std::string> not_ready() const override;
  void set_listener(api::ChangeListener* listener) override;

 private:
  class Reader;
  [[nodiscard]] Result<lane::Answer> plain_rules(const LaneId& lane, const lane::OfficerAction& action);

  Clock& clock_;
  mutable std::mutex mutex_;
  std::vector<LaneId> order_;
  std::map<LaneId, api::LaneSnapshot> lanes_;
  std::map<std::string, std::pair<api::CodeListView, std::string>> code_texts_;
  std::vector<std::pair<api::ReferenceImageView, Bytes>> references_;
  mutable api::ReferenceQuestion reference_question_;
  std::vector<api::DeviceView> devices_;
  std::vector<Declaration> declarations_;
  std::vector<StoredRecord> records_;
  std::map<std::string, Bytes> blobs_;
  std::vector<lane::OfficerAction> acts_;
  std::vector<AuditNote> notes_;
  std::vector<std::string> not_ready_;
  api::LinkView link_;
  store::Status store_;
  api::PostView post_{PostId{"RS-TEST"}, "Test post", "0.1.0", "", true};
  Act act_;
  api::UrgentDesk* urgent_ = nullptr;
  bool audit_fails_ = false;
  int paper_ = 0;
  std::mutex listener_mutex_;  ///< held while the listener is called, so that taking it off waits for the call's end
  api::ChangeListener* listener_ = nullptr;
};

/// SHA-256 in hex, as the store names blobs.
[[nodiscard]] std::string sha256_hex(ByteView bytes);

}  // namespace rampa::tests
