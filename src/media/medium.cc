// Which medium is this?
#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>

#include "base/text.h"
#include "kraft/media.h"
#include "media/containers.h"
#include "media/names.h"
#include "media/signatures.h"

namespace kraft {
namespace {

// A bitmap's header has one of a few lengths, and one plane of pixels.
bool has_bmp_header(ByteView file) {
  constexpr std::array<Byte, 7> kHeaderBytes = {12, 16, 40, 52, 56, 108, 124};
  constexpr Byte kOs2Bytes = 64;
  if (file.size() <= 18 || !as_text(file).starts_with("BM")) return false;
  const bool known =
      file[14] == kOs2Bytes || std::ranges::find(kHeaderBytes, file[14]) != kHeaderBytes.end();
  return known && file[15] == 0 && file[16] == 0 && file[17] == 0;
}

bool has_tga_footer(ByteView file) {
  constexpr std::string_view kFooter("TRUEVISION-XFILE.\0", 18);
  return as_text(file).ends_with(kFooter);
}

bool is_gif(ByteView file) {
  return as_text(file).starts_with("GIF87a") || as_text(file).starts_with("GIF89a");
}

bool ends_in(std::string_view name, std::initializer_list<std::string_view> endings) {
  return std::ranges::any_of(endings, [&](std::string_view e) { return has_ending(name, e); });
}

}  // namespace

bool is_text(ByteView file) {
  const auto is_control = [](Byte b) { return b < 0x20 && (b < '\t' || b > '\r'); };
  return std::ranges::none_of(file, is_control) && is_utf8(as_text(file));
}

std::string_view image_format(ByteView file) {
  const std::string_view text = as_text(file);
  if (text.starts_with("\x89PNG\r\n\x1a\n")) return "PNG";
  if (text.starts_with("\xff\xd8\xff")) return "JPEG";
  if (has_bmp_header(file)) return "BMP";
  if (is_gif(file)) return has_gif_header(file) || !is_text(file) ? "GIF" : "";
  if (has_pnm_header(file)) return "PNM";
  return has_tga_footer(file) || resembles_tga(file) ? "TGA" : "";
}

std::string_view claimed_image_format(ByteView file) {
  const std::string_view format = image_format(file);
  if (!format.empty()) return format;
  if (is_gif(file)) return "GIF";
  const bool is_pnm = file.size() > 2 && file[0] == 'P' && file[1] >= '1' && file[1] <= '6' &&
                      (file[2] == ' ' || file[2] == '#' || (file[2] >= '\t' && file[2] <= '\r'));
  if (is_pnm) return "PNM";
  return has_known_tga_kind(file) ? "TGA" : "";
}

bool is_audio(ByteView file) {
  return has_audio_header(file) || (has_audio_signature(file) && !is_text(file));
}

namespace {

// Of TGA alone the header could be anything's; a recording's says more.
bool is_image(ByteView file) {
  const std::string_view format = image_format(file);
  return !format.empty() && (format != "TGA" || !has_audio_header(file));
}

bool has_image_name(std::string_view name) { return ends_in(name, {".tga"}); }

bool has_audio_name(std::string_view name) {
  return ends_in(name, {".wav", ".w64", ".mp3", ".mp2", ".flac", ".ogg", ".oga", ".opus", ".aif",
                        ".aiff", ".aifc", ".au", ".snd", ".caf", ".rf64"});
}

bool never(ByteView) { return false; }
bool never_named(std::string_view) { return false; }

}  // namespace

std::span<const MediumRow> media() {
  static constexpr MediumRow kRows[] = {
      {Medium::image, "image", "images", "binary PNM", true, is_image, has_image_name},
      {Medium::audio, "audio", "recordings", "WAV with 8 or 16 bits", true, is_audio,
       has_audio_name},
      {Medium::text, "text", "text", "", false, is_text, never_named},
      {Medium::bytes, "bytes", "text", "", false, never, never_named},
  };
  return kRows;
}

const MediumRow& row_of(Medium medium) {
  return *std::ranges::find(media(), medium, &MediumRow::medium);
}

const char* name_of(Medium medium) { return row_of(medium).name; }
bool has_samples(Medium medium) { return row_of(medium).has_samples; }

Medium infer_medium(ByteView file, std::string_view name) {
  for (const MediumRow& row : media()) {
    if (row.is_file_of(file)) return row.medium;
  }
  for (const MediumRow& row : media()) {
    if (row.is_named(name)) return row.medium;
  }
  return Medium::bytes;
}

}  // namespace kraft
