#include "edge/api/views.hpp"

namespace rampa::api {
namespace {

std::optional<std::int64_t> ms_if(const std::optional<WallTime>& at) {
  return at ? std::optional<std::int64_t>(at->ms) : std::nullopt;
}
std::optional<std::int64_t> ms_if(const std::optional<Stamp>& at) {
  return at ? std::optional<std::int64_t>(at->wall.ms) : std::nullopt;
}

}  // namespace

void write_device(JsonWriter& w, const DeviceView& d, Stamp now) {
  w.object().field("id", d.id.text).field("lane", d.lane.text).field("role", d.role).field("product", d.product);
  w.field_or_null("maker_model", d.maker_model).field("address", d.address);
  w.field("level", name_of(d.condition.level)).field("fault", d.condition.fault).field("detail", d.condition.detail);
  w.field("since_ms", ms_if(d.condition_since));
  w.field("heard_age_ms", d.last_heard ? std::optional<std::int64_t>(to_ms(now.mono - *d.last_heard)) : std::nullopt).end();
}

void write_profiles(JsonWriter& w, const ProfileSetView& p) {
  w.object().field_or_null("version", p.version).field_or_null("sha256", p.sha256).field("profiles", p.profiles);
  w.field("active_since_ms", ms_if(p.active_since)).field_or_null("doubt", p.doubt).end();
}

void write_status(JsonWriter& w, AppliancePort& port, Stamp now) {
  const PostView post = port.post();
  const LinkView link = port.link();
  const store::Status store = port.store_status();
  w.object().field("now_ms", now.wall.ms);
  w.key("post").object().field("id", post.id.text).field("name", post.name).field("simulated", post.simulated).end();
  w.field("version", post.version);
  w.key("link").object().field("configured", link.configured).field("up", link.up).field("since_ms", ms_if(link.since));
  w.field_or_null("phase", link.phase).field_or_null("line", link.line).field("reserve", link.reserve).field("metered", link.metered);
  w.field_or_null("durability", link.durability);
  w.field("backlog_records", link.backlog_records).field("oldest_waiting_ms", ms_if(link.oldest_waiting));
  w.key("backlog");
  if (link.backlog) w.object().field("verdicts", link.backlog->verdicts).field("events", link.backlog->events).field("pictures", link.backlog->pictures).end();
  else w.value(nullptr);
  w.field("fetches_waiting", link.fetches_waiting).field("refuses", link.refuses).field_or_null("trouble", link.trouble);
  w.field("trouble_since_ms", ms_if(link.trouble_since)).field("trouble_over", link.trouble_over).end();
  w.key("store").object().field("writable", store.writable).field("trouble", store.trouble);
  w.field("free_bytes", store.free_bytes).field("last_sequence", store.last_sequence);
  w.field("acknowledged", store.acknowledged).field("boot_id", store.boot_id);
  w.field("picture_rebuilding", store.picture_rebuilding);
  w.field("fdatasync_p99_us", store.fdatasync_p99.count() / 1000).end();
  w.key("profiles");
  write_profiles(w, port.profiles());
  w.key("lanes").array();
  for (const auto& id : port.lanes())
    if (const auto lane = port.lane(id)) write_lane_age(w, *lane, now);
  w.end();
  int not_ready = 0;
  for (const auto& d : port.devices()) not_ready += d.condition.level != device::ConditionLevel::ready;
  w.field("devices_not_ready", not_ready).field("not_ready", port.not_ready()).end();
}

void write_officer(JsonWriter& w, const Officer& o) {
  w.object().field("badge", o.badge.text).field("name", o.name).field("role", name_of(o.role));
  w.field("disabled", o.disabled).end();
}

void write_notice(JsonWriter& w, const Notice& n) {
  w.object().field("lane", n.lane.text).field("level", n.level).field("text", n.text).field("at_ms", n.at.wall.ms).end();
}

}  // namespace rampa::api
