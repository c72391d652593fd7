// One real product as data: what stands in an ICD file (firmware-interfaces/icd/*.json, schema icd.schema.json).
// The reader is config/icd_reader.hpp. Register numbers live in those files only, never in C++.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "firmware-interfaces/time.hpp"

namespace rampa::icd {

enum class Trust { measured, manual, third_party, inferred };  ///< M, D, C, I
enum class Table { coil, discrete_input, input_register, holding_register };
enum class Type { bit, u16, i16, u32, i32, f32, text };  ///< text: ASCII, two characters per register, high byte first

/// Registers (bits) that a value of this type takes; text takes its point's `block_words`.
[[nodiscard]] constexpr int words_of(Type type) {
  switch (type) {
    case Type::u32:
    case Type::i32:
    case Type::f32: return 2;
    default: return 1;
  }
}
enum class WordOrder { big, little };  ///< of the two registers of a 32-bit value: big = high word first

struct Source {
  std::string text;  ///< manual and page
  Trust trust = Trust::inferred;
};

/// One readable (or writable) value of a register-map product.
struct Point {
  std::string name;          ///< "gross", "status", "DI0", "relay0", "watchdog_time"
  Table table = Table::input_register;
  std::uint16_t address = 0; ///< zero-based, as on the wire
  Type type = Type::u16;
  WordOrder word_order = WordOrder::big;
  double scale = 1;          ///< value in `unit` = raw * scale
  std::string unit;          ///< "kg", "g", "" ...
  bool readable = true;
  bool writable = false;
  bool polled = true;        ///< false: read at connect only (identity, settings)
  Duration every{};          ///< polled this rarely; 0: on every poll
  int block_words = 0;       ///< where the device gives the value only as part of a longer block that must be read whole
  int block_index = 0;       ///< word of the block at which the value starts
  std::map<std::string, int> bits;          ///< symbol -> bit number, for status words: "motion" -> 2
  std::optional<double> valid_min, valid_max;  ///< outside: bad
  bool heartbeat = false;    ///< must change within heartbeat_ms_max, else the device is frozen
  Duration age_max{};        ///< older than this it is not good any more; 0: never read cyclically
  Source source;
};

/// A way to move something through points of the product.
struct CommandSpec {
  std::string name;        ///< "relay_on", "zero"
  std::string point;       ///< written point (a pattern "relay*" = every relay)
  bool pulse = false;      ///< pulse (on, wait, off) or level
  bool counter = false;    ///< every write carries another value: a progress counter that feeds a watchdog
  std::int64_t value = 1;  ///< what is written (level)
  Duration width{};        ///< of a pulse
  bool idempotent = false; ///< may be written again after an unknown outcome and a read-back
  std::string confirmed_by;///< point read back
  Source source;
};

/// What a check proves. An actuator's product has at least one of identity, watchdog and safe_value.
enum class CheckOf { identity, watchdog, safe_value, status };

/// A condition for arming an actuator. Either it is read back (`point`), or the product has no register for it and it is
/// `attested`: a person verified it at commissioning, and the site file names that person and the day.
struct Check {
  CheckOf of = CheckOf::status;
  std::string point;                    ///< empty where attested
  std::int64_t equals = 0;
  std::optional<std::int64_t> at_most;  ///< instead of equals: 0 < value <= at_most
  std::string equals_text;              ///< instead of equals, for text points: the value contains this
  bool attested = false;
  bool each_poll = false;               ///< looked at on every poll, not only when connecting
  std::string meaning;  ///< "watchdog armed", "safe value of relay 0 is off", "identity"
  std::string remedy;
  Source source;
};

/// What the outputs do when nobody feeds the module any more.
struct SafeState {
  std::int64_t value = 0;
  Duration within{};  ///< the longest watchdog time that the checks accept
  Source source;
};

/// An option that a site may or must give for a device of this product.
struct OptionSpec {
  std::string name;
  std::string type = "text";  ///< "text", "integer", "boolean", "date" (YYYY-MM-DD), "choice", "file", "tcp_address" (tcp://HOST:PORT)
  std::vector<std::string> choices;
  std::optional<std::int64_t> min, max;
  bool required = false;
  std::string default_value;
  std::string unit;
  std::string meaning;
};

struct Timing {
  Duration poll{50ms};
  Duration reply_timeout{200ms};
  Duration reply_late_max{1s};   ///< a reply may still arrive this long after a time-out; RTU bars the unit that long
  Duration backoff_min{250ms};
  Duration backoff_max{5s};
  Duration heartbeat_max{2s};
};

struct Product {
  std::string id;         ///< "rinstrum-c500"
  std::string device_class;  ///< "scale", "digital_io", "plate_camera", "camera", "nii_scanner", "portal_monitor"
  std::string maker;
  std::vector<std::string> models;
  std::string driver;     ///< driver family in drivers/registry: "register_scale", "register_io", "mt_continuous", ...
  std::vector<std::string> transports;  ///< "modbus_tcp", "modbus_rtu", "serial", "tcp", "http_push", "http", "rtsp", "v4l2", "file"
  std::string framing;
  std::vector<Point> points;
  std::vector<CommandSpec> commands;
  std::vector<Check> checks;            ///< identity, watchdog, safe values
  std::optional<SafeState> safe_state;
  std::vector<OptionSpec> options;      ///< what a site may say about a device of this product
  Timing timing;
  int read_gap_max = 0;                 ///< unused registers that one request may cover to save a request
  std::map<std::string, std::string> parameters;  ///< of text protocols: "status_b5", "default_port"...
  std::vector<std::string> quirks;
  std::vector<Source> sources;

  [[nodiscard]] const Point* find(std::string_view name) const {
    for (const auto& p : points)
      if (p.name == name) return &p;
    return nullptr;
  }
  [[nodiscard]] const CommandSpec* command(std::string_view name) const {
    for (const auto& c : commands)
      if (c.name == name) return &c;
    return nullptr;
  }
  [[nodiscard]] const OptionSpec* option(std::string_view name) const {
    for (const auto& o : options)
      if (o.name == name) return &o;
    return nullptr;
  }
};

}  // namespace rampa::icd
