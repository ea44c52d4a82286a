// The options of kraft/tasks/reproduce.h, and what makes a task invalid.

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "evaluate/own_rate.h"
#include "kraft/error.h"
#include "kraft/tasks/options.h"
#include "kraft/tasks/reproduce.h"
#include "tasks/chosen_views.h"
#include "tasks/kept_cells.h"
#include "tasks/models.h"
#include "tasks/paper_media.h"

namespace kraft {
namespace {

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

// Where alone an option has a meaning.
OptionCondition of(std::initializer_list<Experiment> experiments) {
  OptionCondition condition{.option = "experiment"};
  for (const Experiment experiment : experiments)
    condition.values.emplace_back(name_of(experiment));
  return condition;
}

std::vector<std::pair<std::string, Medium>> names_of_curves() {
  std::vector<std::pair<std::string, Medium>> names;
  for (const PaperMedium& row : paper_media()) {
    if (row.files != nullptr) names.emplace_back(paper_name(row.medium), row.medium);
  }
  return names;
}

OptionTable<ReproduceTask> make_table() {
  using T = ReproduceTask;
  using E = Experiment;
  OptionTable<T> table;
  table.structured("experiment", &T::experiment, parse_experiment,
                   [](Experiment experiment) { return std::string(name_of(experiment)); },
                   {.value_name = "NAME",
                    .choices = experiment_names(),
                    .meaning = "which of the paper's experiments",
                    .required = true});
  table.list("model", &T::models,
             {.letter = 'm',
              .value_name = "SPEC",
              .meaning = "one more model, such as a GGUF file; several may be given",
              .names_models = true});
  table.integer("limit", &T::limit_bytes,
                {.value_name = "BYTES",
                 .min = 2048,
                 .max = static_cast<double>(std::int64_t{1} << 40),
                 .meaning = "at most so many bytes of each kind of data; so many random ones",
                 .is_size = true});
  table.integer("chunks", &T::chunks,
                {.value_name = "N",
                 .otherwise = std::to_string(T::kDefaultChunks),
                 .meaning = "chunks that a model with parameters predicts, and all models in fig4 "
                            "(0: all); places of views",
                 .only_with = of({E::table1, E::fig2, E::fig4, E::table2, E::views})});
  table.choice("medium", &T::medium, names_of_curves(), T::kDefaultMedium,
               {.value_name = "WHAT",
                .meaning = "whose curves are drawn",
                .only_with = of({E::fig2, E::fig4})});
  table.integer("seed", &T::seed,
                {.letter = 's',
                 .value_name = "S",
                 .otherwise = std::to_string(T::kDefaultSeed),
                 .meaning = "seed of the samples, and of the league's windows",
                 .only_with = of({E::fig3, E::league})});
  table.choice("view", &T::view,
               std::vector<std::pair<std::string, ChosenView>>{{"encoder", ChosenView::encoder},
                                                               {"decoder", ChosenView::decoder},
                                                               {"both", ChosenView::both}},
               {.value_name = "WHICH",
                .otherwise = "both",
                .meaning = "views of the league's codecs; the decoder's take a tenth of the time",
                .only_with = of({E::league})});
  table.integer("windows", &T::windows,
                {.value_name = "N",
                 .min = 1,
                 .max = 65536,
                 .otherwise = std::to_string(T::kDefaultWindows),
                 .meaning = "windows that the league takes of each file",
                 .only_with = of({E::league})});
  add_resume(table, &T::resume);
  add_threads(table, &T::threads);
  return table;
}

// Throws when there are data that the experiment does not read.
void refuse_unread(const ReproduceTask& task, const PaperMedium& row) {
  if (row.files == nullptr || (task.*row.files).empty() || reads(*task.experiment, row.medium))
    return;
  std::vector<std::string> readers;
  for (const Experiment reader : row.readers) readers.emplace_back(name_of(reader));
  throw OptionError({"", paper_name(row.medium),
                     " has no meaning for " + std::string(name_of(*task.experiment)) +
                         "; it is an option of " + join(readers, ", ")});
}

void check_views(const ReproduceTask& task) {
  if (task.chunks == 0) throw OptionError({"", "chunks", " 0 leaves views no place"});
  for (const std::string& spec : task.models) {
    if (!has_own_codec(spec))
      throw UsageError(printable(spec) + " is no codec: it has no views to compare");
  }
  in_views(task.models, ChosenView::both);
}

}  // namespace

const OptionTable<ReproduceTask>& reproduce_options() {
  static const OptionTable<ReproduceTask> table = make_table();
  return table;
}

bool reads(Experiment experiment, Medium medium) {
  return std::ranges::count(paper_medium(medium).readers, experiment) > 0;
}

void check(const ReproduceTask& task) {
  check(reproduce_options(), task);
  check_resume(task.resume);
  if (task.medium && paper_medium(*task.medium).files == nullptr)
    throw UsageError("the curves are of text, images or audio, not of random bytes");
  for (const PaperMedium& row : paper_media()) refuse_unread(task, row);
  check_models(task.models);
  if (task.experiment == Experiment::views) check_views(task);
  if (task.text.size() > 1 && task.experiment != Experiment::league)
    throw UsageError(std::string(name_of(*task.experiment)) + " reads one text, not " +
                     std::to_string(task.text.size()));
}

}  // namespace kraft
