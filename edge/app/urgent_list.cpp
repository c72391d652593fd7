#include "edge/app/urgent_list.hpp"

#include "edge/api/durable_file.hpp"
#include "edge/app/urgent_book.hpp"
#include "edge/app/urgent_profiles.hpp"

namespace rampa::app {

Result<std::vector<ListedUrgent>> list_urgent(const ProfilesPlace& place, const Clock& clock) {
  const std::string file = place.store_directory + "/urgent-profiles.json";
  auto text = api::read_file(file);
  if (!text) return fail(text.error().code, text.error().what + "; run it as the user that Rampa runs as");
  std::vector<ListedUrgent> listed;
  if (!*text) return listed;
  const Stamp now = clock.now();
  UrgentBook book(PostId{place.post}, place.urgent_hours_max, UrgentProfiles::present_os_boot());
  if (auto read = book.read(**text, now); !read) return fail(read.error().code, file + " " + read.error().what + "; a running post goes on with what it has, a start puts the file aside");
  for (const auto& p : book.entries()) {
    if (p.left <= Duration{}) continue;  // over, though the post may still have to write it down
    listed.push_back({p.id, std::string(name_of(p.state)), std::string(name_of(p.proposal.channel)), p.proposal.hours, to_ms(p.left), p.proposed_by.text, p.confirmed_by.text});
  }
  return listed;
}

}  // namespace rampa::app
