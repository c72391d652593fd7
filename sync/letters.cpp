#include "sync/letters.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "sync/frame.hpp"
#include "sync/json_object.hpp"

namespace rampa::sync {
namespace {

json to_json(const FieldValue& value) {
  return std::visit([](const auto& v) { return json(v); }, value);
}

json to_json(const Declaration& d) {
  json goods = json::array();
  for (const GoodsItem& item : d.goods) {
    json& one = goods.emplace_back(json{{"hs_code", item.hs_code}, {"origin", item.origin}, {"description", item.description}});
    if (item.gross_kg) one["gross_kg"] = *item.gross_kg;
    if (item.value_eur) one["value_eur"] = *item.value_eur;
  }
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
    auto fact = field_value(value);
    if (!fact) return fields.complain("more." + name + no_field_value);
    out[name] = std::move(*fact);
  }
}

/// Optional keys of a declaration may be absent: HQ's sources differ in what they know.
Declaration read_declaration(JsonObject& fields) {
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
    fields.each_numbered("goods", "declaration " + d.reference + ", goods", [&](JsonObject& item) {
      GoodsItem& goods = d.goods.emplace_back();
      goods.hs_code = item.text("hs_code");
      goods.origin = item.text("origin");
      if (item.has("gross_kg")) goods.gross_kg = item.signed_number("gross_kg");
      if (item.has("value_eur")) goods.value_eur = item.signed_number("value_eur");
      if (item.has("description")) goods.description = item.text("description");
    });
  if (fields.has("more")) read_more(fields, fields.object("more"), d.more);
  if (const auto trouble = too_much(d); !trouble.empty()) fields.complain(trouble);
  return d;
}

/// It goes onto screens and into notes of one line.
bool one_line(const std::string& text, std::size_t least) {
  return text.size() >= least && text.size() <= 200 && std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

}  // namespace

Bytes encode(const DeclarationsLetter& letter) {
  json list = json::array();
  for (const Declaration& d : letter.declarations) list.push_back(to_json(d));
  return payload_of({{"declarations", std::move(list)}});
}

Bytes encode(const WatchListLetter& w) {
  if (w.file) return payload_of({{"name", w.name}, {"sha256", w.file->sha256}, {"size_bytes", w.file->size_bytes}});
  return payload_of({{"name", w.name}, {"plates", w.plates}});
}

Bytes encode(const BundleLetter& b) { return payload_of({{"name", b.name}, {"sha256", b.sha256}, {"size_bytes", b.size_bytes}}); }

Bytes encode(const CommandLetter& c) { return payload_of({{"command", c.command}, {"argument", c.argument}, {"by", c.by}}); }

Bytes encode(const ReferralAnswerLetter& a) { return payload_of({{"crossing", a.crossing.text}, {"answer", a.answer}, {"text", a.text}, {"who", a.who}}); }

Bytes encode(const CodeListLetter& l) {
  json codes = json::array();
  for (const CodeListLetter::Code& c : l.codes) codes.push_back({{"code", c.code}, {"texts", c.texts}});
  return payload_of({{"name", l.name}, {"version", l.version}, {"codes", std::move(codes)}});
}

Bytes encode(const ReferenceImageLetter& r) {
  json object = {{"name", r.name}, {"sha256", r.sha256}, {"size_bytes", r.size_bytes}, {"media_type", r.media_type}, {"note", r.note}, {"by", r.by}};
  if (r.media_type == scan_type) object["width_px"] = r.width_px, object["height_px"] = r.height_px;
  for (const auto& [key, value] : {std::pair{"crossing", &r.crossing}, {"container", &r.container}, {"plate", &r.plate}})
    if (!value->empty()) object[key] = *value;
  return payload_of(std::move(object));
}

std::string_view picture_type_of(ByteView head) {
  constexpr std::uint8_t jpeg[] = {0xff, 0xd8, 0xff}, png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  const auto begins = [&](ByteView with) { return head.size() > with.size() && std::equal(with.begin(), with.end(), head.begin()); };
  return begins(jpeg) ? jpeg_type : begins(png) ? png_type : std::string_view{};
}

Result<ReferenceImageLetter> decode_reference_image(ByteView bytes) {
  return decoded<ReferenceImageLetter>(bytes, "reference_image", [](JsonObject& f, ReferenceImageLetter& r) {
    r.name = f.text("name");
    r.sha256 = f.sha256("sha256");
    r.size_bytes = f.number("size_bytes");
    r.media_type = f.text("media_type");
    r.note = f.text("note");
    r.by = f.text("by");
    std::size_t named = 0;
    for (const auto& [key, into] : {std::pair{"crossing", &r.crossing}, {"container", &r.container}, {"plate", &r.plate}}) {
      if (!f.has(key)) continue;
      *into = f.text(key);
      ++named;
      if (f.whole() && !one_line(*into, 1)) f.complain(std::string(key) + " is not 1 to 200 bytes on one line");
    }
    if (f.whole() && named != 1) f.complain("it is for one crossing, container or plate; it names " + std::to_string(named) + " of them");
    if (f.whole() && (!one_line(r.name, 1) || !one_line(r.by, 1))) f.complain("name or by is not 1 to 200 bytes on one line");
    if (f.whole() && r.note.size() > 1000) f.complain("note is longer than 1000 bytes");
    if (f.whole() && (r.size_bytes == 0 || r.size_bytes > reference_image_bytes_max))
      f.complain("the picture has " + std::to_string(r.size_bytes) + " bytes; a post takes 1 to " + std::to_string(reference_image_bytes_max));
    if (f.whole() && std::find(picture_types.begin(), picture_types.end(), r.media_type) == picture_types.end())
      f.complain("media_type is " + r.media_type + "; a post takes image/jpeg, image/png and scans (" + std::string(scan_type) + ")");
    if (!f.whole() || r.media_type != scan_type) return;
    const std::uint64_t width = f.number("width_px"), height = f.number("height_px");
    if (f.whole() && (width == 0 || width > reference_image_bytes_max || height > reference_image_bytes_max || width * height * 2 != r.size_bytes))
      f.complain("a scan of " + std::to_string(width) + " x " + std::to_string(height) + " pixels of 16 bits has other than " + std::to_string(r.size_bytes) + " bytes");
    r.width_px = static_cast<std::uint32_t>(width);
    r.height_px = static_cast<std::uint32_t>(height);
  });
}

Result<ReferralAnswerLetter> decode_referral_answer(ByteView bytes) {
  return decoded<ReferralAnswerLetter>(bytes, "referral_answer", [](JsonObject& f, ReferralAnswerLetter& a) {
    a.crossing.text = f.text("crossing");
    a.answer = f.text("answer");
    a.text = f.text("text");
    a.who = f.text("who");
    if (f.whole() && a.answer != "release" && a.answer != "hold" && a.answer != "control") f.complain("answer is neither release, hold nor control");
    if (f.whole() && a.text.size() > 1000) f.complain("text is longer than 1000 bytes");
    if (f.whole() && (!one_line(a.who, 1) || !one_line(a.crossing.text, 1))) f.complain("who or crossing is not 1 to 200 bytes on one line");
  });
}

Result<CodeListLetter> decode_code_list(ByteView bytes) {
  if (bytes.size() > code_list_bytes_max) return fail(ErrorCode::invalid, "code_list: it is larger than " + std::to_string(code_list_bytes_max) + " bytes");
  return decoded<CodeListLetter>(bytes, "code_list", [](JsonObject& f, CodeListLetter& l) {
    l.name = f.text("name");
    l.version = f.number("version");
    if (f.whole() && !usable_as_name(l.name)) f.complain("name is not 1 to 48 letters, digits, - or _");
    if (f.whole() && l.version == 0) f.complain("version is 0");
    std::set<std::string> seen;
    f.each_numbered("codes", "code_list, codes", [&](JsonObject& code) {
      CodeListLetter::Code& one = l.codes.emplace_back();
      one.code = code.text("code");
      const json& texts = code.object("texts");
      if (!texts.is_object()) code.complain("texts is not an object");
      else
        for (const auto& [language, text] : texts.items()) {
          if (!text.is_string()) code.complain("texts." + language + " is not a text");
          else one.texts[language] = text.get<std::string>();
        }
      if (code.whole() && !one_line(one.code, 1)) code.complain("code is not 1 to 200 bytes on one line");
      if (code.whole() && !seen.insert(one.code).second) code.complain("code " + one.code + " stands twice");
    });
    if (l.codes.size() > codes_max) f.complain("it has more than " + std::to_string(codes_max) + " codes");
  });
}

Result<CommandLetter> decode_command(ByteView bytes) {
  return decoded<CommandLetter>(bytes, "command", [](JsonObject& f, CommandLetter& c) {
    c.command = f.text("command");
    if (f.has("argument")) c.argument = f.text("argument");
    c.by = f.text("by");
    for (const auto& [name, text, least] : {std::tuple<const char*, const std::string*, std::size_t>{"command", &c.command, 1}, {"argument", &c.argument, 0}, {"by", &c.by, 1}})
      if (f.whole() && !one_line(*text, least)) f.complain(std::string(name) + " is not " + std::to_string(least) + " to 200 bytes on one line");
    if (f.whole() && c.command == "look_for_image" && !parse_sha256(c.argument)) f.complain("argument is not 64 lower-case hex digits");
  });
}

Result<BundleLetter> decode_bundle(ByteView bytes) {
  return decoded<BundleLetter>(bytes, "bundle", [](JsonObject& f, BundleLetter& b) {
    b.name = f.text("name");
    b.sha256 = f.sha256("sha256");
    b.size_bytes = f.number("size_bytes");
    if (f.whole() && (b.size_bytes == 0 || b.size_bytes > blob_bytes_max)) f.complain("size_bytes is out of range");
  });
}

Result<DeclarationsLetter> decode_declarations(ByteView bytes) {
  return decoded<DeclarationsLetter>(bytes, "declarations", [](JsonObject& f, DeclarationsLetter& letter) {
    f.each_numbered("declarations", "declarations", [&](JsonObject& d) { letter.declarations.push_back(read_declaration(d)); });
  });
}

Result<WatchListLetter> decode_watch_list(ByteView bytes) {
  return decoded<WatchListLetter>(bytes, "watch_list", [](JsonObject& f, WatchListLetter& w) {
    w.name = f.text("name");
    // It goes into facts, onto screens and into notes of one line.
    const bool printable = std::none_of(w.name.begin(), w.name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
    if (f.whole() && (w.name.empty() || w.name.size() > 200 || !printable || w.name.find_first_of("()") != std::string::npos))
      f.complain("name is not 1 to 200 bytes on one line, without brackets");
    if (f.has("plates") && f.has("sha256")) f.complain("it has plates and a built list (sha256); send one of them");
    if (!f.has("sha256")) {
      w.plates = f.texts("plates");
      return;
    }
    w.file = WatchListLetter::File{f.sha256("sha256"), f.number("size_bytes")};
    if (f.whole() && (w.file->size_bytes == 0 || w.file->size_bytes > built_list_bytes_max))
      f.complain("size_bytes is " + std::to_string(w.file->size_bytes) + "; a built list has 1 to " + std::to_string(built_list_bytes_max));
  });
}

}  // namespace rampa::sync
