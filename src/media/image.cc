// Images: which reader reads a file, and what can be done to its pixels.
#include <stb_image_resize.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

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

// Old TGA files have no signature at all, but a header that is rarely anything else.
bool resembles_tga(ByteView file) {
  if (file.size() < 18) return false;
  const bool known_type = file[2] == 1 || file[2] == 2 || file[2] == 3 || file[2] == 9 ||
                          file[2] == 10 || file[2] == 11;
  const bool known_depth =
      file[16] == 8 || file[16] == 15 || file[16] == 16 || file[16] == 24 || file[16] == 32;
  return file[1] <= 1 && known_type && known_depth;
}

}  // namespace

Image blank_image(const std::string& format, std::size_t width, std::size_t height,
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
  return {width, height, channels, depth_bits, Bytes(width * height * pixel_bytes)};
}

Geometry Image::geometry() const {
  return {.width = static_cast<std::int64_t>(width),
          .channels = static_cast<std::int64_t>(channels),
          .depth = static_cast<std::int64_t>(depth_bits)};
}

Image read_image(ByteView file) {
  if (has_signature(file, "PNG")) return read_png(file);
  if (has_signature(file, "JPEG")) return read_jpeg(file);
  if (has_signature(file, "PNM")) return read_pnm(file);
  if (has_signature(file, "GIF")) return read_with_stb(file, "GIF");
  if (has_signature(file, "BMP")) return read_with_stb(file, "BMP");
  if (has_signature(file, "TGA") || resembles_tga(file)) return read_with_stb(file, "TGA");
  throw Error("this is no image that can be read: PNG, JPEG, PNM, BMP, TGA and GIF are");
}

Image to_gray(const Image& image) {
  Image gray = blank_image("image", image.width, image.height, 1, image.depth_bits);
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

Image scaled(const Image& image, std::size_t width, std::size_t height) {
  if (width == image.width && height == image.height) return image;
  Image result = blank_image("image", width, height, image.channels, image.depth_bits);
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
