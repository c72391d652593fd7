#include "hil/sync/business.hpp"

#include <charconv>
#include <cstring>
#include <nlohmann/json.hpp>

#include "hil/world/substream.hpp"

namespace rampa::hil {
namespace {

constexpr std::size_t record_overhead_bytes = 256;  ///< header, kind, lane, crossing, keys of the JSON, hash, check sum

std::string random_text(SubStream& draws, std::size_t count) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text(count, ' ');
  for (std::size_t i = 0; i < count;)
    for (std::uint64_t bits = draws.next(), k = 0; k < 10 && i < count; ++k, bits >>= 6) text[i++] = digits[bits & 63];
  return text;
}

/// Free text that begins with the true time and is so long.
std::string told(WallTime truth, SubStream& draws, std::size_t count) {
  const std::string time = std::to_string(truth.ms) + " ";
  return time + random_text(draws, count > time.size() ? count - time.size() : 1);
}

}  // namespace

Bytes random_bytes(std::uint64_t seed, std::uint64_t n, std::size_t count) {
  SubStream draws(seed, "bytes", n);
  Bytes out(count);
  for (std::size_t at = 0; at < count; at += 8) {
    const std::uint64_t bits = draws.next();
    std::memcpy(out.data() + at, &bits, std::min<std::size_t>(8, count - at));
  }
  return out;
}

Record business_record(const BusinessSettings& settings, std::uint64_t n, Stamp now, WallTime truth) {
  SubStream draws(settings.seed, "record", n);
  Record record{LaneId{"L1"}, CrossingId{"L1-1-" + std::to_string(n / 10)}, now, PassageSeen{}, {}};
  if (settings.closes && n % 10 == 9) {
    record.body = CrossingClosed{"released", told(truth, draws, 1)};
    return record;
  }
  const bool image = settings.image_every && n % settings.image_every == 0;
  if (image || (settings.picture_every && n % settings.picture_every == 0)) {
    const std::size_t bytes = image ? settings.image_bytes : static_cast<std::size_t>(draws.whole(10'000, 200'000));
    CaptureTaken capture;
    capture.role = image ? "scanner" : "plate_front";
    capture.from.device_time = truth;
    capture.body = device::PlateRead{};
    record.body = std::move(capture);
    record.attachments = {{image ? "scan.raw" : "plate.jpg", image ? "application/octet-stream" : "image/jpeg",
                           std::make_shared<const Bytes>(random_bytes(settings.seed, n, bytes))}};
    return record;
  }
  const std::size_t text = settings.record_bytes > record_overhead_bytes ? settings.record_bytes - record_overhead_bytes : 1;
  if (n % 5 == 0) {
    VerdictGiven verdict;
    verdict.decided_by = "policy";
    verdict.reason = told(truth, draws, text);
    record.body = std::move(verdict);
  } else {
    record.body = PassageSeen{"passed", told(truth, draws, text)};
  }
  return record;
}

Record timed_verdict(Stamp now, WallTime truth) {
  VerdictGiven verdict;
  verdict.reason = std::to_string(truth.ms) + " timed";
  return {LaneId{"L1"}, CrossingId{"L1-1-1"}, now, std::move(verdict), {}};
}

std::optional<WallTime> true_time_in(std::string_view open) {
  const auto record = nlohmann::json::parse(open, nullptr, false);
  if (!record.is_object()) return {};
  if (const auto from = record.find("from"); from != record.end() && from->is_object() && from->contains("device_time") && from->at("device_time").is_number_integer())
    return WallTime{from->at("device_time").get<std::int64_t>()};
  for (const char* name : {"reason", "detail", "summary"}) {
    const std::string text = record.contains(name) && record[name].is_string() ? record[name].get<std::string>() : "";
    WallTime time;
    if (const auto read = std::from_chars(text.data(), text.data() + text.size(), time.ms); read.ec == std::errc{} && read.ptr != text.data() + text.size() && *read.ptr == ' ') return time;
  }
  return {};
}

}  // namespace rampa::hil
