// Which distances a parse may have used last, and how likely each such history is.
//
// In Zstandard and Brotli a word can name one of the last distances. Which they are depends on all
// that came before, so that a sum over all parses would have to keep every history apart. A view
// keeps the likeliest at each position, and shares out what the others weigh among them.
//
//     Histories<std::array<std::uint32_t, 3>> found;
//     found.add({7, 4, 8}, 0.02);
//     found.add({9, 4, 8}, 0.01);
//     found.move_to(kept, 16);    // kept ends with {7, 4, 8} of 2/3 and {9, 4, 8} of 1/3
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <vector>

namespace kraft::lz {

template <typename Distances>
struct History {
  Distances distances;  // the last one first
  double share;
};

// Where so many are kept, those with less of a place's mass are not worth being looked at.
inline double share_listed(std::size_t hypotheses) {
  return 1 / (4096.0 * static_cast<double>(hypotheses));
}

// How many, from which entry on, of those that a block of text has.
struct HistoryRange {
  std::size_t begin = 0, count = 0;
  std::size_t end() const { return begin + count; }
};

// Adding is O(1), moving O(n log n) of n that were added.
template <typename Distances>
class Histories {
 public:
  void clear() { found_.clear(); }

  void add(const Distances& distances, double mass) {
    if (mass > 0) found_.push_back({distances, mass});
  }

  // Appends the `most` likeliest to `kept`, likeliest first, with shares that sum to 1. Where none
  // was found, `otherwise` is the only one. Clears what was found.
  HistoryRange move_to(std::vector<History<Distances>>& kept, std::size_t most,
                       const Distances& otherwise) {
    merge();
    std::ranges::stable_sort(found_, std::ranges::greater{}, &History<Distances>::share);
    if (found_.empty()) found_.push_back({otherwise, 1});
    found_.resize(std::min(found_.size(), most), found_.front());
    double sum = 0;
    for (const auto& history : found_) sum += history.share;
    const HistoryRange range{kept.size(), found_.size()};
    for (const auto& history : found_) kept.push_back({history.distances, history.share / sum});
    found_.clear();
    return range;
  }

 private:
  // Stable, so that sums are made in the same order everywhere.
  void merge() {
    std::ranges::stable_sort(found_, std::ranges::less{}, &History<Distances>::distances);
    std::size_t merged = 0;
    for (std::size_t i = 0; i < found_.size(); ++i) {
      if (merged > 0 && found_[merged - 1].distances == found_[i].distances)
        found_[merged - 1].share += found_[i].share;
      else
        found_[merged++] = found_[i];
    }
    found_.erase(found_.begin() + static_cast<std::ptrdiff_t>(merged), found_.end());
  }

  std::vector<History<Distances>> found_;
};

}  // namespace kraft::lz
