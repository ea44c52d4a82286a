// PNG images. libpng reads and writes the pixels; the chunks that go from the file that is read to
// the one that is written are ours, so that they stay as they are.
#include <zlib.h>

#include <algorithm>
#include <array>
#include <memory>

#include "codecs/png_file.h"
#include "kraft/error.h"
#include "media/file_reader.h"
#include "media/readers.h"

namespace kraft {
namespace {

constexpr std::size_t kSignatureBytes = 8;
constexpr std::size_t kHeaderEnd = kSignatureBytes + 25;  // of IHDR
constexpr std::size_t kMostProfileBytes = std::size_t{16} << 20;
// DEFLATE writes 258 bytes with two bits.
constexpr std::uint64_t kMostDeflateRatio = 1032;

// What the header claims, before libpng takes memory for it.
void check_claim(ByteView file) {
  FileReader in("PNG", file, FileReader::Order::big);
  in.seek(kSignatureBytes);
  if (in.u32() != 13 || in.name(4) != "IHDR") return;  // libpng says what is wrong
  const std::uint64_t width = in.u32(), height = in.u32();
  const unsigned depth_bits = in.u8(), colour = in.u8();
  static constexpr std::array<std::size_t, 7> kChannels = {1, 1, 3, 3, 2, 1, 4};
  const std::size_t channels = kChannels[std::min<std::size_t>(colour, 6)];
  check_size("PNG", width, height, channels, depth_bits > 8 ? 16 : 8);
  const std::size_t stored_channels = colour == 3 ? 1 : channels;
  const std::uint64_t bytes = height * (1 + width * stored_channels * depth_bits / 8);
  if (bytes / kMostDeflateRatio > file.size()) in.fail_truncated();
}

struct EndInflate {
  void operator()(z_stream* stream) const { inflateEnd(stream); }
};

// Empty where it is no zlib stream, or a longer one than any profile.
Bytes inflated(ByteView packed) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) throw std::bad_alloc();
  const std::unique_ptr<z_stream, EndInflate> end(&stream);
  stream.next_in = const_cast<Byte*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  Bytes bytes;
  int result = Z_OK;
  while (result == Z_OK && bytes.size() < kMostProfileBytes) {
    constexpr std::size_t kPiece = 1 << 14;
    const std::size_t begin = bytes.size();
    bytes.resize(begin + kPiece);
    stream.next_out = bytes.data() + begin;
    stream.avail_out = kPiece;
    result = inflate(&stream, Z_NO_FLUSH);
    bytes.resize(begin + kPiece - stream.avail_out);
  }
  return result == Z_STREAM_END ? bytes : Bytes();
}

// iCCP: a name, a zero, the kind of compression (0), the compressed profile.
Bytes unpacked_profile(ByteView data) {
  const auto zero = std::ranges::find(data, Byte{0});
  const auto name_bytes = static_cast<std::size_t>(zero - data.begin());
  if (data.size() < name_bytes + 2 || data[name_bytes + 1] != 0) return {};
  return inflated(data.subspan(name_bytes + 2));
}

// False if the chunk is not what its name says.
bool take_chunk(std::string_view name, ByteView data, Appearance& appearance,
                unsigned& orientation) {
  FileReader in("PNG", data, FileReader::Order::big);
  if (name == "iCCP") {
    appearance.icc_profile = unpacked_profile(data);
    return !appearance.icc_profile.empty();
  }
  if (name == "sRGB") {
    if (data.size() != 1 || data[0] > 3) return false;
    appearance.srgb_intent = data[0];
  } else if (name == "gAMA") {
    if (data.size() != 4) return false;
    appearance.gamma_1e5 = in.u32();
  } else if (name == "cHRM") {
    if (data.size() != 32) return false;
    appearance.chromaticities.assign(data.begin(), data.end());
  } else if (name == "pHYs") {
    if (data.size() != 9 || data[8] > 1) return false;
    const std::uint32_t x = in.u32(), y = in.u32();
    appearance.density = {x, y, data[8] == 1};
  } else if (name == "eXIf") {
    orientation = exif_orientation(data);
  }
  return true;
}

std::uint32_t crc_of(ByteView bytes) {
  return static_cast<std::uint32_t>(crc32(0, bytes.data(), static_cast<uInt>(bytes.size())));
}

// libpng has read the file before: its chunks are complete.
unsigned read_appearance(ByteView file, Image& image) {
  constexpr std::array<std::string_view, 6> kWanted = {"iCCP", "sRGB", "gAMA",
                                                       "cHRM", "pHYs", "eXIf"};
  unsigned orientation = 1;
  FileReader in("PNG", file, FileReader::Order::big);
  in.seek(kSignatureBytes);
  while (true) {
    const std::uint32_t bytes = in.u32();
    const ByteView checked = file.subspan(in.at());
    const std::string name(in.name(4));
    const ByteView data = in.take(bytes);
    const std::uint32_t crc = in.u32();
    if (name == "IEND") return orientation;
    if (std::ranges::find(kWanted, name) == kWanted.end()) continue;
    const bool intact = crc == crc_of(checked.first(data.size() + 4));
    if (!intact || !take_chunk(name, data, image.appearance, orientation))
      image.warnings.push_back("PNG: the chunk " + name + " is damaged and left out");
  }
}

void put_big(std::uint32_t value, Bytes& to) {
  for (int shift = 24; shift >= 0; shift -= 8) to.push_back(static_cast<Byte>(value >> shift));
}

void put_chunk(std::string_view name, ByteView data, Bytes& to) {
  put_big(static_cast<std::uint32_t>(data.size()), to);
  const std::size_t begin = to.size();
  append(to, as_bytes(name));
  append(to, data);
  put_big(crc_of(ByteView(to).subspan(begin)), to);
}

Bytes packed_profile(ByteView profile) {
  Bytes data;
  append(data, as_bytes(std::string_view("ICC profile\0\0", 13)));
  uLongf size = compressBound(static_cast<uLong>(profile.size()));
  const std::size_t begin = data.size();
  data.resize(begin + size);
  if (compress(data.data() + begin, &size, profile.data(), static_cast<uLong>(profile.size())) !=
      Z_OK)
    throw std::bad_alloc();
  data.resize(begin + size);
  return data;
}

// All of them stand before the pixels.
Bytes appearance_chunks(const Appearance& appearance) {
  Bytes chunks, data;
  if (appearance.gamma_1e5) {
    put_big(*appearance.gamma_1e5, data);
    put_chunk("gAMA", data, chunks);
  }
  if (!appearance.chromaticities.empty()) put_chunk("cHRM", appearance.chromaticities, chunks);
  if (appearance.srgb_intent)
    put_chunk("sRGB", Bytes{static_cast<Byte>(*appearance.srgb_intent)}, chunks);
  if (!appearance.icc_profile.empty())
    put_chunk("iCCP", packed_profile(appearance.icc_profile), chunks);
  if (appearance.density) {
    data.clear();
    put_big(appearance.density->x, data);
    put_big(appearance.density->y, data);
    data.push_back(appearance.density->per_metre ? 1 : 0);
    put_chunk("pHYs", data, chunks);
  }
  return chunks;
}

Bytes with_opaque_alpha(const Image& image) {
  const std::size_t sample_bytes = image.depth_bits / 8;
  Bytes samples;
  samples.reserve(image.samples.size() + image.width * image.height * sample_bytes);
  for (std::size_t at = 0; at < image.samples.size(); at += image.pixel_bytes()) {
    append(samples, ByteView(image.samples).subspan(at, image.pixel_bytes()));
    samples.insert(samples.end(), sample_bytes, 255);
  }
  return samples;
}

}  // namespace

Image read_png(ByteView file) {
  check_claim(file);
  try {
    PngReader reader(file, /*expand=*/true, kMostMediaBytes);
    const PngHeader& header = reader.header();
    Image image =
        blank_image("PNG", header.width, header.height, header.channels, header.depth_bits);
    reader.read_all(image.samples.data(), image.samples.size());
    reader.finish();
    const unsigned orientation = read_appearance(file, image);
    for (const std::string& warning : reader.warnings()) {
      // libpng begins with the chunk's name; what is said of one already is not said again.
      const std::string said = "PNG: the chunk " + warning.substr(0, 4) + " ";
      const auto is_said = [&](const std::string& other) { return other.starts_with(said); };
      if (std::ranges::none_of(image.warnings, is_said))
        image.warnings.push_back("PNG: " + warning);
    }
    return turned(image, orientation);
  } catch (const PngError& error) {
    throw Error(std::string("PNG: ") + error.what());
  }
}

Bytes write_png(const Image& image, const std::function<bool()>& cancelled) {
  constexpr int kLevel = 6;
  const bool adds_alpha = image.appearance.opaque_alpha && image.channels % 2 == 1;
  const PngHeader header{image.width, image.height, image.channels + (adds_alpha ? 1 : 0),
                         image.depth_bits};
  const Bytes longer = adds_alpha ? with_opaque_alpha(image) : Bytes();
  Bytes file;
  PngWriter().write(header, adds_alpha ? longer : image.samples, kLevel, PngFilter::adaptive, file,
                    cancelled);
  const Bytes chunks = appearance_chunks(image.appearance);
  file.insert(file.begin() + kHeaderEnd, chunks.begin(), chunks.end());
  return file;
}

}  // namespace kraft
