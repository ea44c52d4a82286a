#include "cli/media_input.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>

#include "base/text.h"
#include "cli/completion.h"
#include "cli/context.h"
#include "cli/terminal.h"
#include "kraft/error.h"

namespace kraft::cli {
namespace {

constexpr std::int64_t kMostRate = 655'350;

void parse_scale(const std::string& text, std::size_t& width, std::size_t& height) {
  const std::size_t cross = text.find('x');
  std::int64_t w = 0, h = 0;
  if (cross == text.npos || !parse_integer(text.substr(0, cross), w) ||
      !parse_integer(text.substr(cross + 1), h) || w < 1 || h < 1)
    throw UsageError("--scale is WxH in pixels, not '" + printable(text) + "'");
  width = static_cast<std::size_t>(w);
  height = static_cast<std::size_t>(h);
}

std::optional<Encoding> encoding_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  for (const Encoding encoding : {Encoding::u8, Encoding::mulaw, Encoding::s16}) {
    if (text == name_of(encoding)) return encoding;
  }
  throw UsageError("--encoding '" + printable(text) + "' is none of u8|mulaw|s16");
}

void refuse(const po::variables_map& values, std::initializer_list<const char*> names,
            Medium medium, const char* belongs_to) {
  for (const char* name : names) {
    if (!is_set(values, name)) continue;
    std::string message = "--";
    message.append(name).append(" has no meaning for ").append(name_of(medium));
    throw UsageError(message.append("; it is an option of ").append(belongs_to));
  }
}

}  // namespace

void refuse_options_of_others(const po::variables_map& values, Medium medium) {
  if (medium != Medium::image)
    refuse(values, {"crop", "scale", "gray"}, medium, "images (--as image)");
  if (medium != Medium::audio)
    refuse(values, {"encoding", "rate"}, medium, "recordings (--as audio)");
}

void MediaInputOptions::add_to(po::options_description& options) {
  // clang-format off
  options.add_options()
      ("as", po::value(&as)->value_name("MEDIUM")->default_value(as), "take the file as text, image, audio or bytes; auto: what its content says")
      ("crop", po::value(&crop)->value_name("X,Y,W,H"), "image: use this part only")
      ("scale", po::value(&scale)->value_name("WxH"), "image: resize it, after cropping")
      ("gray", po::bool_switch(&gray), "image: without colours")
      ("encoding", po::value(&encoding)->value_name("NAME"), "audio: u8 (linear, 8 bits), mulaw or s16 (default: the file's own)")
      ("rate", po::value(&rate)->value_name("HZ"), "audio: resample to this rate");
  // clang-format on
}

Medium MediaInputOptions::medium_of(ByteView file, std::string_view name) const {
  static constexpr std::array kMedia = {Medium::text, Medium::image, Medium::audio, Medium::bytes};
  if (as == "auto") return file.empty() ? Medium::text : infer_medium(file, name);
  const auto found =
      std::ranges::find_if(kMedia, [&](Medium candidate) { return as == name_of(candidate); });
  if (found == kMedia.end())
    throw UsageError("--as '" + printable(as) + "' is none of auto|text|image|audio|bytes");
  return *found;
}

Image read_image(const MediaInputOptions& options, ByteView file) {
  Image image = kraft::read_image(file);
  if (options.gray) image = to_gray(image);
  if (!options.crop.empty()) image = cropped(image, parse_box("crop", options.crop));
  if (!options.scale.empty()) {
    std::size_t width = 0, height = 0;
    parse_scale(options.scale, width, height);
    image = scaled(image, width, height);
  }
  return image;
}

Audio read_audio(const MediaInputOptions& options, const po::variables_map& values, ByteView file) {
  check_range("rate", options.rate, is_set(values, "rate") ? 1 : 0, kMostRate);
  const auto rate_hz = is_set(values, "rate")
                           ? std::optional(static_cast<std::uint32_t>(options.rate))
                           : std::nullopt;
  return kraft::read_audio(file, encoding_of(options.encoding), rate_hz);
}

void warn_about(const std::string& path, const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) warn(printable(path + ": " + warning));
}

}  // namespace kraft::cli
