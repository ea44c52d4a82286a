// The cascade of predictors of a WavPack block: each is a weight that learns by the signs of what
// it predicts from and of what it missed (sign-sign LMS), in integers, as the decoder runs them.
//
// Samples go in the order left, right. A pass that predicts the left sample from the right one
// beside it (term -2) needs the right one first: it is run as its mirror image, -1, which predicts
// the right one from the left.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "codecs/wavpack_block.h"

namespace kraft::wavpack {

// A value; O(passes) for each of its functions.
class Decorrelation {
 public:
  Decorrelation() = default;
  explicit Decorrelation(const Block& block);

  // What all passes together expect of the next sample, which is of channel `c`: 0 is left. Its
  // residual is what it exceeds that by.
  std::int32_t expected(std::size_t c) const;

  // Goes on after it: the weights learn.
  void push(std::size_t c, std::int32_t sample);

  // What is expected of the right sample, by the residual of the left one beside it, which has not
  // been pushed yet.
  class Right;

 private:
  std::int32_t source(std::size_t pass, std::size_t c) const;

  std::vector<Pass> passes_;
  std::vector<std::int32_t> left_;  // after each pass, of the frame whose right sample is next
  std::size_t frame_ = 0;           // modulo 8
  std::size_t channels_ = 1;
};

class Decorrelation::Right {
 public:
  explicit Right(const Decorrelation& decorrelation);

  // O(passes that predict from the left sample).
  std::int32_t expected(std::int32_t left_residual) const;

 private:
  struct Cross {
    std::int32_t weight, before;  // what the passes up to it add to the left residual
  };

  std::int64_t others_ = 0;
  std::vector<Cross> crosses_;
};

}  // namespace kraft::wavpack
