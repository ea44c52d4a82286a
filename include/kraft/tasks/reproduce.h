// Reproduce: the experiments of Deletang et al., "Language Modeling Is Compression" (ICLR 2024), on
// any data; and the league of codecs and models, which asks who predicts and dreams best.
//
//     kraft::ReproduceTask task;
//     task.experiment = kraft::Experiment::fig4;
//     task.text = {kraft::reproduce_input({"book.txt", book})};
//     const kraft::ReproduceResult result = kraft::reproduce(task);
//     for (const kraft::ReproduceCurve& curve : result.curves)
//       std::cout << curve.model << ": " << curve.points.back().second << " %\n";
//
// docs/reproduce.md has the protocols, and what differs from the paper. kraft/report.h makes
// tables, JSON and plots of a result:
//
//     std::cout << kraft::reproduce_text(result);
//
// An experiment whose data are missing from the task throws UsageError:
//
//     task.experiment = kraft::Experiment::fig3;  // fig3 needs images
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kraft/bytes.h"
#include "kraft/figures.h"
#include "kraft/paper.h"
#include "kraft/tasks/compare.h"
#include "kraft/tasks/input.h"
#include "kraft/tasks/progress.h"
#include "kraft/views.h"

namespace kraft {

// A file, of which no more is read than is needed.
struct ReproduceInput {
  std::string name;
  std::function<Bytes(std::uint64_t most_bytes)> read;  // its first bytes, or all; throws Error
};

ReproduceInput reproduce_input(NamedBytes file);

// A file, or standard input for "-".
ReproduceInput reproduce_file(const std::string& path);

// Files as they are named; of a folder, those in it, by name, that are of the medium. Throws Error.
std::vector<ReproduceInput> reproduce_inputs(const std::vector<std::string>& paths, Medium medium);

// reproduce_options() has the ranges and meanings. What an experiment does not read must not be
// set.
struct ReproduceTask {
  std::optional<Experiment> experiment = {};  // must be set
  std::vector<std::string> models = {};       // besides those of the paper that there are

  // One text; as many images and recordings as the limit takes, of views the first. Of the league
  // all, of whatever kind.
  std::vector<ReproduceInput> text = {}, images = {}, audio = {};
  // At most so many of each kind; so many random ones. In the league, of each text.
  std::uint64_t limit_bytes = 1 << 20;

  // Chunks that a model with parameters predicts, in fig4 every model (0: all); places of views.
  static constexpr std::uint64_t kDefaultChunks = 16;
  std::optional<std::uint64_t> chunks = {};  // not of fig3 and the league

  static constexpr Medium kDefaultMedium = Medium::text;
  std::optional<Medium> medium = {};  // of fig2 and fig4: of what the curves are

  static constexpr std::uint64_t kDefaultSeed = 1;
  std::optional<std::uint64_t> seed = {};  // of fig3 and the league: of windows and samples

  // Of the league: views of the codecs, both unless one is asked for; windows of each file.
  std::optional<ChosenView> view = {};
  static constexpr std::uint64_t kDefaultWindows = 4;
  std::optional<std::uint64_t> windows = {};

  unsigned threads = 0;                    // (0: one for each processor)
  std::optional<std::string> resume = {};  // a file that keeps results as they come
};

// All but the data, which are functions.
const OptionTable<ReproduceTask>& reproduce_options();

// Whether the experiment reads data of this kind.
bool reads(Experiment experiment, Medium medium);

// What examples/fetch-data has fetched of this kind: "mobydick.txt".
const char* default_data_name(Medium medium);

// Gives the task those files that its experiment reads and that it lacks, the league its own where
// it has none at all; a text without its carriage returns. They are looked for in the folder
// KRAFT_DATA, or else ~/.cache/kraft/data; one that is not there is an Error when it is read.
void add_default_data(ReproduceTask& task);

struct ReproduceData {
  Medium medium = Medium::text;
  std::string source;  // in words
  std::uint64_t bytes = 0;
};

// compressed / raw, in percent.
struct ReproduceRate {
  std::string model, library;
  Layout layout = Layout::chunked;
  Medium medium = Medium::text;
  double percent = 0;
  double standard_error = 0;    // of that mean over chunks; 0 where all were measured
  double adjusted_percent = 0;  // with the model, at two bytes a parameter, as part of what is sent
  std::uint64_t parameters = 0;
  std::uint64_t measured_bytes = 0;
  std::optional<double> published_percent;  // of the same kind of model, in the paper
};

// What the paper has.
struct ReproducePublished {
  std::string model;  // as the paper calls it
  std::string ours;   // the model of the same kind; empty: none
  Layout layout = Layout::chunked;
  Medium medium = Medium::text;
  double percent = 0;
};

// fig2: by bytes of data, the adjusted rate in percent. fig4: by bytes from the beginning of a
// chunk, the rate in percent.
struct ReproduceCurve {
  std::string model;
  std::optional<ReproduceRate> rate;  // fig2
  std::vector<std::pair<double, double>> points;
};

// fig3: what a model draws, by rows that are independent of each other.
struct ReproduceSample {
  std::string model;
  double bits = 0;  // of what was drawn, as the model prices it
  double seconds = 0;
  std::vector<Bytes> rows;
};

struct ReproduceContinued {
  Medium medium = Medium::text;
  std::string source;
  std::vector<Bytes> given, truth;  // of each row
  std::vector<ReproduceSample> samples;
};

// table2: an n-gram model of tokens, or a model with the vocabulary that it has.
struct ReproduceVocabulary {
  std::string model;                  // empty: n-grams
  std::size_t order = 0, wanted = 0;  // of n-grams
  std::uint64_t vocabulary = 0;       // tokens that there are
  double bytes_per_token = 0;         // of n-grams
  double percent = 0, standard_error = 0;
};

// views: in bits per byte of what really follows, means over places.
struct ReproduceViews {
  std::string model, library;
  Medium medium = Medium::text;
  std::uint64_t context_bytes = 0, truth_bytes = 0;  // at each place
  Estimate own;                                      // by how much the codec's stream grows
  Estimate encoder;                                  // what its encoder's view expects of the truth
  std::optional<Estimate> decoder;                   // likewise
  std::optional<Estimate> ratio;                     // decoder over own, of all places together
};

struct ReproduceResult {
  Experiment experiment = Experiment::table1;
  std::uint64_t chunks = 0;  // as the task has it
  std::vector<ReproduceData> data;
  std::vector<std::string> models;                     // in the order of reports
  std::vector<ReproduceRate> rates;                    // table1
  std::vector<ReproducePublished> published;           // table1
  std::vector<ReproduceCurve> curves;                  // fig2, fig4
  std::uint64_t measured_chunks = 0;                   // fig4
  std::vector<ReproduceContinued> continued;           // fig3
  std::vector<ReproduceVocabulary> vocabularies;       // table2
  std::uint64_t learnt_bytes = 0, measured_bytes = 0;  // table2
  std::vector<ReproduceViews> views;                   // views
  std::optional<CompareResult> comparison;             // league
};

// Throws UsageError for an invalid task, without reading anything.
void check(const ReproduceTask& task);

// Models that are not there are left out with a note. Work that is cut short ends by Cancelled.
ReproduceResult reproduce(const ReproduceTask& task, const Receiver& receiver = {});

}  // namespace kraft
