#include "sync/payloads.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sync/digest.hpp"

namespace rampa::sync {
namespace {

using nlohmann::json;

constexpr int format_version = 1;

Bytes bytes_of(json value) {
  value["v"] = format_version;
  // Texts come from devices and people; broken UTF-8 is replaced rather than thrown over.
  const std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  return {text.begin(), text.end()};
}

/// Reads keys of one object and keeps the first complaint.
class JsonObject {
 public:
  explicit JsonObject(const json& object, std::string place) : object_(object), place_(std::move(place)) {
    if (!object.is_object()) complain("is not an object");
  }
  std::uint64_t number(const char* key) {
    const json* value = find(key);
    if (!value) return 0;
    if (!value->is_number_integer() || value->get<std::int64_t>() < 0 ||
        (value->is_number_unsigned() && value->get<std::uint64_t>() > INT64_MAX))
      return complain(std::string(key) + " is not a whole number of 0 or more"), 0;
    return value->get<std::uint64_t>();
  }
  std::int64_t signed_number(const char* key) {
    const json* value = find(key);
    if (!value) return 0;
    if (!value->is_number_integer()) return complain(std::string(key) + " is not a whole number"), 0;
    return value->get<std::int64_t>();
  }
  std::string text(const char* key) {
    const json* value = find(key);
    if (!value) return {};
    if (!value->is_string()) return complain(std::string(key) + " is not a text"), std::string{};
    return value->get<std::string>();
  }
  std::string sha256(const char* key) {
    std::string value = text(key);
    if (whole() && !parse_sha256(value)) complain(std::string(key) + " is not 64 lower-case hex digits");
    return value;
  }
  bool flag(const char* key) {
    const json* value = find(key);
    if (!value) return false;
    if (!value->is_boolean()) return complain(std::string(key) + " is not true or false"), false;
    return value->get<bool>();
  }
  const json& list(const char* key) {
    static const json none = json::array();
    const json* value = find(key);
    if (!value) return none;
    if (!value->is_array()) return complain(std::string(key) + " is not a list"), none;
    return *value;
  }
  std::vector<std::string> texts(const char* key) {
    std::vector<std::string> values;
    for (const json& value : list(key)) {
      if (!value.is_string()) return complain(std::string(key) + " holds something that is not a text"), values;
      values.push_back(value.get<std::string>());
    }
    return values;
  }
  [[nodiscard]] bool has(const char* key) const { return object_.is_object() && object_.contains(key); }
  void complain(const std::string& what) {
    if (trouble_.empty()) trouble_ = place_ + ": " + what;
  }
  void adopt(const JsonObject& inner) {
    if (trouble_.empty()) trouble_ = inner.trouble_;
  }
  [[nodiscard]] bool whole() const { return trouble_.empty(); }
  [[nodiscard]] Error error() const { return {ErrorCode::invalid, trouble_}; }

 private:
  const json* find(const char* key) {
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(key);
    if (found == object_.end()) {
      complain(std::string(key) + " is missing");
      return nullptr;
    }
    return &*found;
  }
  const json& object_;
  std::string place_;
  std::string trouble_;
};

template <class Value, class Read>
Result<Value> decoded(ByteView bytes, const char* place, Read read) {
  const json parsed = json::parse(bytes.begin(), bytes.end(), nullptr, false);
  if (parsed.is_discarded()) return fail(ErrorCode::invalid, std::string(place) + ": not JSON");
  JsonObject fields(parsed, place);
  if (fields.number("v") != format_version) fields.complain("v is not 1 (other version?)");
  Value value{};
  if (fields.whole()) read(fields, value);
  if (!fields.whole()) return tl::unexpected(fields.error());
  return value;
}

json to_json(const FieldValue& value) {
  return std::visit([](const auto& v) { return json(v); }, value);
}

json to_json(const Declaration& d) {
  json goods = json::array();
  for (const GoodsItem& item : d.goods)
    goods.push_back({{"hs_code", item.hs_code}, {"origin", item.origin}, {"gross_kg", item.gross_kg},
                     {"value_eur", item.value_eur}, {"description", item.description}});
  json more = json::object();
  for (const auto& [name, value] : d.more) more[name] = to_json(value);
  json object = {{"reference", d.reference}, {"kind", d.kind}, {"plate", d.plate}, {"trailer", d.trailer},
          {"gross_kg", d.gross_kg}, {"consignor", d.consignor}, {"consignee", d.consignee},
          {"declarant", d.declarant}, {"carrier", d.carrier}, {"driver_name", d.driver_name},
          {"goods", std::move(goods)}, {"more", std::move(more)}};
  if (d.valid_until) object["valid_until_ms"] = d.valid_until->ms;
  return object;
}

void read_more(JsonObject& fields, const json& more, Fields& out) {
  if (!more.is_object()) return fields.complain("more is not an object");
  for (const auto& [name, value] : more.items()) {
    if (value.is_boolean()) out[name] = value.get<bool>();
    else if (value.is_number_integer()) out[name] = value.get<std::int64_t>();
    else if (value.is_string()) out[name] = value.get<std::string>();
    else if (value.is_array() && std::all_of(value.begin(), value.end(), [](const json& v) { return v.is_string(); }))
      out[name] = value.get<std::vector<std::string>>();
    else return fields.complain("more." + name + " is neither true/false, whole number, text nor list of texts");
  }
}

/// Optional keys of a declaration may be absent: HQ's sources differ in what they know.
Declaration read_declaration(JsonObject& outer, const json& object, std::size_t index) {
  JsonObject fields(object, "declarations[" + std::to_string(index) + "]");
  Declaration d;
  d.reference = fields.text("reference");
  if (fields.whole() && d.reference.empty()) fields.complain("reference is empty");
  const auto text = [&fields](const char* key, std::string& into) { if (fields.has(key)) into = fields.text(key); };
  text("kind", d.kind);
  text("plate", d.plate);
  text("trailer", d.trailer);
  text("consignor", d.consignor);
  text("consignee", d.consignee);
  text("declarant", d.declarant);
  text("carrier", d.carrier);
  text("driver_name", d.driver_name);
  if (fields.has("gross_kg")) d.gross_kg = fields.signed_number("gross_kg");
  if (fields.has("valid_until_ms")) d.valid_until = WallTime{fields.signed_number("valid_until_ms")};
  if (fields.has("goods"))
    for (const json& entry : fields.list("goods")) {
      JsonObject item(entry, "declaration " + d.reference + ", goods");
      GoodsItem& goods = d.goods.emplace_back();
      goods.hs_code = item.text("hs_code");
      goods.origin = item.text("origin");
      if (item.has("gross_kg")) goods.gross_kg = item.signed_number("gross_kg");
      if (item.has("value_eur")) goods.value_eur = item.signed_number("value_eur");
      if (item.has("description")) goods.description = item.text("description");
      fields.adopt(item);
    }
  if (fields.has("more")) read_more(fields, object["more"], d.more);
  outer.adopt(fields);
  return d;
}

}  // namespace

Bytes encode(const Hello& h) {
  return bytes_of({{"id", h.id}, {"boot_id", h.boot_id}, {"software", h.software}, {"last_sequence", h.last_sequence},
                   {"last_hash", h.last_hash}, {"sent_mono_ns", h.sent.mono.ns}, {"sent_wall_ms", h.sent.wall.ms},
                   {"declarations_version", h.declarations_version}, {"watch_lists_version", h.watch_lists_version}});
}

Bytes encode(const Ack& a) {
  json quarantined = json::array();
  for (const auto& q : a.quarantined) quarantined.push_back({{"sequence", q.sequence}, {"reason", q.reason}});
  return bytes_of({{"cursor", a.cursor}, {"hash", a.hash}, {"incarnation", a.incarnation}, {"hello", a.hello},
                   {"resend", a.resend}, {"quarantined", std::move(quarantined)}, {"received_wall_ms", a.received.ms}});
}

Bytes encode(const Want& w) {
  json blobs = json::array();
  for (const auto& b : w.blobs)
    blobs.push_back({{"sha256", b.sha256}, {"size_bytes", b.size_bytes}, {"have_bytes", b.have_bytes}, {"resend", b.resend}});
  return bytes_of({{"blobs", std::move(blobs)}, {"done", w.done}});
}

Bytes encode(const Unavailable& u) { return bytes_of({{"sha256", u.sha256}, {"reason", u.reason}}); }

Bytes encode(const DeclarationsDown& down) {
  json list = json::array();
  for (const Declaration& d : down.declarations) list.push_back(to_json(d));
  return bytes_of({{"version", down.version}, {"declarations", std::move(list)}});
}

Bytes encode(const WatchListDown& w) {
  return bytes_of({{"version", w.version}, {"name", w.name}, {"plates", w.plates}});
}

Result<Hello> decode_hello(ByteView bytes) {
  return decoded<Hello>(bytes, "hello", [](JsonObject& f, Hello& h) {
    h.id = f.text("id");
    h.boot_id = f.text("boot_id");
    h.software = f.text("software");
    h.last_sequence = f.number("last_sequence");
    h.last_hash = f.text("last_hash");
    h.sent.mono.ns = f.signed_number("sent_mono_ns");
    h.sent.wall.ms = f.signed_number("sent_wall_ms");
    h.declarations_version = f.number("declarations_version");
    h.watch_lists_version = f.number("watch_lists_version");
  });
}

Result<Ack> decode_ack(ByteView bytes) {
  return decoded<Ack>(bytes, "ack", [](JsonObject& f, Ack& a) {
    a.cursor = f.number("cursor");
    a.hash = f.text("hash");
    a.incarnation = f.text("incarnation");
    a.hello = f.text("hello");
    a.resend = f.flag("resend");
    for (const json& entry : f.list("quarantined")) {
      JsonObject q(entry, "ack, quarantined");
      a.quarantined.push_back({q.number("sequence"), q.text("reason")});
      f.adopt(q);
    }
    a.received.ms = f.signed_number("received_wall_ms");
  });
}

Result<Want> decode_want(ByteView bytes) {
  return decoded<Want>(bytes, "want", [](JsonObject& f, Want& w) {
    for (const json& entry : f.list("blobs")) {
      JsonObject b(entry, "want, blobs");
      w.blobs.push_back({b.sha256("sha256"), b.number("size_bytes"), b.number("have_bytes"), b.flag("resend")});
      if (b.whole() && w.blobs.back().have_bytes > w.blobs.back().size_bytes) b.complain("have_bytes is above size_bytes");
      f.adopt(b);
    }
    w.done = f.texts("done");
  });
}

Result<Unavailable> decode_unavailable(ByteView bytes) {
  return decoded<Unavailable>(bytes, "unavailable", [](JsonObject& f, Unavailable& u) {
    u.sha256 = f.sha256("sha256");
    u.reason = f.text("reason");
  });
}

Result<DeclarationsDown> decode_declarations(ByteView bytes) {
  return decoded<DeclarationsDown>(bytes, "declarations", [](JsonObject& f, DeclarationsDown& down) {
    down.version = f.number("version");
    std::size_t index = 0;
    for (const json& entry : f.list("declarations")) down.declarations.push_back(read_declaration(f, entry, index++));
  });
}

Result<WatchListDown> decode_watch_list(ByteView bytes) {
  return decoded<WatchListDown>(bytes, "watch_list", [](JsonObject& f, WatchListDown& w) {
    w.version = f.number("version");
    w.name = f.text("name");
    w.plates = f.texts("plates");
  });
}

}  // namespace rampa::sync
