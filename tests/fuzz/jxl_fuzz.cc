// Streams that claim to be jxl: decoding ends in a message that encodes and decodes to itself, or
// in an Error. A target of its own, since the library is so much slower than those of
// samples_fuzz.cc.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "kraft/codec.h"
#include "kraft/error.h"
#include "kraft/registry.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::array codecs = {kraft::make_codec("jxl:1,width=4,channels=1"),
                                    kraft::make_codec("jxl:3,width=4,channels=3"),
                                    kraft::make_codec("jxl:1,width=3,channels=4"),
                                    kraft::make_codec("jxl:1,width=2,channels=2,depth=16")};
  if (size == 0) return 0;
  const kraft::Codec& codec = *codecs[data[0] % codecs.size()];
  constexpr std::size_t kLimitBytes = 1 << 12;
  try {
    const kraft::Bytes message = codec.decode({data + 1, size - 1}, kLimitBytes);
    if (message.size() > kLimitBytes) std::abort();
    if (codec.decode(codec.encode(message)) != message) std::abort();
  } catch (const kraft::Error&) {
  }
  return 0;
}
