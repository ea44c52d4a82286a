// Figure 3 of Deletang et al. 2024 (and C.1 to C.3): what models draw after a part of the data.
#pragma once

#include "evaluate/experiment.h"
#include "evaluate/paper_data.h"

namespace kraft {

// What is given and what was there, of one medium: rows that are independent of each other.
struct GenerationTask {
  Medium medium = Medium::text;
  std::string source;
  Geometry geometry = {};
  std::vector<Bytes> given, truth;  // of each row, as many; a truth is as long as what is drawn
  bool by_letters = false;          // drawn from units and letters, not from all bytes
};

// 1948 bytes of text and the next 100, from the chunk in the middle.
GenerationTask text_task(const PaperData& text);

// The image at 500 x 290, gray: each row's left half is given, its right half drawn.
GenerationTask image_task(const Image& image, const std::string& source);

// A second of sound and the next one; of a shorter recording, its halves.
GenerationTask audio_task(const Audio& audio, const std::string& source);

inline constexpr std::size_t kPaperImageWidth = 500, kPaperImageHeight = 290;

// Each byte is drawn from its distribution, given those before it in its row ("ancestral"); of
// text, each unit of a model that has units, and otherwise only bytes that occur in what is given.
// Row r draws with stream r of the seed.
class GenerationExperiment {
 public:
  struct Settings {
    std::uint64_t seed = 1;
    unsigned threads = 1;
    std::function<bool()> cancelled = {};
  };

  // The models of each task.
  GenerationExperiment(std::vector<GenerationTask> tasks,
                       std::vector<std::vector<std::string>> models, Settings settings);

  std::vector<ExperimentCell> cells() const;

  struct Generated {
    std::vector<Bytes> rows;
    double bits = 0;  // of what was drawn, as the model prices it
    double seconds = 0;
  };
  Generated generated(std::size_t task, const std::string& model, const CellResults& results) const;

  const std::vector<GenerationTask>& tasks() const { return tasks_; }
  const std::vector<std::string>& models(std::size_t task) const { return models_[task]; }

 private:
  std::string key(std::size_t task, const std::string& model, std::size_t first) const;
  Cell compute(std::size_t task, const std::string& model, std::size_t first) const;

  std::vector<GenerationTask> tasks_;
  std::vector<std::vector<std::string>> models_;
  Settings settings_;
  SharedModels shared_;
};

}  // namespace kraft
