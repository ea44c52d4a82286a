// What a training needs to go on: the shape of the model, its parameters and the optimizer's
// memory, in one file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kraft/bytes.h"
#include "train/optimizer.h"
#include "train/transformer.h"

namespace kraft::train {

// Throws Error.
Bytes read_whole(const std::string& path);

struct Checkpoint {
  explicit Checkpoint(const Config& shape) : config(shape), optimizer(shape) {}

  Config config;
  std::vector<float> parameters;
  Optimizer optimizer;

  // Throws Error when the file is damaged or holds a model of another shape. New parameters are
  // drawn from the seed when there is no such file.
  void load_if_there(const std::string& path, std::uint64_t seed);

  // Writes another file first and renames it.
  void save(const std::string& path) const;

  // The model that a checkpoint holds.
  static Checkpoint load(const std::string& path);
};

}  // namespace kraft::train
