// Steps along a gradient: Muon for the matrices of the layers (Jordan et al. 2024,
// kellerjordan.github.io/posts/muon), Adam for the embedding and the norms (Kingma and Ba 2015).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "train/transformer.h"

namespace kraft::train {

class Optimizer {
 public:
  explicit Optimizer(const Config& config);

  // `rate` scales every step: 1 for full length, falling to 0 at the end of a training.
  void step(double rate, std::span<const float> gradient, std::span<float> parameters);

  // What must be kept to go on as if never stopped.
  std::int64_t steps = 0;
  std::vector<float> first;   // momentum
  std::vector<float> second;  // Adam's mean square

 private:
  void muon(const Tensor& tensor, double rate, std::span<const float> gradient,
            std::span<float> parameters);
  void adam(const Tensor& tensor, double rate, std::span<const float> gradient,
            std::span<float> parameters);
  void orthogonalise(std::int64_t rows, std::int64_t columns);

  std::vector<Tensor> tensors_;
  std::vector<float> x_, xx_, polynomial_, product_;
};

}  // namespace kraft::train
