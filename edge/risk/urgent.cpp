#include "edge/risk/urgent.hpp"

#include <algorithm>

#include "edge/crossing/canonical_json.hpp"
#include "edge/risk/container_code.hpp"
#include "edge/risk/plate_text.hpp"

namespace rampa::risk {

namespace {

constexpr std::size_t misread_characters_max = 2;

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  return first == std::string_view::npos ? std::string{} : std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

/// Upper case, without white space: how numbers are written into declarations, whoever spelt them out.
std::string packed(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != ' ' && c != '\t') out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return out;
}

void each_once(std::vector<std::string>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

/// The plate and all that a camera may make of it by confusing up to `left` of its characters from `from` on.
void misreadings(std::string plate, std::size_t from, std::size_t left, std::vector<std::string>& out) {
  out.push_back(plate);
  if (left == 0) return;
  for (std::size_t i = from; i < plate.size(); ++i) {
    const char true_one = plate[i];
    for (const char c : std::string_view("0ODQ1I2Z5S8B6G")) {
      if (c == true_one || folded(c) != folded(true_one)) continue;
      plate[i] = c;
      misreadings(plate, i + 1, left - 1, out);
    }
    plate[i] = true_one;
  }
}

Condition one_of(const char* field, Operator op, std::vector<std::string> values) {
  Condition c;
  c.kind = Condition::Kind::test;
  c.field = field;
  c.op = op;
  each_once(values);
  c.texts = std::move(values);
  return c;
}

Condition is_there(const char* field, bool there) {
  Condition c;
  c.kind = Condition::Kind::test;
  c.field = field;
  c.op = Operator::exists;
  c.flag = there;
  return c;
}

Condition group(Condition::Kind kind, std::vector<Condition> parts) {
  Condition c;
  c.kind = kind;
  c.parts = std::move(parts);
  return c;
}

/// Where the fact is there, it is one of these.
Condition where_there(const char* field, const std::vector<std::string>& values) {
  return group(Condition::Kind::all, {is_there(field, true), one_of(field, Operator::in, values)});
}

/// One of these facts is one of these values. Undetermined where it is not and none of `telling` is there: whoever says nothing does not say no.
Condition shown_by(const std::vector<const char*>& fields, const std::vector<const char*>& telling, const std::vector<std::string>& values) {
  std::vector<Condition> any, silent, asked;
  for (const char* field : fields) any.push_back(where_there(field, values));
  for (const char* field : telling) {
    silent.push_back(is_there(field, false));
    asked.push_back(one_of(field, Operator::in, {values.front()}));  // any value: the fact is not there
  }
  silent.push_back(group(Condition::Kind::any, std::move(asked)));
  any.push_back(group(Condition::Kind::all, std::move(silent)));
  return group(Condition::Kind::any, std::move(any));
}

std::vector<std::string> as_cameras_may_read(const std::vector<std::string>& plates) {
  std::vector<std::string> read;
  for (const auto& plate : plates) misreadings(plate, 0, misread_characters_max, read);
  each_once(read);
  return read;
}

/// As typed, and as it is usually written.
std::vector<std::string> both_ways(const std::vector<std::string>& values) {
  std::vector<std::string> out = values;
  for (const auto& value : values) out.push_back(packed(value));
  each_once(out);
  return out;
}

}  // namespace

Result<UrgentTip> normal_tip(const UrgentTip& typed) {
  UrgentTip out;
  std::string findings;
  const auto field = [&](const char* name, const std::vector<std::string>& values, std::vector<std::string>& to, auto one) {
    if (values.size() > urgent_values_max)
      findings += std::string(name) + ": more than " + std::to_string(urgent_values_max) + " values; make two profiles\n";
    for (std::size_t i = 0; i < values.size() && i < urgent_values_max; ++i) {
      const std::string at = std::string(name) + "[" + std::to_string(i) + "]: ";
      Result<std::string> value = values[i].size() > 64 ? Result<std::string>(fail(ErrorCode::invalid, "is too long; at most 64 bytes")) : one(values[i]);
      if (value) to.push_back(std::move(*value));
      else findings += at + value.error().what + "\n";
    }
    each_once(to);
  };
  using Text = Result<std::string>;
  const auto whole_plate = [](const std::string& text) -> Text {
    auto plate = normal_plate(text);
    if (!plate) return fail(ErrorCode::invalid, plate.error().what + "; write it as it stands on the vehicle");
    if (plate->size() < 3 || plate->size() > 14) return fail(ErrorCode::invalid, "is no whole plate; 3 to 14 letters and digits");
    return plate;
  };
  field("plates", typed.plates, out.plates, whole_plate);
  field("trailers", typed.trailers, out.trailers, whole_plate);
  field("containers", typed.containers, out.containers, [](const std::string& text) -> Text {
    const std::string code = normalise_container_code(text);
    if (!is_container_code(code)) return fail(ErrorCode::invalid, "is no container code, or its check digit does not fit; have it read again: four letters and seven digits");
    return code;
  });
  const auto word = [](const std::string& text) -> Text {
    std::string value = trimmed(text);
    if (value.size() < 3) return fail(ErrorCode::invalid, "is too short to mean one; at least 3 characters");
    return value;
  };
  field("operators", typed.operators, out.operators, word);
  field("documents", typed.documents, out.documents, word);
  field("goods_prefixes", typed.goods_prefixes, out.goods_prefixes, [](const std::string& text) -> Text {
    std::string digits;
    for (const char c : text)
      if (c != ' ' && c != '.') digits += c;
    if (digits.size() < 4 || digits.size() > 10 || digits.find_first_not_of("0123456789") != std::string::npos)
      return fail(ErrorCode::invalid, "is no beginning of a goods code; 4 to 10 digits");
    return digits;
  });
  if (findings.empty() && out == UrgentTip{}) findings = "tip: is empty; name a plate, a trailer, a container, an operator, a document or a goods code\n";
  if (findings.empty()) return out;
  findings.pop_back();
  return fail(ErrorCode::invalid, findings);
}

const std::vector<UrgentField>& urgent_fields() {
  static const std::vector<UrgentField> fields{
      {"plates", &UrgentTip::plates, {"plate_front", "plate_rear"}, {"tractor", "trailer"}},
      {"trailers", &UrgentTip::trailers, {"plate_front", "plate_rear"}, {"tractor", "trailer"}},
      {"containers", &UrgentTip::containers, {"container_code"}, {"container"}},
      {"operators", &UrgentTip::operators, {}, {"parties"}},
      {"documents", &UrgentTip::documents, {}, {"reference"}},
      {"goods_prefixes", &UrgentTip::goods_prefixes, {}, {"goods"}},
  };
  return fields;
}

Condition condition_of(const UrgentTip& tip) {
  using enum Condition::Kind;
  std::vector<Condition> parts;
  // Lanes read the front plate, so one that was not read is worth a look whatever was declared. Of a trailer or container either says enough.
  const std::vector<const char*> plates{"vehicle.plates", "declaration.tractor", "declaration.trailer"};
  const std::vector<const char*> containers{"evidence.containers", "declaration.container"};
  if (!tip.plates.empty()) parts.push_back(shown_by(plates, {"vehicle.plate"}, as_cameras_may_read(tip.plates)));
  if (!tip.trailers.empty()) parts.push_back(shown_by(plates, {"vehicle.trailer", "declaration.trailer"}, as_cameras_may_read(tip.trailers)));
  if (!tip.containers.empty()) parts.push_back(shown_by(containers, containers, tip.containers));
  // A declaration that leaves out a carrier is complete; one that names nobody is not.
  if (!tip.operators.empty()) {
    const std::vector<const char*> parties{"declaration.consignor", "declaration.consignee", "declaration.declarant", "declaration.carrier"};
    parts.push_back(shown_by(parties, parties, both_ways(tip.operators)));
  }
  if (!tip.documents.empty()) parts.push_back(one_of("declaration.references", Operator::in, both_ways(tip.documents)));
  if (!tip.goods_prefixes.empty()) parts.push_back(group(any_item, {one_of("goods.hs_code", Operator::prefix, tip.goods_prefixes)}));
  return canonical(group(all, std::move(parts)));
}

std::string urgent_profile_json(const UrgentOrder& order) {
  const bool red = order.channel == SelectivityChannel::red;
  return "{\"id\":" + canonical_string(order.id) + ",\"version\":1,\"owner\":" + canonical_string(order.post) + ",\"title\":\"Urgent profile of the post\",\"channel\":\"" +
         std::string(name_of(order.channel)) + "\",\"controls\":[\"" + (red ? "physical" : "documents") + "\"],\"instruction\":" + canonical_string(order.instruction) +
         ",\"security\":true,\"when\":" + to_json(condition_of(order.tip)) + "}";
}

std::string with_urgent(std::string_view set_json, const std::vector<std::string>& profiles) {
  std::string out(set_json.substr(0, set_json.rfind('}')));
  out += ",\"urgent\":[";
  for (std::size_t i = 0; i < profiles.size(); ++i) out += (i ? "," : "") + profiles[i];
  return out + "]}";
}

}  // namespace rampa::risk
