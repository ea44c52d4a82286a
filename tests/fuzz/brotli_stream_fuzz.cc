// The reader of Brotli's streams on any bytes: what the stock decoder decodes, it decodes to the
// same; everything else it decodes or refuses, and does not crash.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "kraft/error.h"
#include "kraft/registry.h"
#include "models/brotli/stream.h"

namespace {

constexpr std::size_t kMostBytes = 1 << 20;

std::optional<kraft::Bytes> stock(kraft::ByteView stream) {
  static const auto codec = kraft::make_codec("brotli");
  try {
    return codec->decode(stream, kMostBytes);
  } catch (const kraft::Error&) {
    return {};
  }
}

std::optional<kraft::Bytes> own(kraft::ByteView stream) {
  kraft::Bytes message;
  try {
    for (const kraft::brotli::MetaBlock& block :
         kraft::brotli::read_stream(stream, kMostBytes, message)) {
      for (const std::uint8_t code : block.literal_map) {
        if (code >= block.literal_codes.size()) std::abort();
      }
      for (const std::uint8_t code : block.distance_map) {
        if (code >= block.distance_codes.size()) std::abort();
      }
    }
  } catch (const kraft::Error&) {
    return {};
  }
  return message;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const kraft::ByteView stream(data, size);
  const auto expected = stock(stream), found = own(stream);
  if (expected && (!found || *found != *expected)) {
    std::fprintf(stderr, "the stock decoder makes %zu bytes of it\n", expected->size());
    std::abort();
  }
  return 0;
}
