// kraft reproduce: the experiments of "Language Modeling Is Compression".

#include <algorithm>

#include "base/files.h"
#include "base/text.h"
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

// What the command reads and writes around the task.
struct Show {
  std::vector<std::string> text, images, audio;
  std::optional<std::string> plot, output, html;
  bool json = false, force = false;
};

const OptionTable<Show>& show_options() {
  static const auto table = [] {
    OptionTable<Show> rows;
    rows.list("text", &Show::text,
              {.value_name = "FILE...",
               .otherwise = default_data_name(Medium::text),
               .meaning = "the text, such as enwik9 (- is standard input); of the league several",
               .several = true,
               .is_read = true});
    rows.list("images", &Show::images,
              {.value_name = "FILE...",
               .otherwise = default_data_name(Medium::image),
               .meaning = "images, or folders of them",
               .several = true,
               .is_read = true});
    rows.list("audio", &Show::audio,
              {.value_name = "FILE...",
               .otherwise = default_data_name(Medium::audio),
               .meaning = "recordings, or folders of them",
               .several = true,
               .is_read = true});
    rows.file("plot", &Show::plot,
              {.value_name = "FILE",
               .meaning = "write the curves or bars (SVG)",
               .only_with = {"experiment", {"fig2", "fig4", "views"}}});
    rows.file("output", &Show::output,
              {.letter = 'o',
               .value_name = "DIR",
               .meaning = "the folder for samples and pictures",
               .only_with = {"experiment", {"fig3"}}});
    rows.file("html", &Show::html,
              {.value_name = "FILE",
               .meaning = "write the page of kraft compare as well",
               .only_with = {"experiment", {"league"}}});
    add_force(rows, &Show::force);
    rows.flag("json", &Show::json, {.meaning = "print JSON"});
    return rows;
  }();
  return table;
}

void check_show(const Show& show, Experiment experiment) {
  expect_ending("plot", show.plot.value_or(""), "a plot in SVG", {".svg"});
  if (experiment == Experiment::fig3 && !show.output && !show.json)
    throw UsageError("--output DIR is missing, for the samples and pictures, or --json");
  expect_files(show.text);
  expect_page(show.html);
}

void set_data(const Show& show, ReproduceTask& task) {
  for (const std::string& path : show.text) task.text.push_back(reproduce_file(path));
  task.images = reproduce_inputs(show.images, Medium::image);
  task.audio = reproduce_inputs(show.audio, Medium::audio);
  check(task);
  add_default_data(task);
}

bool is_read(const Show& show, const std::string& path) {
  const auto same = [&](const std::string& input) { return is_same_file(input, path); };
  return std::ranges::any_of(show.text, same) || std::ranges::any_of(show.images, same) ||
         std::ranges::any_of(show.audio, same);
}

void write_files(const ReproduceResult& result, const Show& show, Outputs& outputs) {
  for (const NamedBytes& file : reproduce_files(result)) {
    const std::string path = *show.output + "/" + file.name;
    outputs.write(path, [&] {
      if (!show.force && is_read(show, path))
        throw Error(printable(path) +
                    " is not written, since it has been read: give --force, or another --output");
      return file.bytes;
    });
  }
}

void show_result(const ReproduceResult& result, const Show& show, Outputs& outputs) {
  if (show.html)
    outputs.write_text(*show.html,
                       [&] { return compare_page(*result.comparison, "kraft reproduce league"); });
  if (show.plot) outputs.write_text(*show.plot, [&] { return reproduce_plot(result); });
  if (show.plot != "-") {
    if (show.output) outputs.attempt([&] { write_files(result, show, outputs); });
    outputs.attempt(
        [&] { write_out(show.json ? reproduce_json(result) : reproduce_text(result)); });
  }
  outputs.finish();
}

int run(ReproduceTask& task, const Show& show) {
  check_show(show, *task.experiment);
  set_data(show, task);
  if (show.output && launch().rank == 0) make_folder(*show.output);
  Outputs outputs;
  if (launch().rank == 0) {
    if (show.plot) outputs.open(*show.plot);
    if (show.html) outputs.open(*show.html);
  }
  return spread(
      [&](const Receiver& receiver) { show_result(reproduce(task, receiver), show, outputs); },
      task.resume ? Finished::kept : Finished::lost);
}

}  // namespace

Command reproduce_command() {
  Command command;
  command.name = "reproduce";
  command.summary = "repeat the experiments of \"Language Modeling Is Compression\"";
  command.details =
      "The experiments of Deletang et al. (ICLR 2024), with their protocols, on data of any kind, "
      "beside the published figures; docs/reproduce.md says what is done and what differs. "
      "table1: rates on text, images, audio and noise, in chunks of 2048 bytes and as a whole. "
      "fig2: rates with the model's size over the amount of data. fig3: text, an image and sound "
      "continued. fig4: rates over the length of what is compressed. table2: rates under different "
      "vocabularies. views, which the paper lacks: what codecs pay beside what their two views "
      "expect. league, likewise: every codec at two levels and in both views, and what predicts, "
      "compared as kraft compare does it, on books, source code, DNA, photographs and recordings "
      "(docs/league.md). Without files of your own, those are taken that examples/fetch-data "
      "fetches, for the league with the word league "
      "(looked for in KRAFT_DATA, or else ~/.cache/kraft/data). Models with parameters are slow: "
      "they predict --chunks chunks, evenly spread, and their standard error (+-) is shown.";
  command.examples = {
      "kraft reproduce table1",
      "kraft reproduce table1 --text enwik9 --limit 1GiB --chunks 0 --model llama:tinyllama.gguf",
      "kraft reproduce fig4 --medium images --plot context.svg",
      "kraft reproduce fig3 --output figure3",
      "kraft reproduce views --plot views.svg",
      "kraft reproduce league --resume league.jsonl --html league.html"};
  command.positional = "experiment";
  command.without_positional =
      "which experiment? One of " + join(reproduce_options().find("experiment").choices, ", ");
  command.spreads = true;
  serve(command, reproduce_options(), show_options(), run);
  return command;
}

}  // namespace kraft::cli
