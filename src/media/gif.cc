// GIF: the first frame on its canvas. The pixels are numbers of colours in Lempel, Ziv and Welch's
// code (Welch 1984), in blocks of at most 255 bytes.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/text.h"
#include "media/file_reader.h"
#include "media/readers.h"
#include "media/signatures.h"

namespace kraft {
namespace {

constexpr unsigned kExtension = 0x21, kFrame = 0x2c, kEnd = 0x3b;
constexpr unsigned kGraphicControl = 0xf9;
constexpr unsigned kMostCodeBits = 12;

using Colour = std::array<Byte, 3>;

struct Header {
  std::size_t width = 0, height = 0;
  std::vector<Colour> colours;
  unsigned background = 0;
};

struct Frame {
  std::size_t x = 0, y = 0, width = 0, height = 0;
  std::vector<Colour> colours;  // empty: the file's
  bool interlaced = false;
  int transparent = -1;  // the number of a colour
  unsigned code_bits = 0;
};

std::vector<Colour> read_colours(FileReader& in, unsigned flags) {
  std::vector<Colour> colours;
  if ((flags & 0x80) == 0) return colours;
  colours.resize(std::size_t{2} << (flags & 7));
  for (Colour& colour : colours) std::ranges::copy(in.take(3), colour.begin());
  return colours;
}

Header read_header(FileReader& in) {
  Header header;
  in.seek(6);
  header.width = in.u16();
  header.height = in.u16();
  const unsigned flags = in.u8();
  header.background = in.u8();
  in.skip(1);  // aspect ratio
  header.colours = read_colours(in, flags);
  return header;
}

void skip_blocks(FileReader& in) {
  while (const unsigned bytes = in.u8()) in.skip(bytes);
}

// Up to the first frame's pixels.
Frame read_frame(FileReader& in) {
  Frame frame;
  while (true) {
    const unsigned kind = in.u8();
    if (kind == kEnd) in.fail("the file has no frame");
    if (kind == kExtension) {
      const unsigned label = in.u8();
      if (label == kGraphicControl && in.left() >= 5) {
        FileReader control = in;
        control.skip(1);
        const unsigned flags = control.u8();
        control.skip(2);
        const int colour = control.u8();
        frame.transparent = flags & 1 ? colour : -1;
      }
      skip_blocks(in);
      continue;
    }
    if (kind != kFrame) in.fail("a block of the unknown kind " + std::to_string(kind));
    frame.x = in.u16();
    frame.y = in.u16();
    frame.width = in.u16();
    frame.height = in.u16();
    const unsigned flags = in.u8();
    frame.interlaced = (flags & 0x40) != 0;
    frame.colours = read_colours(in, flags);
    frame.code_bits = in.u8();
    if (frame.code_bits < 1 || frame.code_bits >= kMostCodeBits)
      in.fail("codes of " + std::to_string(frame.code_bits) + " bits");
    return frame;
  }
}

// The bits of the blocks, lowest first.
class Bits {
 public:
  explicit Bits(FileReader& in) : in_(in) {}

  // False at the end of the blocks.
  bool take(unsigned bits, unsigned& code) {
    while (held_ < bits) {
      if (block_left_ == 0 && (ended_ || !next_block())) return false;
      bits_ |= std::uint32_t{in_.u8()} << held_;
      held_ += 8;
      --block_left_;
    }
    code = bits_ & ((1u << bits) - 1);
    bits_ >>= bits;
    held_ -= bits;
    return true;
  }

 private:
  bool next_block() {
    block_left_ = in_.u8();
    ended_ = block_left_ == 0;
    return !ended_;
  }

  FileReader& in_;
  std::uint32_t bits_ = 0;
  unsigned held_ = 0;
  unsigned block_left_ = 0;
  bool ended_ = false;
};

// Each code stands for an earlier string and one more colour.
class Decoder {
 public:
  Decoder(FileReader& in, unsigned code_bits) : in_(in), bits_(in), root_bits_(code_bits) {
    for (unsigned i = 0; i < 1u << code_bits; ++i) strings_[i] = {0, static_cast<Byte>(i), 1};
    clear();
  }

  // Hands colours out until there are no more of them, or as many as `wanted`.
  std::vector<Byte> read(std::size_t wanted) {
    std::vector<Byte> colours;
    unsigned code = 0;
    while (colours.size() < wanted && bits_.take(width_, code)) {
      if (code == clear_code()) {
        clear();
      } else if (code == clear_code() + 1) {
        break;
      } else {
        take(code, colours);
      }
    }
    colours.resize(std::min(colours.size(), wanted));
    return colours;
  }

 private:
  struct String {
    std::uint16_t before = 0;  // without its last colour
    Byte last = 0;
    std::uint16_t length = 0;
  };

  unsigned clear_code() const { return 1u << root_bits_; }

  void clear() {
    count_ = clear_code() + 2;
    width_ = root_bits_ + 1;
    previous_ = -1;
  }

  void take(unsigned code, std::vector<Byte>& colours) {
    const bool is_new = code == count_ && previous_ >= 0;  // the string that is only being made
    if (code >= count_ && !is_new) in_.fail("the pixels are damaged");
    const unsigned known = is_new ? static_cast<unsigned>(previous_) : code;
    const std::size_t begin = colours.size(), length = strings_[known].length;
    colours.resize(begin + length);
    unsigned at = known;
    for (std::size_t i = length; i-- > 0; at = strings_[at].before)
      colours[begin + i] = strings_[at].last;
    const Byte first = colours[begin];
    if (is_new) colours.push_back(first);
    if (previous_ >= 0 && count_ < strings_.size()) {
      const String& before = strings_[static_cast<std::size_t>(previous_)];
      strings_[count_] = {static_cast<std::uint16_t>(previous_), first,
                          static_cast<std::uint16_t>(before.length + 1)};
      ++count_;
      if (count_ == 1u << width_ && width_ < kMostCodeBits) ++width_;
    }
    previous_ = static_cast<int>(code);
  }

  FileReader& in_;
  Bits bits_;
  unsigned root_bits_;
  std::array<String, 1u << kMostCodeBits> strings_{};
  unsigned count_ = 0, width_ = 0;
  int previous_ = -1;
};

// The frame's rows in the order of the file: every eighth, those between, and so on.
std::vector<std::size_t> row_order(const Frame& frame) {
  std::vector<std::size_t> rows;
  if (!frame.interlaced) {
    for (std::size_t y = 0; y < frame.height; ++y) rows.push_back(y);
    return rows;
  }
  constexpr std::array<std::array<std::size_t, 2>, 4> kPasses = {{{0, 8}, {4, 8}, {2, 4}, {1, 2}}};
  for (const auto& [first, step] : kPasses) {
    for (std::size_t y = first; y < frame.height; y += step) rows.push_back(y);
  }
  return rows;
}

// RGB and alpha. What no frame covers has the background's colour, unless the frame itself can be
// seen through.
Image canvas_of(const Header& header, const Frame& frame, std::size_t width, std::size_t height) {
  Image image = blank_image("GIF", width, height, 4, 8);
  if (frame.transparent >= 0 || header.background >= header.colours.size()) return image;
  for (std::size_t at = 0; at < image.samples.size(); at += 4) {
    std::ranges::copy(header.colours[header.background], &image.samples[at]);
    image.samples[at + 3] = 255;
  }
  return image;
}

}  // namespace

Image read_gif(ByteView file) {
  FileReader in("GIF", file);
  const Header header = read_header(in);
  const Frame frame = read_frame(in);
  const auto& colours = frame.colours.empty() ? header.colours : frame.colours;
  if (colours.empty()) in.fail("there is no table of colours");
  // A frame that is larger than the canvas enlarges it.
  const std::size_t width = std::max(header.width, frame.x + frame.width);
  const std::size_t height = std::max(header.height, frame.y + frame.height);
  check_size("GIF", width, height, 4, 8);
  const std::size_t pixels = frame.width * frame.height;
  // A code has a bit more than a colour at least, and stands for a string of the table at most.
  const std::size_t most_codes = in.left() * 8 / (frame.code_bits + 1);
  if (pixels > most_codes << kMostCodeBits) in.fail("the file is too short for its pixels");
  const std::vector<Byte> drawn = Decoder(in, frame.code_bits).read(pixels);
  Image image = canvas_of(header, frame, width, height);
  const std::vector<std::size_t> rows = row_order(frame);
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    const std::size_t x = frame.x + i % frame.width, y = frame.y + rows[i / frame.width];
    Byte* to = &image.samples[4 * (y * width + x)];
    to[3] = drawn[i] == frame.transparent ? 0 : 255;
    if (drawn[i] < colours.size()) {
      std::ranges::copy(colours[drawn[i]], to);
    } else if (to[3] != 0) {
      in.fail("a pixel has colour " + std::to_string(drawn[i]) + " of a table of " +
              std::to_string(colours.size()));
    }
  }
  if (drawn.size() < pixels)
    image.warnings.push_back("GIF: " + grouped(pixels - drawn.size()) + " of " + grouped(pixels) +
                             " pixels are missing");
  return opaque(image) ? without_alpha(image) : image;
}

// "GIF89a" may begin a text. No text has a frame with a code size after its 13 bytes of numbers.
bool has_gif_header(ByteView file) {
  try {
    FileReader in("GIF", file);
    const Header header = read_header(in);
    const Frame frame = read_frame(in);
    return header.width > 0 && header.height > 0 && frame.width > 0 && frame.height > 0;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace kraft
