#include <zstd.h>

#include "sync/bundle/compression.hpp"
#include "tests/unit/bundle/vectors.hpp"

namespace rampa::tests {

using bundle::Reason;

namespace {

using Kind = Scene::Kind;

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  if (at == std::string::npos) throw std::logic_error("the vector does not find " + from);
  return text.replace(at, from.size(), to);
}

/// Bytes of the target as they are to be sent, correctly listed and hashed: what is wrong is inside.
void send(Scene& s, const std::string& text, std::size_t item = 0) {
  s.items[item].bytes = text;
  s.items[item].relist(text);
}
Json& custom(Scene& s) { return s.items[0].listed["custom"]; }

void container(Vectors& all) {
  const auto whole = [&](const std::string& name, Reason reason, std::function<void(std::string&)> spoil, const std::string& where = "bundle") {
    all.push_back({"container: " + name, Kind::set, [spoil](Scene& s) { s.whole = spoil; }, reason, where});
  };
  using Named = std::vector<std::pair<std::string, std::string>>;
  const auto parts = [&](const std::string& name, Reason reason, std::function<void(Named&)> spoil, Kind kind = Kind::set, const std::string& where = "bundle") {
    all.push_back({"container: " + name, kind, [spoil](Scene& s) { s.parts = spoil; }, reason, where});
  };
  whole("empty", Reason::truncated, [](std::string& b) { b.clear(); });
  whole("a page of the web", Reason::not_a_bundle, [](std::string& b) { b = "<!doctype html><title>Log in</title>"; });
  whole("another version", Reason::not_a_bundle, [](std::string& b) { b[13] = '2'; });
  whole("zeros", Reason::not_a_bundle, [](std::string& b) { b.assign(b.size(), '\0'); });
  whole("first line alone", Reason::truncated, [](std::string& b) { b.resize(15); });
  whole("half of the first line", Reason::truncated, [](std::string& b) { b.resize(7); });
  for (int part = 1; part < 20; ++part)
    whole("cut at " + std::to_string(5 * part) + " %", Reason::truncated, [part](std::string& b) { b.resize(b.size() * static_cast<std::size_t>(part) / 20); });
  for (const std::size_t less : {1u, 2u, 3u, 4u, 5u})
    whole("lacks the last " + std::to_string(less) + " bytes", Reason::truncated, [less](std::string& b) { b.resize(b.size() - less); });
  whole("a byte after the end", Reason::trailing_bytes, [](std::string& b) { b += '\n'; });
  whole("twice the bundle", Reason::trailing_bytes, [](std::string& b) { b += std::string(b); });
  whole("length with a leading zero", Reason::bad_part_name, [](std::string& b) { b = replaced(b, "timestamp.json ", "timestamp.json 0"); });
  whole("length with a sign", Reason::bad_part_name, [](std::string& b) { b = replaced(b, "timestamp.json ", "timestamp.json -"); });
  whole("length in words", Reason::bad_part_name, [](std::string& b) { b = replaced(b, "timestamp.json ", "timestamp.json x"); });
  whole("length of 17 digits", Reason::bad_part_name, [](std::string& b) { b = replaced(b, "timestamp.json ", "timestamp.json 99999999999999"); });
  whole("length of a petabyte", Reason::too_large, [](std::string& b) { b = replaced(b, "timestamp.json ", "timestamp.json 9999999999"); });
  whole("length one less", Reason::bad_part_name, [](std::string& b) {
    const auto at = b.find("timestamp.json ") + 15, end = b.find('\n', at);
    b.replace(at, end - at, std::to_string(std::stoul(b.substr(at, end - at)) - 1));
  });
  whole("a name of 300 letters", Reason::bad_part_name, [](std::string& b) { b = replaced(b, "timestamp.json ", std::string(300, 'a') + " "); });
  whole("a name with a zero byte", Reason::bad_part_name, [](std::string& b) { b = replaced(b, "timestamp.json ", std::string("time\0stamp.json ", 16)); });
  whole("a line without a length", Reason::bad_part_name, [](std::string& b) { b = replaced(b, "timestamp.json ", "timestamp.json\n"); });
  for (const std::string name : {"../trusted/state.json", "/etc/passwd", "trusted/state.json", "state.json", "root.json", "0.root.json", "02.root.json", "-1.root.json", "snapshot.json",
                                 "targets.json", "11.mirrors.json", "targets/../../state.json", "targets/profiles-11", "timestamp.json.new", "1.timestamp.json"})
    parts("a part named " + name, Reason::bad_part_name, [name](Named& p) { p.back().first = name; });
  parts("97 parts", Reason::too_large, [](Named& p) { while (p.size() < 97) p.push_back(p.back()); });
  parts("65 roots", Reason::too_large, [](Named& p) {
    Named more;
    for (int i = 2; i < 67; ++i) more.emplace_back(std::to_string(i) + ".root.json", "{}");
    p.insert(p.begin(), more.begin(), more.end());
  });
  parts("17 targets", Reason::too_large, [](Named& p) { while (p.size() < 20) p.push_back(p.back()); });
  parts("timestamp twice", Reason::part_out_of_order, [](Named& p) { p.insert(p.begin(), p[0]); });
  parts("snapshot twice", Reason::part_out_of_order, [](Named& p) { p.insert(p.begin() + 1, p[1]); });
  parts("targets twice", Reason::part_out_of_order, [](Named& p) { p.insert(p.begin() + 2, p[2]); });
  parts("break-glass record twice", Reason::part_out_of_order, [](Named& p) { p.insert(p.begin() + 3, p[3]); }, Kind::rollback);
  parts("root twice", Reason::part_out_of_order, [](Named& p) { p.insert(p.begin(), p[0]); }, Kind::rotation);
  parts("root after the timestamp", Reason::part_out_of_order, [](Named& p) { std::swap(p[0], p[1]); }, Kind::rotation);
  parts("roots in descending order", Reason::part_out_of_order, [](Named& p) { p.insert(p.begin(), {"3.root.json", p[0].second}); }, Kind::rotation);
  parts("target before the metadata", Reason::part_out_of_order, [](Named& p) { std::rotate(p.begin(), p.end() - 1, p.end()); });
  parts("parts backwards", Reason::part_out_of_order, [](Named& p) { std::reverse(p.begin(), p.end()); });
  parts("an empty part", Reason::truncated, [](Named& p) { p[0].second.clear(); });
  parts("nothing but the target", Reason::part_missing, [](Named& p) { p = {p.back()}; }, Kind::set, "timestamp");
  parts("no parts", Reason::part_missing, [](Named& p) { p.clear(); }, Kind::set, "timestamp");
}

void assignment(Vectors& all) {
  const auto add = [&](const std::string& name, Reason reason, const std::string& where, std::function<void(Scene&)> spoil, Kind kind = Kind::set) {
    all.push_back({"target: " + name, kind, std::move(spoil), reason, where});
  };
  const auto listed = [&](const std::string& name, Reason reason, std::function<void(Json&)> spoil, Kind kind = Kind::set) {
    add(name, reason, "targets", [spoil](Scene& s) { spoil(s.items[0].listed); }, kind);
  };
  add("for another post", Reason::wrong_post, "target", [](Scene& s) { custom(s)["posts"] = {"HR-TOVARNIK"}; });
  add("offered at another post", Reason::wrong_post, "target", [](Scene& s) { s.post = "RS-GRADINA"; });
  add("for no post", Reason::wrong_post, "target", [](Scene& s) { custom(s)["posts"] = Json::array(); });
  add("post in small letters", Reason::wrong_post, "target", [](Scene& s) { custom(s)["posts"] = {"rs-batrovci"}; });
  add("post as a pattern", Reason::wrong_post, "target", [](Scene& s) { custom(s)["posts"] = {"RS-*"}; });
  add("refresh that lists nothing for this post", Reason::wrong_post, "targets", [](Scene& s) { custom(s)["posts"] = {"HR-TOVARNIK"}; }, Kind::refresh);
  add("refresh with a break-glass record", Reason::breakglass_not_needed, "breakglass", [](Scene& s) { s.breakglass = Scene(Kind::rollback).breakglass; }, Kind::refresh);
  add("not listed", Reason::target_not_listed, "target", [](Scene& s) { s.targets["targets"] = Json::object(); });
  add("listed under another name", Reason::target_not_listed, "target", [](Scene& s) { s.targets["targets"] = {{"profiles-12", s.items[0].listed}}; });
  for (const std::string name : {"../state.json", "/etc/passwd", "a/b", ".hidden", "", "a..b", "a b", "-rf", "a:b", "a*"})
    add("named \"" + name + "\"", Reason::bad_target_name, "targets", [name](Scene& s) { s.targets["targets"] = {{name, s.items[0].listed}}; });
  for (const std::string name : {"ä", "a\\b", "a\"b"})
    add("named \"" + name + "\"", Reason::not_canonical, "targets", [name](Scene& s) { s.targets["targets"] = {{name, s.items[0].listed}}; });
  add("name of 101 letters", Reason::bad_target_name, "targets", [](Scene& s) { s.targets["targets"] = {{std::string(101, 'a'), s.items[0].listed}}; });
  add("one byte longer than listed", Reason::length_mismatch, "target", [](Scene& s) { s.items[0].bytes += ' '; });
  add("one byte shorter than listed", Reason::length_mismatch, "target", [](Scene& s) { s.items[0].bytes.pop_back(); });
  add("one bit flipped", Reason::hash_mismatch, "target", [](Scene& s) { s.items[0].bytes[100] ^= 1; });
  add("another file under its hash", Reason::hash_mismatch, "target", [](Scene& s) {
    s.parts = [](auto& p) { p.back().second[100] ^= 1; };
  });
  add("its file under another hash", Reason::hash_mismatch, "target", [](Scene& s) {
    s.parts = [](auto& p) { p.back().first[8] = p.back().first[8] == '0' ? '1' : '0'; };
  });
  add("two sets", Reason::part_out_of_order, "target", [](Scene& s) {
    s.items.push_back(s.items[0]);
    s.items[1].name = "another";
  });
  add("a set and a delta", Reason::part_out_of_order, "target", [](Scene& s) { s.items.push_back(Scene(Kind::delta).items[0]); });
  add("a delta and a set", Reason::part_out_of_order, "target", [](Scene& s) { s.items.push_back(Scene(Kind::set).items[0]); }, Kind::delta);
  listed("without length", Reason::missing_field, [](Json& j) { j.erase("length"); });
  listed("without hashes", Reason::missing_field, [](Json& j) { j.erase("hashes"); });
  listed("without custom", Reason::missing_field, [](Json& j) { j.erase("custom"); });
  listed("a further field", Reason::unknown_field, [](Json& j) { j["mirror"] = "x"; });
  listed("hash by MD5 only", Reason::unknown_algorithm, [](Json& j) { j["hashes"] = {{"md5", "0"}}; });
  listed("length of a petabyte", Reason::bad_field, [](Json& j) { j["length"] = 1ull << 50; });
  listed("length 0", Reason::bad_field, [](Json& j) { j["length"] = 0; });
  for (const std::string key : {"kind", "encoding", "posts", "release", "version", "unpacked_length", "set_hash"})
    listed("without " + key, Reason::missing_field, [key](Json& j) { j["custom"].erase(key); });
  listed("delta without base_hash", Reason::missing_field, [](Json& j) { j["custom"].erase("base_hash"); }, Kind::delta);
  listed("set with base_hash", Reason::unknown_field, [](Json& j) { j["custom"]["base_hash"] = std::string(64, '0'); });
  listed("kind program", Reason::bad_field, [](Json& j) { j["custom"]["kind"] = "program"; });
  listed("encoding gzip", Reason::bad_field, [](Json& j) { j["custom"]["encoding"] = "gzip"; });
  listed("release 0", Reason::bad_field, [](Json& j) { j["custom"]["release"] = 0; });
  listed("posts as text", Reason::bad_field, [](Json& j) { j["custom"]["posts"] = k_post; });
  listed("posts with a number", Reason::bad_field, [](Json& j) { j["custom"]["posts"] = {1}; });
  listed("posts by the thousand", Reason::too_large, [](Json& j) { for (int i = 0; i < 5000; ++i) j["custom"]["posts"].push_back("P" + std::to_string(i)); });
  add("4097 listed", Reason::too_large, "targets", [](Scene& s) {
    s.targets["targets"] = Json::object();
    for (int i = 0; i < 4097; ++i) s.targets["targets"]["t" + std::to_string(i)] = 1;
  });
  // releases
  add("release 9 after 10", Reason::set_rolled_back, "target", [](Scene& s) { custom(s)["release"] = 9; });
  add("release 1 after 10", Reason::set_rolled_back, "target", [](Scene& s) { custom(s)["release"] = 1; });
  add("another set as release 10", Reason::set_rolled_back, "target", [](Scene& s) { custom(s)["release"] = 10; });
  add("release 10 once more", Reason::already_installed, "target", [](Scene& s) {
    s.items = Scene(Kind::refresh).items;
    for (Json* role : {&s.targets, &s.snapshot, &s.timestamp}) (*role)["version"] = 10;
  });
}

void packing(Vectors& all) {
  const auto add = [&](const std::string& name, Reason reason, std::function<void(Scene&)> spoil, Kind kind = Kind::packed_set) {
    all.push_back({"packing: " + name, kind, std::move(spoil), reason, "target"});
  };
  const auto packed = [](Scene& s, const std::string& bytes, std::size_t unpacked) {
    s.items[0].bytes = bytes;
    s.items[0].relist(std::string(unpacked, ' '));
  };
  const std::string text = set_text(11);
  add("states a wrong size, plain", Reason::length_mismatch, [](Scene& s) { custom(s)["unpacked_length"] = custom(s)["unpacked_length"].get<int>() + 1; }, Kind::set);
  add("states a gigabyte, plain", Reason::expands_too_far, [](Scene& s) { custom(s)["unpacked_length"] = 1 << 30; }, Kind::set);
  add("states a gigabyte", Reason::expands_too_far, [](Scene& s) { custom(s)["unpacked_length"] = 1 << 30; });
  add("bomb: 129 MiB of blanks, stated as they are", Reason::expands_too_far, [=](Scene& s) {
    const std::string bomb(129u << 20, ' ');
    packed(s, bundle::pack_zstd(bomb, 1).value(), bomb.size());
  });
  add("bomb: 20 MiB of blanks, stated as the set", Reason::expands_too_far, [=](Scene& s) { packed(s, bundle::pack_zstd(std::string(20u << 20, ' '), 1).value(), text.size()); });
  add("bomb: a frame that states the set's size and holds more", Reason::bad_compression, [=](Scene& s) {
    std::string frame = bundle::pack_zstd(std::string(text.size() + 4096, ' '), 1).value();
    // Frame header: magic 4, descriptor 1, then the content size in 2 bytes less 256 (RFC 8878, 3.1.1.1.4).
    const auto stated = static_cast<std::uint16_t>(text.size() - 256);
    frame[5] = static_cast<char>(stated & 255);
    frame[6] = static_cast<char>(stated >> 8);
    packed(s, frame, text.size());
  });
  add("smaller than signed", Reason::bad_compression, [=](Scene& s) { packed(s, bundle::pack_zstd(text.substr(0, 1000), 1).value(), text.size()); });
  add("not zstd", Reason::bad_compression, [=](Scene& s) { packed(s, text, text.size()); });
  add("cut", Reason::bad_compression, [=](Scene& s) {
    const std::string bytes = bundle::pack_zstd(text, 3).value();
    packed(s, bytes.substr(0, bytes.size() - 9), text.size());
  });
  add("two frames", Reason::bad_compression, [=](Scene& s) { packed(s, bundle::pack_zstd(text, 3).value() + bundle::pack_zstd(text, 3).value(), text.size()); });
  add("bytes after the frame", Reason::bad_compression, [=](Scene& s) { packed(s, bundle::pack_zstd(text, 3).value() + "x", text.size()); });
  add("a skippable frame alone", Reason::bad_compression, [=](Scene& s) { packed(s, std::string("\x50\x2a\x4d\x18\x04\0\0\0abcd", 12), text.size()); });
  add("no size in the frame", Reason::bad_compression, [=](Scene& s) {
    ZSTD_CCtx* context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
    std::string bytes(ZSTD_compressBound(text.size()), '\0');
    bytes.resize(ZSTD_compress2(context, bytes.data(), bytes.size(), text.data(), text.size()));
    ZSTD_freeCCtx(context);
    packed(s, bytes, text.size());
  });
  add("damaged inside", Reason::bad_compression, [=](Scene& s) {
    std::string bytes = bundle::pack_zstd(text, 3).value();
    for (std::size_t i = 40; i < 60; ++i) bytes[i] = static_cast<char>(~bytes[i]);
    packed(s, bytes, text.size());
  });
  add("a set sent as packed that is not", Reason::bad_compression, [](Scene& s) { custom(s)["encoding"] = "zstd"; }, Kind::set);
  add("a packed set sent as plain", Reason::bad_set, [](Scene& s) {
    custom(s)["encoding"] = "identity";
    custom(s)["unpacked_length"] = s.items[0].bytes.size();
  });
}

void sets(Vectors& all) {
  const std::string good = set_text(11);
  const auto add = [&](const std::string& name, Reason reason, const std::string& text) {
    all.push_back({"set: " + name, Kind::set, [text](Scene& s) { send(s, text); }, reason, "target"});
  };
  const std::string first = good.substr(good.find("{\"channel\""), good.find("},{\"channel\"") + 1 - good.find("{\"channel\""));
  add("another set than signed", Reason::set_hash_mismatch, set_text(12));
  add("a profile less", Reason::set_hash_mismatch, replaced(good, first + ",", ""));
  add("a profile more", Reason::set_hash_mismatch, replaced(good, "]", ",{\"id\":\"Q\"}]").replace(0, 0, "").substr(0, 0) + replaced(good, "}],\"version\"", "},{\"id\":\"Q\"}],\"version\""));
  add("a profile's byte changed", Reason::set_hash_mismatch, replaced(good, "\"yellow\"", "\"green!\""));
  add("the head changed", Reason::set_hash_mismatch, replaced(good, "\"default_language\":\"en\"", "\"default_language\":\"de\""));
  add("not JSON", Reason::not_json, good.substr(0, good.size() / 2));
  add("not UTF-8", Reason::not_json, replaced(good, "Zoll", "Z\xffll"));
  add("a list", Reason::bad_set, "[" + good + "]");
  add("a text", Reason::bad_set, "\"set\"");
  add("without profiles", Reason::bad_set, R"({"format":1,"version":"x"})");
  add("profiles an object", Reason::bad_set, R"({"format":1,"profiles":{},"version":"x"})");
  add("a profile that is a text", Reason::bad_set, R"({"format":1,"profiles":["P1"],"version":"x"})");
  add("a profile without id", Reason::bad_set, R"({"format":1,"profiles":[{"title":"x"}],"version":"x"})");
  add("an empty id", Reason::bad_set, R"({"format":1,"profiles":[{"id":""}],"version":"x"})");
  add("an id of 129 letters", Reason::bad_set, R"({"format":1,"profiles":[{"id":")" + std::string(129, 'x') + R"("}],"version":"x"})");
  add("an id that is a number", Reason::not_json, R"({"format":1,"profiles":[{"id":7}],"version":"x"})");
  add("an id with an escape", Reason::not_json, R"({"format":1,"profiles":[{"id":"a\n"}],"version":"x"})");
  add("an id twice", Reason::ids_not_ascending, R"({"format":1,"profiles":[{"id":"a"},{"id":"a"}],"version":"x"})");
  add("ids descending", Reason::ids_not_ascending, R"({"format":1,"profiles":[{"id":"b"},{"id":"a"}],"version":"x"})");
  add("a key twice in a profile", Reason::duplicate_key, R"({"format":1,"profiles":[{"channel":"red","channel":"green","id":"a"}],"version":"x"})");
  add("an id twice in a profile", Reason::duplicate_key, R"({"format":1,"profiles":[{"id":"a","id":"b"}],"version":"x"})");
  add("profiles twice", Reason::duplicate_key, R"({"format":1,"profiles":[],"profiles":[],"version":"x"})");
  add("white space", Reason::not_canonical, replaced(good, "{\"channel\"", "{ \"channel\""));
  add("keys out of order", Reason::not_canonical, R"({"version":"x","profiles":[]})");
  add("a key that is not ASCII", Reason::not_canonical, R"({"format":1,"profiles":[{"id":"a","tätig":1}],"version":"x"})");
  add("something after it", Reason::not_json, good + "{}");
  add("nested 100 deep", Reason::too_deep, R"({"format":1,"profiles":[{"id":"a","when":)" + std::string(100, '[') + std::string(100, ']') + R"(}],"version":"x"})");
  add("nested a million deep", Reason::too_deep, R"({"format":1,"profiles":[{"id":"a","when":)" + std::string(1'000'000, '[') + R"(}],"version":"x"})");
  add("a profile of more than 1 MiB", Reason::too_large, R"({"format":1,"profiles":[{"id":"a","note":")" + std::string(1u << 20, 'x') + R"("}],"version":"x"})");
  add("a head of more than 16 MiB", Reason::too_large, R"({"format":1,"note":")" + std::string(16u << 20, 'x') + R"(","profiles":[],"version":"x"})");
  all.push_back({"set: a million profiles and one", Kind::set, [](Scene& s) {
                   std::string text = R"({"format":1,"profiles":[)";
                   for (int i = 1'000'000; i <= 2'000'000; ++i) text += "{\"id\":\"" + std::to_string(i) + "\"},";
                   text.back() = ']';
                   send(s, text + R"(,"version":"x"})");
                 }, Reason::too_many_profiles, "target"});
  all.push_back({"set: calls itself otherwise than signed", Kind::set, [](Scene& s) { custom(s)["version"] = "2026-11-22.1"; }, Reason::bad_set, "target"});
  all.push_back({"set: signed with another set's hash", Kind::set, [](Scene& s) { custom(s)["set_hash"] = set_hash(set_text(12)); }, Reason::set_hash_mismatch, "target"});
}

void deltas(Vectors& all) {
  const std::string good = delta_text(set_text(10), set_text(11));
  const auto add = [&](const std::string& name, Reason reason, const std::string& text) {
    all.push_back({"delta: " + name, Kind::delta, [text](Scene& s) { send(s, text); }, reason, "target"});
  };
  const auto with_changes = [&](const std::string& changes) {
    const auto from = good.find("\"changes\":["), to = good.find("],\"format\"");
    return good.substr(0, from) + "\"changes\":[" + changes + good.substr(to);
  };
  all.push_back({"delta: for another set than the active one", Kind::delta, [](Scene& s) {
                   s.items = {Scene(Kind::two_deltas).items[1]};
                 }, Reason::delta_wrong_base, "target"});
  all.push_back({"delta: at a post without a set", Kind::delta, [](Scene& s) {
                   s.installed.state.active.reset();
                   s.installed.set.reset();
                 }, Reason::delta_wrong_base, "target"});
  all.push_back({"delta: chain in the wrong order", Kind::two_deltas, [](Scene& s) { std::swap(s.items[0], s.items[1]); }, Reason::delta_wrong_base, "target"});
  all.push_back({"delta: chain with a link missing", Kind::two_deltas, [](Scene& s) {
                   s.items[1].listed["custom"]["base_hash"] = set_hash(set_text(12));
                 }, Reason::delta_wrong_base, "target"});
  all.push_back({"delta: the same one twice", Kind::two_deltas, [](Scene& s) {
                   s.items[1].bytes = s.items[0].bytes;
                   s.items[1].listed = s.items[0].listed;
                 }, Reason::delta_wrong_base, "target"});
  all.push_back({"delta: base inside differs from the signed one", Kind::delta, [good](Scene& s) { send(s, replaced(good, set_hash(set_text(10)), set_hash(set_text(9)))); }, Reason::delta_wrong_base, "target"});
  all.push_back({"delta: result inside differs from the signed one", Kind::delta, [good](Scene& s) { send(s, replaced(good, set_hash(set_text(11)), set_hash(set_text(9)))); }, Reason::set_hash_mismatch, "target"});
  all.push_back({"delta: result stated wrongly inside and outside", Kind::delta, [good](Scene& s) {
                   send(s, replaced(good, set_hash(set_text(11)), set_hash(set_text(9))));
                   custom(s)["set_hash"] = set_hash(set_text(9));
                 }, Reason::delta_result_mismatch, "target"});
  all.push_back({"delta: calls the set otherwise than signed", Kind::delta, [](Scene& s) { custom(s)["version"] = "2026-11-22.1"; }, Reason::bad_set, "target"});
  all.push_back({"delta: release not raised", Kind::delta, [](Scene& s) { custom(s)["release"] = 10; }, Reason::set_rolled_back, "target"});
  add("without its changes", Reason::delta_result_mismatch, with_changes(""));
  add("adds what is there", Reason::delta_does_not_fit, with_changes(R"({"id":"P00002","op":"add","profile":{"id":"P00002"}})"));
  add("removes what is not there", Reason::delta_does_not_fit, with_changes(R"({"id":"P99999","op":"remove"})"));
  add("replaces what is not there", Reason::delta_does_not_fit, with_changes(R"({"id":"A","op":"replace","profile":{"id":"A"}})"));
  add("profile with another id", Reason::bad_delta, with_changes(R"({"id":"A","op":"add","profile":{"id":"B"}})"));
  add("profile without id", Reason::bad_delta, with_changes(R"({"id":"A","op":"add","profile":{"x":1}})"));
  add("profile that is a text", Reason::bad_delta, with_changes(R"({"id":"A","op":"add","profile":"A"})"));
  add("unknown op", Reason::bad_delta, with_changes(R"({"id":"A","op":"rename","profile":{"id":"A"}})"));
  add("no op", Reason::bad_delta, with_changes(R"({"id":"A","profile":{"id":"A"}})"));
  add("no id", Reason::bad_delta, with_changes(R"({"op":"remove"})"));
  add("removes with a profile", Reason::bad_delta, with_changes(R"({"id":"P00002","op":"remove","profile":{"id":"P00002"}})"));
  add("adds without a profile", Reason::bad_delta, with_changes(R"({"id":"A","op":"add"})"));
  add("a further field in a change", Reason::bad_delta, with_changes(R"({"id":"A","if":"x","op":"remove"})"));
  add("a change that is a list", Reason::bad_delta, with_changes("[]"));
  add("ids descending", Reason::ids_not_ascending, with_changes(R"({"id":"B","op":"remove"},{"id":"A","op":"remove"})"));
  add("an id twice", Reason::ids_not_ascending, with_changes(R"({"id":"P00002","op":"remove"},{"id":"P00002","op":"remove"})"));
  add("format 2", Reason::bad_delta, replaced(good, "\"format\":1,\"head\"", "\"format\":2,\"head\""));
  add("a further field", Reason::bad_delta, replaced(good, "\"format\":1,\"head\"", "\"force\":1,\"format\":1,\"head\""));
  add("without base", Reason::bad_delta, "{" + good.substr(good.find("\"changes\"")));
  add("without result", Reason::bad_delta, good.substr(0, good.rfind(",\"result\"")) + "}");
  add("without head", Reason::bad_delta, good.substr(0, good.find(",\"head\"")) + good.substr(good.rfind(",\"result\"")));
  add("without format", Reason::bad_delta, replaced(good, "\"format\":1,\"head\"", "\"head\""));
  add("without changes", Reason::bad_delta, good.substr(0, good.find("\"changes\"")) + good.substr(good.find("\"format\":1,\"head\"")));
  add("head with profiles", Reason::bad_delta, replaced(good, "\"head\":{", "\"head\":{\"a\":1,\"profiles\":[],\"zz\":0},\"heae\":{").substr(0, 0) +
                                                   good.substr(0, good.find("\"head\":")) + R"("head":{"profiles":[]})" + good.substr(good.rfind(",\"result\"")));
  add("head a list", Reason::bad_delta, good.substr(0, good.find("\"head\":")) + R"("head":[])" + good.substr(good.rfind(",\"result\"")));
  add("base is no hash", Reason::bad_delta, replaced(good, set_hash(set_text(10)), "latest"));
  add("a list", Reason::bad_delta, "[]");
  add("not JSON", Reason::not_json, good.substr(0, good.size() - 1));
  add("a key twice", Reason::duplicate_key, replaced(good, "\"format\":1,\"head\"", "\"format\":1,\"format\":1,\"head\""));
}

void breakglass(Vectors& all) {
  const auto record = [&](const std::string& name, Reason reason, std::function<void(Json&)> spoil) {
    all.push_back({"breakglass: " + name, Kind::rollback, [spoil](Scene& s) { s.stage["breakglass"].json = spoil; }, reason, "breakglass"});
  };
  record("for another post", Reason::breakglass_wrong_post, [](Json& j) { j["post"] = "HR-TOVARNIK"; });
  record("for all posts", Reason::breakglass_wrong_post, [](Json& j) { j["post"] = "*"; });
  record("from another release", Reason::breakglass_wrong_release, [](Json& j) { j["from_release"] = 11; });
  record("to another release", Reason::breakglass_wrong_release, [](Json& j) { j["to_release"] = 7; });
  record("from another set", Reason::breakglass_wrong_release, [](Json& j) { j["from_hash"] = std::string(64, '0'); });
  record("to another set", Reason::breakglass_wrong_release, [](Json& j) { j["to_hash"] = std::string(64, '0'); });
  record("without a reason", Reason::missing_field, [](Json& j) { j.erase("reason"); });
  record("with an empty reason", Reason::bad_field, [](Json& j) { j["reason"] = ""; });
  record("without post", Reason::missing_field, [](Json& j) { j.erase("post"); });
  record("from release 0", Reason::bad_field, [](Json& j) { j["from_release"] = 0; });
  all.push_back({"breakglass: used before", Kind::rollback, [](Scene& s) {
                   s.installed.state.breakglass_used.emplace_back(bundle::sha256(canonical(s.breakglass)), WallTime{k_now.ms + 1});
                 }, Reason::breakglass_used, "breakglass"});
  all.push_back({"breakglass: no record", Kind::rollback, [](Scene& s) { s.breakglass = nullptr; }, Reason::set_rolled_back, "target"});
  all.push_back({"breakglass: for a newer release", Kind::set, [](Scene& s) { s.breakglass = Scene(Kind::rollback).breakglass; }, Reason::breakglass_not_needed, "breakglass"});
  all.push_back({"breakglass: the root names no keys for it", Kind::rollback, [](Scene& s) {
                   s.roots = {root_object(2)};
                   s.stage["root"].json = [](Json& j) { j.erase("custom"); };
                 }, Reason::no_breakglass_keys, "breakglass"});
}

}  // namespace

void add_payload_vectors(Vectors& all) {
  container(all);
  assignment(all);
  packing(all);
  sets(all);
  deltas(all);
  breakglass(all);
}

}  // namespace rampa::tests
