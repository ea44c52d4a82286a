#include "models/bytelm/kernels.h"

#include "models/bytelm/kernels_avx2.h"
#include "models/bytelm/kernels_by_eight.h"
#include "models/bytelm/kernels_neon.h"

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

const Kernels& plain_kernels() { return kernels_by_eight<eight_sums>(); }

const Kernels& fast_kernels() {
#ifdef KRAFT_BYTELM_AVX2
  static const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
  if (has_avx2) return avx2_kernels();
#endif
#ifdef KRAFT_BYTELM_NEON
  return neon_kernels();
#else
  return plain_kernels();
#endif
}

}  // namespace kraft::bytelm
