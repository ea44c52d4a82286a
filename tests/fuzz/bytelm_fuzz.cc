// The reader of LLaMAs of bytes, and what it has read: no file makes it crash or overflow, and
// whatever the weights are, what they predict is a distribution.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kraft/error.h"
#include "models/bytelm/engine.h"
#include "models/bytelm/network.h"

namespace {

void expect_distribution(const kraft::bytelm::Distribution& next) {
  std::uint64_t sum = 0;
  for (int byte = 0; byte < 256; ++byte) {
    if (next.mass(static_cast<kraft::Byte>(byte)) == 0) __builtin_trap();
    sum += next.mass(static_cast<kraft::Byte>(byte));
  }
  if (sum != kraft::bytelm::Distribution::kTotal) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kraft::bytelm;
  try {
    const auto network = std::make_shared<const Network>(read_network({data, size}));
    const std::size_t window = std::min<std::size_t>(network->context, 20);
    const Engine engine(network, window, fast_kernels());
    const Engine plain(network, window, plain_kernels());
    Cache cache = engine.cache(), other = plain.cache();
    for (std::size_t i = 0; i < window; ++i) {
      const std::size_t token = i == 0 ? kBegin : data[i] % kBegin;
      Distribution next, expected;
      const Question question{&cache, token, &next}, same{&other, token, &expected};
      engine.evaluate({&question, 1});
      plain.evaluate({&same, 1});
      expect_distribution(next);
      if (next != expected) __builtin_trap();
    }
  } catch (const kraft::Error&) {
  }
  return 0;
}
