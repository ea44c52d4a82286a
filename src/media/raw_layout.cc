// Uncompressed files as they lie on the disk.
#include <algorithm>
#include <string_view>

#include "kraft/error.h"
#include "media/readers.h"

namespace kraft {
namespace {

std::uint32_t little(ByteView bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | bytes[i];
  return value;
}

ByteView piece(ByteView file, std::size_t at, std::size_t size) {
  if (at > file.size() || size > file.size() - at) throw Error("WAV: the header is truncated");
  return file.subspan(at, size);
}

// Of a "fmt " chunk: nothing unless it has linear samples of 8 or 16 bits.
std::optional<Geometry> linear_format(ByteView format) {
  constexpr std::uint32_t kLinear = 1, kExtensible = 0xfffe;
  if (format.size() < 16) return std::nullopt;
  std::uint32_t tag = little(format.first(2));
  if (tag == kExtensible && format.size() >= 26) tag = little(format.subspan(24, 2));
  const std::uint32_t channels = little(format.subspan(2, 2));
  const std::uint32_t depth = little(format.subspan(14, 2));
  const std::uint32_t frame_bytes = little(format.subspan(12, 2));
  if (tag != kLinear || channels == 0 || (depth != 8 && depth != 16)) return std::nullopt;
  if (frame_bytes != channels * depth / 8) return std::nullopt;
  return Geometry{.rate = little(format.subspan(4, 4)), .channels = channels, .depth = depth};
}

}  // namespace

std::optional<RawLayout> wav_layout(ByteView beginning) {
  std::optional<Geometry> geometry;
  for (std::size_t at = 12;;) {
    const std::string_view name = as_text(piece(beginning, at, 4));
    const std::uint32_t size = little(piece(beginning, at + 4, 4));
    at += 8;
    if (name == "data") {
      if (!geometry) return std::nullopt;
      const auto frame_bytes = static_cast<std::size_t>(*geometry->channels * *geometry->depth / 8);
      return RawLayout{Medium::audio, at, frame_bytes, *geometry};
    }
    const ByteView chunk = piece(beginning, at, size);
    if (name == "fmt ") geometry = linear_format(chunk);
    at += size + size % 2;  // chunks begin at even places
  }
}

std::optional<RawLayout> raw_layout(ByteView beginning) {
  beginning = beginning.first(std::min(beginning.size(), kMostHeadBytes));
  const std::string_view text = as_text(beginning);
  try {
    if (text.starts_with("P5") || text.starts_with("P6")) return pnm_layout(beginning);
    if (text.starts_with("RIFF") && text.size() >= 12 && text.substr(8, 4) == "WAVE")
      return wav_layout(beginning);
  } catch (const Error&) {  // then these are bytes
  }
  return std::nullopt;
}

}  // namespace kraft
