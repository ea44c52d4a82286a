// The reader of lossless JPEG XL codestreams on any bytes: what it decodes, the stock decoder
// decodes to the same, if it decodes it; everything else is refused, and nothing crashes. The input
// is a bare codestream.
#include "models/jxl/stream.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include "models/jxl/pixel_view.h"
#include "stock_decoder.h"

namespace kraft {
namespace {

constexpr std::size_t kMostPixels = 1 << 14;

Bytes bytes_of(const jxl::Stream& stream) {
  Bytes message;
  for (const std::uint16_t sample : stream.samples) {
    if (stream.depth_bits == 16) message.push_back(static_cast<Byte>(sample >> 8));
    message.push_back(static_cast<Byte>(sample));
  }
  return message;
}

// Makes a view of it, if there is one.
void look(const jxl::Stream& stream) {
  try {
    jxl::PixelView view(stream);
    view.watch_colours();
    std::array<double, 256> masses;
    const Bytes pixel(stream.channels * static_cast<std::size_t>(stream.depth_bits) / 8, 100);
    for (int i = 0; i < 3; ++i) {
      for (std::size_t begun = 0; begun < pixel.size(); ++begun)
        view.masses(ByteView(pixel).first(begun), masses);
      view.push(pixel);
    }
    if (!(view.new_colour_bits() >= 0)) std::abort();
  } catch (const Error&) {
  }
}

}  // namespace
}  // namespace kraft

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kraft;
  const ByteView file(data, size);
  std::optional<jxl::Stream> stream;
  try {
    stream = jxl::read_stream(file, kMostPixels);
  } catch (const Error&) {
    return 0;
  }
  look(*stream);
  const auto codec = make_codec("jxl:1,channels=" + std::to_string(stream->channels) +
                                ",width=" + std::to_string(stream->width) +
                                ",depth=" + std::to_string(stream->depth_bits));
  Bytes whole(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(stream->bytes));
  whole.push_back(0);  // no bytes were added to the message
  const auto expected = unless_refused([&] { return codec->decode(whole, kMostFuzzedBytes); });
  if (expected && *expected != bytes_of(*stream)) {
    std::fprintf(stderr, "the stock decoder makes something else of it\n");
    std::abort();
  }
  return 0;
}
