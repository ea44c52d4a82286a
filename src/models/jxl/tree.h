// What a channel of JPEG XL's modular coding expects of its next sample (ISO/IEC 18181-1, annex H):
// a tree of decisions on the samples around it (meta-adaptive) finds a leaf, which has a predictor
// and a context.
//
//     Walk walk(std::make_shared<const Tree>(tree.of(channel, group)), parameters, width);
//     const Expectation expected = walk.next();
//     walk.push(expected.guess + expected.multiplier * unpack_signed(reader.read(expected.context)));
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "models/jxl/bits.h"

namespace kraft::jxl {

// Of the weighted predictor (section H.5), whose prediction is a mean of four, each weighted by how
// well it has done around there.
struct WeightedParameters {
  std::int32_t above_left_right = 16, left = 10;         // how much of past errors two of them take
  std::array<std::int32_t, 5> others = {7, 7, 7, 0, 0};  // the same for the last one
  std::array<std::uint32_t, 4> weights = {13, 12, 12, 12};

  static WeightedParameters read(Bits& bits);
};

enum class Predictor : std::uint8_t {
  zero,
  left,
  above,
  mean_left_above,
  select,
  gradient,
  weighted,
  above_right,
  above_left,
  left_left,
  mean_left_above_left,
  mean_above_left_above,
  mean_above_above_right,
  mean_of_all,
};

struct Leaf {
  std::uint32_t context = 0;
  Predictor predictor = Predictor::zero;
  std::int32_t offset = 0;
  std::int32_t multiplier = 1;
};

inline constexpr std::size_t kChannelProperty = 0, kGroupProperty = 1, kWeightedProperty = 15;
inline constexpr std::size_t kOwnProperties = 16;         // those of the channel itself
inline constexpr std::size_t kPropertiesOfReference = 4;  // and of each channel before it

class Tree {
 public:
  // Throws Error where there are more nodes.
  static Tree read(Bits& bits, std::size_t most_nodes);

  std::size_t leaves() const { return leaves_.size(); }

  // The part that is left where channel and group are known.
  Tree of(std::size_t channel, std::size_t group) const;

  bool looks_at_weighted() const;
  // How many of the channels before it looks at.
  std::size_t references() const;
  bool is_leaf() const { return nodes_.front().property < 0; }

  const Leaf& find(std::span<const std::int32_t> properties) const {
    std::size_t at = 0;
    while (nodes_[at].property >= 0) {
      const Node& node = nodes_[at];
      at = node.child + (properties[static_cast<std::size_t>(node.property)] > node.split ? 0 : 1);
    }
    return leaves_[nodes_[at].child];
  }

 private:
  struct Node {
    std::int32_t property = -1;  // below 0: a leaf
    std::int32_t split = 0;
    std::uint32_t child = 0;  // the one for more than `split`; the other one follows. Or the leaf
  };

  std::vector<Node> nodes_;
  std::vector<Leaf> leaves_;
};

struct Expectation {
  std::uint32_t context = 0;
  std::int64_t guess = 0;  // what a residual of 0 means
  std::int32_t multiplier = 1;
};

// The tree counts rows from the first of these; those before, and those beyond the last one, are to
// it as the nearest of them.
struct Rows {
  std::size_t first = 0, last = std::numeric_limits<std::size_t>::max();
};

// From sample to sample, row by row. Memory is O(samples) since the last trim(). Time for a sample
// is O(depth of the tree). One thread at a time; copies are independent.
class Walk {
 public:
  // `references`: the samples of the channels before, the nearest first; of the same size.
  Walk(std::shared_ptr<const Tree> tree, const WeightedParameters& weighted, std::size_t width,
       std::vector<const std::vector<std::int32_t>*> references = {}, Rows rows = {});

  std::size_t size() const { return first_row_ * width_ + samples_.size(); }
  const Expectation& next();
  void push(std::int32_t sample);
  void pop();   // one that was pushed since the last trim()
  void trim();  // gives up the memory that only pop() needs

  // All samples, if there was no trim().
  std::vector<std::int32_t> take_samples() { return std::move(samples_); }

 private:
  struct Errors {
    std::int32_t of_mean = 0;  // in eighths, with its sign
    std::array<std::uint32_t, 4> of = {};
  };
  struct Around {
    std::int64_t left, above, above_left, above_right, left_left, above_above, above_right_right;
  };

  // Of the next sample.
  std::size_t row() const { return first_row_ + samples_.size() / width_; }
  std::size_t column() const { return samples_.size() % width_; }

  std::int32_t at(std::size_t x, std::size_t y) const {
    return samples_[(y - first_row_) * width_ + x];
  }
  const Errors& errors_at(std::size_t x, std::size_t y) const {
    return errors_[(y - first_row_) * width_ + x];
  }
  Around around(std::size_t x, std::size_t y) const;
  std::int64_t gradient(std::size_t x, std::size_t y) const;
  void weigh(const Around& n, std::size_t x, std::size_t y);
  void set_properties(const Around& n, std::size_t x, std::size_t y);
  void set_references(std::size_t x, std::size_t y);
  std::int64_t predict(Predictor predictor, const Around& n) const;

  std::shared_ptr<const Tree> tree_;
  WeightedParameters weighted_;
  std::size_t width_;
  std::vector<const std::vector<std::int32_t>*> references_;
  Rows rows_;
  bool uses_weighted_, is_leaf_;

  std::size_t first_row_ = 0;  // that is in memory
  std::vector<std::int32_t> samples_;
  std::vector<Errors> errors_;

  // At the next sample:
  bool ready_ = false, weighed_ = false;
  Expectation expected_;
  std::vector<std::int32_t> properties_;
  std::array<std::int64_t, 4> predictions_{};  // in eighths, as the mean of them
  std::int64_t mean_ = 0;
  std::int64_t weighted_prediction_ = 0;
};

}  // namespace kraft::jxl
