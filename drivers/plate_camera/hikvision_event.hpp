// What a Hikvision camera posts: one EventNotificationAlert (XML), alone or as the first part of a multipart body with
// pictures. Source and trust: ISAPI guide "EventNotificationAlert", and samples of real DeepinView V5.8 and ITC cameras
// in public code [C]; the fields used are listed in firmware-interfaces/icd/hikvision-anpr.json.
// Namespaces differ between firmwares (isapi.org, hikvision.com, std-cgi.com, none): names are compared without them.
// `ipAddress` and `macAddress` of the body are not read for anything: anybody can write them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drivers/plate_camera/multipart.hpp"
#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/result.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::drivers::plate_camera {

struct HikvisionEvent {
  std::string type;         ///< eventType: "ANPR", "videoloss" (sent inactive as heartbeat), "heartBeat", ...
  bool active = false;      ///< eventState
  std::optional<WallTime> time;  ///< dateTime, where it has an offset
  std::string id;           ///< UUID; else picture id; else made of dateTime, channel and plate
  std::string plate;        ///< licensePlate as sent
  std::string country;      ///< as sent: a number, or a name
  std::string direction;    ///< forward | reverse | unknown
  int confidence_percent = 0;
  std::vector<int> char_confidence_percent;  ///< plateCharBelieve

  [[nodiscard]] bool is_read() const { return type == "ANPR" && active; }
  /// Made at the moment at which it is sent. Other events may have waited in the camera for hours.
  [[nodiscard]] bool is_heartbeat() const { return type == "heartBeat" || type == "heartbeat" || (type == "videoloss" && !active); }
};

/// One XML document. Errors: invalid (not well-formed, too large, DOCTYPE, nested too deep, no EventNotificationAlert).
[[nodiscard]] Result<HikvisionEvent> parse_hikvision_xml(std::string_view xml);

struct HikvisionPost {
  HikvisionEvent event;
  std::vector<Attachment> pictures;  ///< "plate.jpg", "scene.jpg"
  bool damaged_picture = false;      ///< a picture part that is no JPEG (left out)
};

/// A whole post. Errors: invalid, with the place.
[[nodiscard]] Result<HikvisionPost> parse_hikvision_post(std::string_view content_type, ByteView body);

}  // namespace rampa::drivers::plate_camera
