// The topics between a post and HQ, of fixed depth: rampa/2/{post}/{up|dn}/{leaf}. Described in TOPICS.md.
// Identity is the TLS certificate's common name; the broker's ACL lets a post write only its own up/ and read its own dn/.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "firmware-interfaces/ids.hpp"

namespace rampa::sync {

/// What a message is about. up: post to HQ, down: HQ to post.
enum class Leaf { hello, verdicts, events, manifest, slice, unavailable, receipt, fetch, day_keys, lost, ack, want, letters, fetched, not_there, day_keys_wanted };

struct Topic {
  PostId post;
  Leaf leaf = Leaf::hello;
  bool operator==(const Topic&) const = default;
};

[[nodiscard]] std::string_view name_of(Leaf leaf);
[[nodiscard]] bool goes_up(Leaf leaf);

/// "rampa/2/RS-BATROVCI/up/hello"
[[nodiscard]] std::string topic_text(const Topic& topic);
/// Nothing where it is not one of ours (other version, other depth, unknown leaf, wrong direction, bad post name).
[[nodiscard]] std::optional<Topic> parse_topic(std::string_view text);

/// What a post subscribes to: everything HQ says to it.
[[nodiscard]] std::string downlink_filter(const PostId& post);
/// What HQ subscribes to: everything every post says.
[[nodiscard]] std::string uplink_filter();

/// 1 to 48 of A-Z a-z 0-9 - _ and not "hq": safe in a topic, in a file name and as a certificate's common name.
[[nodiscard]] bool usable_as_post(std::string_view text);

}  // namespace rampa::sync
