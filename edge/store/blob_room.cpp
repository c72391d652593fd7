#include "edge/store/blob_room.hpp"

#include <algorithm>

#include "edge/store/blob_files.hpp"

namespace rampa::store {

namespace {

constexpr std::size_t k_held_slice = 256;
constexpr std::size_t k_shorten_slice = 4096;
constexpr std::uint64_t k_held_spare = 65536;    // entries that the held log may have over twice what it must
constexpr unsigned k_directories = 256;
constexpr std::uint64_t k_ticks_between_sweeps = 60;  // per directory, after the first pass
constexpr std::uint64_t k_ticks_between_counts = 600;

constexpr std::array k_order{Rank::held_image, Rank::green_image, Rank::held_thumbnail, Rank::green_thumbnail, Rank::other_image, Rank::other_thumbnail};

bool is_image(Rank r) { return r == Rank::held_image || r == Rank::green_image || r == Rank::other_image; }
std::string mib(std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }
const char* key_of(BlobClass c) { return c == BlobClass::image ? "quota_images_mib" : "quota_thumbnails_mib"; }

}  // namespace

BlobRoom::BlobRoom(Disk& disk, const Settings& settings, Core& core, PictureDoor& door)
    : disk_(disk), settings_(settings), layout_{settings.directory}, core_(core), door_(door) {
  counted_.images.quota_bytes = settings.quota_images_bytes;
  counted_.thumbnails.quota_bytes = settings.quota_thumbnails_bytes;
}

std::uint64_t BlobRoom::usage(BlobClass c) const {
  std::uint64_t sum = granted_[static_cast<std::size_t>(c)];
  const Picture* picture = door_.picture();
  const std::uint64_t applied = picture ? picture->applied() : 0;
  if (picture) sum += static_cast<std::uint64_t>(std::max<std::int64_t>(0, picture->blob_totals()[c].room));
  for (const Pending& p : pending_)
    if (p.sequence > applied && p.blob_class == c) sum += p.room;
  if (c == BlobClass::image) sum += core_.blobs().growing_bytes();
  return sum;
}

std::optional<BlobRoom::Need> BlobRoom::need() const {
  for (const BlobClass c : evictable_classes)
    if (const std::uint64_t q = quota(c); q > 0)
      if (const std::uint64_t used = usage(c); used > target(q))
        return Need{c == BlobClass::image, c == BlobClass::thumbnail, used - target(q), c == BlobClass::image ? "quota_images" : "quota_thumbnails"};
  const std::uint64_t wanted = settings_.reserve_bytes + settings_.reserve_bytes / 4;
  if (wanted == 0) return {};
  if (auto free = disk_.free_bytes(settings_.directory); free && *free < wanted) return Need{true, true, wanted - *free, "disk_reserve"};
  return {};
}

bool BlobRoom::evict(Picture& picture, const Need& need) {
  for (const Rank rank : k_order) {
    if (!(is_image(rank) ? need.images : need.thumbnails)) continue;
    auto found = candidates(picture, rank, slice_blobs_max);
    if (!found) {
      door_.failed(found.error());
      return false;
    }
    std::vector<Eviction> evictions;
    for (std::uint64_t freed = 0; const Candidate& c : *found) {
      if (freed >= need.bytes) break;
      freed += c.room;
      const bool held = rank == Rank::held_image || rank == Rank::held_thumbnail;
      evictions.push_back({{c.lane}, {c.crossing}, {to_hex(c.sha256), c.size_bytes, std::string(name_of(c.blob_class)), need.reason, held}});
      auto& of = c.blob_class == BlobClass::image ? counted_.images : counted_.thumbnails;
      ++(held ? of.evicted_held : of.evicted_not_held);
    }
    if (evictions.empty()) continue;
    auto done = core_.evict(evictions);
    door_.offer(core_.take_written());
    if (!done) {
      counted_.trouble = "no room can be made: " + done.error().what;
      stopped_ = true;
      return false;
    }
    counted_.trouble.clear();
    (void)door_.caught_up();  // so that usage() is without them
    return true;
  }
  return false;
}

Result<void> BlobRoom::admit(BlobClass c, std::uint64_t bytes) {
  const std::uint64_t q = quota(c);
  while (q > 0 && bytes > 0 && usage(c) + bytes > limit(q)) {
    Picture* picture = door_.caught_up();
    if (!picture) break;  // what there is is not known now: evidence counts for more than the quota
    const Need now{c == BlobClass::image, c == BlobClass::thumbnail, usage(c) + bytes - std::min(usage(c) + bytes, target(q)),
                   c == BlobClass::image ? "quota_images" : "quota_thumbnails"};
    while (take_held(*picture)) {}
    if (stopped_ || !evict(*picture, now)) {
      if (counted_.trouble.empty())
        counted_.trouble = std::string(name_of(c)) + "s take " + mib(usage(c)) + " of their quota of " + mib(q) + " and none may be removed (open crossings): new evidence is " +
                           "refused; raise " + key_of(c) + " in the site file";
      return fail(ErrorCode::no_space, counted_.trouble);
    }
  }
  granted_[static_cast<std::size_t>(c)] += bytes;
  return {};
}

Result<void> BlobRoom::admit(const std::vector<Record>& records) {
  std::array<std::uint64_t, 3> bytes{};
  for (const Record& r : records) {
    if (r.crossing.empty() && !std::holds_alternative<CaptureTaken>(r.body)) continue;
    for (const Attachment& a : r.attachments)  // one that grew is counted already
      if (a.bytes) bytes[static_cast<std::size_t>(class_of_size(a.bytes->size()))] += room_of(a.bytes->size());
  }
  for (const BlobClass c : evictable_classes)
    if (auto ok = admit(c, bytes[static_cast<std::size_t>(c)]); !ok) return ok;
  return {};
}

Result<void> BlobRoom::admit_strip(std::uint64_t bytes) {
  auto ok = admit(BlobClass::image, bytes);
  granted_ = {};  // it grows at once
  return ok;
}

void BlobRoom::committed(const std::vector<Written>& written) {
  granted_ = {};
  const Picture* picture = door_.picture();
  while (!pending_.empty() && picture && pending_.front().sequence <= picture->applied()) pending_.pop_front();
  for (const Written& w : written)
    for (const BlobRef& ref : w.entry.blobs) pending_.push_back({w.entry.sequence, room_of(ref.size_bytes), class_of_size(ref.size_bytes)});
}

void BlobRoom::held(const std::vector<HeldEntry>& entries) {
  if (entries.empty()) return;
  counted_.held_blobs += static_cast<std::uint64_t>(std::count_if(entries.begin(), entries.end(), [](const HeldEntry& e) { return e.held; }));
  if (auto ok = core_.held().append(entries); !ok) counted_.trouble = "what HQ holds cannot be noted: " + ok.error().what;
}

bool BlobRoom::take_held(Picture& picture) {
  auto place = held_place(picture);
  if (!place) return door_.failed(place.error()), false;
  if (*place == core_.held().end()) return false;
  auto read = core_.held().read(*place, k_held_slice);
  if (!read) {
    counted_.trouble = read.error().what;
    return false;
  }
  if (auto ok = apply_held(picture, read->entries, read->next); !ok) return door_.failed(ok.error()), false;
  return true;
}

bool BlobRoom::work(bool busy) {
  if (stopped_) return false;
  const auto pressing = [this](BlobClass c) { return quota(c) > 0 && usage(c) > quota(c); };
  if (busy && !pressing(BlobClass::image) && !pressing(BlobClass::thumbnail)) return false;
  const bool held_waits = !busy && core_.held().end() != HeldPlace{};
  const auto wanted = need();
  if (!wanted && !held_waits) return false;
  Picture* picture = door_.caught_up();
  if (!picture) return false;
  if (take_held(*picture)) return true;
  return wanted && evict(*picture, *wanted);
}

void BlobRoom::sweep(Picture& picture, unsigned directory) {
  static constexpr char digits[] = "0123456789abcdef";
  const std::string path = layout_.blobs() + "/" + digits[directory / 16] + digits[directory % 16];
  if (!disk_.exists(path)) return;
  auto names = disk_.list(path);
  if (!names) {
    counted_.trouble = names.error().what;
    return;
  }
  for (const std::string& name : *names) {
    const std::string sha = name.substr(0, 64);
    const auto hash = hash_from_hex(sha);
    if (!hash) continue;
    auto present = known_blob(picture, *hash);
    if (!present) return door_.failed(present.error());
    // A blob that no record names: a power cut came before its record, or right after its tombstone. Where records of
    // the journal cannot be read it may be theirs.
    if (*present == KnownBlob::present || (*present == KnownBlob::unknown && picture.missing() > 0)) continue;
    if (auto ok = core_.blobs().remove({sha}); !ok) counted_.trouble = ok.error().what;
  }
}

void BlobRoom::shorten_held(Picture& picture) {
  if (!shortening_) {
    if (ticks_ % k_ticks_between_counts != 0) return;
    const auto held = held_count(picture);
    if (!held || core_.held().entries() <= 2 * *held + k_held_spare) return;
    if (!core_.held().begin_generation()) return;
    shortening_.emplace();
  }
  auto some = held_after(picture, *shortening_, k_shorten_slice);
  if (!some || !core_.held().append(*some)) return shortening_.reset();  // the old ones still say it all
  if (!some->empty()) *shortening_ = some->back().sha256;
  if (some->size() == k_shorten_slice) return;
  shortening_.reset();
  if (auto ok = core_.held().drop_older(); !ok) counted_.trouble = ok.error().what;
}

void BlobRoom::tick() {
  stopped_ = false;
  ++ticks_;
  if (!need()) counted_.trouble.clear();
  const bool first_pass = swept_ < k_directories;
  const bool sweep_now = (first_pass || ticks_ % k_ticks_between_sweeps == 0) && !core_.blobs().tries_again();
  if (!sweep_now && !shortening_ && ticks_ % k_ticks_between_counts != 0) return;
  Picture* picture = door_.caught_up();
  if (!picture) return;
  if (sweep_now) {
    sweep(*picture, first_pass ? swept_ : static_cast<unsigned>(ticks_ / k_ticks_between_sweeps % k_directories));
    if (first_pass) ++swept_;
  }
  if (Picture* still = door_.picture()) shorten_held(*still);
}

RoomStatus BlobRoom::status() const {
  RoomStatus s = counted_;
  s.images.bytes = usage(BlobClass::image);
  s.thumbnails.bytes = usage(BlobClass::thumbnail);
  s.kept_bytes = usage(BlobClass::kept);
  if (const Picture* picture = door_.picture()) {
    s.images.blobs = static_cast<std::uint64_t>(picture->blob_totals()[BlobClass::image].blobs);
    s.thumbnails.blobs = static_cast<std::uint64_t>(picture->blob_totals()[BlobClass::thumbnail].blobs);
  }
  return s;
}

}  // namespace rampa::store
