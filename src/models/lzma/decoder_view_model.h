// The decoder's view of LZMA as a model.
#pragma once

#include <lzma.h>

#include <cstdint>
#include <memory>

#include "kraft/registry.h"

namespace kraft::lzma {

inline constexpr std::int64_t kShortestRefreshBytes = 256;

// Reads `refresh` and `hypotheses`. Throws Error where the linked library cannot be rewound.
std::shared_ptr<const Model> make_decoder_view(const lzma_options_lzma& options,
                                               const Arguments& arguments,
                                               const ModelOptions& model_options);

}  // namespace kraft::lzma
