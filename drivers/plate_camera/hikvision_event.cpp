#include "drivers/plate_camera/hikvision_event.hpp"

#include <algorithm>
#include <charconv>
#include <pugixml.hpp>

#include "drivers/plate_camera/plate_text.hpp"

namespace rampa::drivers::plate_camera {
namespace {

constexpr std::size_t xml_bytes_max = 128 * 1024;
constexpr int xml_depth_max = 24;
constexpr std::size_t text_bytes_max = 256;  // of one field

std::string_view local_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  const auto colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

pugi::xml_node child(const pugi::xml_node& parent, std::string_view name) {
  for (pugi::xml_node node : parent.children())
    if (local_name(node) == name) return node;
  return {};
}

std::string text_of(const pugi::xml_node& parent, std::string_view name) {
  const std::string_view text = child(parent, name).child_value();
  const auto from = text.find_first_not_of(" \t\r\n");
  if (from == std::string_view::npos) return {};
  return clean_text(text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1), text_bytes_max);
}

/// 0..100, else nothing.
std::optional<int> percent(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0 || value > 100) return std::nullopt;
  return value;
}

std::vector<int> percents(std::string_view list) {
  std::vector<int> out;
  while (!list.empty() && out.size() < 32) {
    const auto comma = list.find(',');
    const auto value = percent(list.substr(0, comma));
    if (!value) return {};
    out.push_back(*value);
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
  }
  return out;
}

/// The tree's depth, without recursion.
bool deeper_than(const pugi::xml_node& root, int depth_max) {
  int depth = 0;
  for (pugi::xml_node node = root.first_child(); node && node != root;) {
    if (node.first_child()) {
      if (++depth > depth_max) return true;
      node = node.first_child();
      continue;
    }
    while (node && node != root && !node.next_sibling()) {
      node = node.parent();
      --depth;
    }
    if (!node || node == root) break;
    node = node.next_sibling();
  }
  return false;
}

std::string picture_id(const pugi::xml_node& anpr) {
  const auto list = child(anpr, "pictureInfoList");
  for (const char* name : {"pId", "picName", "fileName"})
    for (pugi::xml_node picture : list.children()) {
      // A file name is the same in every event ("licensePlatePicture.jpg"): no identity.
      const std::string id = text_of(picture, name);
      if (!id.empty() && !id.ends_with("Picture.jpg")) return id;
    }
  return {};
}

bool is_jpeg(ByteView bytes) { return bytes.size() > 4 && bytes[0] == 0xFF && bytes[1] == 0xD8 && bytes[2] == 0xFF; }

}  // namespace

Result<HikvisionEvent> parse_hikvision_xml(std::string_view xml) {
  if (xml.size() > xml_bytes_max) return fail(ErrorCode::invalid, "XML larger than " + std::to_string(xml_bytes_max) + " bytes");
  if (xml.find("<!DOCTYPE") != std::string_view::npos) return fail(ErrorCode::invalid, "XML with a DOCTYPE is not taken");
  pugi::xml_document document;
  const auto parsed = document.load_buffer(xml.data(), xml.size(), pugi::parse_default, pugi::encoding_utf8);
  if (!parsed) return fail(ErrorCode::invalid, std::string("XML at byte ") + std::to_string(parsed.offset) + ": " + parsed.description());
  if (deeper_than(document, xml_depth_max)) return fail(ErrorCode::invalid, "XML nested deeper than " + std::to_string(xml_depth_max));
  const auto alert = child(document, "EventNotificationAlert");
  if (!alert) return fail(ErrorCode::invalid, "XML without EventNotificationAlert");

  HikvisionEvent event;
  event.type = text_of(alert, "eventType");
  if (event.type.empty()) return fail(ErrorCode::invalid, "EventNotificationAlert without eventType");
  event.active = text_of(alert, "eventState") == "active";
  const std::string time = text_of(alert, "dateTime");
  event.time = parse_time(time);
  const auto anpr = child(alert, "ANPR");
  if (event.is_read() && !anpr) return fail(ErrorCode::invalid, "ANPR event without its ANPR element");
  event.plate = text_of(anpr, "licensePlate");
  event.country = text_of(anpr, "country");
  event.direction = text_of(anpr, "direction");
  event.confidence_percent = percent(text_of(anpr, "confidenceLevel")).value_or(0);
  event.char_confidence_percent = percents(text_of(anpr, "plateCharBelieve"));
  event.id = text_of(alert, "UUID");
  if (event.id.empty()) event.id = text_of(anpr, "UUID");
  if (event.id.empty()) event.id = picture_id(anpr);
  if (event.id.empty() && event.is_read()) event.id = time + "/" + text_of(alert, "channelID") + "/" + event.plate;
  return event;
}

Result<HikvisionPost> parse_hikvision_post(std::string_view content_type, ByteView body) {
  const bool multipart = content_type.size() > 10 && (content_type.starts_with("multipart/") || content_type.starts_with("Multipart/"));
  HikvisionPost post;
  if (!multipart) {  // heartbeats come as plain XML
    auto event = parse_hikvision_xml(as_text(body));
    if (!event) return tl::unexpected(event.error());
    post.event = std::move(*event);
    return post;
  }
  auto parts = parse_multipart(content_type, body);
  if (!parts) return tl::unexpected(parts.error());
  const auto is_xml = [](const FormPart& p) { return p.media_type.ends_with("/xml") || p.name.ends_with(".xml"); };
  const auto xml = std::find_if(parts->begin(), parts->end(), is_xml);
  if (xml == parts->end()) return fail(ErrorCode::invalid, "post without an XML part");
  if (std::count_if(parts->begin(), parts->end(), is_xml) > 1) return fail(ErrorCode::invalid, "post with more than one XML part");
  auto event = parse_hikvision_xml(as_text(xml->bytes));
  if (!event) return tl::unexpected(event.error());
  post.event = std::move(*event);

  int others = 0;
  for (const auto& part : *parts) {
    if (is_xml(part) || part.bytes.empty()) continue;
    if (!is_jpeg(part.bytes)) {
      post.damaged_picture = true;
      continue;
    }
    std::string name = part.name.find("licensePlate") != std::string::npos ? "plate.jpg"
                       : part.name.find("detection") != std::string::npos  ? "scene.jpg"
                                                                            : "picture-" + std::to_string(++others) + ".jpg";
    post.pictures.push_back({std::move(name), "image/jpeg", std::make_shared<Bytes>(part.bytes.begin(), part.bytes.end())});
  }
  return post;
}

}  // namespace rampa::drivers::plate_camera
