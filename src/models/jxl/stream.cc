#include "models/jxl/stream.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace kraft::jxl {
namespace {

constexpr std::array<Choice, 4> kSteps = {u(3), 8 + u(6), 72 + u(10), 1096 + u(13)};
constexpr std::int64_t kMostMagnitude = 1 << 24;  // of a sample

// ---- Headers of the picture (annex D) --------------------------------------------------------

std::size_t read_width(Bits& bits, bool eighths, std::size_t height) {
  switch (bits.read(3)) {
    case 0:
      if (eighths) return 8 * (1 + bits.read(5));
      return bits.number({1 + u(9), 1 + u(13), 1 + u(18), 1 + u(30)});
    case 1:
      return height;
    case 2:
      return height * 12 / 10;
    case 3:
      return height * 4 / 3;
    case 4:
      return height * 3 / 2;
    case 5:
      return height * 16 / 9;
    case 6:
      return height * 5 / 4;
    default:
      return height * 2;
  }
}

void read_size(Bits& bits, Stream& stream) {
  const bool eighths = bits.flag();
  stream.height =
      eighths ? 8 * (1 + bits.read(5)) : bits.number({1 + u(9), 1 + u(13), 1 + u(18), 1 + u(30)});
  stream.width = read_width(bits, eighths, stream.height);
}

int read_depth(Bits& bits) {
  if (bits.flag()) refuse("its samples are floating-point numbers");
  return static_cast<int>(bits.number({value(8), value(10), value(12), 1 + u(6)}));
}

void expect_no_extensions(Bits& bits) {
  if (bits.number64() != 0) refuse("it has extensions");
}

// Returns whether there is one; of the depth of the others.
bool read_alpha(Bits& bits, int depth_bits) {
  const std::uint32_t count = bits.number({value(0), value(1), 2 + u(4), 1 + u(12)});
  if (count == 0) return false;
  if (count > 1) refuse("it has several extra channels");
  int alpha_depth = 8;
  if (!bits.flag()) {
    if (bits.enumerated() != 0) refuse("its extra channel is none of alpha");
    alpha_depth = read_depth(bits);
    if (bits.number({value(0), value(3), value(4), 1 + u(3)}) != 0)
      refuse("its alpha has other sizes");
    const std::uint32_t name_bytes = bits.number({value(0), u(4), 16 + u(5), 48 + u(10)});
    for (std::uint32_t i = 0; i < name_bytes; ++i) bits.read(8);
    if (bits.flag()) refuse("its alpha is multiplied");
  }
  if (alpha_depth != depth_bits) refuse("its alpha has another depth");
  return true;
}

void read_chromaticity(Bits& bits) {
  constexpr std::array<Choice, 4> kCoordinate = {u(19), 524288 + u(19), 1048576 + u(20),
                                                 2097152 + u(21)};
  bits.number(kCoordinate);
  bits.number(kCoordinate);
}

// Returns how many colours. What they look like does not matter.
std::size_t read_colours(Bits& bits) {
  constexpr std::uint32_t kGray = 1, kXyb = 2, kCustom = 2;
  if (bits.flag()) return 3;
  if (bits.flag()) refuse("it has an ICC profile");
  const std::uint32_t space = bits.enumerated();
  if (space == kXyb) refuse("its colours are those of XYB");
  if (space > 1) refuse("its colours are of an unknown kind");
  if (bits.enumerated() == kCustom) read_chromaticity(bits);
  if (space != kGray && bits.enumerated() == kCustom) {
    for (int i = 0; i < 3; ++i) read_chromaticity(bits);
  }
  if (bits.flag())
    bits.read(24);  // a gamma
  else
    bits.enumerated();
  bits.enumerated();  // what to do with colours that a screen lacks
  return space == kGray ? 1 : 3;
}

void read_metadata(Bits& bits, Stream& stream) {
  if (bits.flag()) refuse("its colours are those of XYB");
  if (bits.flag()) refuse("it is turned, animated, or has a preview");
  stream.depth_bits = read_depth(bits);
  if (stream.depth_bits != 8 && stream.depth_bits != 16)
    refuse("its samples have " + std::to_string(stream.depth_bits) + " bits; expected 8 or 16");
  bits.flag();  // whether 16 bits suffice to decode it
  const bool alpha = read_alpha(bits, stream.depth_bits);
  if (bits.flag()) refuse("its colours are those of XYB");
  stream.channels = read_colours(bits) + (alpha ? 1 : 0);
  expect_no_extensions(bits);
  if (!bits.flag() && bits.read(3) != 0) refuse("it has weights for making it larger");
}

// ---- The header of the frame (annex F) -------------------------------------------------------

void expect_replacing(Bits& bits) {
  if (bits.number({value(0), value(1), value(2), 3 + u(2)}) != 0)
    refuse("it is blended with other frames");
}

void expect_no_filters(Bits& bits) {
  if (bits.flag()) refuse("it is filtered");
  if (bits.flag() || bits.read(2) != 0) refuse("it is filtered");
  expect_no_extensions(bits);
}

// Returns the width and height of groups.
std::size_t read_frame_header(Bits& bits, const Stream& stream) {
  constexpr std::uint64_t kPatches = 2;
  constexpr std::array<Choice, 4> kLarger = {value(1), value(2), value(4), value(8)};
  const bool alpha = stream.channels % 2 == 0;
  if (bits.flag()) refuse("it is lossy");
  if (bits.read(2) != 0) refuse("its first frame is not one to be seen: it may have patches");
  if (bits.read(1) == 0) refuse("it is lossy");
  const std::uint64_t flags = bits.number64();
  if ((flags & kPatches) != 0) refuse("it has patches");
  if ((flags & ~std::uint64_t{0x80}) != 0) refuse("it has noise, splines or a frame before");
  if (bits.flag()) refuse("its colours are those of YCbCr");
  if (bits.number(kLarger) != 1 || (alpha && bits.number(kLarger) != 1))
    refuse("it is to be made larger");
  const std::size_t group_size = std::size_t{128} << bits.read(2);
  if (bits.number({value(1), value(2), value(3), 4 + u(3)}) != 1)
    refuse("it comes in several passes");
  if (bits.flag()) refuse("its frame is a part of the picture");
  expect_replacing(bits);
  if (alpha) expect_replacing(bits);
  if (!bits.flag()) refuse("it has several frames");
  const std::uint32_t name_bytes = bits.number({value(0), u(4), 16 + u(5), 48 + u(10)});
  for (std::uint32_t i = 0; i < name_bytes; ++i) bits.read(8);
  expect_no_filters(bits);
  expect_no_extensions(bits);
  return group_size;
}

// ---- Modular coding (annex H) ----------------------------------------------------------------

struct Channel {
  std::size_t width = 0, height = 0;
  bool of_palette = false;
  Samples samples;
};

// Channels as they are coded: palettes first.
struct Channels {
  std::vector<Channel> all;
  std::size_t palettes = 0;
};

struct CodedStep {
  std::size_t begin = 0;  // among all channels
  int colour_kind = -1;   // below 0: a palette
  std::size_t channels = 0, colours = 0;
};

void expect_channels(const Channels& channels, std::size_t begin, std::size_t count) {
  if (begin + count > channels.all.size()) fail("a transform is of channels that are not there");
  if (begin < channels.palettes) refuse("it has transforms of palettes");
  for (std::size_t c = begin; c < begin + count; ++c) {
    if (channels.all[c].width != channels.all[begin].width ||
        channels.all[c].height != channels.all[begin].height)
      fail("a transform is of channels of different sizes");
  }
}

CodedStep read_palette(Bits& bits, Channels& channels) {
  constexpr std::uint32_t kPredictors = 14;
  CodedStep step;
  step.begin = bits.number(kSteps);
  step.channels = bits.number({value(1), value(3), value(4), 1 + u(13)});
  step.colours = bits.number({u(8), 256 + u(10), 1280 + u(12), 5376 + u(16)});
  if (bits.number({value(0), 1 + u(8), 257 + u(10), 1281 + u(16)}) != 0)
    refuse("it has a palette of differences");
  if (bits.read(4) >= kPredictors) fail("a palette has a predictor that is none");
  expect_channels(channels, step.begin, step.channels);
  const auto first = channels.all.begin() + static_cast<std::ptrdiff_t>(step.begin);
  channels.all.erase(first + 1, first + static_cast<std::ptrdiff_t>(step.channels));
  channels.all.insert(channels.all.begin(), {step.colours, step.channels, true, {}});
  ++channels.palettes;
  return step;
}

CodedStep read_step(Bits& bits, Channels& channels) {
  switch (bits.read(2)) {
    case 0: {
      CodedStep step;
      step.begin = bits.number(kSteps);
      step.colour_kind = static_cast<int>(bits.number({value(6), u(2), 2 + u(4), 10 + u(6)}));
      if (step.colour_kind >= ColourTransform::kKinds) fail("a colour transform is none");
      expect_channels(channels, step.begin, 3);
      return step;
    }
    case 1:
      return read_palette(bits, channels);
    case 2:
      refuse("it is squeezed");
    default:
      fail("a transform is none");
  }
}

void expect_small(std::int64_t sample) {
  if (sample > kMostMagnitude || sample < -kMostMagnitude) refuse("a sample is too large");
}

void undo_colours(const ColourTransform& transform, std::size_t begin, Channels& channels) {
  Samples& first = channels.all[begin].samples;
  Samples& second = channels.all[begin + 1].samples;
  Samples& third = channels.all[begin + 2].samples;
  for (std::size_t i = 0; i < first.size(); ++i) {
    const auto undone = transform.undone({first[i], second[i], third[i]});
    for (const std::int32_t sample : undone) expect_small(sample);
    first[i] = undone[0];
    second[i] = undone[1];
    third[i] = undone[2];
  }
}

// `begin`: after the palette was taken off.
void undo_palette(const Palette& palette, std::size_t begin, Channels& channels) {
  const Channel places = std::move(channels.all[begin]);
  for (const std::int32_t place : places.samples) {
    if (place < 0) refuse("it has a palette of differences");
  }
  std::vector<Channel> undone(palette.channels, {places.width, places.height, false, {}});
  for (std::size_t c = 0; c < palette.channels; ++c) {
    for (const std::int32_t place : places.samples)
      undone[c].samples.push_back(palette.at(static_cast<std::size_t>(place), c));
  }
  const auto at = channels.all.erase(channels.all.begin() + static_cast<std::ptrdiff_t>(begin));
  channels.all.insert(at, std::move_iterator(undone.begin()), std::move_iterator(undone.end()));
}

// Returns the steps as they are to pixels.
std::vector<Step> undo(const std::vector<CodedStep>& coded, int depth_bits, Channels& channels) {
  std::vector<Step> steps;
  for (auto step = coded.rbegin(); step != coded.rend(); ++step) {
    if (step->colour_kind >= 0) {
      const ColourTransform transform(step->colour_kind);
      undo_colours(transform, step->begin, channels);
      steps.push_back({step->begin - channels.palettes, transform});
      continue;
    }
    Palette palette{step->channels, std::move(channels.all[0].samples), step->colours, depth_bits};
    channels.all.erase(channels.all.begin());
    --channels.palettes;
    undo_palette(palette, step->begin, channels);
    steps.push_back({step->begin - channels.palettes, std::move(palette)});
  }
  std::ranges::reverse(steps);
  return steps;
}

class FrameReader {
 public:
  FrameReader(Stream& stream, std::size_t group_size) : stream_(stream), group_size_(group_size) {}

  void read_global(Bits& bits) {
    if (!bits.flag()) refuse("it has other quantizers");
    if (bits.flag()) {
      const std::size_t pixels = stream_.width * stream_.height * stream_.channels;
      global_ = read_coding(bits, std::min<std::size_t>(1 << 22, 1024 + pixels / 16));
    }
    image_ = channels_of(stream_.width, stream_.height, stream_.channels);
    whole_ = read_channels(bits, image_, 0, group_size_);
  }

  // Whether groups follow.
  bool is_split() const { return stream_.width > group_size_ || stream_.height > group_size_; }

  void read_group(Bits& bits, std::size_t index, std::size_t groups_across,
                  std::size_t far_groups) {
    constexpr std::size_t kQuantizers = 17;
    Group group;
    group.x = index % groups_across * group_size_;
    group.y = index / groups_across * group_size_;
    group.width = std::min(group_size_, stream_.width - group.x);
    group.height = std::min(group_size_, stream_.height - group.y);
    group.id = 1 + 3 * far_groups + kQuantizers + index;
    Channels part = channels_of(group.width, group.height, image_.all.size() - image_.palettes);
    const Header header = read_channels(bits, part, group.id, SIZE_MAX);
    describe(header, part, group);
    group.steps = undo(header.steps, stream_.depth_bits, part);
    for (std::size_t c = 0; c < part.all.size(); ++c) {
      const Samples& from = part.all[c].samples;
      Channel& to = image_.all[image_.palettes + c];
      to.samples.resize(to.width * to.height);
      for (std::size_t y = 0; y < group.height; ++y)
        std::copy_n(
            from.begin() + static_cast<std::ptrdiff_t>(y * group.width), group.width,
            to.samples.begin() + static_cast<std::ptrdiff_t>((group.y + y) * to.width + group.x));
    }
    stream_.groups.push_back(std::move(group));
  }

  void finish() {
    if (!is_split()) {
      Group group;
      group.width = stream_.width;
      group.height = stream_.height;
      describe(whole_, image_, group);
      stream_.groups.push_back(std::move(group));
    }
    const std::vector<Step> steps = undo(whole_.steps, stream_.depth_bits, image_);
    for (Group& group : stream_.groups)
      group.steps.insert(group.steps.begin(), steps.begin(), steps.end());
    stream_.samples.resize(stream_.width * stream_.height * stream_.channels);
    for (std::size_t c = 0; c < stream_.channels; ++c) {
      std::size_t at = c;
      for (const std::int32_t sample : image_.all[c].samples) {
        if (sample < 0 || sample >> stream_.depth_bits != 0) refuse("a sample is beyond its depth");
        stream_.samples[at] = static_cast<std::uint16_t>(sample);
        at += stream_.channels;
      }
    }
  }

 private:
  struct Header {
    std::shared_ptr<const Coding> coding;
    WeightedParameters weighted;
    std::vector<CodedStep> steps;
  };

  static Channels channels_of(std::size_t width, std::size_t height, std::size_t count) {
    return {std::vector<Channel>(count, {width, height, false, {}}), 0};
  }

  static std::shared_ptr<const Coding> read_coding(Bits& bits, std::size_t most_nodes) {
    Tree tree = Tree::read(bits, most_nodes);
    EntropyCode code = EntropyCode::read(bits, tree.leaves());
    return std::make_shared<const Coding>(Coding{std::move(tree), std::move(code)});
  }

  static void describe(const Header& header, const Channels& channels, Group& group) {
    group.first_channel = channels.palettes;
    group.channels = channels.all.size() - channels.palettes;
    group.coding = header.coding;
    group.weighted = header.weighted;
  }

  // Of the channels, palettes apart, none that is larger.
  Header read_channels(Bits& bits, Channels& channels, std::size_t id, std::size_t most_size) {
    constexpr std::uint32_t kMostSteps = 16;
    Header header;
    const bool is_global = bits.flag();
    header.weighted = WeightedParameters::read(bits);
    const std::uint32_t count = bits.number({value(0), value(1), 2 + u(4), 18 + u(8)});
    if (count > kMostSteps) refuse("it has many transforms");
    for (std::uint32_t i = 0; i < count; ++i) header.steps.push_back(read_step(bits, channels));
    if (is_global && !global_) fail("the tree that it names is not there");
    header.coding = global_;
    std::size_t end = 0, samples = 0, widest = 0;
    for (; end < channels.all.size(); ++end) {
      const Channel& channel = channels.all[end];
      if (!channel.of_palette && (channel.width > most_size || channel.height > most_size)) break;
      samples += channel.width * channel.height;
      if (channel.height > 0) widest = std::max(widest, channel.width);
    }
    if (samples == 0) return header;
    if (!is_global)
      header.coding = read_coding(bits, std::min<std::size_t>(1 << 20, 1024 + samples));
    const std::size_t begin = bits.at_bits();
    SymbolReader reader(header.coding->code, bits, widest);
    for (std::size_t c = 0; c < end; ++c) read_channel(reader, header, c, id, channels);
    reader.finish();
    stream_.symbol_bits += static_cast<double>(bits.at_bits() - begin);
    return header;
  }

  static void read_channel(SymbolReader& reader, const Header& header, std::size_t c,
                           std::size_t id, Channels& channels) {
    Channel& channel = channels.all[c];
    const std::size_t count = channel.width * channel.height;
    if (count == 0) return;
    std::vector<const Samples*> references;
    for (std::size_t i = c; i-- > 0;) {
      const Channel& other = channels.all[i];
      if (other.width == channel.width && other.height == channel.height &&
          other.of_palette == channel.of_palette)
        references.push_back(&other.samples);
    }
    const EntropyCode& code = header.coding->code;
    Walk walk(std::make_shared<const Tree>(header.coding->tree.of(c, id)), header.weighted,
              channel.width, references);
    for (std::size_t i = 0; i < count; ++i) {
      const Expectation& expected = walk.next();
      const std::int64_t residual = unpack_signed(reader.read(code.cluster(expected.context)));
      const std::int64_t sample = expected.guess + residual * expected.multiplier;
      expect_small(sample);
      walk.push(static_cast<std::int32_t>(sample));
    }
    channel.samples = walk.take_samples();
  }

  Stream& stream_;
  std::size_t group_size_;
  std::shared_ptr<const Coding> global_;
  Channels image_;
  Header whole_;
};

// ---- Frames (annex F and G) ------------------------------------------------------------------

std::size_t parts_across(std::size_t size, std::size_t part) { return (size + part - 1) / part; }

std::vector<std::size_t> read_sizes(Bits& bits, std::size_t count) {
  if (bits.flag()) refuse("its groups come in another order");
  bits.align();
  std::vector<std::size_t> sizes;
  for (std::size_t i = 0; i < count; ++i)
    sizes.push_back(bits.number({u(10), 1024 + u(14), 17408 + u(22), 4211712 + u(30)}));
  bits.align();
  return sizes;
}

void read_frame(ByteView bytes, Bits& bits, Stream& stream) {
  const std::size_t group_size = read_frame_header(bits, stream);
  constexpr std::size_t kFar = 8;  // groups along a side of those for what is seen from far
  const std::size_t across = parts_across(stream.width, group_size);
  const std::size_t groups = across * parts_across(stream.height, group_size);
  const std::size_t far_groups = parts_across(stream.width, kFar * group_size) *
                                 parts_across(stream.height, kFar * group_size);
  const std::vector<std::size_t> sizes =
      read_sizes(bits, groups == 1 ? 1 : 2 + far_groups + groups);
  std::size_t section = 0;
  const auto next_section = [&] {
    const std::size_t begin = bits.at_byte(), size = sizes[section++];
    bits.skip_bytes(size);
    return Bits(bytes.subspan(begin, size));
  };
  FrameReader reader(stream, group_size);
  Bits global = next_section();
  reader.read_global(global);
  if (groups > 1) {
    for (std::size_t i = 0; i < far_groups + 1; ++i) next_section();
    for (std::size_t i = 0; i < groups; ++i) {
      Bits group = next_section();
      reader.read_group(group, i, across, far_groups);
    }
  }
  reader.finish();
  stream.bytes = bits.at_byte();
}

// ---- Containers (ISO/IEC 18181-2) ------------------------------------------------------------

struct Box {
  std::string_view type;
  ByteView content;
  std::size_t end;  // in the file
};

Box read_box(ByteView file, std::size_t at) {
  constexpr std::size_t kHeaderBytes = 8;
  if (file.size() - at < kHeaderBytes) fail("it is truncated");
  std::size_t size = 0;
  for (std::size_t i = 0; i < 4; ++i) size = size << 8 | file[at + i];
  if (size == 1) refuse("it is in a box of the largest kind");
  if (size == 0) size = file.size() - at;
  if (size < kHeaderBytes) fail("a box is smaller than its header");
  if (size > file.size() - at) fail("it is truncated");
  const std::string_view type = as_text(file.subspan(at + 4, 4));
  return {type, file.subspan(at + kHeaderBytes, size - kHeaderBytes), at + size};
}

struct Codestream {
  ByteView bytes;
  std::size_t end;  // in the file, of the box that it is in
};

// The signature is there. What kind of file it is and which level of decoder it needs is passed
// over.
Codestream in_container(ByteView file) {
  if (file.size() < 12) fail("it is truncated");
  if (as_text(file.first(12)) != std::string_view("\0\0\0\x0cJXL \r\n\x87\n", 12))
    fail("its signature is another one");
  for (std::size_t at = 12;;) {
    const Box box = read_box(file, at);
    if (box.type == "jxlc") return {box.content, box.end};
    if (box.type == "jxlp") refuse("its codestream comes in parts");
    if (box.type != "ftyp" && box.type != "jxll") refuse("it has other boxes");
    at = box.end;
  }
}

}  // namespace

Stream read_stream(ByteView file, std::size_t most_pixels) {
  constexpr std::uint32_t kSignature = 0x0aff;
  if (file.empty()) fail("it is truncated");
  const bool contained = file[0] == 0;
  const Codestream codestream = contained ? in_container(file) : Codestream{file, 0};
  Bits bits(codestream.bytes);
  if (bits.read(16) != kSignature) fail("its signature is another one");
  Stream stream;
  read_size(bits, stream);
  if (stream.width == 0 || stream.width > most_pixels / stream.height)
    fail("it has too many pixels");
  read_metadata(bits, stream);
  bits.align();
  read_frame(codestream.bytes, bits, stream);
  if (contained) stream.bytes = codestream.end;
  return stream;
}

}  // namespace kraft::jxl
