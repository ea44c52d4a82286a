// The registry of the portable program, in place of src/registry/backends.h: the models that code
// by integers and need no library.
#pragma once

#include "kraft/registry.h"

#define KRAFT_BACKENDS(row) row(ngram) row(ppmd) row(lz78) row(cm) row(uniform) row(blend)

namespace kraft {

#define KRAFT_DECLARE_BACKEND(name) Backend name##_backend();
KRAFT_BACKENDS(KRAFT_DECLARE_BACKEND)
#undef KRAFT_DECLARE_BACKEND

}  // namespace kraft
