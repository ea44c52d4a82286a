// A reader of a codec's streams beside the codec's own decoder.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include "kraft/error.h"
#include "kraft/registry.h"

namespace kraft {

inline constexpr std::size_t kMostFuzzedBytes = 1 << 20;

// What the function returns, or nothing where it throws Error.
template <typename Function>
std::optional<Bytes> unless_refused(Function&& decoded) {
  try {
    return decoded();
  } catch (const Error&) {
    return {};
  }
}

// Ends the process where the stock decoder decodes a stream that own() refuses or takes for another
// message.
template <typename Function>
void expect_what_the_stock_decoder_makes(const Codec& codec, ByteView stream, Function&& own) {
  const auto expected = unless_refused([&] { return codec.decode(stream, kMostFuzzedBytes); });
  const auto found = unless_refused(own);
  if (expected && (!found || *found != *expected)) {
    std::fprintf(stderr, "the stock decoder makes %zu bytes of it\n", expected->size());
    std::abort();
  }
}

}  // namespace kraft
