#include "evaluate/k_means.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "kraft/error.h"

namespace kraft {
namespace {

class Lloyd {
 public:
  Lloyd(const Points& points, std::size_t clusters)
      : points_(points),
        means_{points.dimensions, std::vector<double>(clusters * points.dimensions)},
        labels_(points.count(), clusters),
        errors_(points.count()) {}

  Clustering run(std::size_t most_iterations, Random& random) {
    begin(random);
    for (std::size_t i = 0; i < most_iterations && assign(); ++i) average();
    return {labels_, std::accumulate(errors_.begin(), errors_.end(), 0.0)};
  }

 private:
  // Each mean is a point, with a probability in proportion to its squared distance to those before.
  void begin(Random& random) {
    std::vector<double> nearest(points_.count(), std::numeric_limits<double>::infinity());
    std::size_t chosen = random.below(points_.count());
    for (std::size_t c = 0; c < means_.count(); ++c) {
      std::ranges::copy(points_[chosen], means_[c].begin());
      double sum = 0;
      for (std::size_t i = 0; i < nearest.size(); ++i) {
        nearest[i] = std::min(nearest[i], squared_distance(points_[i], means_[c]));
        sum += nearest[i];
      }
      if (sum == 0) break;  // the other means stay 0, for average() to move
      chosen = random.choose(nearest);
    }
  }

  // Whether any point has changed its cluster.
  bool assign() {
    bool changed = false;
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      std::size_t best = 0;
      double least = std::numeric_limits<double>::infinity();
      for (std::size_t c = 0; c < means_.count(); ++c) {
        const double distance = squared_distance(points_[i], means_[c]);
        if (distance < least) {
          least = distance;
          best = c;
        }
      }
      changed = changed || labels_[i] != best;
      labels_[i] = best;
      errors_[i] = least;
    }
    return changed;
  }

  void average() {
    std::vector<double> counts(means_.count());
    std::ranges::fill(means_.values, 0);
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      ++counts[labels_[i]];
      const auto mean = means_[labels_[i]];
      for (std::size_t d = 0; d < mean.size(); ++d) mean[d] += points_[i][d];
    }
    for (std::size_t c = 0; c < counts.size(); ++c) {
      if (counts[c] > 0) {
        for (double& value : means_[c]) value /= counts[c];
        continue;
      }
      const auto farthest = std::ranges::max_element(errors_);
      std::ranges::copy(points_[static_cast<std::size_t>(farthest - errors_.begin())],
                        means_[c].begin());
      *farthest = 0;
    }
  }

  const Points& points_;
  Points means_;
  std::vector<std::size_t> labels_;
  std::vector<double> errors_;  // squared distance of each point to its mean
};

}  // namespace

Clustering k_means(const Points& points, std::size_t clusters, std::size_t restarts,
                   std::size_t most_iterations, Random& random) {
  if (points.count() == 0 || clusters == 0) throw Error("there is nothing to cluster");
  Clustering best;
  for (std::size_t i = 0; i < std::max<std::size_t>(1, restarts); ++i) {
    Clustering found = Lloyd(points, clusters).run(most_iterations, random);
    if (best.labels.empty() || found.squared_error < best.squared_error) best = std::move(found);
  }
  return best;
}

}  // namespace kraft
