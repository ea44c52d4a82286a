// The bits of Markov chains over their steps, as a picture.
#pragma once

#include <string>
#include <vector>

namespace kraft {

struct Trace {
  std::string title;
  std::vector<std::vector<double>> chains_bits;  // of each chain, in the order of the steps
  std::size_t burn_in = 0;                       // so many values at the beginning do not count
  std::size_t thin = 1;                          // steps from one value to the next
};

// One panel for each trace, one below the other, as SVG 1.1. Where there are more values than a
// pixel has room for, a chain's line is drawn through the least and the largest of each.
std::string trace_plot_svg(const std::vector<Trace>& traces);

}  // namespace kraft
