// BMP: Windows bitmaps of every header since OS/2, with palettes, bit fields and run lengths.
#include <algorithm>
#include <array>
#include <bit>
#include <string>
#include <vector>

#include "media/file_reader.h"
#include "media/readers.h"

namespace kraft {
namespace {

enum Compression : std::uint32_t {
  kPlain = 0,
  kRle8 = 1,
  kRle4 = 2,
  kBitFields = 3,
  kAlphaBitFields = 6
};

constexpr std::uint32_t kCoreHeader = 12, kOs2Header = 64, kShortOs2Header = 16, kInfoHeader = 40,
                        kV5Header = 124;
constexpr std::size_t kFileHeaderBytes = 14;

struct Header {
  std::uint32_t pixels_at = 0;
  std::uint32_t header_bytes = 0;
  std::int64_t width = 0, height = 0;  // positive
  bool top_down = false;
  unsigned bits = 0;  // of a pixel
  std::uint32_t compression = kPlain;
  std::uint32_t colours = 0;                // of the palette; 0: all that the bits allow
  std::array<std::uint32_t, 4> masks = {};  // red, green, blue, alpha
  std::optional<Appearance::Density> density;

  bool has_palette() const { return bits <= 8; }
};

[[noreturn]] void refuse_compression(const FileReader& in, const Header& header) {
  static constexpr std::array kNames = {"", "RLE8", "RLE4", "Huffman", "JPEG", "PNG"};
  std::string name = std::to_string(header.compression);
  if (header.compression < kNames.size()) name = kNames[header.compression];
  if (header.header_bytes == kOs2Header && header.compression == 4) name = "RLE24";
  in.fail(name + " compression of " + std::to_string(header.bits) + " bits is not supported");
}

void check_kind(const FileReader& in, const Header& header) {
  constexpr std::array<unsigned, 6> kBits = {1, 4, 8, 16, 24, 32};
  if (std::ranges::find(kBits, header.bits) == kBits.end())
    in.fail("pixels of " + std::to_string(header.bits) + " bits are not supported");
  const bool os2 = header.header_bytes == kOs2Header;
  switch (header.compression) {
    case kPlain:
      return;
    case kRle8:
      if (header.bits == 8) return;
      break;
    case kRle4:
      if (header.bits == 4) return;
      break;
    case kBitFields:
    case kAlphaBitFields:
      if (!os2 && (header.bits == 16 || header.bits == 32)) return;
      break;
    default:
      break;
  }
  refuse_compression(in, header);
}

// Leaves the reader behind the header and its masks: where the palette begins.
Header read_header(FileReader& in) {
  Header header;
  in.seek(10);
  header.pixels_at = in.u32();
  header.header_bytes = in.u32();
  const bool core = header.header_bytes == kCoreHeader;
  header.width = core ? in.u16() : in.i32();
  header.height = core ? in.u16() : in.i32();
  header.top_down = header.height < 0;
  header.height = header.top_down ? -header.height : header.height;
  if (header.width < 0) in.fail("a width of " + std::to_string(header.width) + " is no width");
  in.skip(2);  // planes
  header.bits = in.u16();
  if (!core && header.header_bytes != kShortOs2Header) {
    header.compression = in.u32();
    in.skip(4);  // how long the pixels are: often 0, and never needed
    const std::int32_t x = in.i32(), y = in.i32();
    if (x > 0 && y > 0)
      header.density = {static_cast<std::uint32_t>(x), static_cast<std::uint32_t>(y), true};
    header.colours = in.u32();
  }
  check_kind(in, header);
  const bool fields = header.compression == kBitFields || header.compression == kAlphaBitFields;
  std::uint64_t end = kFileHeaderBytes + std::uint64_t{header.header_bytes};
  if (fields) {  // later headers hold the masks; after the first one they follow
    const bool has_alpha = header.compression == kAlphaBitFields || header.header_bytes > 52;
    in.seek(kFileHeaderBytes + kInfoHeader);
    for (std::size_t i = 0; i < (has_alpha ? 4 : 3); ++i) header.masks[i] = in.u32();
    end = std::max<std::uint64_t>(end, in.at());
  } else if (header.bits == 16) {
    header.masks = {0x7c00, 0x03e0, 0x001f, 0};
  } else if (header.bits == 32) {
    header.masks = {0xff0000, 0xff00, 0xff, 0};  // the fourth byte is padding
  }
  in.seek(end);
  return header;
}

using Colour = std::array<Byte, 3>;

std::vector<Colour> read_palette(FileReader& in, const Header& header) {
  const std::size_t entry_bytes = header.header_bytes == kCoreHeader ? 3 : 4;
  const std::size_t most = std::size_t{1} << header.bits;
  std::size_t count = header.colours == 0 ? most : std::min<std::size_t>(header.colours, most);
  // Where the pixels begin earlier, so does the palette end.
  if (header.pixels_at > in.at())
    count = std::min(count, (header.pixels_at - in.at()) / entry_bytes);
  std::vector<Colour> palette(count);
  for (Colour& colour : palette) {
    const ByteView entry = in.take(entry_bytes);
    colour = {entry[2], entry[1], entry[0]};
  }
  return palette;
}

// A channel's bits in a pixel.
struct Field {
  unsigned shift = 0;
  std::uint32_t full = 0;  // the largest value; 0: there is no such channel

  Field(const FileReader& in, std::uint32_t mask) {
    if (mask == 0) return;
    shift = static_cast<unsigned>(std::countr_zero(mask));
    full = mask >> shift;
    if ((full & (full + 1)) != 0) in.fail("a channel's bits are not side by side");
  }

  Byte of(std::uint32_t pixel) const {
    if (full == 0) return 0;
    const std::uint64_t value = pixel >> shift & full;
    return static_cast<Byte>((value * 255 + full / 2) / full);
  }
};

class Pixels {
 public:
  Pixels(FileReader& in, const Header& header) : in_(in), header_(header) {
    if (header.has_palette()) palette_ = read_palette(in, header);
    for (const std::uint32_t mask : header.masks) fields_.emplace_back(in, mask);
    if (header.pixels_at != 0) in.seek(header.pixels_at);
  }

  Image read() {
    const bool alpha = fields_[3].full != 0;
    const auto width = static_cast<std::size_t>(header_.width),
               height = static_cast<std::size_t>(header_.height);
    check_size("BMP", width, height, alpha ? 4 : 3, 8);
    const bool runs = header_.compression == kRle8 || header_.compression == kRle4;
    if (!runs && row_bytes() > in_.left() / height) in_.fail_truncated();
    image_ = blank_image("BMP", width, height, alpha ? 4 : 3, 8);
    runs ? read_runs() : read_rows();
    return std::move(image_);
  }

 private:
  std::size_t row_bytes() const {
    return (static_cast<std::size_t>(header_.width) * header_.bits + 31) / 32 * 4;
  }

  Byte* place(std::size_t x, std::size_t y_in_file) {
    const std::size_t y = header_.top_down ? y_in_file : image_.height - 1 - y_in_file;
    return image_.samples.data() + y * image_.row_bytes() + x * image_.channels;
  }

  void set_indexed(std::size_t x, std::size_t y, unsigned index) {
    if (index >= palette_.size())
      in_.fail("a pixel has colour " + std::to_string(index) + " of a palette of " +
               std::to_string(palette_.size()));
    std::ranges::copy(palette_[index], place(x, y));
  }

  void read_rows() {
    for (std::size_t y = 0; y < image_.height; ++y) {
      const ByteView row = in_.take(row_bytes());
      for (std::size_t x = 0; x < image_.width; ++x) read_pixel(row, x, y);
    }
  }

  void read_pixel(ByteView row, std::size_t x, std::size_t y) {
    if (header_.has_palette()) {
      const std::size_t bit = x * header_.bits;
      const unsigned shift = 8 - header_.bits - bit % 8;
      return set_indexed(x, y, row[bit / 8] >> shift & ((1u << header_.bits) - 1));
    }
    const std::size_t bytes = header_.bits / 8;
    Byte* to = place(x, y);
    if (bytes == 3) {
      for (std::size_t c = 0; c < 3; ++c) to[c] = row[3 * x + 2 - c];
      return;
    }
    std::uint32_t pixel = 0;
    for (std::size_t i = bytes; i-- > 0;) pixel = pixel << 8 | row[bytes * x + i];
    for (std::size_t c = 0; c < image_.channels; ++c) to[c] = fields_[c].of(pixel);
  }

  // Pairs of a count and a colour; a count of 0 escapes: end of row, end of picture, a step to the
  // right and up, or so many pixels one by one. What is not drawn has the first colour.
  void read_runs() {
    for (std::size_t y = 0; y < image_.height; ++y)
      for (std::size_t x = 0; x < image_.width; ++x) set_indexed(x, y, 0);
    x_ = y_ = 0;
    while (true) {
      if (in_.left() == 0 && y_ + 1 >= image_.height && (y_ >= image_.height || x_ == image_.width))
        return;  // all is drawn; only the end is not marked
      const unsigned count = in_.u8();
      const unsigned value = in_.u8();
      if (count > 0) {
        for (unsigned i = 0; i < count; ++i) draw(i % 2 == 0 ? value >> 4 : value & 15, value);
      } else if (value == 0) {
        x_ = 0;
        ++y_;
      } else if (value == 1) {
        return;
      } else if (value == 2) {
        x_ += in_.u8();
        y_ += in_.u8();
      } else {
        read_literals(value);
      }
    }
  }

  void read_literals(unsigned count) {
    const bool nibbles = header_.bits == 4;
    const std::size_t bytes = nibbles ? (count + 1) / 2 : count;
    const ByteView literals = in_.take(bytes);
    for (unsigned i = 0; i < count; ++i) {
      const unsigned byte = literals[nibbles ? i / 2 : i];
      draw(i % 2 == 0 ? byte >> 4 : byte & 15, byte);
    }
    if (bytes % 2 == 1 && in_.left() > 0) in_.skip(1);
  }

  void draw(unsigned nibble, unsigned byte) {
    if (x_ >= image_.width || y_ >= image_.height)
      in_.fail("a run of pixels goes beyond the edge of the image");
    set_indexed(x_++, y_, header_.bits == 4 ? nibble : byte);
  }

  FileReader& in_;
  const Header& header_;
  std::vector<Colour> palette_;
  std::vector<Field> fields_;
  Image image_;
  std::size_t x_ = 0, y_ = 0;  // of the next pixel of a run
};

// Of the fifth header: a colour profile that lies in the file.
Bytes embedded_profile(ByteView file) {
  FileReader in("BMP", file);
  in.seek(kFileHeaderBytes + 56);
  if (in.u32() != 0x4d424544) return {};  // "MBED"
  in.seek(kFileHeaderBytes + 112);
  const std::uint32_t at = in.u32(), bytes = in.u32();
  in.seek(kFileHeaderBytes + std::uint64_t{at});
  const ByteView profile = in.take(bytes);
  return {profile.begin(), profile.end()};
}

}  // namespace

Image read_bmp(ByteView file) {
  FileReader in("BMP", file);
  const Header header = read_header(in);
  Image image = Pixels(in, header).read();
  // Programs that write no alpha often leave its place at 0 and name it nevertheless.
  if (image.channels == 4 && transparent(image)) image = without_alpha(image);
  image.appearance.density = header.density;
  if (header.header_bytes == kV5Header) image.appearance.icc_profile = embedded_profile(file);
  return image;
}

}  // namespace kraft
