// The figures of a comparison. A metric is one row of a table: what it is called, what it means,
// which media have it, and the function that computes it. Tables, files, pages and documents take
// all from here, so adding one is adding a row.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "evaluate/cell.h"
#include "evaluate/judged_text.h"
#include "evaluate/window.h"
#include "kraft/figures.h"
#include "kraft/media.h"

namespace kraft {

// What a model has said of a window's truth.
struct Prediction {
  std::size_t truth_bytes = 0;
  double code_bits = 0;                // of the whole truth after the context
  std::optional<double> own_bits;      // what the codec itself needs for it
  std::vector<double> surprisal_bits;  // of its byte at each position
  std::vector<Forecast> forecasts;     // of the most probable byte at each position
};

// One sample of a window, and what is computed from it when it is first asked for. Belongs to one
// thread; what it is made of must outlive it.
class SampleView {
 public:
  // `text` is null of other media.
  SampleView(const ComparedInput& input, const Window& window, ByteView sample,
             const JudgedText* text);
  ~SampleView();

  const ComparedInput& input() const { return input_; }
  const Window& window() const { return window_; }
  ByteView sample() const { return sample_; }

  // Of text.
  const JudgedText& text() const { return *text_; }
  const Grams& grams() const;
  const Copying& copying() const;
  const std::vector<std::size_t>& piece_begins() const;            // of its parse into copies
  const std::vector<double>& judge_bits(std::size_t judge) const;  // of its first 1, 2, ... bytes

  // Of an image: the whole window with what is there, and with what was drawn.
  const Image& true_picture() const;
  const Image& drawn_picture() const;
  std::size_t first_drawn_row() const { return window_.context.size() / input_.row_bytes; }

 private:
  struct Computed;
  const ComparedInput& input_;
  const Window& window_;
  ByteView sample_;
  const JudgedText* text_;
  std::unique_ptr<Computed> computed_;
};

// What work has cost. 0: was not measured.
struct Work {
  double seconds = 0;
  std::uint64_t bytes_drawn = 0, bytes_priced = 0;  // in that time
  std::uint64_t peak_memory_bytes = 0;
};

struct Metric : Figure {
  std::vector<Medium> media = {};  // that have it; empty: all
  bool share = false;              // between 0 and 1, and so is its confidence interval

  // One of these, by its kind. Nothing where it has no meaning.
  std::function<std::optional<double>(const Prediction&)> of_prediction = {};
  std::function<std::optional<double>(const SampleView&)> of_sample = {};
  std::function<std::optional<double>(const Work&)> of_work = {};
  // Or of the cells of all windows together that have what it needs; else what is shown is the mean
  // over windows.
  std::function<bool(const Cell&)> counts = {};
  std::function<double(std::span<const Cell* const>)> of_windows = {};
};

// In the order of columns. Each judge of text has a row of its own. MAUVE's are there for text
// where they are asked for.
std::vector<Metric> metrics_of(Medium medium, std::span<const std::string> judges,
                               bool mauve = false);

// The figures of all metrics that have a function of this.
Figures figures_of(std::span<const Metric> metrics, const Prediction& prediction);
Figures figures_of(std::span<const Metric> metrics, const SampleView& sample);
Figures figures_of(std::span<const Metric> metrics, const Work& work);

std::string judge_key(std::string_view judge);

}  // namespace kraft
