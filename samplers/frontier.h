// The partial continuations of a search that looks several units ahead.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "samplers/byte_set.h"
#include "samplers/drawing.h"
#include "samplers/repetition.h"

namespace kraft {

// One candidate of a beam search: a continuation of the frontier and one byte more.
struct Extension {
  double bits = 0;          // of the whole continuation
  std::uint32_t order = 0;  // of generation: continuation, then byte

  bool operator<(const Extension& other) const {  // the better one, and the earlier one if equal
    return bits != other.bits ? bits < other.bits : order < other.order;
  }
};

// The partial continuations of a search, all of as many units. Candidates must be single bytes or
// units of the model.
class Frontier {
 public:
  // `asked` says what the continuations' bits are: those of another model's state instead of the
  // drawing's own.
  Frontier(Drawing& drawing, const SamplerOptions& options, State* asked = nullptr);

  void reset();  // one continuation: the empty one
  std::size_t size() const { return bits_.size(); }
  std::size_t depth() const { return depth_; }
  ByteView operator[](std::size_t i) const {
    return ByteView(storage_).subspan(begins_[i], begins_[i + 1] - begins_[i]);
  }
  std::span<const double> bits() const { return bits_; }

  // What the limit of quotations cost the last extensions, if it dropped some: the mean over the
  // continuations that have any left, at this temperature.
  void count_limit(double temperature);

  // The first units of a continuation, to be drawn.
  Step first(std::size_t i, std::size_t units) const;

  // Measures what may follow each continuation: in generation order, the possible ones only.
  // Control of repetition and quotations that would drop all of them drops none.
  std::vector<Extension>& expand();

  std::uint32_t first_unit(const Extension& extension) const;  // of the extended continuation
  std::size_t parent(const Extension& extension) const;        // the continuation that was extended
  void keep(std::span<const Extension> extensions);  // they become the frontier, in this order

  // Makes continuations the frontier again, in this order; here `order` is their index.
  void select(std::span<const Extension> continuations);

 private:
  void find_distinct();
  void measure();
  void find_alphabet();
  void collect(bool controlled);
  bool repeats(std::size_t continuation, std::uint32_t unit);
  UnitsView units_of(std::size_t i) const {
    return UnitsView(unit_storage_).subspan(i * depth_, depth_);
  }
  void clear_next();
  void add_next(std::size_t continuation, double bits, UnitsView more = {});
  void swap_next();
  std::uint32_t unit_of(const Extension& extension) const {
    return alphabet_[extension.order % alphabet_.size()];
  }

  Drawing& drawing_;
  State* asked_;
  std::optional<RepeatIndex> repeats_;
  std::optional<QuoteIndex> quotes_;
  std::vector<std::uint32_t> all_units_;  // of the candidates

  std::size_t depth_ = 0;                    // in units
  Bytes storage_;                            // of all continuations
  std::vector<std::size_t> begins_;          // of each in it, and the end of the last
  std::vector<std::uint32_t> unit_storage_;  // the same by units
  std::vector<double> bits_;

  std::vector<std::uint32_t> alphabet_;  // units that some continuation may be followed by
  Bytes alphabet_bytes_;                 // the same, where they are bytes
  std::vector<ByteSet> allowed_;         // by each continuation; empty if there is no restriction
  std::vector<ByteSet> repeated_;     // by each continuation; empty if repetition is not controlled
  std::vector<GramIndex::End> ends_;  // of each continuation; empty if quotations are not limited
  std::vector<ByteView> prefixes_;    // distinct ones
  std::vector<UnitsView> unit_prefixes_;  // the same
  std::vector<std::size_t> prefix_of_;
  std::unordered_map<std::string_view, std::size_t> distinct_;
  std::vector<double> measured_;  // of each prefix
  std::vector<Extension> extensions_;
  std::vector<Extension> quoted_;  // those that would quote too much
  Bytes next_storage_;
  std::vector<std::size_t> next_begins_;
  std::vector<std::uint32_t> next_unit_storage_;
  std::vector<double> next_bits_;
  std::vector<std::uint32_t> indices_;
  Bytes text_end_;
};

// Keeps the `count` best extensions, best first. `extensions` is not empty, `count` not 0.
void keep_best(std::vector<Extension>& extensions, std::size_t count);

}  // namespace kraft
