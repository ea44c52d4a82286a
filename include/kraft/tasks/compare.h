// Compare: which compressor, predictor and sampler is best at which files.
//
//     kraft::CompareTask task;
//     task.inputs = {{"book.txt", book}, {"photo.png", photo}};
//     task.models = {"gzip:9", "xz:6"};
//     task.threads = 4;
//     const kraft::CompareResult result = kraft::compare(task);
//     for (const kraft::CompareRow& row : result.rows)
//       std::cout << row.model << " " << row.figures.at("bits_per_byte").mean << "\n";
//
// From each input, windows are taken at random: a context, and the truth that follows it. Every
// model predicts the truth, and every sampler draws something else in its place; docs/compare.md
// defines what is measured of both. kraft/report.h makes tables, JSON, CSV and pages of a result:
//
//     std::cout << kraft::compare_table(result);
//
// A model that the program has registered itself works like any other. Invalid tasks throw
// UsageError, before any work is done:
//
//     task.models = {"gizp"};            // unknown model 'gizp' (did you mean gzip or gz?); ...
//     task.inputs = {{"tiny", {1, 2}}};  // tiny: 2 bytes are too few for windows of 6,064: ...
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kraft/bytes.h"
#include "kraft/candidates.h"
#include "kraft/figures.h"
#include "kraft/media.h"
#include "kraft/sampler_choice.h"
#include "kraft/tasks/input.h"
#include "kraft/tasks/progress.h"
#include "kraft/views.h"

namespace kraft {

// What judges texts where a task names nobody, as far as it is there.
inline constexpr const char* kDefaultJudges[] = {"ngram", "bytelm:text"};

// Whose hidden states MAUVE compares where a task does not say it, as far as it is there; and what
// asks for none.
inline constexpr const char* kDefaultFeatures = "bytelm:text";
inline constexpr const char* kNoFeatures = "none";

// Windows of an input where a task says 0: of a text, and of an image or a recording.
inline constexpr std::uint64_t kTextWindows = 6, kSampleWindows = 4;
// With a budget: as many as each model gets, whatever they take, and as none gets more than.
inline constexpr std::uint64_t kLeastWindows = 3, kMostWindows = 32;

// Where a task does not say it: bytes of a window of text; of images, pixels of the shorter side,
// width and height of a window and the rows of it that are the truth; rate of sound, and samples of
// a window of it.
inline constexpr std::uint64_t kContextBytes = 6000, kTruthBytes = 64;
inline constexpr std::uint64_t kSide = 128, kTruthRows = 4;
inline constexpr std::pair<std::size_t, std::size_t> kPatch = {64, 16};
inline constexpr std::uint32_t kRateHz = 16000;
inline constexpr std::uint64_t kContextSamples = 1024, kTruthSamples = 320;

// compare_options() has the ranges and meanings. An option of a medium that no input is of throws
// OptionError.
struct CompareTask {
  std::vector<NamedBytes> inputs = {};  // texts, images and recordings, by their content
  std::vector<std::string> models = {};
  // Of inputs of one medium alone, besides those of all.
  std::map<Medium, std::vector<std::string>> models_of = {};
  // Of the codecs. Where it is not set, both side by side of those that are given without a view.
  std::optional<ChosenView> view = {};
  // NAME[,option=value...]; kAutoSampler: what suits each model and the length of its contexts.
  std::vector<std::string> samplers = {kAutoSampler};
  // Of inputs of one medium, in the place of those of all.
  std::map<Medium, std::vector<std::string>> samplers_of = {};
  // Each sampler draws at each of them; empty: at its own.
  std::vector<double> temperatures = {};
  std::vector<std::string> judges = {};  // of text (default: kDefaultJudges)
  // Of text: the language model whose hidden states MAUVE compares, or kNoFeatures. There is MAUVE
  // only where windows and samples are enough (docs/compare.md#mauve), and its model is not asked
  // for before. Another one than a file of results has seen adds to that file.
  std::optional<std::string> features = {};
  // The model that others are compared with, or a bound; the first one where none is named.
  std::optional<std::string> reference = {};

  std::uint64_t windows = 0;    // of each input (0: kTextWindows, kSampleWindows)
  std::uint64_t count = 1;      // samples of each window, model and sampler
  std::uint64_t positions = 8;  // of each window's truth at which all 256 bytes are priced
  std::uint64_t seed = 1;       // of the windows and of the samples
  // Bytes to draw from, as Candidates::parse() has them, or kAutoAlphabet: the units of a language
  // model, else those seen in the context.
  std::string alphabet = kAutoAlphabet;

  std::optional<std::uint64_t> context_bytes = {}, truth_bytes = {};  // of a window of text
  // Of images: pixels of the shorter side, if it has more (0: as it is).
  std::optional<std::uint64_t> side = {};
  std::optional<PixelSize> patch = {};        // of a window
  std::optional<std::uint64_t> rows = {};     // its last, which are the truth
  std::optional<std::uint32_t> rate_hz = {};  // of sound
  std::optional<std::uint64_t> context_samples = {}, truth_samples = {};  // of a window of sound

  // Seconds of a processor for each model on each input: more windows where it is fast,
  // kLeastWindows at least, and `windows` (0: kMostWindows) at most. What the judges take is not
  // counted.
  std::optional<double> budget_seconds = {};

  unsigned threads = 0;  // (0: one for each processor) results do not depend on it
  std::optional<std::string> resume = {};  // a file that keeps results as they come, for a later
                                           // task to go on from: models, samplers and inputs may
                                           // differ, the rest may not
  // Files that other tasks have kept: they are all that is looked at, and nothing is computed. Of
  // the rest of this task only the reference counts.
  std::vector<std::string> from = {};
};

const OptionTable<CompareTask>& compare_options();

struct CompareWindow {
  std::uint64_t begin = 0;  // of text and sound, in bytes; of an image, x + width * y of its corner
  Bytes context, truth;
  Bytes lead = {};  // of sound: what is before the context, a second at most
};

struct CompareInput {
  std::string name;
  Medium medium = Medium::text;
  std::string fingerprint;
  // Of which windows were taken: text, or samples of 8 bits. Empty where results were merged.
  Bytes bytes;
  std::uint64_t size_bytes = 0;
  std::size_t row_bytes = 1;  // of a window
  std::uint32_t rate_hz = 0;  // of sound
  std::vector<CompareWindow> windows;
  std::vector<Figure> figures;  // that rows and samples of it may have, in their order
};

// What a model and a sampler come to on an input. The bounds are `truth`, which knows what follows,
// and `uniform`, which knows nothing: their sampler is "-".
struct CompareRow {
  std::size_t input = 0;
  std::string model, sampler;  // as it was chosen, where it was
  bool bound = false;
  std::size_t windows = 0;  // that it has seen, all of it or a part
  std::string identity;     // of the model: library, weights and a probe of its predictions
  std::map<std::string, Estimate, std::less<>> figures;   // by Figure::key, over windows
  std::vector<std::pair<std::uint64_t, Estimate>> rates;  // code bits per byte, by bytes of context
  // Of figures that are no costs, where this is no bound: from the row that is the reference, over
  // the windows that both have, and among all models.
  std::map<std::string, Difference, std::less<>> differences;
  std::map<std::string, Places, std::less<>> places;
  bool reference = false;
  // Of figures that are means over samples, by Figure::key: the part of the standard error over
  // windows that comes from the samples' seeds alone. NaN of one sample of each window.
  std::map<std::string, double, std::less<>> seed_errors = {};
};

struct CompareSample {
  std::size_t input = 0, window = 0;
  std::string model, sampler;
  bool bound = false;
  std::size_t index = 0;  // of the samples of this window
  Bytes bytes;
  Figures figures;
};

// One figure of one row.
struct CompareRecord {
  std::string input, model, sampler, figure;
  std::optional<std::uint64_t> context_bytes;  // of a rate by context
  Estimate estimate;
  std::optional<Places> places;
  std::optional<Difference> difference;
  std::optional<double> seed_error;  // as of a row; nothing where that has none, or NaN
};

struct CompareResult {
  std::uint64_t seed = 1, count = 1, positions = 8;
  std::string alphabet;
  std::vector<std::string> judges;  // that there were
  std::string features;             // whose hidden states MAUVE compares; empty: there is no MAUVE
  std::vector<CompareInput> inputs;
  std::vector<CompareRow> rows;  // input by input; `truth` first, `uniform` last
  // The same of all windows of a medium together, whose first input each row names.
  std::vector<CompareRow> pooled = {};
  std::vector<CompareSample> samples;  // by input, window, model and sampler

  std::vector<CompareRecord> records() const;
};

// Throws UsageError for an invalid task, without reading anything.
void check(const CompareTask& task);

// Work that is cut short ends by Cancelled, whose text says how many cells (a model's predictions
// in a window, or a sampler's samples) are done; with a file to resume from they are kept. Lines of
// that file that are damaged are a note, and computed again.
CompareResult compare(const CompareTask& task, const Receiver& receiver = {});

}  // namespace kraft
