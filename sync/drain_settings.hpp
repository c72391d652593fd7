// What a drain is given: who the post is, its lines, its patience.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sync/day_keys.hpp"
#include "sync/envelope.hpp"
#include "sync/frame.hpp"
#include "sync/send_order.hpp"

namespace rampa::sync {

/// Who this post is to HQ, and whom it believes.
struct Identity {
  Epoch epoch{};                      ///< of the journal
  std::string device_key;             ///< public, hex
  Signer signer;                      ///< signs with the device's key
  std::optional<PublicKey> hq_key;    ///< nothing: the first one met is kept
};

struct DrainSettings {
  PostId post;
  Identity identity;
  std::string boot_id;
  std::uint64_t boot_number = 0;
  std::string software;
  std::size_t brokers = 1;            ///< length of the list; tried in turn
  std::set<std::size_t> metered;      ///< of these brokers' lines only verdicts and events are sent
  std::vector<Cap> caps;
  std::uint64_t letters_through = 0;  ///< HQ's letters that are applied durably
  /// The key of a day's personal fields, for HQ to read them; nothing: it was destroyed. Not set: HQ is given none.
  std::function<Result<std::optional<store::format::DayKey>>(const DayKeyName&)> day_key;

  std::size_t frame_records_max = 1024;              ///< at most sync::frame_records_max
  std::size_t live_bytes_max = 512u << 10;           ///< live verdicts under way: past the budget, but not without bound

  Duration connect_timeout = 15s;
  Duration hello_timeout = 5s;
  int hellos_unanswered_max = 3;
  Duration heartbeat = 15s;      ///< a hello at least this often, so that HQ notices a gap at the end
  /// Something is on its way and HQ says nothing for so long: the connection is taken for dead. After half of it a hello
  /// asks. Must be longer than a frame needs on the slowest link: 20 s and 32 KiB allow for 16 kbit/s.
  Duration ack_timeout = 20s;
  Duration pause_first = 250ms, pause_last = 30s;
  Duration refused_pause = 5s;   ///< before a frame that HQ refused is tried again
  Duration back_to_primary = 10min;  ///< on another line than the first: how often the first is looked for
};

}  // namespace rampa::sync
