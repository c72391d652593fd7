// The downlink's other half: pictures that HQ sends to compare with. What is kept of them and how long: reference_images.hpp.
#include <spdlog/spdlog.h>

#include "edge/app/downlink.hpp"
#include "edge/app/waiter.hpp"
#include "edge/runtime/system_clock.hpp"
#include "sync/fetch_shelf.hpp"
#include "sync/letters.hpp"

namespace rampa::app {

/// What it is for is kept beside the pictures: a second letter about the same picture must not displace the first.
void Downlink::take_reference(const sync::Letter& letter, const std::function<void(const std::string&)>& refuse, const std::function<void(Result<void>)>& kept) {
  const auto body = sync::decode_reference_image(as_bytes(letter.body));
  if (!body) return refuse(body.error().what);
  if (!body->crossing.empty())
    if (const auto lane = lane_of(CrossingId{body->crossing}); !lane) return refuse(lane.error().what);
  // Evidence first: what HQ has anyway must not bring the disk near the point where pictures make room.
  std::uint64_t coming = body->size_bytes;
  if (const auto noted = sync::noted_wanted(fetch_directory()))
    for (const sync::WantedFile& wanted : *noted) coming += is_reference(wanted) && wanted.sha256 != body->sha256 && !here(wanted) ? wanted.size_bytes : 0;
  if (const auto free = disk_->free_bytes(appliance_.site().directory); free && *free < coming + room_for_evidence())
    return refuse("the post's disk has " + std::to_string(*free >> 20) + " MiB left: no room for reference images");
  ReferenceImages& images = appliance_.references();
  auto noted = images.expect(letter.number, *body);
  if (noted) noted = want_file({body->sha256, body->size_bytes, letter.number, std::string(reference_word)});
  if (noted || noted.error().code != ErrorCode::invalid) return kept(noted);
  images.drop(letter.number);
  refuse(noted.error().what);
}

/// Whether a picture that HQ did not send yet is evidence of this post's own. Where it is not, HQ is asked for it, once over one line.
bool Downlink::own_evidence(const sync::WantedFile& wanted) {
  {
    std::lock_guard lock(mutex_);
    if (asked_.contains(wanted.sha256)) return false;
  }
  if (evidence(wanted)) return true;
  ask_hq_for(wanted);
  return false;
}

void Downlink::ask_hq_for(const sync::WantedFile& wanted) {
  std::lock_guard lock(mutex_);
  asked_.insert(wanted.sha256);
  ask_line_for(wanted, sync::Fetcher::Over::unmetered_lines);
}

bool Downlink::evidence(const sync::WantedFile& wanted) const {
  auto picture = appliance_.picture_reader();
  if (!picture) return false;
  if (const auto size = (*picture)->blob_size(wanted.sha256); !size || *size != wanted.size_bytes) return false;
  return (*picture)->blob_of_a_crossing(wanted.sha256).value_or(false);
}

/// Bytes of the disk that reference images leave free: long before pictures of lorries have to make room.
std::uint64_t Downlink::room_for_evidence() const { return 2 * (appliance_.site().store.reserve_mib << 20); }

/// What is too old, by a clock that somebody keeps right: nothing expires by one that may have been set wrong. And where the disk gets
/// tight as many as it takes, before evidence has to.
void Downlink::drop_references() {
  ReferenceImages& images = appliance_.references();
  if (runtime::wall_quality() == WallQuality::synchronised)
    if (const auto gone = images.drop_old(clock_.now().wall); gone > 0) spdlog::info("{} reference images of HQ are older than the site file keeps them and are removed", gone);
  if (const auto free = disk_->free_bytes(appliance_.site().directory); free && *free < room_for_evidence())
    if (const auto gone = images.make_room(room_for_evidence() - *free); gone > 0)
      spdlog::warn("the disk has {} MiB left: {} reference images of HQ are removed, which has them", *free >> 20, gone);
}

Result<void> Downlink::use_reference(const sync::WantedFile& wanted) {
  ReferenceImages& images = appliance_.references();
  const std::string fetched = fetch_directory() + "/" + wanted.sha256;
  const auto waiting = images.waiting_for(wanted.sha256);
  if (!waiting.empty() && !images.holds(wanted.sha256) && !disk_->exists(fetched)) {
    auto picture = appliance_.picture_reader();
    if (!picture) return tl::unexpected(picture.error());
    const auto bytes = (*picture)->blob(wanted.sha256);
    if (!bytes) {  // damaged, or it made room just now: HQ may have it
      ask_hq_for(wanted);
      return fail(ErrorCode::io, bytes.error().what);
    }
    if (auto copied = store::write_durably(*disk_, fetched, *bytes); !copied) return copied;
  }
  for (const auto& [number, letter] : waiting) {
    const bool held = images.holds(wanted.sha256);
    const auto right = ReferenceImages::check(letter, held ? images.path_of(wanted.sha256) : fetched);
    if (!right && not_now(right.error())) return right;
    if (!right) {
      refuse_reference(number, right.error().what);
      continue;
    }
    // Lorries' own pictures may have come in the meantime.
    if (const auto free = disk_->free_bytes(appliance_.site().directory); !held && free && *free < room_for_evidence()) {
      refuse_reference(number, "the post's disk has " + std::to_string(*free >> 20) + " MiB left: no room for reference images");
      continue;
    }
    if (!held)
      if (auto kept = images.keep(letter, fetched); !kept) return kept;
    if (auto written = journal(number, letter); !written) return written;
    if (auto shown = images.show(number, clock_.now().wall); !shown) return shown;
    spdlog::info("reference image of HQ is taken: letter {}, sha256 {}", number, wanted.sha256);
  }
  return {};
}

/// Plates and container codes are personal, and a note's text is not encrypted: HQ's letter has them. A crossing's picture is in its records.
Result<void> Downlink::journal(std::uint64_t number, const sync::ReferenceImageLetter& letter) {
  Record record;
  record.at = clock_.now();
  if (!letter.crossing.empty()) {
    record.crossing = CrossingId{letter.crossing};
    if (const auto lane = lane_of(record.crossing)) record.lane = *lane;
  }
  const std::string what_for = !letter.crossing.empty() ? "this crossing" : !letter.container.empty() ? "a container" : "a plate";
  record.body = AuditNote{"reference-image-taken", "hq: " + letter.by,
                          "letter " + std::to_string(number) + ", sha256 " + letter.sha256 + ", " + std::to_string(letter.size_bytes) + " bytes, for " + what_for};
  Waiter<Result<void>> written;
  appliance_.store().persist({std::move(record)}, [written](Result<std::vector<std::uint64_t>> result) mutable {
    written.give(result ? Result<void>{} : fail(result.error().code, result.error().what));
  });
  return written.wait(10s).value_or(fail(ErrorCode::timeout, "the store did not answer"));
}

void Downlink::refuse_reference(std::uint64_t number, const std::string& why) {
  spdlog::error("reference image of HQ is refused: letter {}: {}", number, why);
  appliance_.references().drop(number);
  note("reference-image-refused", "letter " + std::to_string(number) + ": " + why);
  std::lock_guard lock(mutex_);
  if (line_.refuse) line_.refuse(number, std::string(reference_word) + ": " + why);
}

void Downlink::refuse_references(const sync::WantedFile& wanted, const std::string& why) {
  for (const auto& [number, letter] : appliance_.references().waiting_for(wanted.sha256)) refuse_reference(number, why);
  std::lock_guard lock(mutex_);
  not_to_be_had_.erase(wanted.sha256);
}

}  // namespace rampa::app
