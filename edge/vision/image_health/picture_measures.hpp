// What one picture says about the camera that took it: numbers only, no judgement. cv::Mat stays in the .cpp.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::vision {

/// The picture is cut into so many cells.
inline constexpr int cell_columns = 16, cell_rows = 9, cell_count = cell_columns * cell_rows;
/// And its map of edges has 6 x 6 values for each cell.
inline constexpr int edge_columns = 6 * cell_columns, edge_rows = 6 * cell_rows, edge_count = edge_columns * edge_rows;

struct PictureMeasures {
  double edge_px = 0;        ///< blur of the sharpest of the strong edges (sigma, in pixels of a picture 640 wide); 0: there are too few to say
  double brightest = 0;      ///< grey level (0-255) that only a thousandth of the picture is above
  double noise = 0;          ///< sigma in grey levels, of the picture at 640 x 360
  int structured_cells = 0;  ///< cells that show something above the noise
  double white_share = 0;    ///< of the picture: blown out
  std::array<std::uint64_t, cell_count> content{};  ///< hash of each cell's pixels; 0 where the cell shows nothing
  std::vector<std::uint8_t> edges;  ///< edge_count values: how strong the edges are, against the picture's own mean edge (50), noise taken off
};

/// Errors: invalid (not a JPEG, or larger than 64 Mpx). Thread: any.
[[nodiscard]] Result<PictureMeasures> measure_picture(ByteView jpeg);
/// The same of a decoded grey picture, `step` bytes from row to row. Errors: invalid (empty).
[[nodiscard]] Result<PictureMeasures> measure_grey(const std::uint8_t* pixels, int width_px, int height_px, std::size_t step);

}  // namespace rampa::vision
