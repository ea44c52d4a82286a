// What a lossless JPEG XL codestream codes its samples by, as libjxl writes it for pictures
// (ISO/IEC 18181-1): one frame of modular coding, whose channels are coded whole or in groups.
//
//     const Stream stream = read_stream(file, 1 << 20);
//     stream.samples[(y * stream.width + x) * stream.channels + c];
//     const Group& group = stream.groups[0];
//     group.coding->tree.of(group.first_channel + channel, group.id);   // and group.coding->code
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "kraft/bytes.h"
#include "models/jxl/entropy.h"
#include "models/jxl/steps.h"
#include "models/jxl/tree.h"

namespace kraft::jxl {

// A tree, and the codes of its leaves.
struct Coding {
  Tree tree;
  EntropyCode code;
};

// What was done to the channels from `begin` on.
struct Step {
  std::size_t begin = 0;  // among those of the picture
  std::variant<ColourTransform, Palette> how;
};

// A part of the picture that is coded by itself.
struct Group {
  std::size_t x = 0, y = 0, width = 0, height = 0;
  std::vector<Step> steps;        // the first one first
  std::size_t first_channel = 0;  // the number of the first channel: that of the palettes before
  std::size_t channels = 0;       // coded ones, after the steps
  std::size_t id = 0;
  std::shared_ptr<const Coding> coding;
  WeightedParameters weighted;
};

struct Stream {
  std::size_t width = 0, height = 0, channels = 0;
  int depth_bits = 0;
  std::vector<Group> groups;           // row by row
  std::vector<std::uint16_t> samples;  // those of a pixel together: gray or red, green, blue; alpha
  double symbol_bits = 0;  // of all samples, palettes among them; without trees and codes
  std::size_t bytes = 0;   // of the stream
};

// Decodes a codestream, bare or in a container that has nothing else. Throws Error where it is
// damaged; where it has more pixels; and, by name, where it is of another kind: lossy, animated,
// filtered, patched, squeezed, or of other channels and depths than kraft's codec has.
Stream read_stream(ByteView file, std::size_t most_pixels);

}  // namespace kraft::jxl
