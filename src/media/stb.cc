// BMP, TGA and GIF through stb_image.
#include <stb_image.h>

#include <algorithm>
#include <memory>

#include "kraft/error.h"
#include "media/readers.h"

namespace kraft {
namespace {

// stb_image takes zeros for what a truncated file lacks; a file read through callbacks shows that
// it went on beyond the end.
struct Source {
  ByteView rest;
  bool overrun = false;

  static int read(void* user, char* to, int size) {
    auto* source = static_cast<Source*>(user);
    const std::size_t bytes = std::min(source->rest.size(), static_cast<std::size_t>(size));
    std::copy_n(source->rest.begin(), bytes, to);
    source->rest = source->rest.subspan(bytes);
    if (bytes == 0 && size > 0) source->overrun = true;
    return static_cast<int>(bytes);
  }

  static void skip(void* user, int bytes) {
    auto* source = static_cast<Source*>(user);
    if (bytes < 0) return;
    if (static_cast<std::size_t>(bytes) > source->rest.size()) source->overrun = true;
    source->rest =
        source->rest.subspan(std::min(source->rest.size(), static_cast<std::size_t>(bytes)));
  }

  static int at_end(void* user) { return static_cast<Source*>(user)->rest.empty(); }
};

constexpr stbi_io_callbacks kCallbacks = {Source::read, Source::skip, Source::at_end};

struct Free {
  void operator()(stbi_uc* pixels) const { stbi_image_free(pixels); }
};

bool opaque(const Image& image) {
  for (std::size_t i = 3; i < image.samples.size(); i += 4) {
    if (image.samples[i] != 255) return false;
  }
  return true;
}

// A GIF comes with alpha even where nothing is transparent.
Image without_alpha(const Image& image) {
  Image rgb{image.width, image.height, 3, 8, {}};
  rgb.samples.reserve(image.width * image.height * 3);
  for (std::size_t i = 0; i < image.samples.size(); i += 4)
    append(rgb.samples, ByteView(image.samples).subspan(i, 3));
  return rgb;
}

}  // namespace

Image read_with_stb(ByteView file, const std::string& format) {
  int width = 0, height = 0, channels = 0;
  const auto fail = [&format] {
    const char* reason = stbi_failure_reason();
    throw Error(format + ": " + (reason ? reason : "damaged"));
  };
  Source source{file};
  if (!stbi_info_from_callbacks(&kCallbacks, &source, &width, &height, &channels)) {
    if (source.overrun) throw Error(format + ": the file is truncated");
    fail();
  }
  // The first call checks the size that is claimed, and its memory goes before the second.
  blank_image(format, static_cast<std::size_t>(std::max(width, 0)),
              static_cast<std::size_t>(std::max(height, 0)), 4, 8);
  source = {file};
  const std::unique_ptr<stbi_uc, Free> pixels(
      stbi_load_from_callbacks(&kCallbacks, &source, &width, &height, &channels, 0));
  if (source.overrun) throw Error(format + ": the file is truncated");
  if (!pixels) fail();
  Image image =
      blank_image(format, static_cast<std::size_t>(width), static_cast<std::size_t>(height),
                  static_cast<std::size_t>(channels), 8);
  std::copy_n(pixels.get(), image.samples.size(), image.samples.begin());
  return format == "GIF" && opaque(image) ? without_alpha(image) : image;
}

}  // namespace kraft
