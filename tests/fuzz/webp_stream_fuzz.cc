// The reader of WebP's lossless streams on any bytes: what the stock decoder decodes, it decodes to
// the same; everything else it decodes or refuses, and does not crash. The input is what stands
// within the file's one chunk.
#include "models/webp/stream.h"

#include <cstdint>
#include <cstdlib>

#include "stock_decoder.h"

namespace kraft {
namespace {

constexpr std::size_t kMostPixels = kMostFuzzedBytes / 4;

Bytes file_of(ByteView payload) {
  Bytes file;
  const auto put_size = [&](std::size_t size) {
    for (int i = 0; i < 4; ++i) file.push_back(static_cast<Byte>(size >> (8 * i)));
  };
  append(file, as_bytes("RIFF"));
  put_size(payload.size() + payload.size() % 2 + 12);
  append(file, as_bytes("WEBPVP8L"));
  put_size(payload.size());
  append(file, payload);
  if (payload.size() % 2 == 1) file.push_back(0);
  return file;
}

Bytes own(ByteView file) {
  const webp::Stream stream = webp::read_stream(file, kMostPixels);
  for (const webp::Argb group : stream.group_of.values) {
    if (group >= stream.groups.size()) std::abort();
  }
  if (stream.residuals.size() != stream.coded_width * stream.height) std::abort();
  Bytes message;
  for (const webp::Argb pixel : stream.pixels) {
    for (const int c : {2, 1, 0, 3}) message.push_back(static_cast<Byte>(webp::channel(pixel, c)));
  }
  return message;
}

}  // namespace
}  // namespace kraft

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 5) return 0;
  const int width = (data[1] | (data[2] << 8 & 0x3f00)) + 1;
  if (width > 16383) return 0;
  kraft::Bytes file = kraft::file_of({data, size});
  const auto codec = kraft::make_codec("webp:0,channels=4,width=" + std::to_string(width));
  kraft::Bytes stream = file;
  stream.push_back(0);  // no bytes were added to the message
  kraft::expect_what_the_stock_decoder_makes(*codec, stream, [&] { return kraft::own(file); });
  return 0;
}
