// Streams that claim to be png, jpegls, webp, flac or wavpack: decoding ends in a message that
// encodes and decodes to itself, or in an Error. jxl_fuzz.cc does the same for jxl.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "kraft/codec.h"
#include "kraft/error.h"
#include "kraft/registry.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::array codecs = {kraft::make_codec("png:1,width=4,channels=3"),
                                    kraft::make_codec("webp:0,width=4,channels=4"),
                                    kraft::make_codec("flac:0,channels=2,depth=16"),
                                    kraft::make_codec("jpegls,width=4,channels=3"),
                                    kraft::make_codec("jpegls,width=4,depth=16"),
                                    kraft::make_codec("wavpack:fast,channels=2,depth=16")};
  if (size == 0) return 0;
  const kraft::Codec& codec = *codecs[data[0] % codecs.size()];
  constexpr std::size_t kLimitBytes = 1 << 16;
  try {
    const kraft::Bytes message = codec.decode({data + 1, size - 1}, kLimitBytes);
    if (message.size() > kLimitBytes) std::abort();
    if (codec.decode(codec.encode(message)) != message) std::abort();
  } catch (const kraft::Error&) {
  }
  return 0;
}
