// How many bits a model needs for data: by compressing, and by predicting.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "kraft/bytes.h"
#include "kraft/model.h"

namespace kraft {

struct CodeLength {
  std::uint64_t compressed_bytes = 0;
  double bits = 0;
  bool by_prediction =
      false;  // no codec of its own: the sum of its predictions, rounded up to bytes
};

// Compresses chunk by chunk (0: the whole) with the codec of the model, counting the
// codec's header once: the sum of the sizes less (chunks - 1) times the size of one compressed zero
// byte (Deletang et al. 2024, section 3.2). Pure predictors sum their bits, each chunk from a fresh
// start, on as many threads (0: one per processor).
CodeLength code_length(const Model& model, ByteView data, std::uint64_t chunk_bytes,
                       unsigned threads = 0);

struct Prequential {
  double bits_per_byte = 0;
  double standard_error = 0;  // of that mean, over the positions
  std::uint64_t positions = 0;
};

inline constexpr std::uint64_t kEveryPosition = UINT64_MAX;

// The mean of -log2 p(byte | the bytes of its chunk before it) over `positions` evenly spaced
// bytes, where p is the normalised distribution over all 256 bytes.
Prequential prequential(const Model& model, ByteView data, std::uint64_t chunk_bytes,
                        std::uint64_t positions,
                        const std::function<void(std::uint64_t)>& progress = {});

}  // namespace kraft
