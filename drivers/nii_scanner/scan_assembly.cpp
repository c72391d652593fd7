#include "drivers/nii_scanner/scan_assembly.hpp"

namespace rampa::drivers {

void ScanAssembly::flush(Out& out) {
  if (strip_.empty()) return;
  device::ScanStrip strip{image_->scan_id, strip_first_, image_->height_px - strip_first_};
  out.strips.emplace_back(std::move(strip), std::make_shared<const Bytes>(std::move(strip_)));
  strip_.clear();
  strip_first_ = image_->height_px;
}

void ScanAssembly::finish(Out& out, bool complete) {
  flush(out);
  image_->complete = complete && image_->lines_missing == 0;
  out.image = std::move(image_);
  image_.reset();
  finished_ = number_;
}

ScanAssembly::Out ScanAssembly::abort() {
  Out out;
  if (image_) finish(out, false);
  return out;
}

ScanAssembly::Out ScanAssembly::take(const wire::NiiLine& line) {
  Out out;
  if (finished_ == line.scan_id) return out;
  const bool another = image_ && (line.scan_id != number_ || line.width_px() != image_->width_px ||
                                  line.line > image_->height_px + gap_lines_max || line.line >= lines_max);
  if (another) {
    finish(out, false);
    if (line.scan_id == number_) return out;
  }
  if (!image_) {
    if (line.line > gap_lines_max) return out;  // we came in the middle, or it is rubbish
    image_.emplace();
    number_ = line.scan_id;
    image_->scan_id = device_ + "-" + std::to_string(line.scan_id);
    image_->width_px = line.width_px();
    image_->bits = line.bits;
    strip_first_ = 0;
  }
  if (line.line < image_->height_px) {
    ++image_->lines_repeated;
    return out;
  }
  while (image_->height_px < line.line) {  // a hole keeps its place, so that the picture keeps its proportions
    strip_.insert(strip_.end(), line.pixels.size(), 0);
    ++image_->lines_missing;
    if (++image_->height_px - strip_first_ == strip_lines) flush(out);
  }
  strip_.insert(strip_.end(), line.pixels.begin(), line.pixels.end());
  if (++image_->height_px - strip_first_ == strip_lines) flush(out);
  if (line.last) finish(out, true);
  return out;
}

}  // namespace rampa::drivers
