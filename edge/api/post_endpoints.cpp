#include <algorithm>
#include <cstdio>

#include "edge/api/parts.hpp"
#include "edge/api/views.hpp"

namespace rampa::api {

Response healthz(Parts&, Call&) { return plain_text("ok\n"); }

Response readyz(Parts& parts, Call&) {
  std::string reasons;
  for (const auto& reason : parts.port.not_ready()) reasons += reason + "\n";
  const store::Status store = parts.port.store_status();
  if (!store.writable) reasons += "the store cannot be written: " + store.trouble + "\n";
  if (!reasons.empty()) return plain_text(reasons, 503);
  std::string ready = "ready\n";
  for (const auto& notice : parts.port.notices()) ready += "notice: " + notice + "\n";
  return plain_text(ready);
}

Response version(Parts& parts, Call&) {
  const PostView post = parts.port.post();
  JsonWriter w;
  w.object().field("version", post.version).field_or_null("commit", post.commit).field("api", 1).end();
  return json(w.take());
}

Response metrics(Parts& parts, Call&) {
  std::string out, last_name;
  const auto line = [&](const Metric& m) {
    if (m.name != last_name) {
      out += "# HELP " + m.name + " " + m.help + "\n# TYPE " + m.name + (m.counter ? " counter\n" : " gauge\n");
      last_name = m.name;
    }
    char value[32];
    std::snprintf(value, sizeof value, "%.15g", m.value);
    out += m.name + (m.labels.empty() ? "" : "{" + m.labels + "}") + " " + value + "\n";
  };
  const Counters& c = parts.counters;
  for (std::size_t i = 2; i < c.answers.size(); ++i)
    line({"rampa_http_answers_total", "status=\"" + std::to_string(i) + "xx\"", "Answers by class of status.", true,
          static_cast<double>(c.answers[i])});
  line({"rampa_sign_in_failures_total", "", "Wrong passwords and claim codes.", true, static_cast<double>(c.sign_in_failures)});
  const std::string help = "Officers' actions by outcome.";
  line({"rampa_officer_actions_total", "outcome=\"accepted\"", help, true, static_cast<double>(c.actions_accepted)});
  line({"rampa_officer_actions_total", "outcome=\"refused\"", help, true, static_cast<double>(c.actions_refused)});
  line({"rampa_officer_actions_total", "outcome=\"unknown\"", help, true, static_cast<double>(c.actions_unknown)});
  line({"rampa_event_streams", "", "Event streams that are open.", false, static_cast<double>(c.streams_open)});
  line({"rampa_event_streams_refused_total", "", "Event streams above the limit.", true, static_cast<double>(c.streams_refused)});
  line({"rampa_event_stream_resets_total", "", "Streams that read too slowly and lost their queue.", true, static_cast<double>(c.stream_resets)});
  line({"rampa_audit_failures_total", "", "Audit notes that could not be written.", true, static_cast<double>(c.audit_failures)});
  const LinkView link = parts.port.link();
  const store::Status store = parts.port.store_status();
  line({"rampa_hq_link_up", "", "1 while headquarters can be reached.", false, link.up ? 1.0 : 0.0});
  line({"rampa_hq_backlog_records", "", "Records not acknowledged by headquarters.", false, static_cast<double>(link.backlog_records)});
  line({"rampa_hq_link_line", "", "The line in use by its place in the site's list of brokers: 0 the primary, 1 a reserve, -1 none.", false,
        !link.up ? -1.0 : link.reserve ? 1.0 : 0.0});
  line({"rampa_hq_link_metered", "", "1 while the line in use is metered: pictures and files wait.", false, link.up && link.metered ? 1.0 : 0.0});
  line({"rampa_hq_link_trouble", "", "1 while something is wrong with the line, also while it is up; /api/v1/status says what.", false,
        !link.trouble.empty() && !link.trouble_over ? 1.0 : 0.0});
  line({"rampa_hq_refuses", "", "1 while headquarters does not take some records.", false, link.refuses ? 1.0 : 0.0});
  line({"rampa_hq_standby", "", "1 while a standby of headquarters' database holds what it acknowledges.", false, link.durability == "standby" ? 1.0 : 0.0});
  if (link.backlog) {
    const std::string text = "What headquarters lacks, since its first answer: records, and pictures that it asks for at present.";
    line({"rampa_hq_backlog", "class=\"verdicts\"", text, false, static_cast<double>(link.backlog->verdicts)});
    line({"rampa_hq_backlog", "class=\"events\"", text, false, static_cast<double>(link.backlog->events)});
    line({"rampa_hq_backlog", "class=\"pictures\"", text, false, static_cast<double>(link.backlog->pictures)});
  }
  line({"rampa_hq_fetches_waiting", "", "Files of headquarters' that wait for a line that is not metered.", false, static_cast<double>(link.fetches_waiting)});
  const auto devices = parts.port.devices();
  const auto not_ready = std::count_if(devices.begin(), devices.end(), [](const auto& d) { return d.condition.level != device::ConditionLevel::ready; });
  line({"rampa_devices", "", "Devices of all lanes.", false, static_cast<double>(devices.size())});
  line({"rampa_devices_not_ready", "", "Devices that are not believed at present.", false, static_cast<double>(not_ready)});
  line({"rampa_store_free_bytes", "", "Free space of the store's disk.", false, static_cast<double>(store.free_bytes)});
  const auto by_class = [&](const std::string& name, const std::string& text, bool counter, auto value) {
    line({name, "class=\"image\"", text, counter, static_cast<double>(value(store.room.images))});
    line({name, "class=\"thumbnail\"", text, counter, static_cast<double>(value(store.room.thumbnails))});
  };
  using Of = decltype(store.room.images);
  by_class("rampa_blob_bytes", "What blobs take on the disk, whole blocks.", false, [](const Of& o) { return o.bytes; });
  by_class("rampa_blob_quota_bytes", "What they may take; 0: no limit but the disk's.", false, [](const Of& o) { return o.quota_bytes; });
  by_class("rampa_blobs", "Blobs on the disk.", false, [](const Of& o) { return o.blobs; });
  by_class("rampa_blobs_evicted_held_total", "Removed for lack of room, headquarters holds them.", true, [](const Of& o) { return o.evicted_held; });
  by_class("rampa_blobs_evicted_not_held_total", "Removed for lack of room, nobody has them any more.", true, [](const Of& o) { return o.evicted_not_held; });
  line({"rampa_store_writable", "", "1 while records can be made durable.", false, store.writable ? 1.0 : 0.0});
  line({"rampa_journal_last_sequence", "", "Sequence of the last durable record.", true, static_cast<double>(store.last_sequence)});
  for (const auto& m : parts.port.metrics()) line(m);
  Response r = plain_text(out);
  r.type = "text/plain; version=0.0.4; charset=utf-8";
  return r;
}

Response list_devices(Parts& parts, Call&) {
  const Stamp now = parts.clock.now();
  JsonWriter w;
  w.object().key("devices").array();
  for (const auto& d : parts.port.devices()) write_device(w, d, now);
  w.end().end();
  return json(w.take());
}

Response get_status(Parts& parts, Call&) {
  JsonWriter w;
  write_status(w, parts.port, parts.clock.now());
  return json(w.take());
}

Response get_profiles(Parts& parts, Call&) {
  JsonWriter w;
  write_profiles(w, parts.port.profiles());
  return json(w.take());
}

Response list_code_lists(Parts& parts, Call&) {
  JsonWriter w;
  w.object().key("lists").array();
  for (const auto& list : parts.port.code_lists()) w.object().field("name", list.name).field("version", list.version).field("codes", list.codes).end();
  w.end().end();
  return json(w.take());
}

Response get_code_list(Parts& parts, Call& call) {
  auto text = parts.port.code_list(call.arguments.at(0));
  if (!text) return problem(404, "not-found", "no code list " + call.arguments.at(0), call.request);
  return json(std::move(*text));
}

}  // namespace rampa::api
