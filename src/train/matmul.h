// Matrix products by oneDNN, in bfloat16 with sums in float where the processor has instructions
// for that, else in float.
#pragma once

#include <cstdint>

namespace kraft::train {

enum class Turn { no, yes };  // is the matrix stored transposed?

// Whether products may round their factors to bfloat16. For tests, before any product is computed.
void allow_bfloat16(bool allowed);

// c = a b, row by row, with a of rows x inner and b of inner x columns after turning. Runs on the
// calling thread alone.
void matmul(Turn turn_a, Turn turn_b, std::int64_t rows, std::int64_t columns, std::int64_t inner,
            const float* a, const float* b, float* c);

// c = alpha a b + beta c in float, for blocks that lie within larger matrices: `stride` is the
// distance from row to row as stored.
struct Block {
  const float* data;
  std::int64_t stride;
  Turn turn = Turn::no;
};
void block_matmul(std::int64_t rows, std::int64_t columns, std::int64_t inner, float alpha, Block a,
                  Block b, float beta, float* c, std::int64_t c_stride);

}  // namespace kraft::train
