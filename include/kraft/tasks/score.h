// How well models compress and predict files.
//
//     kraft::ScoreTask task;
//     task.models = {"gzip:9", "ngram:5"};
//     task.inputs = {{"book.txt", book}};
//     for (const kraft::ScoreRow& row : kraft::score(task).rows)
//       std::printf("%s: %.3f bits per byte\n", row.model.c_str(), row.bits_per_byte());
//
// There are two figures. The code bits are what compressing the file takes; for a predictor, what
// an ideal arithmetic coder would take. The prequential bits are -log2 of the probability of each
// byte given all bytes before it, where increments of the code length are read as a distribution.
// They cost up to 256 compressions for each byte, and are estimated at places drawn at random:
//
//     task.positions = kraft::kEveryPosition;   // at all of them instead
//
// With a corpus, both are conditional: what the text adds to the corpus's code, and what is
// predicted after the corpus.
//
//     task.prime = corpus;
//     task.lines = true;                        // each line by itself, after the corpus
//
// An image is scored by its pixels, a recording by its samples (task.media says otherwise).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kraft/tasks/input.h"
#include "kraft/tasks/progress.h"

namespace kraft {

inline constexpr std::uint64_t kEveryPosition = UINT64_MAX;

// score_options() has the ranges and meanings.
struct ScoreTask {
  std::vector<std::string> models;  // specifications
  std::vector<NamedBytes> inputs;   // whole files
  std::optional<Bytes> prime = {};  // a file that models have seen before each text
  bool lines = false;               // each line is a text
  // Compress so many bytes by themselves (0, and by default: the whole).
  std::optional<std::int64_t> chunk_bytes = {};
  std::uint64_t positions = 64;  // of the prequential bits (0: they are not measured)
  std::int64_t seed = 1;         // of the positions
  MediaInput media = {};
  unsigned threads = 0;  // 0: one per processor
};

const OptionTable<ScoreTask>& score_options();

struct PrequentialBits {
  double bits_per_byte = 0;
  // Over all samples of positions that could have been drawn: 0 when all were measured, nothing
  // when it was only one. Two positions are drawn in each of equal stretches of the text.
  std::optional<double> standard_error = {};
  std::uint64_t positions = 0;
};

struct ScoreRow {
  std::string model;  // as it calls itself
  std::string input;  // its name; of a line, NAME:NUMBER
  std::uint64_t bytes = 0;
  std::uint64_t chunk_bytes = 0;
  std::uint64_t prime_bytes = 0;
  // After a context it is an increment, and may be negative: real codecs are not monotone.
  std::int64_t compressed_bytes = 0;
  double bits = 0;             // the same, to the bit where the codec has bits
  bool by_prediction = false;  // a sum of predictions, rounded up to bytes
  std::optional<PrequentialBits> prequential = {};
  std::uint64_t parameters = 0;  // that were learnt before

  double bits_per_byte() const { return bits / static_cast<double>(bytes); }
  double rate_percent() const { return 100 * bits / (8 * static_cast<double>(bytes)); }
  // With the model as a part of what is sent, at two bytes a parameter (Deletang et al. 2024, 3.1).
  double adjusted_rate_percent() const {
    return rate_percent() + 200 * static_cast<double>(parameters) / static_cast<double>(bytes);
  }
};

struct ScoreResult {
  std::vector<ScoreRow> rows;  // of the first text for each model, then of the second, ...
};

// Throws UsageError for an invalid task, without reading anything.
void check(const ScoreTask& task);

ScoreResult score(const ScoreTask& task, const Receiver& receiver = {});

}  // namespace kraft
