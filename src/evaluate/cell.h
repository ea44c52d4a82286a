// What a cell, an experiment's unit of work, has found; and its text.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "evaluate/mauve.h"
#include "evaluate/statistics.h"
#include "kraft/bytes.h"
#include "kraft/figures.h"

namespace kraft {

struct RateAtContext {
  std::uint64_t context_bytes = 0;
  double bits_per_byte = 0;
};

struct Draw {
  Bytes bytes;
  Figures figures;
};

struct Cell {
  // Of predictions.
  std::vector<Forecast> forecasts;
  std::vector<RateAtContext> rates;
  // Of samples.
  std::vector<Draw> draws;
  // Of features: of the samples of such a cell, or of real text.
  std::vector<Feature> features;

  Figures figures;  // means of positions or draws

  double seconds = 0;  // of a processor, that the model took for it; 0: was not measured

  // Of samples, once the features of all its row's are known: not a part of its text.
  std::shared_ptr<const MauveCounts> mauve = nullptr;
};

// A cell as one line of JSON, and back, with nothing lost: every number comes back as it was.
// read_cell() throws Error for any other text.
std::string cell_text(const Cell& cell);
Cell read_cell(const std::string& text);

}  // namespace kraft
