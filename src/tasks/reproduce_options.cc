// What can be asked of kraft/tasks/reproduce.h, and what cannot be meant.

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "kraft/error.h"
#include "kraft/tasks/options.h"
#include "kraft/tasks/reproduce.h"

namespace kraft {
namespace {

constexpr std::int64_t kLeastBytes = 2048, kMostBytes = std::int64_t{1} << 40;  // of the data

std::vector<std::string> experiment_names() {
  std::vector<std::string> names;
  for (const Experiment experiment : kExperiments) names.emplace_back(name_of(experiment));
  return names;
}

Experiment parse_experiment(const std::string& text) {
  for (const Experiment experiment : kExperiments) {
    if (text == name_of(experiment)) return experiment;
  }
  const std::vector<std::string> names = experiment_names();
  throw UsageError("unknown experiment '" + printable(text) + "'" + did_you_mean(text, names) +
                   "; there are " + join(names, ", "));
}

std::uint64_t parse_limit(const std::string& text) {
  std::int64_t bytes = 0;
  if (!parse_integer(text, bytes) || bytes < kLeastBytes || bytes > kMostBytes)
    throw OptionError({"", "limit",
                       " '" + printable(text) + "' is no number of bytes from " +
                           std::to_string(kLeastBytes) + " on, such as 1000000, 64KiB or 1GiB"});
  return static_cast<std::uint64_t>(bytes);
}

std::string text_of_limit(std::uint64_t bytes) {
  constexpr std::uint64_t kMiB = 1 << 20;
  return bytes % kMiB == 0 ? std::to_string(bytes / kMiB) + "MiB" : std::to_string(bytes);
}

OptionTable<ReproduceTask> make_table() {
  using T = ReproduceTask;
  OptionTable<T> table;
  table.structured("experiment", &T::experiment, parse_experiment,
                   [](Experiment experiment) { return std::string(name_of(experiment)); },
                   {.value_name = "NAME",
                    .choices = experiment_names(),
                    .meaning = "table1, fig2, fig3, fig4 or table2",
                    .required = true});
  table.list("model", &T::models,
             {.letter = 'm',
              .value_name = "SPEC",
              .meaning = "one more model, such as a GGUF file; several may be given"});
  table.structured("limit", &T::limit_bytes, parse_limit, text_of_limit,
                   {.value_name = "BYTES",
                    .meaning = "at most so many bytes of each kind of data; so many random ones"});
  table.integer("chunks", &T::chunks,
                {.value_name = "N",
                 .otherwise = std::to_string(kDefaultChunks),
                 .meaning = "chunks that a model with parameters predicts, and all models in fig4; "
                            "0: all"});
  table.choice(
      "medium", &T::medium,
      std::vector<std::pair<std::string, PaperMedium>>{{"text", PaperMedium::text},
                                                       {"images", PaperMedium::images},
                                                       {"audio", PaperMedium::audio}},
      {.value_name = "WHAT", .otherwise = "text", .meaning = "fig2, fig4: text, images or audio"});
  table.integer(
      "seed", &T::seed,
      {.letter = 's', .value_name = "S", .otherwise = "1", .meaning = "fig3: seed of the samples"});
  table.file("resume", &T::resume,
             {.value_name = "FILE",
              .meaning = "keep results in this file as they come, and take those that are in it",
              .is_read = true});
  add_threads(table, &T::threads);
  return table;
}

// Throws unless the experiment is among the readers of the option.
void expect_reader(const std::string& option, Experiment experiment,
                   std::initializer_list<Experiment> readers) {
  if (std::ranges::find(readers, experiment) != readers.end()) return;
  std::vector<std::string> names;
  for (const Experiment reader : readers) names.emplace_back(name_of(reader));
  throw OptionError({"", option,
                     " has no meaning for " + std::string(name_of(experiment)) +
                         "; it is an option of " + join(names, ", ")});
}

}  // namespace

const OptionTable<ReproduceTask>& reproduce_options() {
  static const OptionTable<ReproduceTask> table = make_table();
  return table;
}

bool reads(Experiment experiment, PaperMedium medium) {
  if (medium == PaperMedium::random) return experiment == Experiment::table1;
  return medium == PaperMedium::text || experiment != Experiment::table2;
}

void check(const ReproduceTask& task) {
  using E = Experiment;
  check(reproduce_options(), task);
  parse_limit(std::to_string(task.limit_bytes));
  const E experiment = *task.experiment;
  if (task.chunks) expect_reader("chunks", experiment, {E::table1, E::fig2, E::fig4, E::table2});
  if (task.medium) expect_reader("medium", experiment, {E::fig2, E::fig4});
  if (task.seed) expect_reader("seed", experiment, {E::fig3});
  if (task.medium == PaperMedium::random)
    throw UsageError("the curves are of text, images or audio, not of random bytes");
  if (!task.images.empty() && !reads(experiment, PaperMedium::images))
    expect_reader("images", experiment, {E::table1, E::fig2, E::fig3, E::fig4});
  if (!task.audio.empty() && !reads(experiment, PaperMedium::audio))
    expect_reader("audio", experiment, {E::table1, E::fig2, E::fig3, E::fig4});
}

}  // namespace kraft
