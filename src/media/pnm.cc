// The portable formats of Netpbm, P1 to P6: bits, gray and RGB, as text or in binary.
#include <algorithm>
#include <string>

#include "kraft/error.h"
#include "media/readers.h"
#include "media/signatures.h"

namespace kraft {
namespace {

constexpr unsigned kMostMaxval = 65535;
constexpr unsigned kMostNumber = 1u << 30;

// Reads the pieces of a file from left to right.
class Scanner {
 public:
  explicit Scanner(ByteView file) : rest_(file) {}

  std::size_t left() const { return rest_.size(); }
  bool at_space() const { return !rest_.empty() && (is_space(rest_[0]) || rest_[0] == '#'); }

  Byte take() {
    if (rest_.empty()) throw Error("PNM: the file is truncated");
    const Byte byte = rest_[0];
    rest_ = rest_.subspan(1);
    return byte;
  }

  // White space and comments, which reach from # to the end of the line.
  void skip_space() {
    while (!rest_.empty() && (is_space(rest_[0]) || rest_[0] == '#')) {
      if (take() != '#') continue;
      while (!rest_.empty() && rest_[0] != '\n' && rest_[0] != '\r') take();
    }
  }

  unsigned number(const char* what) {
    skip_space();
    unsigned value = 0;
    std::size_t digits = 0;
    for (; !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; ++digits) {
      value = 10 * value + (take() - '0');
      if (value > kMostNumber) throw Error(std::string("PNM: the ") + what + " is too large");
    }
    if (digits == 0)
      throw Error(rest_.empty() ? std::string("PNM: the file is truncated")
                                : std::string("PNM: the ") + what + " is no number");
    return value;
  }

  // One digit of a text bitmap: they need no space between them.
  unsigned bit() {
    skip_space();
    const Byte digit = take();
    if (digit != '0' && digit != '1') throw Error("PNM: a bit is neither 0 nor 1");
    return digit - '0';
  }

 private:
  static bool is_space(Byte b) { return b == ' ' || (b >= '\t' && b <= '\r'); }

  ByteView rest_;
};

struct Header {
  char kind = '5';
  std::size_t width = 0, height = 0, channels = 1;
  unsigned maxval = 1;

  bool bits() const { return kind == '1' || kind == '4'; }
  bool binary() const { return kind >= '4'; }
};

Header read_header(Scanner& scanner) {
  Header header;
  scanner.take();
  header.kind = static_cast<char>(scanner.take());
  if (!scanner.at_space()) throw Error("PNM: no white space follows the signature");
  header.width = scanner.number("width");
  header.height = scanner.number("height");
  header.channels = header.kind == '3' || header.kind == '6' ? 3 : 1;
  if (!header.bits()) header.maxval = scanner.number("maximum value");
  if (header.maxval == 0 || header.maxval > kMostMaxval)
    throw Error("PNM: the maximum value " + std::to_string(header.maxval) +
                " is out of range: 1..65535");
  if (header.binary() && !scanner.at_space() && scanner.left() > 0)
    throw Error("PNM: no white space comes before the samples");
  if (header.binary()) scanner.take();  // exactly one
  return header;
}

// Each sample takes some of the file: an image cannot be larger than what is left of it allows.
void check_complete(const Header& header, std::size_t left_bytes) {
  const std::size_t samples = header.width * header.height * header.channels;
  std::size_t least_bytes = samples;
  if (header.kind == '4') least_bytes = (header.width + 7) / 8 * header.height;
  if (header.binary() && header.maxval > 255) least_bytes = 2 * samples;
  if (left_bytes < least_bytes) throw Error("PNM: the file is truncated");
}

unsigned read_sample(Scanner& scanner, const Header& header) {
  if (!header.binary()) return scanner.number("sample");
  const unsigned first = scanner.take();
  return header.maxval > 255 ? first * 256 + scanner.take() : first;
}

void read_bitmap(Scanner& scanner, const Header& header, Image& image) {
  for (std::size_t y = 0; y < header.height; ++y) {
    unsigned byte = 0;
    for (std::size_t x = 0; x < header.width; ++x) {
      if (header.binary() && x % 8 == 0) byte = scanner.take();
      const unsigned black = header.binary() ? byte >> (7 - x % 8) & 1 : scanner.bit();
      image.samples[y * header.width + x] = black ? 0 : 255;
    }
  }
}

}  // namespace

// "P1" may begin a text, and that may even go on with numbers. It is a picture if the first sample
// is a number as well or, of binary ones, if the header is a line of its own or as many samples
// follow as there must be.
bool has_pnm_header(ByteView file) {
  const std::string_view text = as_text(file);
  if (text.size() < 3 || text[0] != 'P' || text[1] < '1' || text[1] > '6') return false;
  try {
    Scanner scanner(file);
    const Header header = read_header(scanner);
    if (header.kind == '1') {
      scanner.bit();
    } else if (!header.binary()) {
      return scanner.number("sample") <= header.maxval;
    } else if (file[file.size() - scanner.left() - 1] != '\n' && is_text(file)) {
      check_complete(header, scanner.left());
    }
    return true;
  } catch (const Error&) {
    return false;
  }
}

std::optional<RawLayout> pnm_layout(ByteView beginning) {
  Scanner scanner(beginning);
  const Header header = read_header(scanner);
  if (!header.binary() || header.bits() || header.width == 0) return std::nullopt;
  const std::size_t sample_bytes = header.maxval > 255 ? 2 : 1;
  RawLayout layout;
  layout.medium = Medium::image;
  layout.head_bytes = beginning.size() - scanner.left();
  layout.row_bytes = header.width * header.channels * sample_bytes;
  layout.geometry = {.width = static_cast<std::int64_t>(header.width),
                     .channels = static_cast<std::int64_t>(header.channels),
                     .depth = static_cast<std::int64_t>(8 * sample_bytes)};
  return layout;
}

Image read_pnm(ByteView file) {
  Scanner scanner(file);
  const Header header = read_header(scanner);
  const std::size_t depth_bits = header.maxval > 255 ? 16 : 8;
  {  // Sizes are limited before they are multiplied.
    if (header.width == 0 || header.height == 0 ||
        header.width * header.height > kMostMediaBytes)  // each below 2^30
      blank_image("PNM", header.width, header.height, header.channels, depth_bits);
    check_complete(header, scanner.left());
  }
  Image image = blank_image("PNM", header.width, header.height, header.channels, depth_bits);
  if (header.bits()) {
    read_bitmap(scanner, header, image);
    return image;
  }
  const unsigned full = depth_bits == 8 ? 255 : 65535;
  const std::size_t samples = header.width * header.height * header.channels;
  for (std::size_t i = 0; i < samples; ++i) {
    const unsigned value = read_sample(scanner, header);
    if (value > header.maxval)
      throw Error("PNM: a sample of " + std::to_string(value) + " exceeds the maximum value " +
                  std::to_string(header.maxval));
    const auto stretched = static_cast<unsigned>(
        (static_cast<std::uint64_t>(value) * full + header.maxval / 2) / header.maxval);
    if (depth_bits == 16) image.samples[2 * i] = static_cast<Byte>(stretched >> 8);
    image.samples[depth_bits == 16 ? 2 * i + 1 : i] = static_cast<Byte>(stretched);
  }
  return image;
}

}  // namespace kraft
