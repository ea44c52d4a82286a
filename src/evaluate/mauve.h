// MAUVE: how near the distribution of samples is to that of real text, by what a language model
// makes of both (Pillutla et al., "MAUVE: Measuring the Gap Between Neural Text and Human Text
// using Divergence Frontiers", NeurIPS 2021, and "MAUVE Scores for Generative Models", Journal of
// Machine Learning Research 24, 2023). docs/compare.md defines it.
//
//     std::vector<MauveCounts> counts = mauve_counts(features_of_windows, /*seed=*/1);
//     MauveValue all = mauve(pointers_to(counts));      // of all windows together
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kraft {

// A hidden state up to its length, which MAUVE does not look at: the largest number is +-32767.
using Feature = std::vector<std::int16_t>;

// All zeros for a vector of zeros. Throws Error for numbers that are not finite.
Feature feature_of(std::span<const float> hidden_state);

// Of one window: what there is, and what was drawn.
struct MauveFeatures {
  std::vector<Feature> real, drawn;
};

// How many of a window's features lie in each cluster, in each of kMauveClusterings.
struct MauveCounts {
  std::vector<std::vector<std::uint32_t>> real, drawn;
  std::size_t text = 0;  // windows of one text share their clusters
};

inline constexpr std::size_t kMauveClusterings = 5;  // with seeds of their own
// Below that, there is no MAUVE. Five clusters: two sets of 50 pieces of a book have 0.97, with a
// standard deviation of 0.035; sets of 20, in two clusters, 0.06.
inline constexpr std::size_t kLeastMauveSamples = 50;

// The features of all windows together are scaled to length 1, reduced to the principal components
// that have 0.9 of their variance, and put into max(2, n / 10) clusters, where n is the size of the
// smaller set: as the authors' implementation does. Its k-means begins otherwise (k_means.h).
// Throws Error when either set is empty, or features differ in size.
std::vector<MauveCounts> mauve_counts(std::span<const MauveFeatures> windows, std::uint64_t seed);

// The area under the divergence frontier of two distributions over clusters, 0..1, of which so many
// were counted: half a count more in each (Krichevsky and Trofimov 1981), 25 mixtures, c = 5.
double mauve_area(std::span<const double> real, std::span<const double> drawn);

struct MauveValue {
  double mean = 0;    // of the clusterings
  double spread = 0;  // their standard deviation
};

// Of the windows' counts together, one at least; those of one text come from one call of
// mauve_counts(). Of several texts it is the mean, each as often as it has windows.
MauveValue mauve(std::span<const MauveCounts* const> windows);

}  // namespace kraft
