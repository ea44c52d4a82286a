#include "models/wavpack/decorrelation.h"

#include <algorithm>
#include <utility>

namespace kraft::wavpack {
namespace {

constexpr std::int32_t kOne = 1024;  // a weight of 1

// Sums wrap around, as they do where damaged blocks are decoded.
std::int32_t wrapped(std::int64_t value) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(value));
}

std::int32_t weighted(std::int32_t weight, std::int32_t sample) {
  return wrapped((std::int64_t{weight} * sample + kOne / 2) >> 10);
}

void learn(const Pass& pass, std::int32_t source, std::int32_t residual, std::int32_t& weight) {
  if (source == 0 || residual == 0) return;
  const bool alike = (source < 0) == (residual < 0);
  weight = wrapped(std::int64_t{weight} + (alike ? pass.delta : -pass.delta));
  if (pass.term < 0) weight = std::clamp(weight, -kOne, kOne);
}

}  // namespace

Decorrelation::Decorrelation(const Block& block)
    : passes_(block.passes), left_(block.passes.size()), channels_(block.channels) {
  for (Pass& pass : passes_) {
    if (pass.term != -2) continue;
    pass.term = -1;
    std::swap(pass.weights[0], pass.weights[1]);
    pass.samples = {};
  }
}

// What pass `p` predicts channel `c` from.
std::int32_t Decorrelation::source(std::size_t p, std::size_t c) const {
  const Pass& pass = passes_[p];
  const std::array<std::int32_t, 8>& samples = pass.samples[c];
  switch (pass.term) {
    case 17:
      return wrapped(2 * std::int64_t{samples[0]} - samples[1]);
    case 18:
      return wrapped((3 * std::int64_t{samples[0]} - samples[1]) >> 1);
    case -1:
      return c == 0 ? samples[0] : left_[p];
    case -3:
      return samples[0];
    default:
      return samples[frame_];
  }
}

std::int32_t Decorrelation::expected(std::size_t c) const {
  std::int64_t sum = 0;
  for (std::size_t p = 0; p < passes_.size(); ++p)
    sum += weighted(passes_[p].weights[c], source(p, c));
  return wrapped(sum);
}

Decorrelation::Right::Right(const Decorrelation& decorrelation) {
  std::int64_t left = 0;
  for (std::size_t p = 0; p < decorrelation.passes_.size(); ++p) {
    const Pass& pass = decorrelation.passes_[p];
    left += weighted(pass.weights[0], decorrelation.source(p, 0));
    if (pass.term == -1)
      crosses_.push_back({pass.weights[1], wrapped(left)});
    else
      others_ += weighted(pass.weights[1], decorrelation.source(p, 1));
  }
}

std::int32_t Decorrelation::Right::expected(std::int32_t left_residual) const {
  std::int64_t sum = others_;
  for (const Cross& cross : crosses_)
    sum += weighted(cross.weight, wrapped(std::int64_t{cross.before} + left_residual));
  return wrapped(sum);
}

void Decorrelation::push(std::size_t c, std::int32_t sample) {
  std::int32_t value = wrapped(std::int64_t{sample} - expected(c));
  for (std::size_t p = 0; p < passes_.size(); ++p) {
    Pass& pass = passes_[p];
    const std::int32_t from = source(p, c), residual = value;
    value = wrapped(std::int64_t{residual} + weighted(pass.weights[c], from));
    learn(pass, from, residual, pass.weights[c]);
    if (c == 0) left_[p] = value;
    if (pass.term > 8) {
      pass.samples[c][1] = std::exchange(pass.samples[c][0], value);
    } else if (pass.term > 0) {
      pass.samples[c][(frame_ + static_cast<std::size_t>(pass.term)) % 8] = value;
    } else if (c == 1) {  // what the next frame's left and, of -3, right one are predicted from
      pass.samples[0][0] = value;
      pass.samples[1][0] = left_[p];
    }
  }
  if (c + 1 == channels_) frame_ = (frame_ + 1) % 8;
}

}  // namespace kraft::wavpack
