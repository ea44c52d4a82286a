// JPEG through libjpeg. Errors jump, as in png.cc: the steps are functions of plain calls.
#include <cstdio>  // jpeglib.h needs it before

#include <jerror.h>
#include <jpeglib.h>

#include <csetjmp>
#include <cstring>

#include "kraft/error.h"
#include "media/readers.h"

namespace kraft {
namespace {

struct Failure {
  jpeg_error_mgr manager;  // first: the library hands out a pointer to it
  std::jmp_buf to;
  char message[JMSG_LENGTH_MAX] = "";
};

[[noreturn]] void fail(j_common_ptr common) {
  auto* failure = reinterpret_cast<Failure*>(common->err);
  common->err->format_message(common, failure->message);
  std::longjmp(failure->to, 1);
}

// The library fills in what a truncated file lacks and only warns.
void on_message(j_common_ptr common, int level) {
  const int code = common->err->msg_code;
  if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER)) fail(common);
}

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
    Image image = blank_image("JPEG", jpeg_.image_width, jpeg_.image_height, gray ? 1 : 3, 8);
    jpeg_.out_color_space = gray ? JCS_GRAYSCALE : JCS_RGB;
    check(read_rows(image.samples.data(), image.row_bytes()));
    return image;
  }

 private:
  bool read_header() {
    if (setjmp(failure_.to)) return false;
    jpeg_create_decompress(&jpeg_);
    jpeg_mem_src(&jpeg_, file_.data(), static_cast<unsigned long>(file_.size()));
    jpeg_read_header(&jpeg_, TRUE);
    return true;
  }

  bool read_rows(Byte* samples, std::size_t row_bytes) {
    if (setjmp(failure_.to)) return false;
    jpeg_start_decompress(&jpeg_);
    while (jpeg_.output_scanline < jpeg_.output_height) {
      JSAMPROW row = samples + jpeg_.output_scanline * row_bytes;
      jpeg_read_scanlines(&jpeg_, &row, 1);
    }
    jpeg_finish_decompress(&jpeg_);
    return true;
  }

  void check(bool done) const {
    if (!done) throw Error(std::string("JPEG: ") + failure_.message);
  }

  ByteView file_;
  Failure failure_{};
  jpeg_decompress_struct jpeg_{};
};

}  // namespace

Image read_jpeg(ByteView file) { return Reader(file).read(); }

}  // namespace kraft
