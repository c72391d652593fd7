#include "sync/payloads.hpp"

#include <algorithm>

#include "sync/json_object.hpp"

namespace rampa::sync {
namespace {

json to_json(const std::vector<Range>& ranges) {
  json out = json::array();
  for (const Range& r : ranges) out.push_back({r.first, r.last});
  return out;
}

json to_json(const std::vector<DeskCursor>& desks) {
  json out = json::array();
  for (const DeskCursor& d : desks) out.push_back({{"desk", d.desk}, {"through", d.through}});
  return out;
}

/// Ascending, not touching, from `lowest` on.
std::vector<Range> read_ranges(JsonObject& f, const char* key, std::uint64_t lowest) {
  std::vector<Range> out;
  for (const json& pair : f.list(key)) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_number_unsigned() || !pair[1].is_number_unsigned()) {
      f.complain(std::string(key) + " holds something that is not a pair of numbers");
      return {};
    }
    const Range range{pair[0].get<std::uint64_t>(), pair[1].get<std::uint64_t>()};
    if (range.first < lowest || range.last < range.first || range.last > INT64_MAX) {
      f.complain(std::string(key) + " is not ascending with holes between");
      return {};
    }
    lowest = range.last + 2;
    out.push_back(range);
  }
  return out;
}

StreamAck read_stream(JsonObject& outer, const char* key, const json& object) {
  JsonObject f(object, std::string("ack, ") + key);
  StreamAck ack;
  ack.through = f.number("through");
  ack.ranges = read_ranges(f, "ranges", ack.through + 2);
  outer.adopt(f);
  return ack;
}

Stream read_stream_name(JsonObject& f) {
  const std::string name = f.text("stream");
  for (const Stream stream : store::streams)
    if (store::name_of(stream) == name) return stream;
  f.complain("stream is neither verdicts nor events");
  return Stream::events;
}

LostRecords read_lost(JsonObject& f) {
  LostRecords lost{read_stream_name(f), {f.number("first"), f.number("last")}, f.has("reason") ? f.text("reason") : std::string{}};
  if (f.whole() && (lost.numbers.first == 0 || lost.numbers.last < lost.numbers.first || lost.numbers.last > INT64_MAX)) f.complain("first and last are no numbers of a stream");
  return lost;
}

std::uint64_t microseconds(Duration d) { return static_cast<std::uint64_t>(std::max<std::int64_t>(0, d / 1us)); }

/// Empty: an HQ that does not name its desk.
std::string read_desk(JsonObject& f) {
  const std::string desk = f.text("desk");
  if (f.whole() && !desk.empty() && !array_of_hex<16>(desk)) f.complain("desk is not 32 lower-case hex digits");
  return desk;
}

std::vector<DeskCursor> read_desks(JsonObject& f) {
  std::vector<DeskCursor> out;
  f.each("desks", "desks", [&](JsonObject& d) { out.push_back({read_desk(d), d.number("through")}); });
  if (f.whole() && out.size() > desk_cursors_max) f.complain("it names more than " + std::to_string(desk_cursors_max) + " desks");
  return out;
}

/// An older HQ does not say it. More than an hour is no measure of a line.
Duration read_held(JsonObject& f) {
  return f.has("held_us") ? std::chrono::microseconds(std::min<std::uint64_t>(f.number("held_us"), 3'600'000'000)) : Duration{};
}

}  // namespace

Bytes encode(const Hello& h) {
  json out = {{"id", h.id}, {"epoch", hex(h.epoch)}, {"key", h.key}, {"boot_id", h.boot_id}, {"boot_number", h.boot_number},
                     {"software", h.software}, {"last_sequence", h.last_sequence}, {"last_hash", h.last_hash},
                     {"verdicts", h.ends.verdicts}, {"events", h.ends.events}, {"letters_through", h.letters_through},
                     {"sent_mono_ns", h.sent.mono.ns}, {"sent_wall_ms", h.sent.wall.ms},
                     {"heard_answered_wall_ms", h.heard_answered.ms}, {"heard_mono_ns", h.heard.ns}, {"metered", h.metered}};
  if (h.desks) out["desks"] = to_json(*h.desks);
  return payload_of(std::move(out));
}

Bytes encode(const Ack& a) {
  json streams = json::object(), quarantined = json::array(), refused = json::array();
  for (const Stream stream : store::streams) {
    const StreamAck& s = a.streams[static_cast<std::size_t>(stream)];
    streams[std::string(store::name_of(stream))] = {{"through", s.through}, {"ranges", to_json(s.ranges)}};
  }
  for (const auto& q : a.quarantined) quarantined.push_back({{"stream", store::name_of(q.stream)}, {"sequence", q.sequence}, {"reason", q.reason}});
  for (const auto& r : a.refused) refused.push_back({{"stream", store::name_of(r.stream)}, {"first", r.first}, {"reason", r.reason}});
  json out = {{"session", a.session}, {"answers", a.answers}, {"incarnation", a.incarnation}, {"epoch", hex(a.epoch)}, {"key", a.key},
                     {"streams", std::move(streams)}, {"cursor", a.cursor}, {"hash", a.hash}, {"durability", a.durability},
                     {"credit_bytes", a.credit_bytes}, {"letters_last", a.letters_last}, {"quarantined", std::move(quarantined)},
                     {"refused", std::move(refused)}, {"hello_mono_ns", a.hello_mono_ns},
                     {"hello_received_wall_ms", a.hello_received.ms}, {"answered_wall_ms", a.answered.ms}, {"held_us", microseconds(a.held)}};
  if (a.lost) {
    out["lost"] = json::array();
    for (const LostRecords& l : *a.lost) out["lost"].push_back({{"stream", store::name_of(l.stream)}, {"first", l.numbers.first}, {"last", l.numbers.last}});
  }
  return payload_of(std::move(out));
}

Bytes encode(const Want& w) {
  json blobs = json::array();
  for (const auto& b : w.blobs)
    blobs.push_back({{"sha256", b.sha256}, {"size_bytes", b.size_bytes}, {"manifest", b.manifest}, {"chunks", to_json(b.chunks)},
                     {"have_bytes", b.have_bytes}, {"resend", b.resend}, {"boost", b.boost}});
  return payload_of({{"blobs", std::move(blobs)}, {"done", w.done}, {"dropped", w.dropped}, {"held_us", microseconds(w.held)}});
}

Bytes encode(const Unavailable& u) { return payload_of({{"sha256", u.sha256}, {"reason", u.reason}}); }

Bytes encode(const Fetch& f) { return payload_of({{"sha256", f.sha256}, {"offset", f.offset}, {"bytes", f.bytes}}); }

Bytes encode(const Lost& l) {
  json records = json::array();
  for (const LostRecords& r : l.records)
    records.push_back({{"stream", store::name_of(r.stream)}, {"first", r.numbers.first}, {"last", r.numbers.last}, {"reason", r.reason}});
  return payload_of({{"records", std::move(records)}});
}

Bytes encode(const Letters& l) {
  json list = json::array();
  for (const Letter& letter : l.letters) list.push_back({{"number", letter.number}, {"kind", letter.kind}, {"body", letter.body}});
  json out = {{"letters", std::move(list)}};
  if (!l.desk.empty()) out["desk"] = l.desk;
  return payload_of(std::move(out));
}

Bytes encode(const Receipt& r) {
  json refused = json::array(), answered = json::array();
  for (const RefusedLetter& l : r.refused) refused.push_back({{"number", l.number}, {"reason", l.reason}});
  for (const AnsweredLetter& l : r.answered) answered.push_back({{"number", l.number}, {"outcome", l.outcome}});
  return payload_of({{"through", r.through}, {"refused", std::move(refused)}, {"answered", std::move(answered)}});
}

Bytes encode(const std::vector<DeskCursor>& desks) { return payload_of({{"desks", to_json(desks)}}); }

Result<Hello> decode_hello(ByteView bytes) {
  return decoded<Hello>(bytes, "hello", [](JsonObject& f, Hello& h) {
    h.id = f.text("id");
    h.epoch = f.hex16("epoch");
    h.key = f.sha256("key");
    h.boot_id = f.text("boot_id");
    h.boot_number = f.number("boot_number");
    h.software = f.text("software");
    h.last_sequence = f.number("last_sequence");
    h.last_hash = f.text("last_hash");
    h.ends = {f.number("verdicts"), f.number("events")};
    h.letters_through = f.number("letters_through");
    if (f.has("desks")) h.desks = read_desks(f);
    h.sent.mono.ns = f.signed_number("sent_mono_ns");
    h.sent.wall.ms = f.signed_number("sent_wall_ms");
    h.heard_answered.ms = f.signed_number("heard_answered_wall_ms");
    h.heard.ns = f.signed_number("heard_mono_ns");
    h.metered = f.flag("metered");
    if (f.whole() && h.ends.verdicts + h.ends.events != h.last_sequence) f.complain("verdicts and events do not add up to last_sequence");
    if (f.whole() && h.id.empty()) f.complain("id is empty");
    // They go into HQ's indexes, which take no long keys.
    for (const auto& [name, text] : {std::pair<const char*, const std::string*>{"id", &h.id}, {"boot_id", &h.boot_id}, {"software", &h.software}, {"last_hash", &h.last_hash}})
      if (f.whole() && text->size() > hello_text_max) f.complain(std::string(name) + " is longer than " + std::to_string(hello_text_max) + " bytes");
  });
}

Result<std::vector<DeskCursor>> decode_desks(ByteView bytes) {
  return decoded<std::vector<DeskCursor>>(bytes, "desks", [](JsonObject& f, std::vector<DeskCursor>& desks) { desks = read_desks(f); });
}

Result<Ack> decode_ack(ByteView bytes) {
  return decoded<Ack>(bytes, "ack", [](JsonObject& f, Ack& a) {
    a.session = f.text("session");
    a.answers = f.flag("answers");
    a.incarnation = f.text("incarnation");
    a.epoch = f.hex16("epoch");
    a.key = f.sha256("key");
    JsonObject streams(f.object("streams"), "ack, streams");
    for (const Stream stream : store::streams) {
      const std::string name(store::name_of(stream));
      a.streams[static_cast<std::size_t>(stream)] = read_stream(streams, name.c_str(), streams.object(name.c_str()));
    }
    f.adopt(streams);
    a.cursor = f.number("cursor");
    a.hash = f.text("hash");
    a.durability = f.text("durability");
    a.credit_bytes = f.number("credit_bytes");
    a.letters_last = f.number("letters_last");
    f.each("quarantined", "ack, quarantined", [&](JsonObject& q) { a.quarantined.push_back({q.number("sequence"), q.text("reason"), read_stream_name(q)}); });
    f.each("refused", "ack, refused", [&](JsonObject& r) { a.refused.push_back({read_stream_name(r), r.number("first"), r.text("reason")}); });
    if (f.has("lost")) {
      a.lost.emplace();
      f.each("lost", "ack, lost", [&](JsonObject& l) { a.lost->push_back(read_lost(l)); });
    }
    a.hello_mono_ns = f.signed_number("hello_mono_ns");
    a.hello_received.ms = f.signed_number("hello_received_wall_ms");
    a.answered.ms = f.signed_number("answered_wall_ms");
    a.held = read_held(f);
  });
}

Result<Want> decode_want(ByteView bytes) {
  return decoded<Want>(bytes, "want", [](JsonObject& f, Want& w) {
    f.each("blobs", "want, blobs", [&](JsonObject& b) {
      WantedBlob blob{b.sha256("sha256"), b.number("size_bytes"), b.flag("manifest"), read_ranges(b, "chunks", 0), b.number("have_bytes"),
                      b.flag("resend"), b.flag("boost")};
      if (b.whole() && !blob.chunks.empty() && blob.chunks.back().last >= chunks_of(blob.size_bytes)) b.complain("chunks reach past the blob's end");
      if (b.whole() && blob.have_bytes >= chunk_bytes) b.complain("have_bytes is a whole chunk or more");
      w.blobs.push_back(std::move(blob));
    });
    w.done = f.texts("done");
    w.dropped = f.texts("dropped");
    w.held = read_held(f);
  });
}

Result<Unavailable> decode_unavailable(ByteView bytes) {
  return decoded<Unavailable>(bytes, "unavailable", [](JsonObject& f, Unavailable& u) {
    u.sha256 = f.sha256("sha256");
    u.reason = f.text("reason");
  });
}

Result<Fetch> decode_fetch(ByteView bytes) {
  return decoded<Fetch>(bytes, "fetch", [](JsonObject& f, Fetch& fetch) {
    fetch.sha256 = f.sha256("sha256");
    fetch.offset = f.number("offset");
    const std::uint64_t count = f.number("bytes");
    if (count > slice_bytes_max) f.complain("bytes is over " + std::to_string(slice_bytes_max));
    fetch.bytes = static_cast<std::uint32_t>(count);
  });
}

Result<Lost> decode_lost(ByteView bytes) {
  return decoded<Lost>(bytes, "lost", [](JsonObject& f, Lost& l) {
    f.each("records", "lost, records", [&](JsonObject& r) { l.records.push_back(read_lost(r)); });
    if (f.whole() && l.records.size() > lost_told_max) f.complain("it has more than " + std::to_string(lost_told_max) + " records");
  });
}

Result<Letters> decode_letters(ByteView bytes) {
  return decoded<Letters>(bytes, "letters", [](JsonObject& f, Letters& l) {
    f.each("letters", "letters", [&](JsonObject& letter) {
      l.letters.push_back({letter.number("number"), letter.text("kind"), letter.text("body"), {}});
      if (letter.whole() && l.letters.back().number == 0) letter.complain("number is 0");
    });
    if (f.has("desk")) l.desk = read_desk(f);
  });
}

Result<Receipt> decode_receipt(ByteView bytes) {
  return decoded<Receipt>(bytes, "receipt", [](JsonObject& f, Receipt& r) {
    r.through = f.number("through");
    f.each("refused", "receipt, refused", [&](JsonObject& letter) { r.refused.push_back({letter.number("number"), letter.text("reason")}); });
    if (!f.has("answered")) return;  // an older post carries out no commands
    f.each("answered", "receipt, answered", [&](JsonObject& letter) { r.answered.push_back({letter.number("number"), letter.text("outcome")}); });
  });
}

}  // namespace rampa::sync
