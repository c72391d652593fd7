// Reads one ICD file. What the keys mean stands in firmware-interfaces/icd/icd.schema.json and product.hpp; this reader
// checks more than a schema can: names that must exist, marks that must not be better than their source, overlaps.
#include <algorithm>

#include "config/fields.hpp"

namespace rampa::config {
namespace {

using icd::Product;

const std::vector<std::string> kClasses{"scale", "digital_io", "plate_camera", "camera", "nii_scanner", "portal_monitor"};
const std::vector<std::string> kTransports{"modbus_tcp", "modbus_rtu", "serial", "tcp", "http_push", "http", "rtsp", "v4l2", "file"};
const std::vector<std::string> kTables{"coil", "discrete_input", "input_register", "holding_register"};
const std::vector<std::string> kTypes{"bit", "u16", "i16", "u32", "i32", "f32", "text"};
const std::vector<std::string> kMarks{"M", "D", "C", "I"};
const std::vector<std::string> kChecks{"identity", "watchdog", "safe_value", "status"};

template <class Enum>
Enum as(const std::vector<std::string>& names, const std::optional<std::string>& name) {
  const auto at = name ? std::find(names.begin(), names.end(), *name) : names.end();
  return static_cast<Enum>(at == names.end() ? 0 : at - names.begin());
}

class IcdReader {
 public:
  explicit IcdReader(Tree tree) : tree_(std::move(tree)) { out_.findings = tree_.findings; }

  ProductCheck read() {
    if (!tree_.root.table()) return std::move(out_);
    TableReader root = reader(tree_.root, "");
    Product& p = out_.product;
    p.id = root.text("id", true).value_or("");
    p.device_class = root.choice("class", kClasses, true).value_or("");
    p.maker = root.text("maker", true).value_or("");
    p.models = root.texts("models");
    p.driver = root.text("driver", true).value_or("");
    p.framing = root.text("framing").value_or("");
    p.transports = root.texts("transports");
    for (const auto& transport : p.transports)
      if (std::find(kTransports.begin(), kTransports.end(), transport) == kTransports.end())
        root.finding("transports", "\"" + transport + "\" is not known", "write some of: " + join(kTransports));
    if (p.transports.empty()) root.finding("transports", "no transport is named", "write some of: " + join(kTransports));
    p.read_gap_max = static_cast<int>(root.integer("read_gap_max", false, 0, 100).value_or(0));
    p.quirks = root.texts("quirks");
    sources(root);
    each(root, "points", [&](TableReader& t) { point(t); });
    each(root, "commands", [&](TableReader& t) { command(t); });
    each(root, "checks", [&](TableReader& t) { check(t); });
    each(root, "options", [&](TableReader& t) { option(t); });
    if (const Node* node = root.table("safe_state")) {
      TableReader t = reader(*node, "safe_state");
      icd::SafeState safe;
      safe.value = t.integer("value", true, 0, 65535).value_or(0);
      safe.within = t.milliseconds("within_ms", 1, 60'000).value_or(Duration{});
      safe.source = source(t);
      t.finish();
      p.safe_state = safe;
    }
    if (const Node* node = root.table("timing")) timing(*node);
    if (const Node* node = root.table("parameters")) {
      TableReader t = reader(*node, "parameters");
      for (const auto& [name, value] : *node->table()) p.parameters[name] = t.text(name).value_or("");
      t.finish();
    }
    root.finish();
    whole(root);
    return std::move(out_);
  }

 private:
  TableReader reader(const Node& node, const std::string& path) { return {tree_.file, node, path, out_.findings}; }

  template <class Take>
  void each(TableReader& root, const std::string& key, Take take) {
    int index = 0;
    for (const Node* node : root.tables(key)) {
      TableReader t = reader(*node, key + "[" + std::to_string(index++) + "]");
      take(t);
      t.finish();
    }
  }

  void sources(TableReader& root) {
    const Node* node = root.table("sources", true);
    if (!node) return;
    for (const auto& [key, value] : *node->table()) {
      TableReader t = reader(value, "sources." + key);
      icd::Source s;
      s.text = t.text("text", true).value_or("");
      s.trust = as<icd::Trust>(kMarks, t.choice("trust", kMarks, true));
      t.finish();
      sources_[key] = s;
      out_.product.sources.push_back(s);
    }
  }

  /// "source": key of `sources`; "trust": only to mark a row worse than its source, never better.
  icd::Source source(TableReader& t) {
    const auto key = t.text("source", true);
    const auto mark = t.choice("trust", kMarks);
    if (!key) return {};
    const auto found = sources_.find(*key);
    if (found == sources_.end()) {
      std::vector<std::string> known;
      for (const auto& [name, s] : sources_) known.push_back(name);
      t.finding("source", "\"" + *key + "\" is not among the file's sources", "write one of: " + join(known));
      return {};
    }
    icd::Source s = found->second;
    if (mark) {
      const auto own = as<icd::Trust>(kMarks, mark);
      if (own < s.trust)
        t.finding("trust", "the row is marked better than its source", "a row may be marked worse than its source, never better");
      s.trust = own;
    }
    return s;
  }

  void point(TableReader& t) {
    icd::Point p;
    p.name = t.text("name", true).value_or("");
    p.table = as<icd::Table>(kTables, t.choice("table", kTables, true));
    p.address = static_cast<std::uint16_t>(t.integer("address", true, 0, 65535).value_or(0));
    const bool bits = p.table == icd::Table::coil || p.table == icd::Table::discrete_input;
    const auto type = t.choice("type", kTypes, true);
    p.type = as<icd::Type>(kTypes, type);
    if (type && bits != (p.type == icd::Type::bit))
      t.finding("type", std::string(bits ? "a coil or discrete input" : "a register") + " can't be of type " + *type,
                bits ? "write \"bit\"" : "write u16, i16, u32, i32, f32 or text");
    p.word_order = t.choice("word_order", {"big", "little"}).value_or("big") == "little" ? icd::WordOrder::little
                                                                                         : icd::WordOrder::big;
    p.scale = t.number("scale").value_or(1);
    p.unit = t.text("unit").value_or("");
    const auto access = t.choice("access", {"read", "write", "read_write"}).value_or("read");
    p.readable = access != "write";
    p.writable = access != "read";
    if (p.writable && (p.table == icd::Table::discrete_input || p.table == icd::Table::input_register))
      t.finding("access", "this table can't be written over Modbus", "write \"read\" or correct the table");
    p.polled = t.choice("read", {"poll", "connect"}).value_or("poll") == "poll" && p.readable;
    p.every = t.milliseconds("every_ms", 1, 60'000).value_or(Duration{});
    p.block_words = static_cast<int>(t.integer("block_words", p.type == icd::Type::text, 1, 125).value_or(0));
    p.block_index = static_cast<int>(t.integer("block_index", false, 0, 124).value_or(0));
    if (p.block_words && p.block_index + icd::words_of(p.type) > p.block_words)
      t.finding("block_index", "the value lies outside its block", "make block_words larger");
    if (const Node* symbols = t.table("symbols")) {
      TableReader s = reader(*symbols, t.path("symbols"));
      const int last = icd::words_of(p.type) * 16 - 1;
      for (const auto& [name, value] : *symbols->table())
        p.bits[name] = static_cast<int>(s.integer(name, false, 0, last).value_or(0));
    }
    if (const Node* valid = t.table("valid")) {
      TableReader v = reader(*valid, t.path("valid"));
      p.valid_min = v.number("min");
      p.valid_max = v.number("max");
      v.finish();
    }
    p.heartbeat = t.boolean("heartbeat").value_or(false);
    p.age_max = t.milliseconds("age_max_ms", 1, 600'000).value_or(Duration{});
    if (p.polled && p.age_max == Duration{})
      t.finding("age_max_ms", "a polled point has no age limit", "say how old its value may be");
    if (p.age_max != Duration{} && p.every >= p.age_max)
      t.finding("every_ms", "the point is read more rarely than its age limit allows", "make it smaller than age_max_ms");
    p.source = source(t);
    const int count = static_cast<int>(t.integer("count", false, 1, 512).value_or(1));
    if (p.address + count * icd::words_of(p.type) > 65'536)
      t.finding("count", "the last of them would lie beyond address 65535", "correct address or count");
    const auto star = p.name.find('*');
    if ((star == std::string::npos) != (count == 1 && !t.has("count")))
      t.finding("name", "a name with * needs `count`, and the other way round", "write \"DI*\" and \"count\": 8");
    for (int n = 0; n < count; ++n) {
      icd::Point one = p;
      if (star != std::string::npos) one.name.replace(star, 1, std::to_string(n));
      one.address = static_cast<std::uint16_t>(p.address + n * icd::words_of(p.type));
      if (out_.product.find(one.name)) t.finding("name", "\"" + one.name + "\" stands twice", "rename one of the two");
      out_.product.points.push_back(std::move(one));
    }
  }

  void command(TableReader& t) {
    icd::CommandSpec c;
    c.name = t.text("name", true).value_or("");
    c.point = t.text("point", true).value_or("");
    // These two are written by the driver itself, and to one point.
    if (c.point.ends_with('*') && (c.name == "feed_watchdog" || c.name == "clear_trip"))
      t.finding("point", "\"" + c.name + "\" writes one point, not a pattern", "name the point");
    const auto kind = t.choice("kind", {"level", "pulse", "counter"}, true).value_or("");
    c.pulse = kind == "pulse";
    c.counter = kind == "counter";
    c.width = t.milliseconds("width_ms", 1, 600'000).value_or(Duration{});
    if (c.pulse && c.width == Duration{}) t.finding("width_ms", "a pulse has no width", "say how long the pulse lasts");
    c.value = t.integer("value", false, 0, 65535).value_or(1);
    c.idempotent = t.boolean("idempotent").value_or(false);
    c.confirmed_by = t.text("confirmed_by").value_or("");
    c.source = source(t);
    refer(t, "point", c.point, true);
    if (!c.confirmed_by.empty()) refer(t, "confirmed_by", c.confirmed_by, false);
    out_.product.commands.push_back(std::move(c));
  }

  void check(TableReader& t) {
    icd::Check c;
    c.of = as<icd::CheckOf>(kChecks, t.choice("of", kChecks, true));
    c.attested = t.boolean("attested").value_or(false);
    c.point = t.text("point", !c.attested).value_or("");
    if (c.attested && !c.point.empty())
      t.finding("attested", "a check is either read back or attested by a person", "remove `point` or `attested`");
    const auto equals = t.integer("equals");
    c.equals = equals.value_or(0);
    c.at_most = t.integer("at_most");
    c.equals_text = t.text("equals_text").value_or("");
    if (!c.attested && int{equals.has_value()} + int{c.at_most.has_value()} + int{!c.equals_text.empty()} != 1)
      t.finding("equals", "a check compares with exactly one of equals, at_most, equals_text", "write one of the three");
    c.each_poll = t.boolean("each_poll").value_or(false);
    c.meaning = t.text("meaning", true).value_or("");
    c.remedy = t.text("remedy", true).value_or("");
    c.source = source(t);
    if (!c.point.empty()) refer(t, "point", c.point, false);
    out_.product.checks.push_back(std::move(c));
  }

  void option(TableReader& t) {
    icd::OptionSpec o;
    o.name = t.text("name", true).value_or("");
    o.type = t.choice("type", {"text", "integer", "boolean", "date", "choice", "file", "tcp_address"}, true).value_or("text");
    o.choices = t.texts("choices");
    if ((o.type == "choice") == o.choices.empty())
      t.finding("choices", "`choices` belongs to type \"choice\", and only there", "add or remove it");
    o.min = t.integer("min");
    o.max = t.integer("max");
    o.required = t.boolean("required").value_or(false);
    o.default_value = t.text("default").value_or("");
    o.unit = t.text("unit").value_or("");
    o.meaning = t.text("meaning", true).value_or("");
    if (out_.product.option(o.name)) t.finding("name", "\"" + o.name + "\" stands twice", "remove one of the two");
    out_.product.options.push_back(std::move(o));
  }

  void timing(const Node& node) {
    TableReader t = reader(node, "timing");
    icd::Timing& x = out_.product.timing;
    x.poll = t.milliseconds("poll_ms", 5, 60'000).value_or(x.poll);
    x.reply_timeout = t.milliseconds("reply_timeout_ms", 5, 10'000).value_or(x.reply_timeout);
    x.reply_late_max = t.milliseconds("reply_late_max_ms", 0, 10'000).value_or(x.reply_late_max);
    x.backoff_min = t.milliseconds("backoff_min_ms", 10, 60'000).value_or(x.backoff_min);
    x.backoff_max = t.milliseconds("backoff_max_ms", 10, 600'000).value_or(x.backoff_max);
    x.heartbeat_max = t.milliseconds("heartbeat_max_ms", 10, 600'000).value_or(x.heartbeat_max);
    if (x.backoff_max < x.backoff_min)
      t.finding("backoff_max_ms", "is smaller than backoff_min_ms", "make it at least as large");
    t.finish();
  }

  /// The named point (or the pattern "relay*") must exist.
  void refer(TableReader& t, const std::string& key, const std::string& name, bool writable) {
    std::vector<std::string> known;
    bool found = false;
    for (const auto& p : out_.product.points) {
      known.push_back(p.name);
      const bool match = name.ends_with('*') ? p.name.starts_with(name.substr(0, name.size() - 1)) : p.name == name;
      if (!match) continue;
      found = true;
      if (writable && !p.writable) t.finding(key, "\"" + p.name + "\" can't be written", "correct its access or this command");
    }
    if (found) return;
    const std::string near = nearest(name, known);
    t.finding(key, "there is no point \"" + name + "\"", near.empty() ? "name a point of this file" : "did you mean \"" + near + "\"?");
  }

  void whole(TableReader& root) {
    const Product& p = out_.product;
    const auto has_check = [&](icd::CheckOf of) {
      return std::any_of(p.checks.begin(), p.checks.end(), [&](const icd::Check& c) { return c.of == of; });
    };
    if (p.device_class != "digital_io") return;
    for (std::size_t of = 0; of < 3; ++of)
      if (!has_check(static_cast<icd::CheckOf>(of)))
        root.finding("checks", "an actuator's product has no check of " + kChecks[of],
                     "add a row that reads it back, or one with \"attested\": true where the product has no register for it");
    if (!p.safe_state) root.finding("safe_state", "an actuator's product names no safe state", "add it");
  }

  Tree tree_;
  ProductCheck out_;
  std::map<std::string, icd::Source> sources_;
};

}  // namespace

ProductCheck read_product(const std::string& file) { return IcdReader(parse_json_file(file)).read(); }

}  // namespace rampa::config
