// What a training needs to go on: the shape of the model, its tokens, its parameters and the
// optimizer's memory, in one file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evaluate/bpe.h"
#include "kraft/bytes.h"
#include "train/optimizer.h"
#include "train/transformer.h"

namespace kraft::train {

// Throws Error.
Bytes read_whole(const std::string& path);

struct Checkpoint {
  // A new model, with parameters drawn from the seed. Its tokens are the pairs' and one that begins
  // a sequence; `shape` says the rest.
  Checkpoint(Config shape, BytePairs its_pairs, std::uint64_t seed);

  Config config;
  BytePairs pairs;  // none in a model of bytes
  std::vector<float> parameters;
  Optimizer optimizer;

  // Throws Error when the file cannot be read or is damaged.
  static Checkpoint load(const std::string& path);

  // Writes another file first and renames it.
  void save(const std::string& path) const;
};

}  // namespace kraft::train
