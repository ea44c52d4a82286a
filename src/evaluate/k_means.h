// k-means: points in so many clusters, each point in that of the nearest mean.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "evaluate/points.h"
#include "kraft/random.h"

namespace kraft {

struct Clustering {
  std::vector<std::size_t> labels;  // of each point, below the number of clusters
  double squared_error = 0;         // sum of the squared distances to the means
};

// Lloyd's iterations ("Least Squares Quantization in PCM", IEEE Transactions on Information Theory
// 28(2), 1982) until no point changes its cluster, at most so many, from the best of `restarts`
// beginnings drawn as k-means++ says (Arthur and Vassilvitskii, SODA 2007). A cluster that has lost
// all its points takes the one that is farthest from its mean. Of fewer distinct points than
// clusters, some stay empty. O(restarts * iterations * points * clusters * dimensions). Throws
// Error when there are no points or no clusters.
Clustering k_means(const Points& points, std::size_t clusters, std::size_t restarts,
                   std::size_t most_iterations, Random& random);

}  // namespace kraft
