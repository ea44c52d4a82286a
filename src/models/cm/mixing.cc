#include "models/cm/mixing.h"

#include <algorithm>

namespace kraft::cm {
namespace {

// One body for every instruction set: what is inlined into a function is compiled for its target.
#define KRAFT_INLINE [[gnu::always_inline]] inline

KRAFT_INLINE void sums_of(const std::int32_t* inputs, std::size_t count,
                          const std::int32_t* const* weights, std::size_t sets,
                          std::int32_t* outputs) {
  for (std::size_t s = 0; s < sets; ++s) {
    const std::int32_t* of_set = weights[s];
    std::int32_t lanes[kLanes] = {};
    for (std::size_t i = 0; i < count; i += kLanes) {
      for (std::size_t lane = 0; lane < kLanes; ++lane)
        lanes[lane] += (inputs[i + lane] * of_set[i + lane]) >> 8;
    }
    std::int32_t sum = 0;
    for (const std::int32_t lane : lanes) sum += lane;
    outputs[s] = sum >> 8;
  }
}

KRAFT_INLINE void correct_by(const std::int32_t* inputs, std::size_t count,
                             std::int32_t* const* weights, std::size_t sets,
                             const std::int32_t* steps) {
  for (std::size_t s = 0; s < sets; ++s) {
    std::int32_t* of_set = weights[s];
    const std::int32_t step = steps[s];
    for (std::size_t i = 0; i < count; i += kLanes) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        const std::int32_t moved = of_set[i + lane] + ((inputs[i + lane] * step + (1 << 13)) >> 14);
        of_set[i + lane] = std::min(std::max(moved, -kMostWeight), kMostWeight);
      }
    }
  }
}

void plain_sums(const std::int32_t* inputs, std::size_t count, const std::int32_t* const* weights,
                std::size_t sets, std::int32_t* outputs) {
  sums_of(inputs, count, weights, sets, outputs);
}
void plain_correct(const std::int32_t* inputs, std::size_t count, std::int32_t* const* weights,
                   std::size_t sets, const std::int32_t* steps) {
  correct_by(inputs, count, weights, sets, steps);
}

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define KRAFT_AVX2 __attribute__((target("avx2"), optimize("O3")))
KRAFT_AVX2 void avx2_sums(const std::int32_t* inputs, std::size_t count,
                          const std::int32_t* const* weights, std::size_t sets,
                          std::int32_t* outputs) {
  sums_of(inputs, count, weights, sets, outputs);
}
KRAFT_AVX2 void avx2_correct(const std::int32_t* inputs, std::size_t count,
                             std::int32_t* const* weights, std::size_t sets,
                             const std::int32_t* steps) {
  correct_by(inputs, count, weights, sets, steps);
}
#endif

}  // namespace

const MixingKernels& plain_kernels() {
  static const MixingKernels kernels = {plain_sums, plain_correct};
  return kernels;
}

const MixingKernels& fast_kernels() {
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
  static const MixingKernels kernels = {avx2_sums, avx2_correct};
  static const bool has_avx2 = __builtin_cpu_supports("avx2");
  if (has_avx2) return kernels;
#endif
  return plain_kernels();
}

}  // namespace kraft::cm
