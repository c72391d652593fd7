#include "sync/topics.hpp"

#include <algorithm>
#include <array>

namespace rampa::sync {
namespace {

constexpr std::string_view prefix = "rampa/2/";

struct Row {
  Leaf leaf;
  std::string_view name;
  bool up;
};
constexpr std::array rows{
    Row{Leaf::hello, "hello", true},
    Row{Leaf::verdicts, "verdicts", true},
    Row{Leaf::events, "events", true},
    Row{Leaf::manifest, "manifest", true},
    Row{Leaf::slice, "slice", true},
    Row{Leaf::unavailable, "unavailable", true},
    Row{Leaf::receipt, "receipt", true},
    Row{Leaf::fetch, "fetch", true},
    Row{Leaf::day_keys, "day_keys", true},
    Row{Leaf::lost, "lost", true},
    Row{Leaf::ack, "ack", false},
    Row{Leaf::want, "want", false},
    Row{Leaf::letters, "letters", false},
    Row{Leaf::fetched, "slice", false},
    Row{Leaf::not_there, "unavailable", false},
    Row{Leaf::day_keys_wanted, "day_keys_wanted", false},
};

const Row& row_of(Leaf leaf) {
  return *std::find_if(rows.begin(), rows.end(), [leaf](const Row& row) { return row.leaf == leaf; });
}

}  // namespace

std::string_view name_of(Leaf leaf) { return row_of(leaf).name; }
bool goes_up(Leaf leaf) { return row_of(leaf).up; }

std::string topic_text(const Topic& topic) {
  std::string text{prefix};
  text += topic.post.text;
  text += goes_up(topic.leaf) ? "/up/" : "/dn/";
  text += name_of(topic.leaf);
  return text;
}

std::optional<Topic> parse_topic(std::string_view text) {
  if (!text.starts_with(prefix)) return {};
  text.remove_prefix(prefix.size());
  const auto slash = text.find('/');
  if (slash == std::string_view::npos || !usable_as_post(text.substr(0, slash))) return {};
  const auto post = text.substr(0, slash);
  text.remove_prefix(slash + 1);
  const bool up = text.starts_with("up/");
  if (!up && !text.starts_with("dn/")) return {};
  text.remove_prefix(3);
  for (const Row& row : rows)
    if (row.up == up && row.name == text) return Topic{PostId{std::string(post)}, row.leaf};
  return {};
}

std::string downlink_filter(const PostId& post) { return std::string{prefix} + post.text + "/dn/+"; }
std::string uplink_filter() { return std::string{prefix} + "+/up/+"; }

bool usable_as_post(std::string_view text) {
  return usable_as_name(text) && text != "hq";
}

}  // namespace rampa::sync
