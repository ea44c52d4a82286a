#include "models/bytelm/kernels.h"

#include "models/bytelm/kernels_avx2.h"
#include "models/bytelm/kernels_avx512.h"
#include "models/bytelm/kernels_by_eight.h"
#include "models/bytelm/kernels_neon.h"
#include "models/bytelm/loops.h"

namespace kraft::bytelm {
namespace {

void eight_sums(const std::int8_t* numbers, std::size_t stride, const std::int16_t* factors,
                std::size_t pairs, std::int32_t* sums) {
  std::array<std::int32_t, 8> sum{};
  for (std::size_t p = 0; p < pairs; ++p, numbers += stride, factors += 2) {
    for (std::size_t i = 0; i < 8; ++i)
      sum[i] += numbers[2 * i] * factors[0] + numbers[2 * i + 1] * factors[1];
  }
  std::copy(sum.begin(), sum.end(), sums);
}

}  // namespace

Kernels with_plain_loops(decltype(Kernels::multiply) multiply, decltype(Kernels::attend) attend) {
  return {.multiply = multiply,
          .attend = attend,
          .scale = loops::scale,
          .normalise = loops::normalise,
          .round = loops::round,
          .narrow = loops::narrow,
          .turn = loops::turn,
          .mix = loops::mix,
          .activate = loops::activate};
}

const Kernels& plain_kernels() { return kernels_by_eight<eight_sums>(); }

const std::vector<const Kernels*>& all_kernels() {
  static const std::vector<const Kernels*> all = [] {
    std::vector<const Kernels*> kernels = {&plain_kernels()};
#ifdef KRAFT_BYTELM_NEON
    kernels.push_back(&neon_kernels());
#endif
#ifdef KRAFT_BYTELM_AVX2
    if (__builtin_cpu_supports("avx2")) kernels.push_back(&avx2_kernels());
#endif
#ifdef KRAFT_BYTELM_AVX512
    if (has_avx512()) kernels.push_back(&avx512_kernels());
#endif
    return kernels;
  }();
  return all;
}

const Kernels& fast_kernels() { return *all_kernels().back(); }

}  // namespace kraft::bytelm
