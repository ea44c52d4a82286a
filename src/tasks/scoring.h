// A task of scoring as cells: one for each text and model, independent of each other.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "evaluate/score.h"
#include "kraft/tasks/score.h"

namespace kraft {

// Cells may be computed by several threads at once.
class Scoring {
 public:
  // Reads the inputs and makes the models, each once. The task lives as long.
  Scoring(const ScoreTask& task, const Receiver& receiver);

  std::size_t cells() const { return texts_.size() * task_.models.size(); }
  ScoreRow compute(std::size_t cell, const Receiver& receiver) const;

  // Warnings that hold for the whole task.
  void warn(const Receiver& receiver) const;

  // All that the cells depend on, as one number: models by what they compute, inputs, options.
  std::string identity() const;

  // What was computed of a cell as text, and back, with nothing lost.
  static std::string figures_of(const ScoreRow& row);
  ScoreRow row_of(std::size_t cell, const std::string& figures) const;

 private:
  struct Text {
    std::string name;
    ByteView bytes;
    std::size_t input;
  };

  MediaSamples samples_of(const NamedBytes& input) const;
  void read_prime();
  void add_texts(std::size_t input);
  ScoreRow empty_row(std::size_t cell) const;

  std::uint64_t chunk_bytes() const {
    return static_cast<std::uint64_t>(task_.chunk_bytes.value_or(0));
  }

  const Text& text_of_cell(std::size_t cell) const { return texts_[cell / task_.models.size()]; }
  const Scorer& scorer_of_cell(std::size_t cell) const {
    return *scorers_[text_of_cell(cell).input][cell % task_.models.size()];
  }

  const ScoreTask& task_;
  std::vector<MediaSamples> samples_;  // of each input
  std::vector<Text> texts_;
  MediaSamples prime_;
  // Of each input, one for each model; shared by inputs of the same shape.
  std::vector<std::vector<std::shared_ptr<const Scorer>>> scorers_;
};

}  // namespace kraft
