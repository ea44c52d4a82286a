// The kernels in AVX-512 with VNNI, where the compiler can make them.
#pragma once

#include "models/bytelm/kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define KRAFT_BYTELM_AVX512

namespace kraft::bytelm {

bool has_avx512();  // F, BW, DQ, VL and VNNI

// Only for processors that have it.
const Kernels& avx512_kernels();

}  // namespace kraft::bytelm

#endif
