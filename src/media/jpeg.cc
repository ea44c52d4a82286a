// JPEG through libjpeg. Errors jump, as in png.cc: the steps are functions of plain calls.
#include <cstdio>  // jpeglib.h needs it before

#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>
#include <cmath>
#include <csetjmp>
#include <cstring>
#include <map>
#include <string>

#include "base/text.h"
#include "kraft/error.h"
#include "media/readers.h"

namespace kraft {
namespace {

struct Failure {
  jpeg_error_mgr manager;  // first: the library hands out a pointer to it
  std::jmp_buf to;
  char message[JMSG_LENGTH_MAX] = "";
  char warning[JMSG_LENGTH_MAX] = "";  // the first
};

[[noreturn]] void fail(j_common_ptr common) {
  auto* failure = reinterpret_cast<Failure*>(common->err);
  common->err->format_message(common, failure->message);
  std::longjmp(failure->to, 1);
}

// The library fills in what a truncated file lacks, makes up what a damaged one has lost, and only
// warns.
void on_message(j_common_ptr common, int level) {
  if (level >= 0) return;
  const int code = common->err->msg_code;
  auto* failure = reinterpret_cast<Failure*>(common->err);
  if (code == JWRN_JPEG_EOF) {
    std::strcpy(failure->message, "the file is truncated");
    std::longjmp(failure->to, 1);
  }
  if (code == JWRN_HIT_MARKER) fail(common);
  if (common->err->num_warnings++ == 0) common->err->format_message(common, failure->warning);
}

// Scans that are many for the size of the picture only take time.
constexpr int kMostScans = 1000;

void on_progress(j_common_ptr common) {
  const auto* jpeg = reinterpret_cast<j_decompress_ptr>(common);
  if (jpeg->input_scan_number <= kMostScans) return;
  auto* failure = reinterpret_cast<Failure*>(common->err);
  std::strcpy(failure->message, "the image has more than 1,000 scans");
  std::longjmp(failure->to, 1);
}

constexpr int kExifMarker = JPEG_APP0 + 1, kProfileMarker = JPEG_APP0 + 2;
constexpr std::string_view kExifName("Exif\0\0", 6), kProfileName("ICC_PROFILE\0", 12);

class Reader {
 public:
  explicit Reader(ByteView file) : file_(file) {
    jpeg_.err = jpeg_std_error(&failure_.manager);
    failure_.manager.error_exit = fail;
    failure_.manager.emit_message = on_message;
  }
  ~Reader() { jpeg_destroy_decompress(&jpeg_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  Image read() {
    check(read_header());
    if (jpeg_.jpeg_color_space == JCS_CMYK || jpeg_.jpeg_color_space == JCS_YCCK)
      throw Error("JPEG: CMYK colours are not supported: convert the image to RGB");
    const bool gray = jpeg_.jpeg_color_space == JCS_GRAYSCALE;
    check_size("JPEG", jpeg_.image_width, jpeg_.image_height, gray ? 1 : 3, 8);
    Image image{jpeg_.image_width, jpeg_.image_height, gray ? 1u : 3u, 8, {}};
    jpeg_.out_color_space = gray ? JCS_GRAYSCALE : JCS_RGB;
    check(start());
    // Memory follows the data, not the size that the header claims.
    while (jpeg_.output_scanline < jpeg_.output_height) {
      image.samples.resize(image.samples.size() + image.row_bytes());
      check(read_row(image.samples.data() + image.samples.size() - image.row_bytes()));
    }
    // The library forgets the markers when it has finished.
    image.appearance = appearance(gray, image.warnings);
    const unsigned shown = orientation();
    check(finish());
    if (const long count = failure_.manager.num_warnings) {
      const std::string more =
          count > 1 ? ", and " + grouped(static_cast<std::uint64_t>(count - 1)) + " more" : "";
      image.warnings.push_back(std::string("JPEG: ") + failure_.warning + more);
    }
    return turned(image, shown);
  }

 private:
  bool read_header() {
    if (setjmp(failure_.to)) return false;
    jpeg_create_decompress(&jpeg_);
    jpeg_save_markers(&jpeg_, kExifMarker, 0xffff);
    jpeg_save_markers(&jpeg_, kProfileMarker, 0xffff);
    progress_.progress_monitor = on_progress;
    jpeg_.progress = &progress_;
    jpeg_mem_src(&jpeg_, file_.data(), static_cast<unsigned long>(file_.size()));
    jpeg_read_header(&jpeg_, TRUE);
    return true;
  }

  bool start() {
    if (setjmp(failure_.to)) return false;
    jpeg_start_decompress(&jpeg_);
    return true;
  }

  bool read_row(Byte* to) {
    if (setjmp(failure_.to)) return false;
    jpeg_read_scanlines(&jpeg_, &to, 1);
    return true;
  }

  bool finish() {
    if (setjmp(failure_.to)) return false;
    jpeg_finish_decompress(&jpeg_);
    return true;
  }

  // The data of a marker of that kind, behind its name.
  template <typename Take>
  void for_each_marker(int marker, std::string_view name, Take&& take) const {
    for (const jpeg_marker_struct* m = jpeg_.marker_list; m != nullptr; m = m->next) {
      const ByteView data(m->data, m->data_length);
      if (m->marker == marker && as_text(data).starts_with(name)) take(data.subspan(name.size()));
    }
  }

  unsigned orientation() const {
    unsigned found = 1;
    for_each_marker(kExifMarker, kExifName, [&](ByteView exif) { found = exif_orientation(exif); });
    return found;
  }

  // In pieces, each with its number and how many there are.
  Bytes icc_profile() const {
    std::map<unsigned, ByteView> pieces;
    std::size_t count = 0;
    for_each_marker(kProfileMarker, kProfileName, [&](ByteView piece) {
      if (piece.size() < 2) return;
      pieces.emplace(piece[0], piece.subspan(2));
      count = piece[1];
    });
    Bytes profile;
    for (const auto& [number, piece] : pieces) append(profile, piece);
    return pieces.size() == count ? profile : Bytes();
  }

  Appearance appearance(bool gray, std::vector<std::string>& warnings) const {
    Appearance result;
    result.icc_profile = icc_profile();
    // A gray PNG must not have a profile of colours.
    if (!result.icc_profile.empty() &&
        !as_text(result.icc_profile)
             .substr(std::min<std::size_t>(16, result.icc_profile.size()))
             .starts_with(gray ? "GRAY" : "RGB ")) {
      warnings.emplace_back("JPEG: the colour profile is not one for this image, and left out");
      result.icc_profile.clear();
    }
    const double x = jpeg_.X_density, y = jpeg_.Y_density;
    if (jpeg_.saw_JFIF_marker == 0 || x == 0 || y == 0) return result;
    if (jpeg_.density_unit == 0 && x != y)
      result.density = {jpeg_.X_density, jpeg_.Y_density, false};
    const double per_metre = jpeg_.density_unit == 1 ? 1 / 0.0254 : 100;  // per inch, centimetre
    if (jpeg_.density_unit == 1 || jpeg_.density_unit == 2)
      result.density = {static_cast<std::uint32_t>(std::lround(x * per_metre)),
                        static_cast<std::uint32_t>(std::lround(y * per_metre)), true};
    return result;
  }

  void check(bool done) const {
    if (!done) throw Error(std::string("JPEG: ") + failure_.message);
  }

  ByteView file_;
  Failure failure_{};
  jpeg_progress_mgr progress_{};
  jpeg_decompress_struct jpeg_{};
};

}  // namespace

Image read_jpeg(ByteView file) { return Reader(file).read(); }

}  // namespace kraft
