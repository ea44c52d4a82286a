// A block that claims to be WavPack's ends in an Error or in what a decoder starts from; the words
// that are expected from there on are a distribution, whatever samples come.
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "codecs/wavpack_block.h"
#include "kraft/error.h"
#include "models/wavpack/decoder_view.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kraft::wavpack;
  try {
    const Block block = read_block({data, size});
    Follower follower(block);
    std::array<double, 256> shares;
    for (std::size_t i = 0; i < 200; ++i) {
      const std::size_t c = i % block.channels;
      const std::int32_t sample = i < block.words.size() ? block.words[i] * 256 - 32768 : 0;
      const Follower::Expectation expectation = follower.expectation(c, 16);
      if (i < 4) {
        expectation.low_byte_shares(shares);
        double sum = 0;
        for (const double share : shares) sum += share;
        if (!(sum >= 0 && sum < 1 + 1e-9)) std::abort();
      }
      const double share = expectation.share(sample);
      if (!(share >= 0 && share <= 1)) std::abort();
      follower.push(c, sample);
    }
  } catch (const kraft::Error&) {
  }
  return 0;
}
