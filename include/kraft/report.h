// Reports: what results of tasks look like, as text, JSON, CSV, SVG, HTML and pictures.
//
//     const kraft::CompareResult result = kraft::compare(task);
//     std::cout << kraft::compare_table(result);
//     file << kraft::compare_json(result);
//
// Everything is returned as a whole, in UTF-8. In JSON, bytes that are no UTF-8 stand as base64
// under a key that says so, and a number that is infinite or undefined is null.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "kraft/container.h"
#include "kraft/tasks/classify.h"
#include "kraft/tasks/compare.h"
#include "kraft/tasks/complete.h"
#include "kraft/tasks/next.h"
#include "kraft/tasks/reproduce.h"
#include "kraft/tasks/sample.h"
#include "kraft/tasks/score.h"

namespace kraft {

// next

struct ChartStyle {
  int top = 16;  // bytes that are shown, the most probable ones: 1..256
  bool colour = false;
  bool utf8 = false;  // bars of eighths of a cell
};

// A bar chart for each model; the two views of a codec share one.
std::string next_chart(const NextResult& result, const ChartStyle& style = {});

// All 256 bytes. An object for one model, an array for several.
std::string next_json(const NextResult& result);

// sample

// Lines on a sample: what it costs and how much of it is copied, what the limit of quotations came
// to, and of samplers that draw spans jointly whether they have converged. None for an empty
// sample.
std::vector<std::string> sample_lines(const SampledModel& model, const Sample& sample);

// An object where the task asks for one sample (null if it was not drawn), an array where it asks
// for several; with `context` also what stands around each sample.
std::string sample_json(const SampleTask& task, const SampleResult& result, bool context = false);

// The bits of every Markov chain over its steps, as SVG: SampleTask::wants_traces. Empty where
// there is no chain.
std::string sample_plot(const SampleResult& result);

// complete

// A line on a completion; empty where nothing was drawn.
std::string completion_line(const ImageCompletionTask& task, const ImageCompletionResult& result,
                            const ImageCompletion& completion);
std::string completion_line(const AudioCompletionTask& task, const AudioCompletionResult& result,
                            const AudioCompletion& completion);

// An object for one completion, an array for several or none.
std::string completion_json(const ImageCompletionTask& task, const ImageCompletionResult& result);
std::string completion_json(const AudioCompletionTask& task, const AudioCompletionResult& result);

// The original, the context and every completion, with a row for each sample of the models; of
// recordings their spectrograms, one below the other. Throws Cancelled as soon as `cancelled` says
// so.
Image completion_panel(const ImageCompletionTask& task, const ImageCompletionResult& result,
                       const std::function<bool()>& cancelled = {});
Image completion_panel(const AudioCompletionTask& task, const AudioCompletionResult& result,
                       const std::function<bool()>& cancelled = {});

// Throws Error when that picture would be too large: for whoever asks before anything is drawn.
void expect_panel_fits(const ImageCompletionTask& task);
void expect_panel_fits(const AudioCompletionTask& task);

// score

std::string score_table(const ScoreResult& result);
std::string score_json(const ScoreResult& result);

// classify

// Every corpus of every text; `brief`: of each text the nearest one, and by how much.
std::string classify_table(const ClassifyResult& result, bool brief = false);
std::string classify_json(const ClassifyResult& result);

// compare

// Which figures a table has.
enum class Columns {
  concise,  // those that say most
  lasting,  // all but costs, which depend on the machine
  all,
};
inline constexpr Columns kDefaultColumns = Columns::concise;

// A table for each input.
std::string compare_table(const CompareResult& result, Columns columns = kDefaultColumns);

// Everything, samples included.
std::string compare_json(const CompareResult& result);

// A line for each figure (RFC 4180).
std::string compare_csv(const CompareResult& result);

// In the form that EleutherAI's lm-evaluation-harness (0.4) writes: for each model a file
// MODEL/results_TIME.json, of that time, in seconds since 1970. An input is a task; what is of
// samples has the sampler as its filter, with ; for a comma. Costs and bounds are left out.
std::vector<NamedBytes> compare_lm_eval(const CompareResult& result, std::int64_t seconds);

// A page that needs nothing else; `command` is shown as what made it. Throws Error where kraft was
// built without Chart.js; has_compare_page() asks.
std::string compare_page(const CompareResult& result, const std::string& command = {});
bool has_compare_page();

// reproduce

// Tables and words, beside the published figures.
std::string reproduce_text(const ReproduceResult& result);
std::string reproduce_json(const ReproduceResult& result);

// fig2, fig4: the curves as SVG; views: bars. Throws UsageError for other experiments.
std::string reproduce_plot(const ReproduceResult& result);

// fig3: what was drawn, as files of text, PNG and WAV, with their names.
std::vector<NamedBytes> reproduce_files(const ReproduceResult& result);

// .kraft files

// What inspect() (kraft/container.h) has found in a file.
struct InspectedFile {
  std::string name;
  ContainerInfo info;
};

std::string info_table(const std::vector<InspectedFile>& files);
std::string info_json(const std::vector<InspectedFile>& files);

// Models that there are

// All of them, one a line.
std::string models_table();

// Each with its parameters. Throw UsageError for an unknown name; no names are all models.
std::string models_text(const std::vector<std::string>& names = {});
std::string models_json(const std::vector<std::string>& names = {});

}  // namespace kraft
