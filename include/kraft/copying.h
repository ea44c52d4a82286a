// How much of a sample is quotation. A sample's quality means nothing without this beside it.
#pragma once

#include <cstdint>
#include <vector>

namespace kraft {

struct Copying {
  double mean_copy_bytes = 0;            // of the pieces of the greedy parse
  std::uint64_t longest_copy_bytes = 0;  // the longest such piece
  double self_repeat_share = 0;          // of bytes inside a repeat of 12 bytes or more of itself
};

}  // namespace kraft
