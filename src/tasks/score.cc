#include "kraft/tasks/score.h"

#include <limits>

#include "base/text.h"
#include "kraft/error.h"
#include "kraft/tasks/options.h"
#include "run/cells.h"
#include "run/ranks.h"
#include "tasks/models.h"
#include "tasks/scoring.h"

namespace kraft {
namespace {

std::uint64_t parse_positions(const std::string& text) {
  if (text == "all") return kEveryPosition;
  std::int64_t number = 0;
  if (!parse_integer(text, number) || number < 0)
    throw OptionError({"", "positions", " '" + printable(text) + "' is neither a count nor 'all'"});
  return static_cast<std::uint64_t>(number);
}

std::string text_of_positions(std::uint64_t positions) {
  return positions == kEveryPosition ? "all" : std::to_string(positions);
}

OptionTable<ScoreTask> make_table() {
  using T = ScoreTask;
  OptionTable<T> table;
  table.list("model", &T::models,
             {.letter = 'm',
              .value_name = "SPEC",
              .meaning = "the model; several may be given",
              .required = true,
              .names_models = true});
  table.inputs("input", &T::inputs,
               {.value_name = "FILE", .meaning = "what is scored", .required = true});
  table.contents(
      "prime", &T::prime,
      {.value_name = "FILE",
       .meaning = "corpus that models have seen before each text; what is scored is what "
                  "the text adds to it"});
  table.flag("lines", &T::lines, {.meaning = "score each line by itself", .excludes = {"chunk"}});
  table.integer("chunk", &T::chunk_bytes,
                {.value_name = "N",
                 .min = 0,
                 .otherwise = "0",
                 .meaning = "compress every N bytes by themselves; 0: the whole file",
                 .is_size = true});
  table.structured("positions", &T::positions, parse_positions, text_of_positions,
                   {.value_name = "N|all",
                    .choices = {"all"},
                    .meaning = "bytes, drawn at random, where the prequential bits are measured; "
                               "0: nowhere"});
  table.integer("seed", &T::seed,
                {.letter = 's', .value_name = "S", .min = 0, .meaning = "seed of the positions"});
  table.include(media_input_options(), &T::media);
  add_threads(table, &T::threads);
  return table;
}

}  // namespace

const OptionTable<ScoreTask>& score_options() {
  static const OptionTable<ScoreTask> table = make_table();
  return table;
}

void check(const ScoreTask& task) {
  check(score_options(), task);
  check_models(task.models);
}

// A cell for each text and model, one at a time on each rank.
ScoreResult score(const ScoreTask& task, const Receiver& receiver) {
  check(score_options(), task);
  StopSign stop(receiver.cancelled);
  Receiver of_cells = receiver;
  of_cells.cancelled = [&stop] { return stop(); };
  const Scoring scoring(task, of_cells);
  scoring.warn(receiver);

  ScoreResult result;
  result.rows.resize(scoring.cells());
  Cells work;
  work.stop = &stop;
  if (!launch().alone()) {
    work.identity = scoring.identity();
    of_cells.progress = {};  // alone, each cell reports its own
    work.progress = [&](std::size_t done) {
      receiver.report({"scoring", done, scoring.cells(), "cells"});
    };
  }
  for (std::size_t cell = 0; cell < scoring.cells(); ++cell) work.missing.push_back(cell);
  work.compute = [&](std::size_t cell, unsigned) {
    return Scoring::figures_of(scoring.compute(cell, of_cells));
  };
  work.done = [&](std::size_t cell, const std::string& figures) {
    result.rows[cell] = scoring.row_of(cell, figures);
  };
  run_cells(work);
  return result;
}

}  // namespace kraft
