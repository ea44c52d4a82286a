// What the trees and codes of one stream expect of the next pixel (decoder_view.h has the
// formulas).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kraft/bytes.h"
#include "models/jxl/pixel_parts.h"
#include "models/jxl/stream.h"

namespace kraft::jxl {

// The shares of all residuals that are no larger than kFar, for each cluster of a code.
class ResidualShares {
 public:
  explicit ResidualShares(std::shared_ptr<const Coding> coding);

  // Of the residual in a context, among those that are no copies.
  float share(std::uint32_t context, std::int64_t residual) const;

 private:
  static constexpr std::int64_t kFar = 1023;
  float computed(std::size_t cluster, std::int32_t residual) const;

  std::shared_ptr<const Coding> coding_;
  std::vector<float> of_literals_;          // 1 over the share of what is no copy
  std::vector<std::vector<float>> shares_;  // of each cluster, from -kFar on
};

// Pixels come row by row. Memory is O(width), and what was pushed since the last trim(). One thread
// at a time; copies are independent.
class PixelView {
 public:
  // Before the first pixel of the stream. Throws Error where its channels depend on each other in
  // ways that libjxl does not write (a tree that looks at other channels).
  explicit PixelView(const Stream& stream);

  std::size_t size() const { return size_; }

  // What each value of the next byte weighs, where those before it in the pixel have these values.
  void masses(ByteView before, std::array<double, 256>& masses);

  void push(ByteView pixel);
  void pop();   // one that was pushed since the last trim()
  void trim();  // gives up the memory that only pop() needs

 private:
  // Columns that are coded alike.
  struct Columns {
    std::size_t begin, end;
    std::shared_ptr<const PixelParts> parts;
    std::shared_ptr<const ResidualShares> shares;
    std::vector<Walk> walks;  // of each coded channel
  };

  Columns& columns_at(std::size_t x);
  void fill(Columns& columns, std::size_t coded, const CodedValues& values, std::span<float> to);

  std::size_t width_;
  std::vector<Columns> columns_;
  std::size_t size_ = 0;
};

}  // namespace kraft::jxl
