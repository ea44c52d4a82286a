// The prices of Brotli's symbols: what a meta-block's codes make of literals, commands and
// distances.
//
// Each symbol costs its word in the code in use. Which code that is depends on the block type,
// which changes every now and then. For commands and distances, the prices mix the types that were
// in use last, each as often as it was among the last symbols of its kind. Literals tell their type
// by themselves: each makes some types likelier than others, and between two of them the type
// changes as often as in the meta-block (a hidden Markov model, and its forward algorithm). A
// literal or distance that has no word counts as one of 15 bits, a command as one of 18, since
// there are so many; then all is divided by its sum.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kraft/bytes.h"
#include "models/brotli/stream.h"
#include "models/brotli/symbols.h"
#include "models/brotli/words.h"
#include "models/lz/distance_weights.h"

namespace kraft::brotli {

inline constexpr std::uint32_t kWindow = 1 << 17;
inline constexpr std::uint32_t kLongest = 1093;  // copies of more bytes count as several

// Classes of distances of one weight, where NPOSTFIX and NDIRECT are 0. Otherwise the weights
// within a class differ; those of copies that have said less than two bytes count as their mean.
struct DistanceFormat {
  using Weight = std::uint32_t;
  static constexpr int kClasses = 32;
  static constexpr int kUnitBits = 31;
  static int class_of(std::uint32_t distance) {
    const int bits = static_cast<int>(std::bit_width(distance + 3)) - 2;
    return 2 * (bits - 1) + static_cast<int>((distance + 3) >> bits & 1);
  }
  static std::uint32_t first_distance(int c) {
    return ((2u + static_cast<std::uint32_t>(c & 1)) << (1 + c / 2)) - 3;
  }
};
using DistanceWeights = lz::DistanceWeights<DistanceFormat>;

// Lengths of copies up to kLongest fall into classes: the codes, and a last one, kLongest itself,
// for what is longer. All lengths of a class are alike.
inline constexpr std::size_t kCopyClasses = 23;
constexpr std::uint32_t first_length(std::size_t c) {
  return c + 1 < kCopyClasses ? kCopyBase[c] : kLongest;
}
constexpr std::uint32_t end_of_lengths(std::size_t c) {
  return c + 1 < kCopyClasses ? first_length(c + 1) : kLongest + 1;
}
std::size_t class_of_length(std::uint64_t length);  // 2 to kLongest

// What a stream's code for distances says in one of the contexts.
struct DistancePrices {
  std::array<double, kRecentDistances> recent{};  // of the symbols for the last ones
  // Of all distances up to d, in units; d is 0 to the window.
  std::vector<DistanceFormat::Weight> up_to;
  DistanceWeights mean;

  DistanceFormat::Weight of(std::uint32_t d) const { return up_to[d] - up_to[d - 1]; }
};

struct Prices {
  static constexpr double kUnit = 1.0 / (1u << DistanceFormat::kUnitBits);
  static constexpr std::size_t kMostRun = 8192;  // longer runs go on as one of so many

  // `block` may be null: then all symbols are alike. Words of the dictionary are priced where
  // distances of more than `farthest` bytes mean them; 0: there are none.
  Prices(const MetaBlock* block, std::uint32_t window_bytes, std::uint64_t farthest = 0);

  // Of all 256 literals after these two bytes, given how likely each type is to be in use.
  void literals(Byte last, Byte before, std::span<const double> types,
                std::span<double, 256> p) const;
  double literal(Byte last, Byte before, Byte byte, std::span<const double> types) const;
  // How likely each type is where nothing is known of the literals before, and what it becomes when
  // one more literal is known.
  const std::vector<double>& types_at_first() const { return type_shares_; }
  void add_literal(Byte last, Byte before, Byte byte, std::span<double> types) const;

  std::array<double, kLengthCodes> run_code{};
  std::array<std::array<double, kLengthCodes>, kLengthCodes> copy{};  // of run code, copy code
  std::array<std::array<double, 16>, 8> copy_last{};  // those from the last distance, unsaid
  std::vector<double> longer_run;                     // P(run > l); the end is as beyond it

  // Contexts may share a code.
  std::vector<DistancePrices> distances;
  std::array<std::size_t, kDistanceContexts> code_of_context{};

  WordPrices words;
  std::array<double, kCopyClasses> word_weight{};  // of all words of a length, the class's mean
  // Of one word, given the length of its copy.
  double weight_of_word(std::size_t length, std::uint64_t number) const;

 private:
  struct LiteralType {
    LiteralMode mode;
    std::array<std::size_t, kLiteralContexts> row{};
  };
  void set_literals(const MetaBlock* block);
  void set_commands(const MetaBlock* block);
  void set_distances(const MetaBlock* block, std::uint32_t window_bytes);
  void set_words();

  double literal(const LiteralType& type, Byte last, Byte before, Byte byte) const;

  std::vector<LiteralType> literal_types_;
  std::vector<double> type_shares_;  // of them
  double type_changes_ = 0;          // before a literal
  std::vector<std::array<double, 256>> rows_;
  DistanceSymbols format_;
  std::vector<std::vector<double>> distance_shares_;  // of the symbols, of each code
  std::uint64_t farthest_;
};

}  // namespace kraft::brotli
