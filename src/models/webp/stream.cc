#include "models/webp/stream.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "kraft/error.h"
#include "models/lz/near_distance.h"

namespace kraft::webp {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw Error("a webp stream cannot be read: " + what);
}

// Bits from the lowest of the first byte up. Behind the end there are zeros: the last word of a
// stream may reach there.
class Bits {
 public:
  explicit Bits(ByteView bytes) : bytes_(bytes) {}

  std::uint32_t bit() {
    const std::size_t byte = at_ / 8;
    const std::uint32_t bit = byte < bytes_.size() ? bytes_[byte] >> (at_ % 8) & 1u : 0;
    ++at_;
    return bit;
  }
  std::uint32_t read(int count) {
    std::uint32_t value = 0;
    for (int i = 0; i < count; ++i) value |= bit() << i;
    return value;
  }
  std::size_t symbol(const PrefixCode& code) {
    return code.read([this] { return bit(); });
  }
  std::uint32_t value(std::size_t code) { return first_value(code) + read(extra_bits(code)); }

  void expect_more() const {
    if (at_ > 8 * bytes_.size()) fail("it is truncated");
  }

 private:
  ByteView bytes_;
  std::size_t at_ = 0;
};

std::size_t squares_across(std::size_t pixels, int bits) {
  return (pixels + (std::size_t{1} << bits) - 1) >> bits;
}

// ---- Prefix codes (section 6.2.1) ------------------------------------------------------------

PrefixCode code_of(std::vector<std::uint8_t> word_bits) {
  const auto some = [](std::uint8_t bits) { return bits > 0; };
  const auto first = std::ranges::find_if(word_bits, some);
  if (first != word_bits.end() && std::none_of(first + 1, word_bits.end(), some))
    return PrefixCode::of_one(static_cast<std::size_t>(first - word_bits.begin()),
                              word_bits.size());
  std::optional<PrefixCode> code = PrefixCode::complete(std::move(word_bits));
  if (!code) fail("a code is not complete");
  return std::move(*code);
}

// One or two symbols.
PrefixCode read_simple_code(Bits& bits, std::size_t symbols) {
  const std::uint32_t more = bits.bit();
  std::vector<std::uint8_t> word_bits(std::max<std::size_t>(symbols, 256));
  word_bits[bits.read(bits.bit() != 0 ? 8 : 1)] = 1;
  if (more != 0) word_bits[bits.read(8)] = 1;
  word_bits.resize(symbols);
  return code_of(std::move(word_bits));
}

PrefixCode read_code_of_lengths(Bits& bits) {
  constexpr std::array<std::uint8_t, 19> kOrder = {17, 18, 0, 1,  2,  3,  4,  5,  16, 6,
                                                   7,  8,  9, 10, 11, 12, 13, 14, 15};
  std::vector<std::uint8_t> word_bits(kOrder.size());
  const std::size_t count = 4 + bits.read(4);
  if (count > kOrder.size()) fail("a code has too many lengths");
  for (std::size_t i = 0; i < count; ++i)
    word_bits[kOrder[i]] = static_cast<std::uint8_t>(bits.read(3));
  return code_of(std::move(word_bits));
}

PrefixCode read_code(Bits& bits, std::size_t symbols) {
  bits.expect_more();
  if (bits.bit() != 0) return read_simple_code(bits, symbols);
  const PrefixCode of_lengths = read_code_of_lengths(bits);
  std::size_t most = symbols;
  if (bits.bit() != 0) {
    const int width = 2 + 2 * static_cast<int>(bits.read(3));
    most = 2 + bits.read(width);
    if (most > symbols) fail("a code has too many words");
  }
  constexpr std::array<int, 3> kRepeatBits = {2, 3, 7};
  constexpr std::array<std::size_t, 3> kRepeatBase = {3, 3, 11};
  std::vector<std::uint8_t> word_bits;
  std::uint8_t last = 8;  // that is not 0
  for (; word_bits.size() < symbols && most > 0; --most) {
    bits.expect_more();
    const std::size_t symbol = bits.symbol(of_lengths);
    if (symbol < 16) {
      word_bits.push_back(static_cast<std::uint8_t>(symbol));
      if (symbol > 0) last = word_bits.back();
      continue;
    }
    const std::size_t repeats = kRepeatBase[symbol - 16] + bits.read(kRepeatBits[symbol - 16]);
    if (repeats > symbols - word_bits.size()) fail("a code has too many words");
    word_bits.insert(word_bits.end(), repeats, symbol == 16 ? last : std::uint8_t{0});
  }
  word_bits.resize(symbols);
  return code_of(std::move(word_bits));
}

Group read_group(Bits& bits, int cache_bits) {
  const std::size_t cached = cache_bits > 0 ? std::size_t{1} << cache_bits : 0;
  PrefixCode green = read_code(bits, kFirstCached + cached);
  PrefixCode red = read_code(bits, 256);
  PrefixCode blue = read_code(bits, 256);
  PrefixCode alpha = read_code(bits, 256);
  PrefixCode distance = read_code(bits, kDistanceCodes);
  return {std::move(green), std::move(red), std::move(blue), std::move(alpha), std::move(distance)};
}

// ---- Pixels (section 5) ----------------------------------------------------------------------

struct Coded {
  int cache_bits = 0;
  Squares group_of;
  std::vector<Group> groups;
  std::vector<Argb> pixels;
};

Coded read_coded(Bits& bits, std::size_t width, std::size_t height, bool whole_picture);

Squares read_squares(Bits& bits, std::size_t width, std::size_t height) {
  Squares squares;
  squares.bits = 2 + static_cast<int>(bits.read(3));
  squares.columns = squares_across(width, squares.bits);
  squares.values =
      read_coded(bits, squares.columns, squares_across(height, squares.bits), false).pixels;
  return squares;
}

// The groups in use, numbered anew; the others are read and dropped.
void read_groups(Bits& bits, Coded& coded) {
  std::uint32_t last = 0;
  for (Argb& value : coded.group_of.values) {
    value = value >> 8 & 0xffff;
    last = std::max(last, value);
  }
  constexpr Argb kUnused = std::numeric_limits<Argb>::max();
  std::vector<Argb> number(last + 1, coded.group_of.values.empty() ? 0 : kUnused);
  for (const Argb value : coded.group_of.values) number[value] = 0;
  for (Argb& n : number) {
    bits.expect_more();
    Group group = read_group(bits, coded.cache_bits);
    if (n == kUnused) continue;
    n = static_cast<Argb>(coded.groups.size());
    coded.groups.push_back(std::move(group));
  }
  for (Argb& value : coded.group_of.values) value = number[value];
}

void read_pixels(Bits& bits, std::size_t width, std::size_t count, Coded& coded) {
  std::vector<Argb> cache(coded.cache_bits > 0 ? std::size_t{1} << coded.cache_bits : 0);
  std::vector<Argb>& pixels = coded.pixels;
  pixels.reserve(count);
  const auto push = [&](Argb pixel) {
    pixels.push_back(pixel);
    if (!cache.empty()) cache[place_in_cache(pixel, coded.cache_bits)] = pixel;
  };
  while (pixels.size() < count) {
    bits.expect_more();
    const std::size_t x = pixels.size() % width, y = pixels.size() / width;
    const Group& group = coded.groups[coded.group_of.values.empty() ? 0 : coded.group_of.at(x, y)];
    const std::size_t symbol = bits.symbol(group.green);
    if (symbol < kFirstLength) {
      const auto red = static_cast<int>(bits.symbol(group.red));
      const auto blue = static_cast<int>(bits.symbol(group.blue));
      const auto alpha = static_cast<int>(bits.symbol(group.alpha));
      push(argb(alpha, red, static_cast<int>(symbol), blue));
    } else if (symbol >= kFirstCached) {
      push(cache[symbol - kFirstCached]);
    } else {
      const std::uint32_t length = bits.value(symbol - kFirstLength);
      const std::uint32_t distance = distance_of(bits.value(bits.symbol(group.distance)), width);
      if (distance > pixels.size()) fail("a copy is from before the picture");
      if (length > count - pixels.size()) fail("a copy is too long");
      for (std::uint32_t i = 0; i < length; ++i) push(pixels[pixels.size() - distance]);
    }
  }
}

Coded read_coded(Bits& bits, std::size_t width, std::size_t height, bool whole_picture) {
  Coded coded;
  if (bits.bit() != 0) {
    coded.cache_bits = static_cast<int>(bits.read(4));
    if (coded.cache_bits < 1 || coded.cache_bits > 11) fail("its cache is of another size");
  }
  if (whole_picture && bits.bit() != 0) coded.group_of = read_squares(bits, width, height);
  read_groups(bits, coded);
  read_pixels(bits, width, width * height, coded);
  return coded;
}

// ---- Transforms (section 4) ------------------------------------------------------------------

Transform read_palette(Bits& bits, std::size_t width) {
  Transform transform{.kind = Kind::palette, .width = width};
  const std::size_t colours = bits.read(8) + 1;
  transform.palette = read_coded(bits, colours, 1, false).pixels;
  for (std::size_t i = 1; i < colours; ++i)
    transform.palette[i] = sum(transform.palette[i], transform.palette[i - 1]);
  transform.packed_bits = colours <= 2 ? 3 : colours <= 4 ? 2 : colours <= 16 ? 1 : 0;
  return transform;
}

// Returns the width of what is coded.
std::size_t read_transforms(Bits& bits, Stream& stream) {
  std::size_t width = stream.width;
  while (bits.bit() != 0) {
    bits.expect_more();
    const auto kind = static_cast<Kind>(bits.read(2));
    for (const Transform& other : stream.transforms) {
      if (other.kind == kind) fail("it has a transform twice");
    }
    Transform transform{.kind = kind, .width = width};
    if (kind == Kind::predictor || kind == Kind::colours)
      transform.squares = read_squares(bits, width, stream.height);
    if (kind == Kind::palette) {
      transform = read_palette(bits, width);
      width = squares_across(width, transform.packed_bits);
    }
    stream.transforms.push_back(std::move(transform));
  }
  return width;
}

void add_predictions(const Transform& transform, std::vector<Argb>& pixels) {
  const std::size_t width = transform.width;
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const std::size_t x = i % width, y = i / width;
    Around around;
    if (i > 0) around.left = pixels[i - 1];
    if (y > 0) {
      around.above = pixels[i - width];
      around.above_right = pixels[i - width + 1];
      if (x > 0) around.above_left = pixels[i - width - 1];
    }
    const auto mode = static_cast<unsigned>(channel(transform.squares.at(x, y), 1) & 15);
    pixels[i] = sum(pixels[i], predict_at(mode, around, x == 0, y == 0));
  }
}

std::vector<Argb> look_up(const Transform& transform, std::size_t height,
                          const std::vector<Argb>& coded) {
  const std::size_t width = transform.width;
  const std::size_t coded_width = squares_across(width, transform.packed_bits);
  const int index_bits = 8 >> transform.packed_bits;
  std::vector<Argb> pixels;
  pixels.reserve(width * height);
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      const int packed = channel(coded[y * coded_width + (x >> transform.packed_bits)], 1);
      const std::size_t within = x & ((std::size_t{1} << transform.packed_bits) - 1);
      const auto index = static_cast<std::size_t>(
          packed >> (index_bits * static_cast<int>(within)) & ((1 << index_bits) - 1));
      pixels.push_back(index < transform.palette.size() ? transform.palette[index] : 0);
    }
  }
  return pixels;
}

void undo(const Transform& transform, std::size_t height, std::vector<Argb>& pixels) {
  switch (transform.kind) {
    case Kind::predictor:
      add_predictions(transform, pixels);
      break;
    case Kind::colours:
      for (std::size_t i = 0; i < pixels.size(); ++i)
        pixels[i] = with_colours(
            Colours::of(transform.squares.at(i % transform.width, i / transform.width)), pixels[i]);
      break;
    case Kind::green:
      for (Argb& pixel : pixels) pixel = with_green(pixel);
      break;
    case Kind::palette:
      pixels = look_up(transform, height, pixels);
      break;
  }
}

// ---- Files (sections 2 and 3.4) --------------------------------------------------------------

// The content of the one chunk, with what fills it up to an even size: libwebp reads on into that.
ByteView lossless_chunk(ByteView file) {
  const auto number = [&](std::size_t at) {
    return file[at] | file[at + 1] << 8 | file[at + 2] << 16 |
           static_cast<std::size_t>(file[at + 3]) << 24;
  };
  constexpr std::size_t kHeaderBytes = 20;
  if (file.size() < kHeaderBytes) fail("it is truncated");
  const std::string_view text = as_text(file);
  if (!text.starts_with("RIFF") || text.substr(8, 4) != "WEBP") fail("it is no WebP file");
  const std::string_view chunk = text.substr(12, 4);
  if (chunk != "VP8L") {
    if (chunk == "VP8 ") fail("it is lossy; expected VP8L");
    if (chunk == "VP8X") fail("it is of the extended format; expected VP8L");
    fail("it begins with another chunk; expected VP8L");
  }
  const std::size_t size = number(16);
  if (size > file.size() - kHeaderBytes) fail("it is truncated");
  return file.subspan(kHeaderBytes, std::min(size + size % 2, file.size() - kHeaderBytes));
}

}  // namespace

std::uint32_t distance_of(std::uint32_t value, std::size_t width) {
  return static_cast<std::uint32_t>(lz::distance_of_name(value - 1, width));
}

Stream read_stream(ByteView file, std::size_t most_pixels) {
  Bits bits(lossless_chunk(file));
  constexpr std::uint32_t kSignature = 0x2f;
  if (bits.read(8) != kSignature) fail("its signature is another one");
  Stream stream;
  stream.width = bits.read(14) + 1;
  stream.height = bits.read(14) + 1;
  bits.bit();  // a hint whether there is alpha
  if (bits.read(3) != 0) fail("it is of another version");
  bits.expect_more();
  if (stream.width > most_pixels / stream.height) fail("it has too many pixels");
  stream.coded_width = read_transforms(bits, stream);
  Coded coded = read_coded(bits, stream.coded_width, stream.height, true);
  stream.cache_bits = coded.cache_bits;
  stream.group_of = std::move(coded.group_of);
  stream.groups = std::move(coded.groups);
  stream.residuals = std::move(coded.pixels);
  stream.pixels = stream.residuals;
  for (auto t = stream.transforms.rbegin(); t != stream.transforms.rend(); ++t) {
    if (t->kind == Kind::green || t->kind == Kind::palette) stream.plain = stream.pixels;
    undo(*t, stream.height, stream.pixels);
  }
  if (stream.plain.empty()) stream.plain = stream.pixels;
  return stream;
}

}  // namespace kraft::webp
