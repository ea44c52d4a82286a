#include "models/bytelm/kernels_neon.h"

#ifdef KRAFT_BYTELM_NEON

#include <arm_neon.h>

#include "models/bytelm/kernels_by_eight.h"

namespace kraft::bytelm {
namespace {

void eight_sums(const std::int8_t* numbers, std::size_t stride, const std::int16_t* factors,
                std::size_t pairs, std::int32_t* sums) {
  int32x4_t low = vdupq_n_s32(0), high = low;
  for (std::size_t p = 0; p < pairs; ++p, numbers += stride, factors += 2) {
    const int8x8x2_t both = vld2_s8(numbers);  // the first of each pair, and the second
    const int16x8_t first = vmovl_s8(both.val[0]), second = vmovl_s8(both.val[1]);
    low = vmlal_n_s16(low, vget_low_s16(first), factors[0]);
    high = vmlal_high_n_s16(high, first, factors[0]);
    low = vmlal_n_s16(low, vget_low_s16(second), factors[1]);
    high = vmlal_high_n_s16(high, second, factors[1]);
  }
  vst1q_s32(sums, low);
  vst1q_s32(sums + 4, high);
}

}  // namespace

const Kernels& neon_kernels() { return kernels_by_eight<eight_sums>(); }

}  // namespace kraft::bytelm

#endif
