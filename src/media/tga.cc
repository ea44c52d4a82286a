// TGA (Truevision's Targa, versions 1 and 2): palettes, gray and colours, with and without run
// lengths, from any corner.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "media/file_reader.h"
#include "media/readers.h"
#include "media/signatures.h"

namespace kraft {
namespace {

constexpr std::string_view kFooter("TRUEVISION-XFILE.\0", 18);
constexpr std::size_t kFooterBytes = 26;

struct Header {
  unsigned id_bytes = 0, kind = 0;
  bool has_palette = false;
  unsigned first_colour = 0, colours = 0, colour_bits = 0;
  std::size_t width = 0, height = 0;
  unsigned bits = 0;  // of a pixel
  unsigned flags = 0;

  bool runs() const { return kind >= 9; }
  bool palette() const { return kind % 8 == 1; }
  bool gray() const { return kind % 8 == 3; }
  unsigned alpha_bits() const { return flags & 0x0f; }
  bool from_the_right() const { return (flags & 0x10) != 0; }
  bool from_above() const { return (flags & 0x20) != 0; }
  std::size_t pixel_bytes() const { return (bits + 7) / 8; }
  std::size_t pixels() const { return width * height; }
};

Header read_header(FileReader& in) {
  Header header;
  header.id_bytes = in.u8();
  header.has_palette = in.u8() != 0;
  header.kind = in.u8();
  header.first_colour = in.u16();
  header.colours = in.u16();
  header.colour_bits = in.u8();
  in.skip(4);  // where on a screen
  header.width = in.u16();
  header.height = in.u16();
  header.bits = in.u8();
  header.flags = in.u8();
  return header;
}

bool one_of(unsigned value, std::initializer_list<unsigned> values) {
  return std::ranges::find(values, value) != values.end();
}

void check_kind(const FileReader& in, const Header& header) {
  if (!one_of(header.kind, {1, 2, 3, 9, 10, 11}))
    in.fail("image type " + std::to_string(header.kind) + " is not supported");
  if (header.palette() && !header.has_palette) in.fail("the palette is missing");
  const bool known = header.palette() ? one_of(header.bits, {8, 16})
                     : header.gray()  ? one_of(header.bits, {8, 16})
                                      : one_of(header.bits, {15, 16, 24, 32});
  if (!known) in.fail("pixels of " + std::to_string(header.bits) + " bits are not supported");
  if (header.palette() && !one_of(header.colour_bits, {15, 16, 24, 32}))
    in.fail("colours of " + std::to_string(header.colour_bits) + " bits are not supported");
  if ((header.flags & 0xc0) != 0) in.fail("interleaved rows are not supported");
}

// Red, green, blue and alpha of 15, 16, 24 or 32 bits.
std::array<Byte, 4> colour_of(ByteView bytes) {
  if (bytes.size() >= 3)
    return {bytes[2], bytes[1], bytes[0], bytes.size() == 4 ? bytes[3] : Byte{255}};
  const unsigned value = bytes[0] | bytes[1] << 8;
  const auto channel = [value](unsigned shift) {
    return static_cast<Byte>(((value >> shift & 31) * 255 + 15) / 31);
  };
  return {channel(10), channel(5), channel(0), static_cast<Byte>(value & 0x8000 ? 255 : 0)};
}

// Calls take(pixel) for every pixel in the order of the file.
template <typename Take>
void for_each_pixel(FileReader& in, const Header& header, Take&& take) {
  const std::size_t bytes = header.pixel_bytes();
  for (std::size_t done = 0; done < header.pixels();) {
    if (!header.runs()) {
      take(done++, in.take(bytes));
      continue;
    }
    const unsigned packet = in.u8();
    const std::size_t count = std::min<std::size_t>((packet & 127) + 1, header.pixels() - done);
    ByteView pixel;
    for (std::size_t i = 0; i < count; ++i) {
      if (i == 0 || packet < 128) pixel = in.take(bytes);
      take(done++, pixel);
    }
  }
}

// What version 2 says about the fourth channel: 3 is alpha, 4 alpha by which the colours have been
// multiplied, less is nothing of the kind. Nothing for files of version 1.
std::optional<unsigned> alpha_kind(ByteView file) {
  if (!as_text(file).ends_with(kFooter) || file.size() < kFooterBytes) return std::nullopt;
  FileReader in("TGA", file);
  in.seek(file.size() - kFooterBytes);
  const std::uint32_t extension = in.u32();
  if (extension == 0) return std::nullopt;
  in.seek(std::uint64_t{extension} + 494);
  return in.u8();
}

class Pixels {
 public:
  Pixels(FileReader& in, const Header& header) : in_(in), header_(header) {
    in.skip(header.id_bytes);
    if (!header.has_palette) return;
    const std::size_t entry_bytes = (header.colour_bits + 7) / 8;
    for (unsigned i = 0; i < header.colours; ++i) {
      const ByteView entry = in.take(entry_bytes);
      if (header.palette()) palette_.push_back(colour_of(entry));
    }
  }

  // Gray and alpha, or RGB and alpha.
  Image read() {
    const std::size_t channels = header_.gray() ? 2 : 4;
    check_size("TGA", header_.width, header_.height, channels, 8);
    if (!header_.runs() && in_.left() / header_.pixel_bytes() < header_.pixels())
      in_.fail_truncated();
    if (header_.runs() && in_.left() < header_.pixels() / 128) in_.fail_truncated();
    Image image = blank_image("TGA", header_.width, header_.height, channels, 8);
    for_each_pixel(in_, header_, [&](std::size_t index, ByteView pixel) {
      std::size_t x = index % image.width, y = index / image.width;
      if (header_.from_the_right()) x = image.width - 1 - x;
      if (!header_.from_above()) y = image.height - 1 - y;
      set(image.samples.data() + y * image.row_bytes() + x * channels, pixel);
    });
    return image;
  }

 private:
  void set(Byte* to, ByteView pixel) const {
    if (header_.gray()) {
      to[0] = pixel[0];
      to[1] = pixel.size() == 2 ? pixel[1] : Byte{255};
    } else if (header_.palette()) {
      const unsigned index = pixel[0] | (pixel.size() == 2 ? pixel[1] << 8 : 0);
      if (index < header_.first_colour || index - header_.first_colour >= palette_.size())
        in_.fail("a pixel has colour " + std::to_string(index) + ", which is not in the palette");
      std::ranges::copy(palette_[index - header_.first_colour], to);
    } else {
      std::ranges::copy(colour_of(pixel), to);
    }
  }

  FileReader& in_;
  const Header& header_;
  std::vector<std::array<Byte, 4>> palette_;
};

void divide_by_alpha(Image& image) {
  for (std::size_t at = 0; at < image.samples.size(); at += image.channels) {
    const unsigned alpha = image.samples[at + image.channels - 1];
    for (std::size_t c = 0; alpha > 0 && c + 1 < image.channels; ++c) {
      Byte& sample = image.samples[at + c];
      sample = static_cast<Byte>(std::min(255u, (sample * 255u + alpha / 2) / alpha));
    }
  }
}

}  // namespace

Image read_tga(ByteView file) {
  FileReader in("TGA", file);
  const Header header = read_header(in);
  check_kind(in, header);
  Image image = Pixels(in, header).read();
  const auto kind = alpha_kind(file);
  // In the first version the header's count of alpha bits is all there is to go by, and a channel
  // of nothing but zeros is one that nobody has written.
  const unsigned bits = header.palette() ? header.colour_bits : header.bits;
  const bool has_place = header.gray() ? bits == 16 : bits == 16 || bits == 32;
  const bool has_alpha =
      has_place && (kind ? *kind >= 3 : header.alpha_bits() > 0) && (kind || !transparent(image));
  if (!has_alpha) return without_alpha(image);
  if (kind == 4u) divide_by_alpha(image);
  return image;
}

bool has_known_tga_kind(ByteView file) {
  try {
    FileReader in("TGA", file);
    check_kind(in, read_header(in));
    return true;
  } catch (const Error&) {
    return false;
  }
}

// The header has no signature, but little else has its zeros and small numbers, and as many bytes
// as it says.
bool resembles_tga(ByteView file) {
  try {
    FileReader in("TGA", file);
    const Header header = read_header(in);
    check_kind(in, header);
    const bool palette_is_none =
        header.first_colour == 0 && header.colours == 0 && header.colour_bits == 0;
    if (file[1] > 1 || (!header.has_palette && !palette_is_none)) return false;
    if (!one_of(header.alpha_bits(), {0, 1, 8}) || header.pixels() == 0) return false;
    in.skip(header.id_bytes);
    in.skip(std::uint64_t{header.colours} * ((header.colour_bits + 7) / 8));
    std::size_t pixels = header.pixels();
    if (!header.runs()) in.skip(pixels * header.pixel_bytes());
    while (header.runs() && pixels > 0) {
      const unsigned packet = in.u8(), count = (packet & 127) + 1;
      in.skip(header.pixel_bytes() * (packet < 128 ? std::min<std::size_t>(count, pixels) : 1));
      pixels -= std::min<std::size_t>(count, pixels);
    }
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace kraft
