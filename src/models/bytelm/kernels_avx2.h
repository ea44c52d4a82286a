// The kernels in AVX2, where the compiler can make them.
#pragma once

#include "models/bytelm/kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define KRAFT_BYTELM_AVX2

namespace kraft::bytelm {

// Only for processors that have AVX2.
const Kernels& avx2_kernels();

}  // namespace kraft::bytelm

#endif
