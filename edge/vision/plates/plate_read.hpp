// Our own reader behind the door that the vision pool knows (edge/vision/plate_reader.hpp).
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "edge/vision/plate_reader.hpp"
#include "edge/vision/plates/frame_reader.hpp"
#include "edge/vision/plates/passage_vote.hpp"

namespace rampa::vision::plates {

/// As the lane wants it. Country as ISO 3166-1 alpha-3, empty where it is unknown; an unsure character stays "?" in the text, so that the
/// text equals none that is declared or listed; a read that is not certified is marked so, and alone never makes a green.
[[nodiscard]] device::PlateRead as_plate_read(const FramePlate& plate);

/// As a vehicle's frames vote with it (passages_of()); country as the reader says it, empty where it is unknown. `at_ms`: of the frame.
[[nodiscard]] Sighting as_sighting(const FramePlate& plate, std::int64_t at_ms);

/// Countries whose certified reads may count as such in a lane: ISO 3166-1 alpha-3.
using CertifiedCountries = std::set<std::string>;
/// All that this reader knows.
[[nodiscard]] const CertifiedCountries& known_countries();

/// What a lane is told of one picture: the nearest vehicle's plate first, which is the largest one. It is not certified where its country is
/// not among `countries`, nor where another plate of a quarter of its area or more says something else: then it is not sure whose it is.
[[nodiscard]] std::vector<device::PlateRead> as_lane_reads(std::vector<FramePlate> plates, const CertifiedCountries& countries);

/// Errors: invalid (a country that is not known); those of make_frame_reader(), with where the files are looked for.
[[nodiscard]] Result<std::unique_ptr<PlateReader>> make_net_reader(const ReaderFiles& files, const CertifiedCountries& countries, const ReaderSettings& settings = {});

}  // namespace rampa::vision::plates
