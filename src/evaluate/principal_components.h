// Principal components (Pearson 1901, Hotelling 1933): points in fewer dimensions, the ones in
// which they differ most.
#pragma once

#include "evaluate/points.h"

namespace kraft {

// The points, less their mean, along as few of their principal components as have at least this
// share (0..1) of the whole variance; by descending variance, one at least. Their signs are
// arbitrary. O(sweeps * d^2 * n) for n points of d dimensions, where d counts as n if it is more.
// Throws Error when there are no points.
Points principal_components(Points points, double explained_share);

}  // namespace kraft
