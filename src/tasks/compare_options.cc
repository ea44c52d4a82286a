// The options of kraft/tasks/compare.h, and what makes a task invalid.

#include <algorithm>
#include <iterator>
#include <set>

#include "base/text.h"
#include "evaluate/compared_sampler.h"
#include "evaluate/comparison.h"
#include "kraft/candidates.h"
#include "kraft/error.h"
#include "kraft/tasks/compare.h"
#include "kraft/tasks/options.h"
#include "tasks/chosen_views.h"
#include "tasks/compare_result.h"
#include "tasks/drawing.h"
#include "tasks/kept_cells.h"
#include "tasks/models.h"
#include "tasks/sample_media.h"

namespace kraft {
namespace {

constexpr double kMostBytes = 1 << 24;
constexpr double kMostPixels = 1 << 16;
constexpr double kMostSeconds = 1e9;

std::vector<std::string> sampler_choices() {
  std::vector<std::string> choices = names_of(samplers());
  choices.insert(choices.begin(), kAutoSampler);
  return choices;
}

std::vector<double> parse_temperatures(const std::string& text) {
  std::vector<double> temperatures;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    double temperature = 0;
    if (!parse_number(text.substr(begin, end - begin), temperature))
      throw OptionError(
          {"", "temperatures", " '" + printable(text) + "' are not numbers with commas between"});
    temperatures.push_back(temperature);
    begin = end + 1;
  }
  return temperatures;
}

std::string text_of_temperatures(const std::vector<double>& temperatures) {
  std::vector<std::string> texts;
  for (const double temperature : temperatures) texts.push_back(shortest(temperature));
  return join(texts, ",");
}

OptionTable<CompareTask> make_table() {
  using T = CompareTask;
  const std::vector<Medium> text = {Medium::text, Medium::bytes}, image = {Medium::image},
                            audio = {Medium::audio};
  OptionTable<T> table;
  table.list("model", &T::models,
             {.letter = 'm',
              .value_name = "SPEC",
              .meaning = "the model; several may be given",
              .required = true,
              .unless = {"from"},
              .names_models = true});
  add_view(table, &T::view);
  table.list("sampler", &T::samplers,
             {.value_name = "SPEC",
              .choices = sampler_choices(),
              .meaning = "how to draw, NAME[,option=value...], such as ancestral,temperature=0.7; "
                         "auto: what suits the model and its contexts; several may be given"});
  table.structured(
      "temperatures", &T::temperatures, parse_temperatures, text_of_temperatures,
      {.value_name = "T,T,...",
       .otherwise = "each sampler's own",
       .meaning = "draw with each sampler at each of these temperatures, such as 0.5,0.7,1"});
  table.text("reference", &T::reference,
             {.value_name = "SPEC",
              .otherwise = "the first model",
              .meaning = "the model, as it is called in the table, that others are compared with"});
  table.inputs("input", &T::inputs,
               {.value_name = "FILE",
                .meaning = "texts, images and recordings",
                .required = true,
                .unless = {"from"}});
  table.integer(
      "windows", &T::windows,
      {.value_name = "N",
       .max = kMostPixels,
       .meaning = "windows of each input; 0: " + std::to_string(kTextWindows) + " of a text, " +
                  std::to_string(kSampleWindows) + " of an image or a recording"});
  table.number(
      "budget", &T::budget_seconds,
      {.value_name = "SECONDS",
       .min = 0,
       .max = kMostSeconds,
       .min_open = true,
       .otherwise = "none",
       .meaning = "for each model and input so many seconds of a processor: as many windows "
                  "as it gets to, " +
                  std::to_string(kLeastWindows) +
                  " at least, --windows (0: " + std::to_string(kMostWindows) + ") at most"});
  table.integer("count", &T::count,
                {.letter = 'c',
                 .value_name = "K",
                 .min = 1,
                 .max = kMostPixels,
                 .meaning = "samples of each window, model and sampler"});
  table.integer("positions", &T::positions,
                {.value_name = "N",
                 .min = 1,
                 .max = kMostBytes,
                 .meaning = "bytes of each window's truth at which all 256 bytes are priced"});
  table.integer(
      "seed", &T::seed,
      {.letter = 's', .value_name = "S", .meaning = "seed of the windows and of the samples"});
  table.integer("context", &T::context_bytes,
                {.value_name = "N",
                 .min = 1,
                 .max = kMostBytes,
                 .otherwise = std::to_string(kContextBytes),
                 .meaning = "text: bytes of context",
                 .media = text});
  table.integer("length", &T::truth_bytes,
                {.letter = 'n',
                 .value_name = "N",
                 .min = 1,
                 .max = kMostBytes,
                 .otherwise = std::to_string(kTruthBytes),
                 .meaning = "text: bytes of truth, and of a sample",
                 .media = text});
  table.integer("side", &T::side,
                {.value_name = "N",
                 .max = kMostPixels,
                 .otherwise = std::to_string(kSide),
                 .meaning = "image: pixels of its shorter side, when it has more; 0: as it is",
                 .media = image});
  table.structured("patch", &T::patch,
                   [](const std::string& size) { return parse_size("patch", size); }, text_of_size,
                   {.value_name = "WxH",
                    .otherwise = text_of_size(kPatch),
                    .meaning = "image: pixels of a window",
                    .media = image});
  table.integer("rows", &T::rows,
                {.value_name = "N",
                 .min = 1,
                 .max = kMostPixels,
                 .otherwise = std::to_string(kTruthRows),
                 .meaning = "image: rows of a window that are drawn, its last ones",
                 .media = image});
  table.integer("rate", &T::rate_hz,
                {.value_name = "HZ",
                 .min = 1000,
                 .max = 192000,
                 .otherwise = std::to_string(kRateHz),
                 .meaning = "audio: rate to which recordings are resampled",
                 .media = audio});
  table.integer("context-samples", &T::context_samples,
                {.value_name = "N",
                 .min = 1,
                 .max = kMostBytes,
                 .otherwise = std::to_string(kContextSamples),
                 .meaning = "audio: samples of context",
                 .media = audio});
  table.integer("samples", &T::truth_samples,
                {.value_name = "N",
                 .min = 1,
                 .max = kMostBytes,
                 .otherwise = std::to_string(kTruthSamples),
                 .meaning = "audio: samples of truth, and of a sample",
                 .media = audio});
  table.text("alphabet", &T::alphabet,
             {.value_name = "SET",
              .choices = alphabet_choices(),
              .meaning = "bytes to draw from, as for kraft sample; auto: the units of a language "
                         "model, else those seen in the context"});
  table.list(
      "judge", &T::judges,
      {.value_name = "SPEC",
       .otherwise = join(
           std::vector<std::string>(std::begin(kDefaultJudges), std::end(kDefaultJudges)), " and "),
       .meaning = "text: a model that judges samples; several may be given",
       .media = text,
       .names_models = true});
  table.text("features", &T::features,
             {.value_name = "SPEC",
              .otherwise = kDefaultFeatures,
              .meaning = "text: the language model whose hidden states MAUVE compares, where there "
                         "are samples enough; none: no MAUVE",
              .media = text,
              .names_models = true});
  add_resume(table, &T::resume);
  add_threads(table, &T::threads);
  // What has a default is looked at by check(): a value that is the default says nothing.
  std::vector<std::string> others;
  for (const Option& row : table.rows()) {
    if (row.initial.empty() && row.name != "reference") others.push_back(row.name);
  }
  table.list("from", &T::from,
             {.value_name = "FILE",
              .meaning = "results that --resume has kept, maybe elsewhere; several may be given. "
                         "Nothing is computed",
              .excludes = std::move(others),
              .is_read = true});
  return table;
}

void expect_no_repeats(const std::vector<std::string>& specs) {
  std::set<std::string> seen;
  for (const std::string& spec : specs) {
    if (!seen.insert(spec).second) throw UsageError("'" + printable(spec) + "' is given twice");
  }
}

}  // namespace

const OptionTable<CompareTask>& compare_options() {
  static const OptionTable<CompareTask> table = make_table();
  return table;
}

void check(const CompareTask& task) {
  check(compare_options(), task);
  check_resume(task.resume);
  if (!task.from.empty()) {
    for (const Option& row : compare_options().rows()) {
      if (!row.initial.empty() && row.name != "threads" && compare_options().is_set(task, row.name))
        throw OptionError({"", "from", " and ", row.name, " cannot be given together"});
    }
    return;
  }
  const PixelSize patch = task.patch.value_or(kPatch);
  if (patch.first < 1 || patch.first > kMostPixels || patch.second < 2 ||
      patch.second > kMostPixels)
    throw OptionError(
        {"", "patch", " has 1..65536 columns and 2..65536 rows, not " + text_of_size(patch)});
  std::vector<std::string> all;
  for (const Medium medium : {Medium::text, Medium::image, Medium::audio}) {
    const std::vector<std::string> models = in_views(models_of(task, medium), task.view);
    const std::vector<std::string>& samplers = samplers_of(task, medium);
    if (samplers.empty()) throw UsageError("no sampler to draw with");
    std::vector<std::string> drawn;
    for (const ComparedSampler& sampler : at_temperatures(samplers, task.temperatures))
      drawn.push_back(sampler.spec);
    expect_no_repeats(models);
    expect_no_repeats(drawn);
    check_models(models);
    std::ranges::copy_if(models, std::back_inserter(all), [&](const std::string& spec) {
      return std::ranges::find(all, spec) == all.end();
    });
  }
  expect_no_repeats(task.judges);
  check_models(task.judges);
  if (task.features && *task.features != kNoFeatures) check_models({*task.features});
  check_reference(task.reference, all);
  if (task.alphabet != kAutoAlphabet) Candidates::parse(task.alphabet, {});
  const std::uint64_t rows = task.rows.value_or(kTruthRows);
  if (rows >= patch.second)
    throw OptionError({"", "rows",
                       " " + std::to_string(rows) + " leaves no context in a patch of " +
                           std::to_string(patch.second) + " rows"});
}

void check_media(const CompareTask& task) {
  std::set<Medium> media;
  for (const NamedBytes& input : task.inputs) media.insert(infer_medium(input.bytes, input.name));
  for (const Option& row : compare_options().rows()) {
    const auto is_there = [&media](Medium medium) { return media.contains(medium); };
    if (row.media.empty() || std::ranges::any_of(row.media, is_there)) continue;
    if (compare_options().is_set(task, row.name))
      throw OptionError({"", row.name,
                         std::string(" has no meaning for these inputs; it is an option of ") +
                             row_of(row.media[0]).files});
  }
}

}  // namespace kraft
