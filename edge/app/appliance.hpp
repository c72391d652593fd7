// The appliance: joins reactor, drivers, store, vision and sync. The only place that knows everything; nothing depends on it.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "config/site.hpp"
#include "drivers/registry/registry.hpp"
#include "edge/api/appliance_port.hpp"
#include "edge/app/cached_declarations.hpp"
#include "edge/app/camera_watch.hpp"
#include "edge/app/code_lists.hpp"
#include "edge/app/core_thread.hpp"
#include "edge/app/latency.hpp"
#include "edge/app/link_report.hpp"
#include "edge/app/waiter.hpp"
#include "edge/runtime/device_host.hpp"
#include "edge/runtime/system_clock.hpp"
#include "edge/app/recent_crossings.hpp"
#include "edge/app/reference_images.hpp"
#include "edge/store/store.hpp"
#include "edge/vision/vision_pool.hpp"

namespace rampa::app {

class Appliance : public api::AppliancePort, private runtime::Ports {
 public:
  Appliance(config::Site site, std::shared_ptr<const risk::ProfileSet> profiles, std::unique_ptr<store::Store> store,
            runtime::SystemClock& clock, bool simulated, SharedBytes profiles_bytes = nullptr);
  ~Appliance() override;

  /// Makes the drivers, writes the Booted record, starts all threads. Errors: invalid (a device that can't be made).
  Result<void> start();
  /// Orderly end: devices first, then lanes, then the store.
  void stop();

  [[nodiscard]] store::Store& store() { return *store_; }
  [[nodiscard]] const config::Site& site() const { return site_; }
  /// A newer profile set, compiled: lanes take it for their next crossing; its bytes go into the store. Errors: io, timeout. Thread: any.
  /// `installed`: who signed it, where it came in a bundle; journalled with it.
  Result<void> use_profiles(std::shared_ptr<const risk::ProfileSet> set, SharedBytes bytes, std::optional<AuditNote> installed = std::nullopt);
  /// Into the store, where it is not there and there is room: assessments made with it can be made again then. Errors: no_space, io, timeout...
  Result<void> keep_profiles(const risk::ProfileSet& set, SharedBytes bytes);
  /// Until when headquarters confirms the set (bundles' timestamp); nothing: it is no bundle's. Thread: any.
  void profiles_fresh_until(std::optional<WallTime> until) { fresh_until_ms_ = until ? until->ms : INT64_MAX; }
  /// Once, before the HTTP interface starts; `desk` outlives it.
  void set_urgent(api::UrgentDesk* desk) { urgent_ = desk; }
  [[nodiscard]] api::UrgentDesk* urgent() override { return urgent_; }
  [[nodiscard]] CachedDeclarations& declarations() { return declarations_; }
  [[nodiscard]] CodeLists& codes() { return codes_; }
  [[nodiscard]] ReferenceImages& references() { return references_; }
  /// HQ answers a referral; it is in the journal. Shown at the lane while that crossing stands there. Thread: any.
  void show_answer(const CrossingId& crossing, api::HqAnswer answer);
  /// From sync. Thread: any.
  void link_changed(const sync::LinkStatus& link);
  /// True while every thread came round since the last call: what the watchdog is fed by.
  [[nodiscard]] bool all_threads_alive();

  // api::AppliancePort
  [[nodiscard]] api::PostView post() const override;
  [[nodiscard]] std::vector<LaneId> lanes() const override;
  [[nodiscard]] std::optional<api::LaneSnapshot> lane(const LaneId& id) const override;
  [[nodiscard]] std::vector<api::DeviceView> devices() const override;
  [[nodiscard]] api::LinkView link() const override;
  [[nodiscard]] store::Status store_status() const override { return store_->status(); }
  [[nodiscard]] api::ProfileSetView profiles() const override;
  [[nodiscard]] Result<lane::Answer> act(const LaneId& lane, lane::OfficerAction action, Duration timeout) override;
  [[nodiscard]] Result<CrossingId> enter_paper_crossing(const LaneId& lane, PaperCrossing crossing, Duration timeout) override;
  [[nodiscard]] Result<void> write_audit_note(AuditNote note, Duration timeout) override;
  [[nodiscard]] Result<std::unique_ptr<store::PictureReader>> picture_reader() override { return store_->picture_reader(); }
  [[nodiscard]] std::vector<std::string> not_ready() const override;
  [[nodiscard]] std::vector<std::string> notices() const override;
  [[nodiscard]] std::vector<api::CodeListView> code_lists() const override { return codes_.all(); }
  [[nodiscard]] std::optional<std::string> code_list(const std::string& name) const override { return codes_.text_of(name); }
  [[nodiscard]] std::vector<api::ReferenceImageView> reference_images(const api::ReferenceQuestion& crossing) const override { return references_.of(crossing); }
  [[nodiscard]] Result<Bytes> reference_image(const std::string& sha256) const override { return references_.read(sha256); }
  [[nodiscard]] std::vector<api::Metric> metrics() const override;
  void set_listener(api::ChangeListener* listener) override;

 private:
  // runtime::Ports, all on the core thread
  void persist(std::uint64_t token, std::vector<Record> records) override;
  void send(device::Command command, device::Permit permit) override;
  void append_blob(const std::string& key, SharedBytes strip) override { store_->append_blob(key, std::move(strip)); }
  void read_plate(const device::DeviceEvent& frame) override;
  void answer(std::uint64_t request, bool accepted, const std::string& refusal) override;
  void changed(const LaneId& lane) override { core_.mark_changed(lane); }
  void notify(const LaneId& lane, int level, const std::string& text) override;
  std::vector<Declaration> declarations_for(const std::vector<std::string>& plates) override { return declarations_.of(plates); }
  risk::WatchHits watch_hits(const risk::WatchQuestion& vehicle) override { return declarations_.watch_hits(vehicle); }
  std::uint64_t draw_key(const CrossingId& crossing) override;
  risk::DrawSecret draw_secret() override { return draw_secret_; }
  Surroundings surroundings(const std::vector<std::string>& plates, WallTime now) override;

  /// Device hosts publish here: notes when each device was heard, then hands on to the core.
  class Ear : public device::EventSink {
   public:
    explicit Ear(Appliance& appliance) : appliance_(appliance) {}
    void publish(device::DeviceEvent event) override;
    Result<void> publish_durably(device::DeviceEvent event, Duration timeout) override;
    /// What comes from no driver directly.
    void hand_on(device::DeviceEvent event);

   private:
    void note(const device::DeviceEvent& event);
    Appliance& appliance_;
  };

  struct Heard {
    device::DeviceCondition condition;
    std::optional<Stamp> condition_since;
    std::optional<MonoTime> last;
  };
  Result<void> write_and_wait(std::vector<Record> records, Duration timeout);

  config::Site site_;
  mutable std::mutex profiles_mutex_;
  std::shared_ptr<const risk::ProfileSet> profiles_;
  WallTime profiles_since_;
  std::atomic<std::int64_t> fresh_until_ms_{INT64_MAX};  ///< timestamp of the bundles' trusted state
  RecentCrossings recent_;      ///< the core's thread
  risk::DrawSecret draw_secret_{};  ///< of the post; from start() on
  SharedBytes profiles_bytes_;  ///< kept in the store under their hash, so that assessments can be made again later
  std::unique_ptr<store::Store> store_;
  runtime::SystemClock& clock_;
  const bool simulated_;
  Stamp started_;
  CoreThread core_;
  Ear ear_;
  CameraWatch camera_watch_{CameraWatch::directory_in(site_.directory), [this](device::DeviceEvent condition) { ear_.hand_on(std::move(condition)); }};
  CachedDeclarations declarations_;
  CodeLists codes_{site_.directory + "/code-lists"};
  ReferenceImages references_{site_.directory + "/reference-images", {site_.store.reference_images_mib << 20, site_.store.reference_images_days}};
  std::unique_ptr<drivers::Transports> transports_;
  std::vector<std::unique_ptr<runtime::DeviceHost>> hosts_;
  std::map<DeviceId, runtime::DeviceHost*> host_of_;
  std::unique_ptr<vision::VisionPool> vision_;
  LatencyTrack release_latency_;
  std::map<LaneId, CrossingId> measured_;  ///< whose release was measured last; the core's thread

  mutable std::mutex heard_mutex_;
  std::map<DeviceId, Heard> heard_;

  std::mutex answers_mutex_;
  std::uint64_t next_request_ = 1;
  std::map<std::uint64_t, Waiter<lane::Answer>> answers_;

  std::mutex listener_mutex_;
  api::ChangeListener* listener_ = nullptr;

  mutable std::mutex hq_answers_mutex_;
  std::deque<std::pair<CrossingId, api::HqAnswer>> hq_answers_;  ///< the newest few

  mutable std::mutex link_mutex_;
  LinkReport link_report_{site_.sync.brokers};

  std::map<const void*, std::uint64_t> beats_seen_;
  api::UrgentDesk* urgent_ = nullptr;
  std::atomic<std::uint64_t> paper_number_{0};
  std::string boot_number_;
};

}  // namespace rampa::app
