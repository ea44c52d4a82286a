// Media: photographs and recordings as the bytes that models read, and back.
//
//     kraft::Image photo = kraft::read_image(file);          // PNG, JPEG, PNM, BMP, TGA, GIF
//     auto png = kraft::make_model("png", {.geometry = photo.geometry()});
//     auto state = png->start(kraft::ByteView(photo.samples).first(100 * photo.row_bytes()));
//     ...
//     kraft::Bytes out = kraft::write_png(photo);            // the same pixels again
//
//     kraft::Audio speech = kraft::read_audio(file, kraft::Encoding::u8);  // WAV, FLAC, OGG, AIFF
//     auto flac = kraft::make_model("flac:8", {.geometry = speech.geometry()});
//     kraft::Bytes wav = kraft::write_audio(speech, kraft::AudioFormat::wav);
//
// A model sees the samples alone; what shape they have goes with ModelOptions::geometry into its
// specification ("png,width=512,channels=3,depth=8"), which thus describes itself.
//
// Everything here takes whole files in memory and throws Error, in one line, for one that is
// truncated, damaged, of an unsupported kind, or too large:
//
//     kraft::read_image(huge);    // PNG: 100,000 x 100,000 pixels of 3 bytes are more than 256 MiB
//
// Sizes are checked against the limits below before memory is allocated for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "kraft/bytes.h"
#include "kraft/geometry.h"

namespace kraft {

// All samples of an image or a recording together.
inline constexpr std::uint64_t kMostMediaBytes = std::uint64_t{256} << 20;

enum class Medium { text, image, audio, bytes };

// What there is to know of a medium without a file of it.
struct MediumRow {
  Medium medium;
  const char* name;
  bool has_samples;                   // in rows or frames, which a Geometry describes
  bool (*is_file_of)(ByteView file);  // by its content; the first medium for which it holds
};

// In the order in which infer_medium() asks; the last takes any file.
std::span<const MediumRow> media();

const MediumRow& row_of(Medium medium);
const char* name_of(Medium medium);

// Tells by content: the signature of a format that can be read here; otherwise UTF-8 without
// control characters other than white space is text. A TGA file is known by its footer, which old
// ones lack.
Medium infer_medium(ByteView file);

// Where the samples of an uncompressed file lie, and what shape they have: for models that are to
// see the file as it is. A default layout is that of any bytes.
struct RawLayout {
  Medium medium = Medium::bytes;
  std::size_t head_bytes = 0;  // before the first sample
  std::size_t row_bytes = 1;   // of a row of pixels, or of a sample of each channel
  Geometry geometry = {};
};

// Headers that are longer are not looked at.
inline constexpr std::size_t kMostHeadBytes = 4096;

// Of binary PNM (P5, P6) and of WAV with 8 or 16 linear bits, by the file's first kMostHeadBytes
// bytes. What follows may be anything: it is for models to expect samples, and for coders to be
// right about all files. Nothing for other files.
std::optional<RawLayout> raw_layout(ByteView beginning);

// Rows from top to bottom, pixels from left to right, channels interleaved: gray, gray and alpha,
// RGB, or RGB and alpha. Samples of 16 bits have the high byte first, as in PNG.
struct Image {
  std::size_t width = 0;
  std::size_t height = 0;
  std::size_t channels = 1;    // 1..4
  std::size_t depth_bits = 8;  // 8 or 16
  Bytes samples;

  std::size_t pixel_bytes() const { return channels * depth_bits / 8; }
  std::size_t row_bytes() const { return width * pixel_bytes(); }
  Geometry geometry() const;

  bool operator==(const Image&) const = default;
};

// Palettes, and gray of fewer than 8 bits, become 8-bit channels; a transparent colour becomes an
// alpha channel. Gamma, colour profiles and orientation are left as they are. Of an animation, the
// first frame.
Image read_image(ByteView file);

Bytes write_png(const Image& image);

// Rec. 601 luma; alpha is dropped.
Image to_gray(const Image& image);

// Enlarges or reduces (Mitchell and Catmull-Rom filters of stb_image_resize).
Image scaled(const Image& image, std::size_t width, std::size_t height);

// A part of the image. Throws UsageError when it is empty or reaches beyond the edges.
struct Box {
  std::size_t x = 0, y = 0, width = 0, height = 0;
};
Image cropped(const Image& image, const Box& box);

// Peak signal-to-noise ratio in dB of 8-bit samples; infinity when they agree.
double psnr_db(ByteView a, ByteView b);

// How a sample of sound is written in bytes.
enum class Encoding {
  u8,     // linear, offset 128: the paper's
  mulaw,  // G.711: 8 bits, finer where it is quiet
  s16,    // linear, 16 bits, low byte first
};

const char* name_of(Encoding encoding);
std::size_t bytes_of(Encoding encoding);

// Frames in the order of time, channels interleaved.
struct Audio {
  std::uint32_t rate_hz = 0;
  std::size_t channels = 1;
  Encoding encoding = Encoding::u8;
  Bytes samples;

  std::size_t frame_bytes() const { return channels * bytes_of(encoding); }
  std::size_t frames() const { return samples.size() / frame_bytes(); }
  Geometry geometry() const;

  bool operator==(const Audio&) const = default;
};

// Without an encoding, the nearest to the file's own: u8 for 8 bits, mulaw for mu-law, else s16.
// These read back exactly; wider samples and floats are rounded, floats beyond 1 are clipped.
// Resamples to `rate_hz` if that is another rate than the file's (libsamplerate, best quality).
Audio read_audio(ByteView file, std::optional<Encoding> encoding = std::nullopt,
                 std::optional<std::uint32_t> rate_hz = std::nullopt);

enum class AudioFormat { wav, flac };

// FLAC has no mu-law: there it becomes 16 bits.
Bytes write_audio(const Audio& audio, AudioFormat format);

// Values from -1 to 1, one for each sample: the encoding undone.
std::vector<float> to_floats(const Audio& audio);

}  // namespace kraft
