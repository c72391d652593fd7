#include "edge/api/json_input.hpp"

#include <nlohmann/json.hpp>
#include <set>

namespace rampa::api {

using Json = nlohmann::json;

struct JsonInput::Tree {
  Json json;
  std::string path;
  std::set<std::string, std::less<>> asked;
  std::string wrong;

  const Json* find(std::string_view key) {
    asked.emplace(key);
    const auto it = json.find(key);
    return it == json.end() || it->is_null() ? nullptr : &*it;
  }
};

JsonInput::JsonInput(std::unique_ptr<Tree> tree) : tree_(std::move(tree)) {}
JsonInput::JsonInput(JsonInput&&) noexcept = default;
JsonInput& JsonInput::operator=(JsonInput&&) noexcept = default;
JsonInput::~JsonInput() = default;

Result<JsonInput> JsonInput::parse(std::string_view text, int depth_max) {
  struct Refused { std::string why; };
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  const Json::parser_callback_t check = [&](int depth, Json::parse_event_t event, Json& value) {
    if (depth > depth_max) throw Refused{"deeper than " + std::to_string(depth_max) + " levels"};
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    else if (event == Json::parse_event_t::object_end) keys.pop_back();
    else if (event == Json::parse_event_t::key && !keys.back().insert(value.get<std::string>()).second)
      throw Refused{"key twice: " + value.get<std::string>()};
    return true;
  };
  try {
    auto tree = std::make_unique<Tree>();
    tree->json = Json::parse(text, check);
    if (!tree->json.is_object()) return fail(ErrorCode::invalid, "not a JSON object");
    return JsonInput(std::move(tree));
  } catch (const Refused& e) {
    return fail(ErrorCode::invalid, e.why);
  } catch (const Json::exception& e) {
    return fail(ErrorCode::invalid, std::string("not JSON: ") + e.what());
  }
}

void JsonInput::complain(std::string_view key, std::string_view wrong) {
  if (tree_->wrong.empty()) tree_->wrong = tree_->path + std::string(key) + ": " + std::string(wrong);
}

std::string JsonInput::text(std::string_view key, std::size_t shortest, std::size_t longest) {
  const Json* found = tree_->find(key);
  if (!found || !found->is_string()) {
    complain(key, found ? "must be text" : "is missing");
    return {};
  }
  auto value = found->get<std::string>();
  if (value.size() < shortest || value.size() > longest) {
    complain(key, "must have " + std::to_string(shortest) + " to " + std::to_string(longest) + " bytes");
    return {};
  }
  for (const char c : value)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      complain(key, "must not hold control characters");
      return {};
    }
  return value;
}

std::string JsonInput::text_or(std::string_view key, std::string otherwise, std::size_t longest) {
  return tree_->find(key) ? text(key, 0, longest) : otherwise;
}

std::string JsonInput::word(std::string_view key, const std::vector<std::string_view>& allowed) {
  std::string value = text(key, 1, 64);
  std::string list;
  for (const auto& one : allowed) {
    if (value == one) return value;
    list += (list.empty() ? "" : ", ") + std::string(one);
  }
  complain(key, "must be one of " + list);
  return {};
}

std::int64_t JsonInput::integer(std::string_view key, std::int64_t least, std::int64_t most) {
  if (!tree_->find(key)) complain(key, "is missing");
  return integer_if(key, least, most).value_or(least);
}

std::optional<std::int64_t> JsonInput::integer_if(std::string_view key, std::int64_t least, std::int64_t most) {
  const Json* found = tree_->find(key);
  if (!found) return std::nullopt;
  const bool in_range = found->is_number_unsigned()
                            ? found->get<std::uint64_t>() <= static_cast<std::uint64_t>(INT64_MAX)
                            : found->is_number_integer();
  if (in_range) {
    const auto value = found->get<std::int64_t>();
    if (value >= least && value <= most) return value;
  }
  complain(key, "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return std::nullopt;
}

std::optional<bool> JsonInput::flag_if(std::string_view key) {
  const Json* found = tree_->find(key);
  if (!found) return std::nullopt;
  if (!found->is_boolean()) {
    complain(key, "must be true or false");
    return std::nullopt;
  }
  return found->get<bool>();
}

bool JsonInput::has(std::string_view key) const { return tree_->json.contains(key); }

std::optional<JsonInput> JsonInput::object_if(std::string_view key) {
  const Json* found = tree_->find(key);
  if (!found) return std::nullopt;
  if (!found->is_object()) {
    complain(key, "must be an object");
    return std::nullopt;
  }
  auto tree = std::make_unique<Tree>();
  tree->json = *found;
  tree->path = tree_->path + std::string(key) + ".";
  return JsonInput(std::move(tree));
}

std::vector<JsonInput> JsonInput::objects(std::string_view key) {
  std::vector<JsonInput> list;
  const Json* found = tree_->find(key);
  if (!found || !found->is_array()) {
    complain(key, "must be a list");
    return list;
  }
  for (const auto& item : *found) {
    auto tree = std::make_unique<Tree>();
    tree->path = tree_->path + std::string(key) + "[" + std::to_string(list.size()) + "].";
    if (item.is_object()) tree->json = item;
    else complain(tree->path, "must be an object");
    list.push_back(JsonInput(std::move(tree)));
  }
  return list;
}

std::vector<std::string> JsonInput::texts_or_none(std::string_view key, std::size_t most, std::size_t longest) {
  std::vector<std::string> list;
  const Json* found = tree_->find(key);
  if (!found) return list;
  const std::string allowed = "must be a list of at most " + std::to_string(most) + " texts of 1 to " + std::to_string(longest) + " bytes without control characters";
  if (!found->is_array() || found->size() > most) {
    complain(key, allowed);
    return list;
  }
  for (const auto& item : *found) {
    std::string value = item.is_string() ? item.get<std::string>() : std::string{};
    bool fine = !value.empty() && value.size() <= longest;
    for (const char c : value) fine = fine && static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
    if (fine) list.push_back(std::move(value));
    else complain(key, allowed);
  }
  return list;
}

Result<void> JsonInput::finish() const {
  if (!tree_->wrong.empty()) return fail(ErrorCode::invalid, tree_->wrong);
  if (tree_->json.is_object())
    for (const auto& [key, value] : tree_->json.items())
      if (!tree_->asked.contains(key)) return fail(ErrorCode::invalid, tree_->path + key + ": unknown key");
  return {};
}

}  // namespace rampa::api
