// kraft compare: which compressor dreams best.

#include <ctime>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/outputs.h"
#include "cli/spreading.h"
#include "cli/terminal.h"
#include "kraft/error.h"
#include "kraft/report.h"
#include "run/ranks.h"

namespace kraft::cli {
namespace {

struct Show {
  Columns columns = kDefaultColumns;
  bool json = false, csv = false, force = false;
  std::optional<std::string> html, lm_eval;
};

const OptionTable<Show>& show_options() {
  static const auto table = [] {
    OptionTable<Show> rows;
    rows.choice(
        "columns", &Show::columns,
        std::vector<std::pair<std::string, Columns>>{
            {"concise", Columns::concise}, {"all", Columns::all}, {"lasting", Columns::lasting}},
        {.value_name = "WHICH", .meaning = "of the tables; lasting: all but costs"});
    rows.flag("json", &Show::json,
              {.meaning = "print JSON: all figures, all samples", .excludes = {"csv"}});
    rows.flag("csv", &Show::csv, {.meaning = "print CSV: a line for each figure"});
    rows.file("html", &Show::html,
              {.value_name = "FILE", .meaning = "write a page with all results as well"});
    rows.file("lm-eval", &Show::lm_eval,
              {.value_name = "DIR",
               .meaning = "write MODEL/results_TIME.json there as well, in the form of "
                          "lm-evaluation-harness"});
    add_force(rows, &Show::force);
    return rows;
  }();
  return table;
}

std::string command_of(const CompareTask& task) {
  std::string text = "kraft compare";
  for (const std::string& model : task.models) text += " --model " + model;
  if (task.view) text += " --view " + name_of(*task.view);
  if (task.samplers != CompareTask().samplers) {
    for (const std::string& sampler : task.samplers) text += " --sampler " + sampler;
  }
  if (compare_options().is_set(task, "temperatures"))
    text += " --temperatures " + text_of(*compare_options().value(task, "temperatures"));
  for (const NamedBytes& input : task.inputs) text += " " + input.name;
  for (const std::string& file : task.from) text += " --from " + file;
  return text;
}

int run(CompareTask& task, const Show& show) {
  expect_page(show.html);
  const std::string html = show.html.value_or("");
  Outputs outputs;
  if (launch().rank == 0) {
    outputs.open(html);
    if (show.lm_eval) make_folder(*show.lm_eval);
  }
  const auto work = [&](const Receiver& receiver) {
    const CompareResult result = compare(task, receiver);
    outputs.write_text(html, [&] { return compare_page(result, command_of(task)); });
    if (show.lm_eval) {
      for (const NamedBytes& file : compare_lm_eval(result, std::time(nullptr))) {
        const std::string path = *show.lm_eval + "/" + file.name;
        outputs.attempt([&] { make_folder(path.substr(0, path.rfind('/'))); });
        outputs.write(path, [&] { return file.bytes; });
      }
    }
    outputs.attempt([&] {
      write_out(show.json  ? compare_json(result)
                : show.csv ? compare_csv(result)
                           : compare_table(result, show.columns));
    });
    outputs.finish();
  };
  return spread(work, task.resume ? Finished::kept : Finished::lost);
}

}  // namespace

Command compare_command() {
  Command command;
  command.name = "compare";
  command.summary = "compare what models predict and draw, and what it is worth";
  command.details =
      "From each file, windows are taken at random: a context, and the truth that follows it. "
      "Every model predicts the truth, and every sampler draws something else in its place; "
      "docs/compare.md defines what is measured of both. The first row, `truth`, and the last, "
      "`uniform`, are what knowing everything and knowing nothing come to. Means are over windows, "
      "with their standard error (+-); JSON, CSV and the page have 95 % confidence intervals as "
      "well. A codec is looked at in both of its views, where it has two, beside its own rate: "
      "what "
      "it needs itself for the truth. Text is judged by models that have seen what the file has "
      "outside the window, and "
      "nothing of the window. Images are taken in gray, recordings as one channel of 8 bits. The "
      "results, costs aside, do not depend on --threads, nor on how many ranks mpirun starts.";
  command.examples = {
      "kraft compare --model gzip --model zstd:19 --model xz book.txt photo.png speech.wav",
      "kraft compare --model gzip --model llama --sampler auto --sampler "
      "ancestral,temperature=0.5 book.txt --html report.html --resume results.jsonl",
      "kraft compare --from here.jsonl --from there.jsonl --html report.html"};
  command.positional = "input";
  command.without_positional = "no file to compare on";
  command.spreads = true;
  serve(command, compare_options(), show_options(), run);
  return command;
}

}  // namespace kraft::cli
