// The arithmetic of the mixers: sums of inputs by weights, and the correction of weights. The same
// integers with vector instructions and without.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kraft::cm {

inline constexpr std::size_t kLanes = 8;  // inputs come in multiples of it
inline constexpr int kWeightOne = 1 << 16;
inline constexpr int kMostWeight = (1 << 19) - 1;

// outputs[s] = sum over i of inputs[i] * weights[s][i] / kWeightOne, each product shortened to
// 1/256 of its last place first. |inputs| < 2^11 and |weights| <= kMostWeight, so nothing
// overflows. weights[s][i] += inputs[i] * steps[s] / 2^14, rounded and kept within kMostWeight;
// |steps| < 2^19.
struct MixingKernels {
  void (*sums)(const std::int32_t* inputs, std::size_t count, const std::int32_t* const* weights,
               std::size_t sets, std::int32_t* outputs);
  void (*correct)(const std::int32_t* inputs, std::size_t count, std::int32_t* const* weights,
                  std::size_t sets, const std::int32_t* steps);
};

const MixingKernels& plain_kernels();
const MixingKernels& fast_kernels();  // the best ones that this processor has

}  // namespace kraft::cm
