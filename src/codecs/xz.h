// LZMA's two containers, and its options as a specification sets them.
#pragma once

#include <lzma.h>

#include "kraft/registry.h"

namespace kraft::lzma {

enum class Container { xz, lzma };

// Throws UsageError where values that are each in range contradict each other.
lzma_options_lzma options_of(const Arguments& arguments);

// The row of xz or lzma, as far as the compressor goes: src/models/lzma/backends.cc adds the model.
Backend codec_row(Container container);

}  // namespace kraft::lzma
