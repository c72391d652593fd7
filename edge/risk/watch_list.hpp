// One watch list: plates and container codes, found although the camera misread a character, or operators and document
// numbers, kept as keyed hashes. Pure; immutable once built; shared between threads. Rules and file: WATCHLISTS.md.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edge/crossing/assessment.hpp"
#include "edge/risk/plate_index.hpp"
#include "edge/risk/wilson.hpp"
#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/result.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::risk {

enum class WatchKind : std::uint8_t { plates, containers, operators, documents };
[[nodiscard]] std::string_view name_of(WatchKind kind);
[[nodiscard]] std::optional<WatchKind> watch_kind(std::string_view name);

/// Secrecy is not this folder's: whoever has the key (edge/app, by libsodium's keyed BLAKE2b) gives the function.
using KeyedHash = std::array<std::uint8_t, 16>;
using KeyedHasher = std::function<KeyedHash(std::string_view text)>;

/// What else is known of a listed text; each may be empty.
struct WatchAttributes {
  std::string country;       ///< ISO 3166 alpha-3
  std::string second_plate;  ///< normal: of the trailer, or of the tractor
  std::string carrier;       ///< EORI or national number, normal
  std::string note;          ///< the owner's reference for this entry
  auto operator<=>(const WatchAttributes&) const = default;
  bool operator==(const WatchAttributes&) const = default;
};

struct WatchEntry {
  std::string text;  ///< as normal_text() makes it
  WatchAttributes attributes;
};

struct WatchListHead {
  std::string name;
  WatchKind kind = WatchKind::plates;
  bool secret = false;  ///< plates and containers too are kept as keyed hashes: found only when they are equal
  std::string owner, reason;
  std::optional<WallTime> valid_before;
  SelectivityChannel severity = SelectivityChannel::yellow;  ///< yellow or red
  std::map<std::string, std::string> instruction;            ///< what to do, by language
  std::uint32_t false_alerts_max_ppm = 1000;  ///< at most so many of a million unlisted vehicles may be shown as "possible"
  [[nodiscard]] bool hashed() const { return secret || kind == WatchKind::operators || kind == WatchKind::documents; }
};

// ---- second attributes ----------------------------------------------------------------------------------------------
/// What agrees between a read and a text one edit away; a set of bits.
namespace agreement {
constexpr unsigned country = 1;        ///< the camera's and the list's are the same
constexpr unsigned grammar = 2;        ///< the country issues plates like the listed one and none like the read
constexpr unsigned reading = 4;        ///< the camera was unsure of the differing character
constexpr unsigned second_plate = 8;   ///< the other plate of the vehicle is the one listed with it
constexpr unsigned carrier = 16;       ///< a declaration names the listed carrier
constexpr unsigned check_digit = 32;   ///< the container code that was read fails its check digit, the listed one does not
}  // namespace agreement
[[nodiscard]] std::vector<std::string> names_of_agreements(unsigned set);
constexpr int confidence_low_percent = 70;  ///< below: the camera was unsure of a character

/// Which second attribute lets a "possible" be shown; the first that keeps the list under its stated false-alert rate.
enum class PossibleRule : std::uint8_t {
  any,          ///< each of them
  firm,         ///< not the country alone
  independent,  ///< second plate, carrier or check digit: what the reading of the plate has no part in
  never,
};
[[nodiscard]] std::string_view name_of(PossibleRule rule);
[[nodiscard]] unsigned sufficient(PossibleRule rule);

// ---- false alerts ---------------------------------------------------------------------------------------------------
/// How many of so many synthetic, unlisted reads the list would have shown; see WATCHLISTS.md for how they are made.
struct FalseAlerts {
  std::uint64_t seed = 0, reads = 0;
  std::uint64_t fold_only = 0;  ///< alerts
  std::uint64_t edit_one = 0;   ///< possible, if none needed a second attribute
  std::uint64_t any = 0, firm = 0, independent = 0;  ///< possible, with the second attribute that the rule asks for
  bool operator==(const FalseAlerts&) const = default;
};
// ---- asking ---------------------------------------------------------------------------------------------------------
struct WatchQuestion {
  struct Read {
    std::string text;     ///< as the camera gave it
    std::string country;  ///< ISO 3166 alpha-3 or empty
    std::vector<int> confidence_percent;  ///< of each character, or empty
  };
  std::vector<Read> plates;  ///< of one vehicle
  std::vector<std::string> containers, operators, documents;  ///< as read or declared
  std::vector<std::string> carriers;
  WallTime now{INT64_MIN};  ///< an expired list is silent
};

struct WatchMatch {
  std::string read;    ///< normal
  std::string listed;  ///< empty where the list keeps hashes
  Likeness likeness = Likeness::possible;
  unsigned agrees = 0;  ///< of a possible one
  unsigned needs = 0;   ///< second attributes any one of which would show it, as far as the entry has them; 0 once shown
  bool shown = false;
  WatchAttributes attributes;
};

/// What an assessment is told of the lists that a vehicle is on, or perhaps on.
struct WatchHits {
  std::vector<std::string> names;  ///< as shown_names() has them
  std::vector<std::string> red;    ///< of them, lists whose severity is red and that hit: a possible one is compared first
  std::vector<std::string> instructions;  ///< "LIST\nLANGUAGE\nTEXT" of every list named
  void add(WatchHits&& other);
};

class WatchList {
 public:
  [[nodiscard]] const WatchListHead& head() const { return head_; }
  [[nodiscard]] std::size_t size() const { return head_.hashed() ? hashes_.size() : index_.size(); }
  [[nodiscard]] const FalseAlerts& false_alerts() const { return false_alerts_; }
  [[nodiscard]] PossibleRule rule() const { return rule_; }
  [[nodiscard]] const PlateIndex& index() const { return index_; }
  /// In memory, attributes included.
  [[nodiscard]] std::size_t bytes() const;
  [[nodiscard]] const WatchAttributes& attributes(std::uint32_t entry) const;

  /// Everything that is equal, alert or possible, the strongest first; `shown` says whether an officer sees it. A read
  /// of which nothing can be compared (normal_text() refuses it) matches nothing. A list of hashes that was read without its key
  /// matches nothing: see can_match().
  [[nodiscard]] std::vector<WatchMatch> match(const WatchQuestion& question) const;
  /// For the facts of an assessment: the list's name where something is equal or alert; otherwise "NAME (possible: TEXT)"
  /// for each listed text that is possible and shown.
  [[nodiscard]] std::vector<std::string> shown_names(const WatchQuestion& question) const;
  [[nodiscard]] WatchHits hits(const WatchQuestion& question) const;
  [[nodiscard]] bool can_match() const { return !head_.hashed() || hasher_ != nullptr; }

 private:
  friend class WatchListBuilder;
  friend struct WatchListFile;
  void match_fuzzy(const std::string& normal, const WatchQuestion::Read& read, const WatchQuestion& question, std::vector<WatchMatch>& found) const;
  void match_hashed(const std::string& normal, std::vector<WatchMatch>& found) const;

  WatchListHead head_;
  PlateIndex index_;
  std::vector<KeyedHash> hashes_;            ///< ascending
  std::vector<std::uint32_t> attribute_of_;  ///< by entry; empty where no entry has any
  std::vector<WatchAttributes> attributes_;  ///< each once; the first is empty
  KeyedHasher hasher_;
  FalseAlerts false_alerts_;
  PossibleRule rule_ = PossibleRule::any;
};

/// As lists of the kind hold it: normal_plate() of plates and containers, normal_number() of operators and documents.
[[nodiscard]] Result<std::string> normal_text(WatchKind kind, std::string_view utf8);

/// What the hash is made over: one text gives unrelated hashes in two lists.
[[nodiscard]] std::string hashed_text(const WatchListHead& head, std::string_view normal);

/// Counts over `reads` synthetic reads; for lists that match fuzzily. Same list, seed and number: same counts.
[[nodiscard]] FalseAlerts measure_false_alerts(const WatchList& list, std::uint64_t reads, std::uint64_t seed);
/// The first rule whose rate, at the upper end of its interval, is within the list's limit.
[[nodiscard]] PossibleRule rule_for(const FalseAlerts& measured, std::uint32_t max_ppm);

/// Collects entries one by one (24 bytes each, whatever their number).
class WatchListBuilder {
 public:
  struct Options {
    std::uint64_t reads = 100'000, seed = 1;  ///< of measure_false_alerts()
    std::function<void(std::string_view step, std::size_t done, std::size_t of)> progress;
  };
  struct Built {
    WatchList list;
    std::size_t duplicates = 0;  ///< the same text again with nothing that contradicts
  };

  /// A hasher is needed where head.hashed().
  explicit WatchListBuilder(WatchListHead head, KeyedHasher hasher = nullptr);
  /// `line`: for error texts. Errors: invalid (a text too long, a container code whose check digit is wrong, a country
  /// that is not three letters...); the entry is not taken.
  [[nodiscard]] Result<void> add(const WatchEntry& entry, std::uint32_t line);
  [[nodiscard]] std::size_t size() const { return plates_.size() + hashed_.size(); }
  /// Errors: invalid, one line of text for each pair of rows that contradict each other.
  [[nodiscard]] Result<Built> finish(const Options& options);

 private:
  struct PlateRow { PlateKey key; std::uint32_t attributes = 0, line = 0; };
  struct HashRow { KeyedHash key; std::uint32_t attributes = 0, line = 0; };
  template <class Row> Result<std::size_t> unite(std::vector<Row>& rows);
  std::uint32_t intern(const WatchAttributes& attributes);

  WatchList list_;
  std::map<WatchAttributes, std::uint32_t> interned_;
  std::vector<PlateRow> plates_;
  std::vector<HashRow> hashed_;
};

// ---- the file (.rwl) ------------------------------------------------------------------------------------------------
[[nodiscard]] Bytes encode(const WatchList& list);
/// `hasher`: for lists of hashes; without it (null) such a list is read but can't be matched. Errors: invalid (what is
/// damaged, and where), refused (a key that is not the list's).
[[nodiscard]] Result<WatchList> decode_watch_list(ByteView bytes, KeyedHasher hasher = nullptr);
/// The first eight bytes.
[[nodiscard]] bool is_watch_list_file(ByteView bytes);

}  // namespace rampa::risk
