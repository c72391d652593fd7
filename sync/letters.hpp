// The bodies of HQ's letters to a post, by kind (Letter::kind in payloads.hpp): JSON, pure. Errors name the key.
//   declarations   declarations and pre-arrival records to cache; each replaces the one with its reference; refused where one has
//                  too much of something (edge/crossing/declaration.hpp)
//   watch_list     replaces HQ's list of that name: plates as they stand in the letter (none: the list goes), or a list of any
//                  kind that `rampa watchlist build` made, to fetch
//   gap            nothing: HQ's desk was restored and does not know any more what had this number
//   command        something to do, out of a closed set; carried out once at most, and answered (Receipt::answered)
//   referral_answer  what HQ says to an officer's referral of a crossing: shown there, and in its history; it moves nothing
//   code_list      a named list of codes with texts, whole; a newer version replaces an older one
//   reference_image  a picture to compare with, to fetch: an earlier scan, a photograph of this lorry; of a crossing, a container or a plate
//   bundle         a signed bundle of profiles (sync/bundle/BUNDLES.md) to fetch and install
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edge/crossing/declaration.hpp"
#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/ids.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::sync {

inline constexpr std::string_view gap_letter = "gap";

struct DeclarationsLetter {
  std::vector<Declaration> declarations;
};
/// A bundle of profiles to fetch and install.
struct BundleLetter {
  std::string name;  ///< for people: the file's name at HQ
  std::string sha256;
  std::uint64_t size_bytes = 0;
  bool operator==(const BundleLetter&) const = default;
};
/// One of the two: plates, by hand and few; or a built list (edge/risk/WATCHLISTS.md, "The file"), whose head has this name.
struct WatchListLetter {
  struct File {
    std::string sha256;
    std::uint64_t size_bytes = 0;
    bool operator==(const File&) const = default;
  };
  std::string name;  ///< 1 to 200 bytes on one line
  std::vector<std::string> plates;
  std::optional<File> file;
  bool operator==(const WatchListLetter&) const = default;
};

/// Something to do at once. What a post does not know it refuses.
struct CommandLetter {
  std::string command;   ///< one of `commands`, or of a newer version's
  std::string argument;  ///< at most 200 bytes on one line
  std::string by;        ///< who at HQ wants it: goes into the post's journal
  bool operator==(const CommandLetter&) const = default;
};
//   say_status      the post's state (edge/api/API.md, STATUS) as JSON
//   look_for_image  argument: SHA-256 of a blob. Whether the post has it, or when it made room
//   fetch_now       what letters named is asked for again at once, also what could not be had or used, and over a metered line too
inline constexpr std::array<std::string_view, 3> commands{"say_status", "look_for_image", "fetch_now"};
[[nodiscard]] constexpr bool known_command(std::string_view word) { return std::find(commands.begin(), commands.end(), word) != commands.end(); }
/// What comes back is cut to this.
inline constexpr std::size_t answer_bytes_max = 8000;

/// HQ's word on a crossing that an officer referred. The officer confirms; it never opens a boom.
struct ReferralAnswerLetter {
  CrossingId crossing;
  std::string answer;  ///< "release", "hold", "control"
  std::string text;    ///< at most 1000 bytes
  std::string who;     ///< 1 to 200 bytes on one line
  bool operator==(const ReferralAnswerLetter&) const = default;
};

/// Names of codes: offices, procedures, countries.
struct CodeListLetter {
  struct Code {
    std::string code;
    std::map<std::string, std::string> texts;  ///< by language: "en", "sr-Latn"
    bool operator==(const Code&) const = default;
  };
  std::string name;  ///< 1 to 48 of A-Z a-z 0-9 - _
  std::uint64_t version = 1;
  std::vector<Code> codes;  ///< none twice; at most codes_max
  bool operator==(const CodeListLetter&) const = default;
};
inline constexpr std::size_t codes_max = 20'000;
inline constexpr std::size_t code_list_bytes_max = 3u << 20;

/// A picture that HQ wants compared with what stands in a lane. Shown beside that crossing's own; it decides nothing.
struct ReferenceImageLetter {
  std::string name;  ///< for people, 1 to 200 bytes on one line: the file's name at HQ, "scan of L1-7-12"
  std::string sha256;
  std::uint64_t size_bytes = 0;
  std::string media_type;  ///< one of picture_types
  std::uint32_t width_px = 0, height_px = 0;  ///< of a scan; 0 of the others, which say it themselves
  std::string crossing, container, plate;     ///< what it is for: one of them, 1 to 200 bytes on one line
  std::string note;  ///< for the officer, at most 1000 bytes
  std::string by;    ///< who at HQ sends it, 1 to 200 bytes on one line
  bool operator==(const ReferenceImageLetter&) const = default;
};
inline constexpr std::string_view jpeg_type = "image/jpeg", png_type = "image/png";
inline constexpr std::string_view scan_type = "application/x-rampa-scan16";  ///< 16-bit little-endian, line after line
inline constexpr std::array<std::string_view, 3> picture_types{jpeg_type, png_type, scan_type};
/// It is read into memory whole to be shown.
inline constexpr std::uint64_t reference_image_bytes_max = 64u << 20;
/// Of these first bytes: JPEG or PNG; empty where they are neither.
[[nodiscard]] std::string_view picture_type_of(ByteView head);

/// A built list is read into memory whole: ten million plates are 160 MB.
inline constexpr std::uint64_t built_list_bytes_max = 1ull << 30;

[[nodiscard]] Bytes encode(const DeclarationsLetter& letter);
[[nodiscard]] Bytes encode(const WatchListLetter& letter);
[[nodiscard]] Bytes encode(const BundleLetter& letter);
[[nodiscard]] Bytes encode(const CommandLetter& letter);
[[nodiscard]] Bytes encode(const ReferralAnswerLetter& letter);
[[nodiscard]] Bytes encode(const CodeListLetter& letter);
[[nodiscard]] Bytes encode(const ReferenceImageLetter& letter);
/// Errors: invalid, naming the key.
[[nodiscard]] Result<DeclarationsLetter> decode_declarations(ByteView bytes);
[[nodiscard]] Result<WatchListLetter> decode_watch_list(ByteView bytes);
[[nodiscard]] Result<BundleLetter> decode_bundle(ByteView bytes);
[[nodiscard]] Result<CommandLetter> decode_command(ByteView bytes);
[[nodiscard]] Result<ReferralAnswerLetter> decode_referral_answer(ByteView bytes);
[[nodiscard]] Result<CodeListLetter> decode_code_list(ByteView bytes);
[[nodiscard]] Result<ReferenceImageLetter> decode_reference_image(ByteView bytes);

}  // namespace rampa::sync
