#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>

#include "edge/api/json_input.hpp"
#include "edge/api/parts.hpp"
#include "edge/api/views.hpp"

namespace rampa::api {
namespace {

/// "2026-07-14"
std::string utc_date(WallTime at) {
  const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(at.ms)))};
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(day.year()), static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
  return text;
}

/// Upper case, without spaces and hyphens: how plates are stored.
std::string normalised_plate(const std::string& typed) {
  std::string plate;
  for (const char c : typed)
    if (c != ' ' && c != '-') plate += (c >= 'a' && c <= 'z') ? static_cast<char>(c - 'a' + 'A') : c;
  return plate;
}

/// Only what browsers show without interpreting anything else; the rest is offered as bytes.
constexpr std::size_t sniffed_bytes = 16;
std::string_view sniffed_type(const Bytes& bytes) {
  constexpr std::uint8_t png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  if (bytes.size() > 3 && bytes[0] == 0xff && bytes[1] == 0xd8 && bytes[2] == 0xff) return "image/jpeg";
  if (bytes.size() > sizeof png && std::equal(std::begin(png), std::end(png), bytes.begin())) return "image/png";
  return "application/octet-stream";
}

bool names_etag(const std::string& header, const std::string& etag) {
  return header == "*" || header.find(etag) != std::string::npos;  // etags are 64 hex digits in quotes: no false match
}

/// All of a picture, or the range of it that was asked for.
Response bytes_of_picture(Bytes bytes, std::string_view type, const std::optional<ByteRange>& range, std::uint64_t size) {
  Response r;
  r.type = type;
  if (type == "application/octet-stream") r.with("Content-Disposition", "attachment");
  if (range) {
    r.status = 206;
    r.with("Content-Range", "bytes " + std::to_string(range->first) + "-" + std::to_string(range->last) + "/" + std::to_string(size));
  }
  r.bytes = std::make_shared<const Bytes>(std::move(bytes));
  r.length = r.bytes->size();
  return r;
}

std::vector<std::string> plates_in(const std::vector<StoredRecord>& records) {
  std::vector<std::string> plates;
  const auto add = [&](const std::string& plate) {
    if (!plate.empty() && std::find(plates.begin(), plates.end(), plate) == plates.end()) plates.push_back(plate);
  };
  for (const auto& r : records) {
    if (const auto* capture = std::get_if<CaptureTaken>(&r.body)) {
      if (const auto* read = std::get_if<device::PlateRead>(&capture->body)) add(read->text);
    } else if (const auto* paper = std::get_if<PaperCrossing>(&r.body)) {
      add(paper->plate);
      add(paper->trailer);
    }
  }
  return plates;
}

Outcome enter(Parts& parts, Call& call) {
  const Request& request = call.request;
  const Session& session = *call.session;
  auto in = JsonInput::parse(request.body);
  if (!in) return {problem(400, "malformed", in.error().what, request)};
  const LaneId lane{in->text("lane", 1, 32)};
  PaperCrossing crossing;
  crossing.happened.ms = in->integer("happened_ms", 1'500'000'000'000, 9'999'999'999'999);
  crossing.plate = normalised_plate(in->text("plate", 2, 20));
  crossing.trailer = normalised_plate(in->text_or("trailer", "", 20));
  crossing.gross_kg = in->integer_if("gross_kg", 0, 200'000);
  crossing.declaration = in->text_or("declaration", "", 64);
  const std::string verdict = in->word("verdict", {"release", "hold", "refer"});
  crossing.verdict = verdict == "release" ? Verdict::release : verdict == "refer" ? Verdict::refer : Verdict::hold;
  crossing.decided_by = in->text_or("decided_by", session.badge.text, 32);
  if (crossing.decided_by.empty()) crossing.decided_by = session.badge.text;
  crossing.note = in->text_or("note", "", 500);
  if (auto ok = in->finish(); !ok) return {problem(400, "invalid", ok.error().what, request)};
  if (crossing.happened.ms > parts.clock.now().wall.ms + 60'000)
    return {problem(422, "invalid", "happened_ms: a crossing on paper cannot lie in the future", request)};
  if (crossing.decided_by != session.badge.text && session.role != Role::shift_leader)
    return {problem(403, "role", "only a shift leader may enter what somebody else decided", request)};
  crossing.entered_by = session.badge.text;
  const auto id = parts.port.enter_paper_crossing(lane, std::move(crossing), parts.settings.action_timeout);
  if (!id) {
    const bool unknown = id.error().code == ErrorCode::outcome_unknown || id.error().code == ErrorCode::timeout;
    return {failed(id.error(), request), unknown};
  }
  JsonWriter w;
  w.object().field("crossing", id->text).end();
  return {json(w.take(), 201), true};
}

}  // namespace

Response list_crossings(Parts& parts, Call& call) {
  store::CrossingQuery query;
  for (const auto& [key, value] : call.request.query) {
    if (key == "limit") {
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), query.limit);
      if (error != std::errc{} || end != value.data() + value.size() || query.limit < 1 || query.limit > 200)
        return problem(400, "invalid", "limit: must be a whole number from 1 to 200", call.request);
    } else if (key == "lane") {
      query.lane.text = value;
    } else if (key == "plate") {
      query.plate = normalised_plate(value);
    } else if (key == "before") {
      query.before.text = value;
    } else {
      return problem(400, "invalid", key + ": unknown; use limit, lane, plate, before", call.request);
    }
  }
  const std::size_t wanted = query.limit++;  // one more tells whether there are more
  auto rows = parts.readers.with([&](store::PictureReader& reader) { return reader.crossings(query); });
  if (!rows) return failed(rows.error(), call.request);
  JsonWriter w;
  w.object().key("crossings").array();
  for (std::size_t i = 0; i < rows->size() && i < wanted; ++i) write_crossing_row(w, (*rows)[i]);
  w.end().field("more", rows->size() > wanted).end();
  return json(w.take());
}

Response get_crossing(Parts& parts, Call& call) {
  const CrossingId id{call.arguments.at(0)};
  std::vector<Declaration> declarations;
  auto records = parts.readers.with([&](store::PictureReader& reader) -> Result<std::vector<StoredRecord>> {
    auto found = reader.records_of(id);
    if (!found) return found;
    if (const auto plates = plates_in(*found); !plates.empty()) {
      auto declared = reader.declarations_for(plates);
      if (!declared) return tl::unexpected(declared.error());
      declarations = std::move(*declared);
    }
    return found;
  });
  if (!records) return failed(records.error(), call.request);
  if (records->empty()) return problem(404, "not-found", "no crossing " + id.text, call.request);
  JsonWriter w;
  w.object().field("id", id.text).field("lane", records->front().lane.text).key("records").array();
  for (const auto& r : *records) write_record(w, r);
  w.end().key("declarations").array();
  for (const auto& d : declarations) write_declaration(w, d);
  w.end().end();
  return json(w.take());
}

Response get_blob(Parts& parts, Call& call) {
  const Request& request = call.request;
  const std::string& hash = call.arguments.at(0);
  if (hash.size() != 64 || hash.find_first_not_of("0123456789abcdef") != std::string::npos)
    return problem(404, "not-found", "a picture's name is 64 hex digits", request);
  const std::string etag = "\"" + hash + "\"";
  const auto dressed = [&](Response r) {
    r.with("ETag", etag).with("Cache-Control", "private, max-age=31536000, immutable").with("Accept-Ranges", "bytes");
    return r;
  };
  // The name is the content's hash: who knows it has the content, and nothing needs to be read.
  if (const auto known = request.header("if-none-match"); !known.empty() && names_etag(known, etag)) {
    Response r = no_content();
    r.status = 304;
    return dressed(r);
  }
  // Only what is sent is read, chunk by chunk, each checked; a large scan is asked for in pieces.
  const std::string wanted = request.header("range"), condition = request.header("if-range");
  const bool ranged = !wanted.empty() && (condition.empty() || condition == etag);
  std::optional<ByteRange> range;
  std::uint64_t size = 0;
  Bytes head;
  auto bytes = parts.readers.with([&](store::PictureReader& reader) -> Result<Bytes> {
    auto evidence = reader.blob_of_a_crossing(hash);
    if (!evidence) return tl::unexpected(evidence.error());
    if (!*evidence) return fail(ErrorCode::not_found, "no picture " + hash + " of a crossing");
    auto found = reader.blob_size(hash);
    if (!found) return tl::unexpected(found.error());
    size = *found;
    if (ranged) range = parse_range(wanted, size);
    if (range && !range->satisfiable) return Bytes{};
    if (!range) return reader.blob(hash);
    auto begin = reader.blob_range(hash, 0, sniffed_bytes);
    if (!begin) return begin;
    head = std::move(*begin);
    return reader.blob_range(hash, range->first, range->last - range->first + 1);
  });
  if (!bytes && bytes.error().code == ErrorCode::not_found) {
    auto gone = parts.readers.with([&](store::PictureReader& reader) { return reader.blob_gone(hash); });
    if (gone && *gone)
      return problem(410, (*gone)->held_at_hq ? "removed-at-hq" : "removed",
                     "removed on " + utc_date((*gone)->when) + " for lack of room; " +
                         ((*gone)->held_at_hq ? "HQ holds it" : "HQ never had it"), request);
  }
  if (!bytes) return failed(bytes.error(), request);
  const std::string all = std::to_string(size);
  if (range && !range->satisfiable)
    return problem(416, "range", "the picture has " + all + " bytes", request).with("Content-Range", "bytes */" + all);
  return dressed(bytes_of_picture(std::move(*bytes), sniffed_type(range ? head : *bytes), range, size));
}

/// Of HQ's pictures those for this crossing, for a plate of it, or for a container that was read or declared.
Response list_reference_images(Parts& parts, Call& call) {
  ReferenceQuestion asked;
  asked.crossing = CrossingId{call.arguments.at(0)};
  auto known = parts.readers.with([&](store::PictureReader& reader) -> Result<bool> {
    auto records = reader.records_of(asked.crossing);
    if (!records) return tl::unexpected(records.error());
    asked.plates = plates_in(*records);
    asked.containers = asked.plates;  // codes are read by cameras too
    if (asked.plates.empty()) return !records->empty();
    auto declared = reader.declarations_for(asked.plates);
    if (!declared) return tl::unexpected(declared.error());
    for (const Declaration& d : *declared)
      if (const auto found = d.more.find("container"); found != d.more.end()) {
        if (const auto* one = std::get_if<std::string>(&found->second)) asked.containers.push_back(*one);
        else if (const auto* several = std::get_if<std::vector<std::string>>(&found->second)) asked.containers.insert(asked.containers.end(), several->begin(), several->end());
      }
    return !records->empty();
  });
  if (!known) return failed(known.error(), call.request);
  if (!*known) return problem(404, "not-found", "no crossing " + asked.crossing.text, call.request);
  JsonWriter w;
  w.object().key("images").array();
  for (const ReferenceImageView& image : parts.port.reference_images(asked)) write_reference_image(w, image);
  w.end().end();
  return json(w.take());
}

Response get_reference_image(Parts& parts, Call& call) {
  const Request& request = call.request;
  const std::string& hash = call.arguments.at(0);
  const std::string etag = "\"" + hash + "\"";
  auto bytes = parts.port.reference_image(hash);
  if (!bytes) return failed(bytes.error(), request);
  const auto dressed = [&](Response r) {
    r.with("ETag", etag).with("Cache-Control", "private, max-age=31536000, immutable").with("Accept-Ranges", "bytes");
    return r;
  };
  if (const auto held = request.header("if-none-match"); !held.empty() && names_etag(held, etag)) {
    Response r = no_content();
    r.status = 304;
    return dressed(r);
  }
  const std::uint64_t size = bytes->size();
  const std::string wanted = request.header("range"), condition = request.header("if-range");
  std::optional<ByteRange> range;
  if (!wanted.empty() && (condition.empty() || condition == etag)) range = parse_range(wanted, size);
  if (range && !range->satisfiable)
    return problem(416, "range", "the picture has " + std::to_string(size) + " bytes", request).with("Content-Range", "bytes */" + std::to_string(size));
  const std::string_view type = sniffed_type(*bytes);
  if (range) bytes = Bytes(bytes->begin() + static_cast<std::ptrdiff_t>(range->first), bytes->begin() + static_cast<std::ptrdiff_t>(range->last + 1));
  return dressed(bytes_of_picture(std::move(*bytes), type, range, size));
}

Response enter_paper_crossing(Parts& parts, Call& call) {
  return once(parts, call, [&] { return enter(parts, call); });
}

}  // namespace rampa::api
