// Where a text was copied from: anything that stands before it, itself included.
#pragma once

#include <vector>

#include "kraft/bytes.h"
#include "kraft/copying.h"

namespace kraft::serve {

// The greedy parse of what follows `begin`: from left to right the longest strings that begin
// anywhere earlier in `bytes`, of Copying::kLeastSpanBytes bytes or more; of several places the
// latest. A source may run into its copy, as in LZ77. `begin` of a span counts from there,
// `context_begin` from the beginning of `bytes`. O(bytes), but for at most kTriedPlaces comparisons
// at each place: of a string that is frequent, a longer one further back may be missed.
std::vector<CopiedSpan> copies_in(ByteView bytes, std::size_t begin);

inline constexpr int kTriedPlaces = 64;

}  // namespace kraft::serve
