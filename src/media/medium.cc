// Which medium is this?
#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.h"
#include "kraft/media.h"
#include "media/signatures.h"

namespace kraft {
namespace {

bool is_image(ByteView file) {
  for (const char* format : {"PNG", "JPEG", "GIF", "BMP", "PNM", "TGA"}) {
    if (has_signature(file, format)) return true;
  }
  return false;
}

// The containers of libsndfile that begin with a name.
bool is_audio(ByteView file) {
  const std::string_view text = as_text(file);
  const std::string_view form = text.size() >= 12 ? text.substr(8, 4) : "";
  if (text.starts_with("RIFF") || text.starts_with("RIFX")) return form == "WAVE";
  if (text.starts_with("FORM")) return form == "AIFF" || form == "AIFC";
  return text.starts_with("fLaC") || text.starts_with("OggS") || text.starts_with(".snd") ||
         text.starts_with("caff") || text.starts_with("RF64");
}

bool is_text(ByteView file) {
  const auto is_control = [](Byte b) { return b < 0x20 && (b < '\t' || b > '\r'); };
  return std::ranges::none_of(file, is_control) && is_utf8(as_text(file));
}

}  // namespace

bool has_signature(ByteView file, std::string_view format) {
  const std::string_view text = as_text(file);
  if (format == "PNG") return text.starts_with("\x89PNG\r\n\x1a\n");
  if (format == "JPEG") return text.starts_with("\xff\xd8\xff");
  if (format == "GIF") return text.starts_with("GIF87a") || text.starts_with("GIF89a");
  // "BM" may begin a text; the header's own length, one of a few, follows 12 bytes later.
  if (format == "BMP") {
    constexpr std::array<Byte, 7> kHeaderBytes = {12, 16, 40, 52, 56, 108, 124};
    return text.starts_with("BM") && file.size() > 18 &&
           std::ranges::find(kHeaderBytes, file[14]) != kHeaderBytes.end() && file[15] == 0 &&
           file[16] == 0 && file[17] == 0;
  }
  if (format == "PNM") {
    const auto is_space = [](Byte b) { return b == ' ' || (b >= '\t' && b <= '\r') || b == '#'; };
    return file.size() > 2 && file[0] == 'P' && file[1] >= '1' && file[1] <= '6' &&
           is_space(file[2]);
  }
  constexpr std::string_view kTgaFooter("TRUEVISION-XFILE.\0", 18);
  return format == "TGA" && text.ends_with(kTgaFooter);
}

std::span<const MediumRow> media() {
  static constexpr MediumRow kRows[] = {
      {Medium::image, "image", true, is_image},
      {Medium::audio, "audio", true, is_audio},
      {Medium::text, "text", false, is_text},
      {Medium::bytes, "bytes", false, [](ByteView) { return true; }},
  };
  return kRows;
}

const MediumRow& row_of(Medium medium) {
  return *std::ranges::find(media(), medium, &MediumRow::medium);
}

const char* name_of(Medium medium) { return row_of(medium).name; }

Medium infer_medium(ByteView file) {
  const auto holds = [file](const MediumRow& row) { return row.is_file_of(file); };
  return std::ranges::find_if(media(), holds)->medium;
}

}  // namespace kraft
