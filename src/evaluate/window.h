// What a comparison is made on: inputs, and the windows that are cut from them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kraft/media.h"
#include "kraft/registry.h"

namespace kraft {

// A context, and the truth that follows it.
struct Window {
  std::uint64_t begin = 0;  // of text and sound, in bytes; of an image, x + width * y of its corner
  Bytes context, truth;
  Bytes lead = {};  // of sound: what is before the context, a second at most
};

struct ComparedInput {
  std::string name;
  Medium medium = Medium::text;
  Bytes bytes;                   // text: what windows are taken from, and held-out text
  std::string fingerprint;       // of bytes and shape
  std::uint64_t size_bytes = 0;  // as many as bytes has, also where that has been left out
  Geometry geometry = {};
  std::size_t row_bytes = 1;  // of a window
  std::uint32_t rate_hz = 0;  // of sound
  std::vector<Window> windows;
};

// Windows of so many bytes at random, one in each of `count` equal parts of the input. Throws Error
// unless it has twice the bytes of a window.
std::vector<Window> windows_of_bytes(ByteView input, const std::string& name, std::uint64_t seed,
                                     std::size_t count, std::size_t context_bytes,
                                     std::size_t truth_bytes);

// Patches of a gray image at random, whose last rows are the truth. Throws Error when it is
// smaller than a patch.
std::vector<Window> windows_of_image(const Image& image, const std::string& name,
                                     std::uint64_t seed, std::size_t count, std::size_t width,
                                     std::size_t height, std::size_t truth_rows);

// What the input has after the window and before it, as a ring that begins with what follows.
Bytes held_out(const ComparedInput& input, const Window& window);

// The whole context, a quarter of it, and so on, in whole rows; ascending.
std::vector<std::uint64_t> rate_contexts(std::uint64_t context_bytes, std::uint64_t row_bytes);

}  // namespace kraft
