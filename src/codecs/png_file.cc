// libpng reports errors by longjmp(), which must not jump over objects that have destructors: each
// step below is a function of plain calls, and everything that owns memory lives outside of them.
#include "codecs/png_file.h"

#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <new>
#include <vector>

#include "codecs/recycler.h"

namespace kraft {
namespace {

constexpr std::size_t kMostMessageBytes = 128;
constexpr std::size_t kMostWarnings = 8;

// What the callbacks of one libpng object share.
struct Callbacks {
  ByteView rest;  // still to be read
  Bytes* written = nullptr;
  bool truncated = false;
  const std::function<bool()>* cancelled = nullptr;
  char message[kMostMessageBytes] = "";  // of the error
  std::vector<std::string> warnings;
  Recycler memory;

  static void on_error(png_structp png, png_const_charp message) {
    auto* self = static_cast<Callbacks*>(png_get_error_ptr(png));
    std::strncpy(self->message, message, kMostMessageBytes - 1);
    png_longjmp(png, 1);
  }

  static void on_warning(png_structp png, png_const_charp message) {
    try {
      std::vector<std::string>& warnings =
          static_cast<Callbacks*>(png_get_error_ptr(png))->warnings;
      if (warnings.size() < kMostWarnings && std::ranges::find(warnings, message) == warnings.end())
        warnings.emplace_back(message);
    } catch (const std::bad_alloc&) {  // then there is one warning less
    }
  }

  static void on_read(png_structp png, png_bytep to, std::size_t bytes) {
    auto* self = static_cast<Callbacks*>(png_get_io_ptr(png));
    self->truncated = bytes > self->rest.size();
    if (self->truncated) png_error(png, "the file is truncated");
    std::memcpy(to, self->rest.data(), bytes);
    self->rest = self->rest.subspan(bytes);
  }

  static void on_write(png_structp png, png_bytep from, std::size_t bytes) {
    auto* self = static_cast<Callbacks*>(png_get_io_ptr(png));
    if (self->cancelled && *self->cancelled && (*self->cancelled)()) png_error(png, "cancelled");
    bool failed = false;
    try {
      self->written->insert(self->written->end(), from, from + bytes);
    } catch (const std::bad_alloc&) {
      failed = true;
    }
    if (failed) png_error(png, "out of memory");
  }

  static png_voidp allocate(png_structp png, png_alloc_size_t bytes) {
    return static_cast<Callbacks*>(png_get_mem_ptr(png))->memory.allocate(bytes);
  }

  static void release(png_structp png, png_voidp memory) {
    static_cast<Callbacks*>(png_get_mem_ptr(png))->memory.release(memory);
  }
};

constexpr int kColourTypes[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                PNG_COLOR_TYPE_RGB_ALPHA};

int png_filter(PngFilter filter) {
  static constexpr int kFilters[] = {PNG_ALL_FILTERS, PNG_FILTER_NONE, PNG_FILTER_SUB,
                                     PNG_FILTER_UP,   PNG_FILTER_AVG,  PNG_FILTER_PAETH};
  return kFilters[static_cast<int>(filter)];
}

}  // namespace

struct PngReader::Impl {
  Impl(ByteView file, bool expands, std::size_t most) : expand(expands), most_row_bytes(most) {
    callbacks.rest = file;
    png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &callbacks, Callbacks::on_error,
                                 Callbacks::on_warning);
    info = png ? png_create_info_struct(png) : nullptr;
    if (!info) throw std::bad_alloc();
  }
  ~Impl() { png_destroy_read_struct(&png, &info, nullptr); }

  bool read_header() {
    if (setjmp(png_jmpbuf(png))) return false;
    png_set_read_fn(png, &callbacks, Callbacks::on_read);
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  // the caller's limits are others
    if (expand) png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    png_read_info(png, info);
    if (png_get_rowbytes(png, info) > most_row_bytes) png_error(png, "its rows are too long");
    if (expand) {
      png_set_expand(png);
      png_set_interlace_handling(png);
    }
    png_read_update_info(png, info);
    return true;
  }

  bool read_row(Byte* to) {
    if (setjmp(png_jmpbuf(png))) return false;
    png_read_row(png, to, nullptr);
    return true;
  }

  bool read_rows(png_bytepp rows) {
    if (setjmp(png_jmpbuf(png))) return false;
    png_read_image(png, rows);
    return true;
  }

  bool finish() {
    if (setjmp(png_jmpbuf(png))) return false;
    png_read_end(png, nullptr);
    return true;
  }

  void check(bool done) const {
    if (!done) throw PngError(callbacks.message, callbacks.truncated);
  }

  bool expand;
  std::size_t most_row_bytes;
  Callbacks callbacks;
  png_structp png = nullptr;
  png_infop info = nullptr;
  PngHeader header;
};

PngReader::PngReader(ByteView file, bool expand, std::size_t most_row_bytes)
    : impl_(std::make_unique<Impl>(file, expand, most_row_bytes)) {
  impl_->check(impl_->read_header());
  const auto colour = png_get_color_type(impl_->png, impl_->info);
  const std::size_t depth_bits = png_get_bit_depth(impl_->png, impl_->info);
  if (colour == PNG_COLOR_TYPE_PALETTE || depth_bits < 8)
    throw PngError("it has a palette or pixels of less than a byte", false);
  impl_->header = {png_get_image_width(impl_->png, impl_->info),
                   png_get_image_height(impl_->png, impl_->info),
                   png_get_channels(impl_->png, impl_->info), depth_bits};
}

PngReader::~PngReader() = default;

const PngHeader& PngReader::header() const { return impl_->header; }

bool PngReader::interlaced() const {
  return png_get_interlace_type(impl_->png, impl_->info) != PNG_INTERLACE_NONE;
}

void PngReader::read_row(Byte* to) { impl_->check(impl_->read_row(to)); }

void PngReader::read_all(Byte* to, std::size_t bytes) {
  std::vector<png_bytep> rows(impl_->header.height);
  if (rows.size() * impl_->header.row_bytes() != bytes) throw PngError("wrong size", false);
  for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = to + y * impl_->header.row_bytes();
  impl_->check(impl_->read_rows(rows.data()));
}

ByteView PngReader::finish() {
  impl_->check(impl_->finish());
  return impl_->callbacks.rest;
}

const std::vector<std::string>& PngReader::warnings() const { return impl_->callbacks.warnings; }

struct PngWriter::Impl {
  Callbacks callbacks;
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::vector<png_bytep> rows;

  bool create() {
    callbacks.memory.next_stream();
    png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, &callbacks, Callbacks::on_error,
                                    Callbacks::on_warning, &callbacks, Callbacks::allocate,
                                    Callbacks::release);
    info = png ? png_create_info_struct(png) : nullptr;
    return info != nullptr;
  }

  bool write(const PngHeader& header, int level, PngFilter filter) {
    if (setjmp(png_jmpbuf(png))) return false;
    png_set_write_fn(png, &callbacks, Callbacks::on_write, nullptr);
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_compression_level(png, level);
    png_set_filter(png, PNG_FILTER_TYPE_BASE, png_filter(filter));
    png_set_IHDR(png, info, static_cast<png_uint_32>(header.width),
                 static_cast<png_uint_32>(header.height), static_cast<int>(header.depth_bits),
                 kColourTypes[header.channels - 1], PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    png_write_image(png, rows.data());
    png_write_end(png, info);
    return true;
  }
};

PngWriter::PngWriter() : impl_(std::make_unique<Impl>()) {}
PngWriter::~PngWriter() = default;

void PngWriter::write(const PngHeader& header, ByteView rows, int level, PngFilter filter,
                      Bytes& file, const std::function<bool()>& cancelled) {
  file.clear();
  impl_->callbacks.written = &file;
  impl_->callbacks.cancelled = &cancelled;
  impl_->rows.resize(header.height);
  for (std::size_t y = 0; y < header.height; ++y)
    impl_->rows[y] = const_cast<Byte*>(rows.data()) + y * header.row_bytes();
  const bool done = impl_->create() && impl_->write(header, level, filter);
  png_destroy_write_struct(&impl_->png, &impl_->info);
  impl_->callbacks.cancelled = nullptr;
  if (!done && cancelled && cancelled()) throw Cancelled("writing a PNG was given up");
  if (!done) throw PngError(impl_->callbacks.message, false);
}

std::string png_library() { return std::string("libpng ") + PNG_LIBPNG_VER_STRING; }

}  // namespace kraft
