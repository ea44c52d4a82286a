// The kernels in NEON, which every processor of 64-bit ARM has.
#pragma once

#include "models/bytelm/kernels.h"

#ifdef __aarch64__
#define KRAFT_BYTELM_NEON

namespace kraft::bytelm {

const Kernels& neon_kernels();

}  // namespace kraft::bytelm

#endif
