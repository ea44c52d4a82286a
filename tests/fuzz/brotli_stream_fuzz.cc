// The reader of Brotli's streams on any bytes: what the stock decoder decodes, it decodes to the
// same; everything else it decodes or refuses, and does not crash.
#include "models/brotli/stream.h"

#include <cstdint>
#include <cstdlib>

#include "stock_decoder.h"

namespace kraft {
namespace {

Bytes own(ByteView stream) {
  Bytes message;
  for (const brotli::MetaBlock& block : brotli::read_stream(stream, kMostFuzzedBytes, message)) {
    for (const std::uint8_t code : block.literal_map) {
      if (code >= block.literal_codes.size()) std::abort();
    }
    for (const std::uint8_t code : block.distance_map) {
      if (code >= block.distance_codes.size()) std::abort();
    }
  }
  return message;
}

}  // namespace
}  // namespace kraft

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto codec = kraft::make_codec("brotli");
  const kraft::ByteView stream(data, size);
  kraft::expect_what_the_stock_decoder_makes(*codec, stream, [&] { return kraft::own(stream); });
  return 0;
}
