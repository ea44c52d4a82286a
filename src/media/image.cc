// Images: which reader reads a file, and what can be done to its pixels.
#include <stb_image_resize.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "base/text.h"
#include "kraft/error.h"
#include "kraft/media.h"
#include "media/readers.h"
#include "media/signatures.h"

namespace kraft {
namespace {

unsigned sample_at(const Image& image, std::size_t index) {
  return image.depth_bits == 8 ? image.samples[index]
                               : image.samples[2 * index] * 256u + image.samples[2 * index + 1];
}

void set_sample(Image& image, std::size_t index, unsigned value) {
  if (image.depth_bits == 8) {
    image.samples[index] = static_cast<Byte>(value);
  } else {
    image.samples[2 * index] = static_cast<Byte>(value >> 8);
    image.samples[2 * index + 1] = static_cast<Byte>(value);
  }
}

}  // namespace

void check_size(const std::string& format, std::uint64_t width, std::uint64_t height,
                std::size_t channels, std::size_t depth_bits) {
  if (width == 0 || height == 0)
    throw Error(format + ": the image has no pixels: it is " + std::to_string(width) + " x " +
                std::to_string(height));
  const std::size_t pixel_bytes = channels * depth_bits / 8;
  if (width > kMostMediaBytes || height > kMostMediaBytes ||
      width * height > kMostMediaBytes / pixel_bytes)
    throw Error(format + ": " + grouped(width) + " x " + grouped(height) + " pixels of " +
                std::to_string(pixel_bytes) + (pixel_bytes == 1 ? " byte" : " bytes") +
                " are more than " + std::to_string(kMostMediaBytes >> 20) + " MiB");
}

Image blank_image(const std::string& format, std::size_t width, std::size_t height,
                  std::size_t channels, std::size_t depth_bits) {
  check_size(format, width, height, channels, depth_bits);
  return {width, height, channels, depth_bits, Bytes(width * height * channels * depth_bits / 8)};
}

namespace {

bool every_alpha_is(const Image& image, Byte value) {
  const std::size_t sample_bytes = image.depth_bits / 8, pixel_bytes = image.pixel_bytes();
  for (std::size_t at = pixel_bytes - sample_bytes; at < image.samples.size(); at += pixel_bytes) {
    for (std::size_t i = 0; i < sample_bytes; ++i) {
      if (image.samples[at + i] != value) return false;
    }
  }
  return true;
}

}  // namespace

bool opaque(const Image& image) { return every_alpha_is(image, 255); }
bool transparent(const Image& image) { return every_alpha_is(image, 0); }

Image without_alpha(const Image& image) {
  Image rest =
      blank_image("image", image.width, image.height, image.channels - 1, image.depth_bits);
  rest.appearance = image.appearance;
  rest.warnings = image.warnings;
  auto to = rest.samples.begin();
  for (std::size_t at = 0; at < image.samples.size(); at += image.pixel_bytes())
    to = std::copy_n(image.samples.begin() + static_cast<std::ptrdiff_t>(at), rest.pixel_bytes(),
                     to);
  return rest;
}

bool Image::operator==(const Image& other) const {
  return width == other.width && height == other.height && channels == other.channels &&
         depth_bits == other.depth_bits && samples == other.samples &&
         appearance == other.appearance;
}

Geometry Image::geometry() const {
  return {.width = static_cast<std::int64_t>(width),
          .channels = static_cast<std::int64_t>(channels),
          .depth = static_cast<std::int64_t>(depth_bits)};
}

namespace {

using Read = Image (*)(ByteView);
constexpr std::array<std::pair<std::string_view, Read>, 6> kReaders = {{{"PNG", read_png},
                                                                        {"JPEG", read_jpeg},
                                                                        {"PNM", read_pnm},
                                                                        {"GIF", read_gif},
                                                                        {"BMP", read_bmp},
                                                                        {"TGA", read_tga}}};

}  // namespace

Image read_image(ByteView file) {
  const std::string_view format = claimed_image_format(file);
  const auto reader =
      std::ranges::find(kReaders, format, &std::pair<std::string_view, Read>::first);
  if (reader == kReaders.end())
    throw Error("this is no image that can be read: PNG, JPEG, PNM, BMP, TGA and GIF are");
  Image image = reader->second(file);
  if (image.channels % 2 == 0 && opaque(image)) {
    image = without_alpha(image);
    image.appearance.opaque_alpha = true;
  }
  return image;
}

Image to_gray(const Image& image) {
  Image gray = blank_image("image", image.width, image.height, 1, image.depth_bits);
  gray.appearance = image.appearance;
  gray.appearance.opaque_alpha = false;
  gray.warnings = image.warnings;
  if (image.channels >= 3) {
    gray.appearance.icc_profile.clear();
    gray.appearance.chromaticities.clear();
  }
  for (std::size_t pixel = 0; pixel < image.width * image.height; ++pixel) {
    const std::size_t at = pixel * image.channels;
    unsigned value = sample_at(image, at);
    if (image.channels >= 3) {
      const double luma =
          0.299 * value + 0.587 * sample_at(image, at + 1) + 0.114 * sample_at(image, at + 2);
      value = static_cast<unsigned>(std::lround(luma));
    }
    set_sample(gray, pixel, value);
  }
  return gray;
}

namespace {

// As many pixels more as there are, on the same paper.
std::uint32_t scaled_density(std::uint32_t density, std::size_t to, std::size_t from) {
  const double scaled = std::round(static_cast<double>(density) * static_cast<double>(to) /
                                   static_cast<double>(from));
  constexpr double kMost = 0x7fffffff;  // PNG's
  return static_cast<std::uint32_t>(std::clamp(scaled, 1.0, kMost));
}

}  // namespace

std::vector<bool> marked_pixels(const Image& mask) {
  const double full = mask.depth_bits == 8 ? 255 : 65535;
  const Image gray = to_gray(mask);
  std::vector<bool> marked(mask.width * mask.height);
  bool any = false, any_transparent = false;
  for (std::size_t i = 0; i < marked.size(); ++i) {
    const bool has_alpha = mask.channels % 2 == 0;
    const double alpha = has_alpha ? sample_at(mask, (i + 1) * mask.channels - 1) / full : 1;
    marked[i] = sample_at(gray, i) / full >= 0.5 && alpha >= 0.5;
    any = any || marked[i];
    any_transparent = any_transparent || alpha < 0.5;
  }
  if (!any && any_transparent)
    throw Error(
        "nothing is marked: where the mask is opaque it is dark, and what it has drawn in its "
        "alpha "
        "channel does not say what is meant; mark pixels with white");
  return marked;
}

Image scaled(const Image& image, std::size_t width, std::size_t height) {
  if (width == image.width && height == image.height) return image;
  Image result = blank_image("image", width, height, image.channels, image.depth_bits);
  result.appearance = image.appearance;
  result.warnings = image.warnings;
  if (auto& density = result.appearance.density) {
    density->x = scaled_density(density->x, width, image.width);
    density->y = scaled_density(density->y, height, image.height);
  }
  // Its resampler takes 16 bits in the machine's own order.
  const std::size_t count = image.samples.size() / (image.depth_bits / 8);
  std::vector<std::uint16_t> from(count), to(width * height * image.channels);
  const unsigned full = image.depth_bits == 8 ? 257 : 1;
  for (std::size_t i = 0; i < count; ++i)
    from[i] = static_cast<std::uint16_t>(sample_at(image, i) * full);
  const bool has_alpha = image.channels % 2 == 0;
  const int done = stbir_resize_uint16_generic(
      from.data(), static_cast<int>(image.width), static_cast<int>(image.height), 0, to.data(),
      static_cast<int>(width), static_cast<int>(height), 0, static_cast<int>(image.channels),
      has_alpha ? static_cast<int>(image.channels) - 1 : STBIR_ALPHA_CHANNEL_NONE, 0,
      STBIR_EDGE_CLAMP, STBIR_FILTER_DEFAULT, STBIR_COLORSPACE_LINEAR, nullptr);
  if (!done) throw Error("the image cannot be scaled: out of memory");
  for (std::size_t i = 0; i < to.size(); ++i) set_sample(result, i, (to[i] + full / 2) / full);
  return result;
}

Image cropped(const Image& image, const Box& box) {
  const bool inside = box.x < image.width && box.width <= image.width - box.x &&
                      box.y < image.height && box.height <= image.height - box.y;
  if (!inside || box.width == 0 || box.height == 0)
    throw UsageError(
        "the box " + std::to_string(box.x) + "," + std::to_string(box.y) + "," +
        std::to_string(box.width) + "," + std::to_string(box.height) +
        (inside ? " is empty" : " reaches beyond the image, which is ") +
        (inside ? "" : std::to_string(image.width) + " x " + std::to_string(image.height)));
  Image part = blank_image("image", box.width, box.height, image.channels, image.depth_bits);
  part.appearance = image.appearance;
  part.warnings = image.warnings;
  for (std::size_t row = 0; row < box.height; ++row) {
    const auto from =
        image.samples.begin() + static_cast<std::ptrdiff_t>((box.y + row) * image.row_bytes() +
                                                            box.x * image.pixel_bytes());
    std::copy_n(from, part.row_bytes(),
                part.samples.begin() + static_cast<std::ptrdiff_t>(row * part.row_bytes()));
  }
  return part;
}

double psnr_db(ByteView a, ByteView b) {
  const std::size_t size = std::min(a.size(), b.size());
  double squares = 0;
  for (std::size_t i = 0; i < size; ++i) squares += (a[i] - b[i]) * (a[i] - b[i]);
  if (squares == 0) return std::numeric_limits<double>::infinity();
  return 10 * std::log10(255.0 * 255.0 * static_cast<double>(size) / squares);
}

}  // namespace kraft
