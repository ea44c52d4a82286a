// What the codecs and the model of LZMA have in common.
#pragma once

#include <lzma.h>

#include <cstdint>
#include <memory>

#include "kraft/registry.h"

namespace kraft::lzma {

// The dictionary of a model with bits=fractional: 64 KiB unless the specification says otherwise,
// because every continuation restores a state that grows with it.
constexpr std::uint32_t kModelDictionaryBytes = std::uint32_t{1} << 16;
constexpr std::uint32_t kLargestModelDictionaryBytes = std::uint32_t{1} << 22;
constexpr std::int64_t kTailBytes = 64;
constexpr std::int64_t kShortestTailBytes = 16;
constexpr std::int64_t kLongestTailBytes = 1024;

// A model of code lengths to fractions of a bit. `container_bits` are what the container adds.
// Throws Error where the linked library cannot be rewound.
std::shared_ptr<const Model> make_model(const lzma_options_lzma& options, std::uint64_t tail_bytes,
                                        double container_bits, const Arguments& arguments,
                                        const ModelOptions& model_options);

}  // namespace kraft::lzma
