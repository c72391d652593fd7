#include "edge/app/line_settings.hpp"

namespace rampa::app {

sync::UplinkSettings line_settings(const config::Site& site) {
  sync::UplinkSettings settings;
  settings.brokers = site.sync.brokers;
  settings.credentials = {site.sync.ca_file, site.sync.certificate_file, site.sync.key_file};
  settings.drain.post = site.post;
  settings.drain.brokers = site.sync.brokers.size();
  for (const std::string& broker : site.sync.metered)
    for (std::size_t i = 0; i < site.sync.brokers.size(); ++i)
      if (site.sync.brokers[i] == broker) settings.drain.metered.insert(i);
  for (const config::SyncCap& cap : site.sync.caps)
    for (const sync::Traffic traffic : sync::traffics)
      if (sync::name_of(traffic) == cap.traffic) settings.drain.caps.push_back({traffic, cap.from_minute, cap.to_minute, cap.bytes_per_s});
  return settings;
}

}  // namespace rampa::app
