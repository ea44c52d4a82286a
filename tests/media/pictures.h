// Images and recordings for tests, and the files of other formats, written byte by byte.
#pragma once

#include <cmath>
#include <numbers>
#include <string>

#include "codecs/messages.h"
#include "kraft/media.h"

namespace kraft {

// Smooth, with some noise, like a photograph: no two rows are alike.
inline Image picture(std::size_t width, std::size_t height, std::size_t channels,
                     std::size_t depth_bits, std::uint64_t seed = 1) {
  Image image{width, height, channels, depth_bits, {}};
  Random random(seed);
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      for (std::size_t c = 0; c < channels; ++c) {
        const double wave = std::sin(static_cast<double>(x * (c + 1)) / 9) +
                            std::cos(static_cast<double>(y) / (7 + static_cast<double>(c)));
        image.samples.push_back(
            static_cast<Byte>(128 + 50 * wave + static_cast<double>(random.below(9))));
        if (depth_bits == 16) image.samples.push_back(static_cast<Byte>(random.bits()));
      }
    }
  }
  return image;
}

// A tone that goes up and down, in every encoding and number of channels.
inline Audio sound(Encoding encoding, std::size_t channels, std::size_t frames,
                   std::uint32_t rate_hz = 16000) {
  Audio audio{rate_hz, channels, encoding, {}};
  Random random(2);
  for (std::size_t i = 0; i < frames; ++i) {
    for (std::size_t c = 0; c < channels; ++c) {
      const double wave =
          std::sin(static_cast<double>(i * (c + 1)) * (1 + 1e-4 * static_cast<double>(i)) / 9);
      const auto value = static_cast<int>(20000 * wave) + static_cast<int>(random.below(200));
      if (encoding == Encoding::s16) {
        audio.samples.push_back(static_cast<Byte>(value & 255));
        audio.samples.push_back(static_cast<Byte>(value >> 8 & 255));
      } else {
        audio.samples.push_back(static_cast<Byte>(128 + value / 256));
      }
    }
  }
  return audio;
}

inline void put_little(std::uint64_t value, int bytes, Bytes& to) {
  for (int i = 0; i < bytes; ++i) to.push_back(static_cast<Byte>(value >> (8 * i)));
}

// An 8-bit RGB image as an uncompressed BMP: rows from below, blue first, padded to 4 bytes.
inline Bytes bmp_file(const Image& image) {
  Bytes file = bytes_of("BM");
  const std::size_t row_bytes = (image.width * 3 + 3) / 4 * 4;
  put_little(54 + row_bytes * image.height, 4, file);
  put_little(0, 4, file);
  put_little(54, 4, file);
  put_little(40, 4, file);
  put_little(image.width, 4, file);
  put_little(image.height, 4, file);
  put_little(1, 2, file);
  put_little(24, 2, file);
  for (int i = 0; i < 6; ++i) put_little(0, 4, file);
  for (std::size_t y = image.height; y-- > 0;) {
    const std::size_t begin = file.size();
    for (std::size_t x = 0; x < image.width; ++x) {
      const std::size_t at = y * image.row_bytes() + 3 * x;
      for (std::size_t c = 3; c-- > 0;) file.push_back(image.samples[at + c]);
    }
    file.resize(begin + row_bytes);
  }
  return file;
}

// An 8-bit gray, RGB or RGBA image as an uncompressed TGA, rows from above.
inline Bytes tga_file(const Image& image, bool footer = true) {
  const bool gray = image.channels == 1;
  Bytes file = {0, 0, static_cast<Byte>(gray ? 3 : 2), 0, 0, 0, 0, 0, 0, 0, 0, 0};
  put_little(image.width, 2, file);
  put_little(image.height, 2, file);
  file.push_back(static_cast<Byte>(8 * image.channels));
  file.push_back(static_cast<Byte>(0x20 | (image.channels == 4 ? 8 : 0)));
  for (std::size_t i = 0; i < image.samples.size(); i += image.channels) {
    static constexpr std::size_t kOrder[] = {2, 1, 0, 3};
    for (std::size_t c = 0; c < image.channels; ++c)
      file.push_back(image.samples[i + (gray ? 0 : kOrder[c])]);
  }
  if (footer) {
    put_little(0, 8, file);
    append(file, as_bytes(std::string_view("TRUEVISION-XFILE.\0", 18)));
  }
  return file;
}

// P5 or P6.
inline Bytes pnm_file(const Image& image) {
  const std::string header = std::string(image.channels == 3 ? "P6" : "P5") +
                             "\n# made for a test\n" + std::to_string(image.width) + " " +
                             std::to_string(image.height) + "\n" +
                             (image.depth_bits == 16 ? "65535" : "255") + "\n";
  Bytes file = bytes_of(header);
  append(file, image.samples);
  return file;
}

}  // namespace kraft
