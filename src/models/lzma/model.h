// The model of LZMA that measures to fractions of a bit.
#pragma once

#include <lzma.h>

#include <cstdint>
#include <memory>

#include "kraft/registry.h"

namespace kraft::lzma {

// `tail_bytes`: how many bytes, at least, each measurement codes again. `container_bits` are what
// the container adds. Throws Error where the linked library cannot be rewound.
std::shared_ptr<const Model> make_model(const lzma_options_lzma& options, std::uint64_t tail_bytes,
                                        double container_bits, const Arguments& arguments,
                                        const ModelOptions& model_options);

}  // namespace kraft::lzma
