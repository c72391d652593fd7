#include "tests/bench/tesseract_reader.hpp"

#include <omp.h>
#include <tesseract/baseapi.h>
#include <tesseract/resultiterator.h>

#include <algorithm>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "edge/vision/jpeg_size.hpp"
#include "tests/bench/plate_candidates.hpp"

namespace rampa::bench {
namespace {

constexpr int width_px_max = 1280;          // larger pictures are scaled down before the search
constexpr std::size_t candidates_max = 4;
constexpr std::size_t plate_letters_min = 4, plate_letters_max = 10;

class TesseractReader final : public vision::PlateReader {
 public:
  ~TesseractReader() override { tesseract_.End(); }

  [[nodiscard]] bool start() {
    const std::vector<std::string> names{"load_system_dawg", "load_freq_dawg", "tessedit_char_whitelist"};
    const std::vector<std::string> values{"0", "0", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"};
    if (tesseract_.Init(nullptr, "eng", tesseract::OEM_LSTM_ONLY, nullptr, 0, &names, &values, false) != 0) return false;
    tesseract_.SetPageSegMode(tesseract::PSM_SINGLE_LINE);
    tesseract_.SetVariable("debug_file", "/dev/null");
    return true;
  }

  Result<std::vector<device::PlateRead>> read(ByteView jpeg) override {
    const auto size = vision::jpeg_size(jpeg);
    if (!size || size->width_px == 0 || size->height_px == 0) return fail(ErrorCode::invalid, "not a JPEG picture");
    if (std::uint64_t{size->width_px} * size->height_px > vision::picture_pixels_max)
      return fail(ErrorCode::invalid, "picture of " + std::to_string(size->width_px) + " x " + std::to_string(size->height_px) + " is larger than 64 Mpx");
    // Debian's tesseract spreads every line over all cores and spins while it waits; the pool is the place for threads.
    omp_set_max_active_levels(0);  // omp_set_num_threads would not do: tesseract asks for its threads by number
    try {
      return read_picture(jpeg);
    } catch (const std::exception& e) {  // OpenCV throws; nothing of it leaves this folder
      return fail(ErrorCode::invalid, std::string("picture can't be decoded: ") + e.what());
    }
  }

 private:
  struct Line {
    device::PlateRead read;
    double worth = 0;
  };

  Result<std::vector<device::PlateRead>> read_picture(ByteView jpeg) {
    const cv::Mat bytes(1, static_cast<int>(jpeg.size()), CV_8U, const_cast<std::uint8_t*>(jpeg.data()));
    cv::Mat grey = cv::imdecode(bytes, cv::IMREAD_GRAYSCALE | cv::IMREAD_IGNORE_ORIENTATION);
    if (grey.empty()) return fail(ErrorCode::invalid, "picture can't be decoded");
    if (grey.cols > width_px_max) {
      const double scale = static_cast<double>(width_px_max) / grey.cols;
      cv::resize(grey, grey, {}, scale, scale, cv::INTER_AREA);
    }
    std::vector<Line> lines;
    for (const auto& candidate : find_plate_candidates(grey, candidates_max)) {
      for (const auto* image : {&candidate.ink, &candidate.grey})
        if (auto line = read_line(*image); line.read.text.size() >= plate_letters_min && line.read.text.size() <= plate_letters_max) {
          line.worth += 4 * candidate.score;
          if (static_cast<int>(line.read.text.size()) == candidate.characters) line.worth += 8;
          lines.push_back(std::move(line));
        }
    }
    std::sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) { return a.worth > b.worth; });
    std::vector<device::PlateRead> reads;
    for (auto& line : lines)
      if (std::none_of(reads.begin(), reads.end(), [&](const auto& r) { return r.text == line.read.text; })) reads.push_back(std::move(line.read));
    return reads;
  }

  Line read_line(const cv::Mat& image) {
    Line line;
    line.read.reader = "tesseract";
    line.read.uncertified = true;
    tesseract_.SetImage(image.data, image.cols, image.rows, 1, static_cast<int>(image.step));
    tesseract_.SetSourceResolution(150);
    if (tesseract_.Recognize(nullptr) != 0) return line;
    double sum = 0;
    bool digit = false, letter = false;
    const std::unique_ptr<tesseract::ResultIterator> symbol(tesseract_.GetIterator());
    if (symbol && !symbol->Empty(tesseract::RIL_SYMBOL)) do {
        const std::unique_ptr<const char[]> text(symbol->GetUTF8Text(tesseract::RIL_SYMBOL));
        if (!text || text[0] == '\0' || text[1] != '\0') continue;
        const char c = text[0];
        const bool is_digit = c >= '0' && c <= '9';
        if (!is_digit && (c < 'A' || c > 'Z')) continue;
        digit |= is_digit;
        letter |= !is_digit;
        const double confidence = symbol->Confidence(tesseract::RIL_SYMBOL);
        sum += confidence;
        line.read.text.push_back(c);
        line.read.char_confidence_percent.push_back(std::clamp(static_cast<int>(confidence), 0, 100));
      } while (symbol->Next(tesseract::RIL_SYMBOL));
    tesseract_.Clear();
    if (line.read.text.empty()) return line;
    const double mean = sum / static_cast<double>(line.read.text.size());
    line.read.confidence_percent = std::clamp(static_cast<int>(mean), 0, 100);
    line.worth = mean / 4 + (digit && letter ? 8 : 0) + (digit ? 6 : 0) + (line.read.text.size() >= 6 && line.read.text.size() <= 8 ? 6 : 0);
    return line;
  }

  tesseract::TessBaseAPI tesseract_;
};

}  // namespace

Result<std::unique_ptr<vision::PlateReader>> make_tesseract_reader() {
  cv::setNumThreads(1);  // the pool is the place for threads; OpenCV's own would run beside the lanes
  // Its list of codecs is made at first use: here, before the pool's threads decode side by side.
  (void)cv::haveImageWriter(".jpg");
  auto reader = std::make_unique<TesseractReader>();
  if (!reader->start()) return fail(ErrorCode::not_found, "tesseract does not start: its English data are missing (package tesseract-ocr-eng)");
  return reader;
}

}  // namespace rampa::bench
