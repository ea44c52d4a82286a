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
// Sizes are checked against the limits below before memory is allocated for them. What a file says
// about its own length is believed where files of its kind are to be believed: sizes that a program
// wrote before it knew them ("as much as there will be") are read to the end of the file, and a
// file that is shorter than it promises is an error.
//
// A file that can be read but is not quite right gives what it holds, and says so:
//
//     for (const std::string& warning : photo.warnings) std::puts(warning.c_str());
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
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
  const char* files;                        // what several of them are called: "images"
  const char* raw_files;                    // of which raw_layout() knows; empty: none
  bool has_samples;                         // in rows or frames, which a Geometry describes
  bool (*is_file_of)(ByteView file);        // by its content; the first medium for which it holds
  bool (*is_named)(std::string_view name);  // by how the file's name ends, where no content tells
};

// In the order in which infer_medium() asks; what is none of them is bytes.
std::span<const MediumRow> media();

const MediumRow& row_of(Medium medium);
const char* name_of(Medium medium);
bool has_samples(Medium medium);

// Tells by content: the signature of a format that can be read here, if the header after it makes
// sense, for a text may begin with "GIF89a" or "P1" as well. Otherwise UTF-8 without control
// characters other than white space is text. What is neither may still be told by how the file's
// name ends, if one is given: ".mp3", ".w64", ".tga".
Medium infer_medium(ByteView file, std::string_view name = "");

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

// What a file says about its pixels besides their values: how they are to be shown. It is not
// looked at here, but goes with the image from the file that was read to the PNG that is written.
struct Appearance {
  Bytes icc_profile;                       // of the International Color Consortium; PNG's iCCP
  std::optional<unsigned> srgb_intent;     // PNG's sRGB: 0..3, perceptual to absolute
  std::optional<std::uint32_t> gamma_1e5;  // PNG's gAMA: 100,000 times the exponent, 45455 of 2.2
  Bytes chromaticities;                    // PNG's cHRM, as it stands there
  struct Density {
    std::uint32_t x = 0, y = 0;  // pixels per metre, or only their ratio
    bool per_metre = false;
    bool operator==(const Density&) const = default;
  };
  std::optional<Density> density;  // PNG's pHYs
  bool opaque_alpha = false;       // the file has an alpha channel that hides nothing

  bool operator==(const Appearance&) const = default;
};

// Rows from top to bottom, pixels from left to right, channels interleaved: gray, gray and alpha,
// RGB, or RGB and alpha. Samples of 16 bits have the high byte first, as in PNG.
struct Image {
  std::size_t width = 0;
  std::size_t height = 0;
  std::size_t channels = 1;    // 1..4
  std::size_t depth_bits = 8;  // 8 or 16
  Bytes samples = {};
  Appearance appearance = {};
  std::vector<std::string> warnings = {};  // of the file's reader

  std::size_t pixel_bytes() const { return channels * depth_bits / 8; }
  std::size_t row_bytes() const { return width * pixel_bytes(); }
  Geometry geometry() const;

  bool operator==(const Image& other) const;  // warnings aside
};

// The picture as it is shown. Palettes, and gray of fewer than 8 bits, become 8-bit channels; a
// transparent colour becomes an alpha channel; an alpha channel that hides nothing is left out, so
// that no model draws one (write_png() puts it back). What Exif says about the camera's orientation
// is applied. Gamma and colour profiles are kept and not applied. Of an animation, the first frame.
Image read_image(ByteView file);

// With the image's appearance. Throws Cancelled as soon as `cancelled` says so.
Bytes write_png(const Image& image, const std::function<bool()>& cancelled = {});

// Rec. 601 luma; alpha is dropped, and with the colours what the file says about them.
Image to_gray(const Image& image);

// The pixels that a picture marks by being bright, in raster order: at least half white, and at
// least half opaque. Throws Error where only its alpha channel has a drawing, which says nothing
// about what is to be marked.
std::vector<bool> marked_pixels(const Image& mask);

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

// Samples that are finer than s16, low byte first. Models see 16 bits of them; a file that is
// written has the rest again wherever these 16 bits are what they were.
enum class Fine { none, s24, s32, f32, f64 };

const char* name_of(Fine fine);
std::size_t bytes_of(Fine fine);

// Frames in the order of time, channels interleaved.
struct Audio {
  std::uint32_t rate_hz = 0;
  std::size_t channels = 1;
  Encoding encoding = Encoding::u8;
  Bytes samples = {};
  // Which loudspeakers the channels are for, a bit for each (WAVE_EXTENSIBLE's dwChannelMask);
  // 0: the file does not say.
  std::uint32_t speakers = 0;
  Fine fine = Fine::none;   // only with s16
  Bytes fine_samples = {};  // of the file; `samples` may be longer, shorter or others
  std::vector<std::string> warnings = {};  // of the file's reader

  std::size_t frame_bytes() const { return channels * bytes_of(encoding); }
  std::size_t frames() const { return samples.size() / frame_bytes(); }
  Geometry geometry() const;

  bool operator==(const Audio& other) const;  // warnings aside
};

// WAV (also RF64, RIFX and W64), FLAC, OGG, MP3, AIFF, AU, CAF, and what else libsndfile reads.
// Without an encoding, the nearest to the file's own: u8 for 8 bits, mulaw for mu-law, else s16.
// These read back exactly. Wider samples and floats are rounded, floats beyond 1 are clipped; they
// stay in `fine_samples` where no encoding and no rate is asked for, and where they are the file's
// own: MP3 and OGG have no samples of a depth.
// Resamples to `rate_hz` if that is another rate than the file's (libsamplerate, best quality).
Audio read_audio(ByteView file, std::optional<Encoding> encoding = std::nullopt,
                 std::optional<std::uint32_t> rate_hz = std::nullopt);

enum class AudioFormat { wav, flac };

// The format that belongs to a name: its ending says it; "-" is WAV. Throws UsageError for others.
AudioFormat audio_format_of(std::string_view name);

// Throws Error when the format cannot hold such a recording as it is: FLAC has at most 8 channels
// of at most 24 bits and no floats, and one set of loudspeakers for each number of channels.
void expect_writable(const Audio& audio, AudioFormat format);

// FLAC has no mu-law: there it becomes 16 bits. Samples are as fine as `fine` says.
Bytes write_audio(const Audio& audio, AudioFormat format);

// Values from -1 to 1, one for each sample: the encoding undone.
std::vector<float> to_floats(const Audio& audio);

}  // namespace kraft
