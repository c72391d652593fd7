#include "edge/crossing/record_json.hpp"

#include <nlohmann/json.hpp>
#include <type_traits>

#include "edge/crossing/record_fields.hpp"

namespace rampa {
namespace {

using Json = nlohmann::json;  // objects keep their keys sorted, so equal records give equal bytes
using record_fields::EnumWords;

template <class A, class T>
concept HasFields = requires(A& a, T& x) { record_fields::fields(a, x); };

// ---- writing ------------------------------------------------------------------------------------------------------

class Writer {
 public:
  Json open = Json::object();
  Json secret = Json::object();

  template <class T>
  void operator()(const char* name, T& value) {
    if constexpr (std::is_same_v<T, CaptureBody>) {
      Writer inner;
      std::visit([&](auto& body) { record_fields::fields(inner, body); }, value);
      inner.open["kind"] = record_fields::capture_kinds[value.index()];
      take(name, inner);
    } else if constexpr (HasFields<Writer, T>) {
      Writer inner;
      record_fields::fields(inner, value);
      take(name, inner);
    } else {
      open[name] = plain(value);
    }
  }
  template <class T>
  void personal(const char* name, T& value) { secret[name] = plain(value); }

 private:
  void take(const char* name, Writer& inner) {
    open[name] = std::move(inner.open);
    if (!inner.secret.empty()) secret[name] = std::move(inner.secret);
  }

 public:
  static Json plain(const std::string& x) { return x; }
  static Json plain(bool x) { return x; }
  static Json plain(double x) { return x; }
  template <class T>
    requires(std::is_integral_v<T> && !std::is_same_v<T, bool>)
  static Json plain(T x) { return x; }
  template <class E>
    requires std::is_enum_v<E>
  static Json plain(E x) { return EnumWords<E>::words[static_cast<std::size_t>(x)]; }
  template <class Tag>
  static Json plain(const Id<Tag>& x) { return x.text; }
  static Json plain(const WallTime& x) { return x.ms; }
  template <class T>
  static Json plain(const std::optional<T>& x) { return x ? plain(*x) : Json(nullptr); }
  static Json plain(const Fields& fields) {
    Json object = Json::object();
    for (const auto& [name, value] : fields) std::visit([&](const auto& v) { object[name] = v; }, value);
    return object;
  }
  static Json plain(const std::map<std::string, std::string>& texts) { return texts; }
  template <class T>
  static Json plain(const std::vector<T>& list) {
    Json array = Json::array();
    for (const auto& item : list) {
      if constexpr (HasFields<Writer, T>) {  // lists of structs have no personal fields
        Writer inner;
        T copy = item;
        record_fields::fields(inner, copy);
        array.push_back(std::move(inner.open));
      } else {
        array.push_back(plain(item));
      }
    }
    return array;
  }
};

// ---- reading ------------------------------------------------------------------------------------------------------

/// Reads what is there; absent fields keep their defaults; a field of the wrong type is the first error, with its path.
class Reader {
 public:
  Reader(const Json& open, const Json& personal, std::string path, std::string& error)
      : open_(open), personal_(personal), path_(std::move(path)), error_(error) {}

  template <class T>
  void operator()(const char* name, T& value) {
    static const Json none = Json::object();
    auto it = open_.find(name);
    if (it == open_.end()) return;
    if constexpr (std::is_same_v<T, CaptureBody> || HasFields<Reader, T>) {
      if (!it->is_object()) return complain(name, "an object");
      auto p = personal_.find(name);
      Reader inner(*it, p != personal_.end() && p->is_object() ? *p : none, path_ + name + ".", error_);
      if constexpr (std::is_same_v<T, CaptureBody>) {
        if (!read_capture(*it, inner, value)) complain(name, "a known capture kind");
      } else {
        record_fields::fields(inner, value);
      }
    } else if (!plain(*it, value)) {
      complain(name, "another type");
    }
  }
  template <class T>
  void personal(const char* name, T& value) {
    auto it = personal_.find(name);
    if (it == personal_.end()) {
      it = open_.find(name);  // it was open once
      if (it == open_.end()) return;
    }
    if (!plain(*it, value)) complain(name, "another type");
  }

  static bool read_capture(const Json& object, Reader& inner, CaptureBody& value) {
    const std::string kind = object.value("kind", "");
    return emplace_named<CaptureBody>(kind, record_fields::capture_kinds, value,
                                      [&](auto& body) { record_fields::fields(inner, body); });
  }

  /// Makes the alternative of a variant whose word is `kind`.
  template <class V, std::size_t N, class F, std::size_t I = 0>
  static bool emplace_named(const std::string& kind, const std::string_view (&words)[N], V& value, F&& fill) {
    if constexpr (I == N) {
      return false;
    } else {
      if (kind != words[I]) return emplace_named<V, N, F, I + 1>(kind, words, value, std::forward<F>(fill));
      fill(value.template emplace<I>());
      return true;
    }
  }

 private:
  void complain(const char* name, const char* wanted) {
    if (error_.empty()) error_ = path_ + name + ": expected " + wanted;
  }

  static bool plain(const Json& j, std::string& x) { return j.is_string() && (j.get_to(x), true); }
  static bool plain(const Json& j, bool& x) { return j.is_boolean() && (j.get_to(x), true); }
  static bool plain(const Json& j, double& x) { return j.is_number() && (j.get_to(x), true); }
  template <class T>
    requires(std::is_integral_v<T> && !std::is_same_v<T, bool>)
  static bool plain(const Json& j, T& x) { return j.is_number_integer() && (j.get_to(x), true); }
  template <class E>
    requires std::is_enum_v<E>
  static bool plain(const Json& j, E& x) {
    if (!j.is_string()) return false;
    const auto& words = EnumWords<E>::words;
    for (std::size_t i = 0; i < std::size(words); ++i)
      if (j.get_ref<const std::string&>() == words[i]) return x = static_cast<E>(i), true;
    return false;
  }
  template <class Tag>
  static bool plain(const Json& j, Id<Tag>& x) { return plain(j, x.text); }
  static bool plain(const Json& j, WallTime& x) { return plain(j, x.ms); }
  template <class T>
  static bool plain(const Json& j, std::optional<T>& x) {
    if (j.is_null()) return x.reset(), true;
    return plain(j, x.emplace());
  }
  static bool plain(const Json& j, Fields& fields) {
    if (!j.is_object()) return false;
    for (const auto& [name, v] : j.items()) {
      if (v.is_boolean()) fields[name] = v.get<bool>();
      else if (v.is_number_integer()) fields[name] = v.get<std::int64_t>();
      else if (v.is_string()) fields[name] = v.get<std::string>();
      else if (v.is_array()) {
        std::vector<std::string> list;
        if (!plain(v, list)) return false;
        fields[name] = std::move(list);
      } else return false;
    }
    return true;
  }
  static bool plain(const Json& j, std::map<std::string, std::string>& texts) {
    if (!j.is_object()) return false;
    for (const auto& [name, v] : j.items())
      if (!plain(v, texts[name])) return false;
    return true;
  }
  template <class T>
  static bool plain(const Json& j, std::vector<T>& list) {
    if (!j.is_array()) return false;
    static const Json none = Json::object();
    for (const auto& item : j) {
      if constexpr (HasFields<Reader, T>) {
        std::string error;
        if (!item.is_object()) return false;
        Reader inner(item, none, "", error);
        record_fields::fields(inner, list.emplace_back());
        if (!error.empty()) return false;
      } else if (T x{}; plain(item, x)) {
        list.push_back(std::move(x));
      } else {
        return false;
      }
    }
    return true;
  }

  const Json& open_;
  const Json& personal_;
  std::string path_;
  std::string& error_;
};

}  // namespace

std::string_view kind_of(const RecordBody& body) { return record_fields::kinds[body.index()]; }

RecordText encode(const RecordBody& body) {
  Writer writer;
  RecordBody copy = body;
  std::visit([&](auto& b) { record_fields::fields(writer, b); }, copy);
  writer.open["kind"] = kind_of(body);
  return {writer.open.dump(-1, ' ', false, Json::error_handler_t::replace),
          writer.secret.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

Result<RecordBody> decode(const std::string& open, const std::string& personal) {
  const Json o = Json::parse(open, nullptr, false);
  const Json p = personal.empty() ? Json::object() : Json::parse(personal, nullptr, false);
  if (!o.is_object()) return fail(ErrorCode::invalid, "record: the open part is not a JSON object");
  if (!p.is_object()) return fail(ErrorCode::invalid, "record: the personal part is not a JSON object");
  auto kind = o.find("kind");
  if (kind == o.end() || !kind->is_string()) return fail(ErrorCode::invalid, "record: kind is missing");
  RecordBody body;
  std::string error;
  Reader reader(o, p, "", error);
  if (!Reader::emplace_named<RecordBody>(kind->get<std::string>(), record_fields::kinds, body,
                                         [&](auto& b) { record_fields::fields(reader, b); }))
    return fail(ErrorCode::invalid, "record: unknown kind '" + kind->get<std::string>() + "' (written by a newer Rampa?)");
  if (!error.empty()) return fail(ErrorCode::invalid, "record: " + error);
  return body;
}

std::string encode(const Assessment& assessment) {
  Writer writer;
  Assessment copy = assessment;
  record_fields::fields(writer, copy);
  writer.open.update(writer.secret);
  return writer.open.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace rampa
