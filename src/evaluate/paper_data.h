// What the paper's experiments are made on.
#pragma once

#include <cstdint>
#include <string>

#include "kraft/media.h"
#include "kraft/paper.h"
#include "kraft/registry.h"

namespace kraft {

inline constexpr std::size_t kPaperChunkBytes = 2048;
inline constexpr std::size_t kPaperPatchWidth = 64, kPaperPatchHeight = 32;
inline constexpr std::uint32_t kPaperRateHz = 16000;

// What models are measured on: whole chunks of kPaperChunkBytes. A chunk of images is a patch.
struct PaperData {
  Medium medium = Medium::text;
  std::string source;  // in words
  Bytes bytes;

  std::size_t chunks() const { return bytes.size() / kPaperChunkBytes; }
  ByteView chunk(std::size_t i) const {
    return ByteView(bytes).subspan(i * kPaperChunkBytes, kPaperChunkBytes);
  }
  Geometry geometry() const;
};

// Cuts off what is not a whole chunk, and what exceeds `most_bytes`. Throws Error when not one is
// left.
PaperData paper_data(Medium medium, std::string source, Bytes bytes, std::uint64_t most_bytes);

// Appends the patches of an 8-bit gray image, from left to right and top to bottom; what is no
// whole patch at its right and lower edges is left out.
void append_patches(const Image& gray, Bytes& to);

Bytes noise_bytes(std::uint64_t seed, std::size_t size);

// The shape in which codecs for images see bytes that are none: the largest divisor of `bytes` up
// to its root is the height. Where that would be wider than 4:1, the root rounded up is the width,
// and the codec completes the last row.
std::size_t near_square_width(std::size_t bytes);

}  // namespace kraft
