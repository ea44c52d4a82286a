// kraft classify: to which corpus does a text belong?

#include "kraft/tasks/classify.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "kraft/report.h"

namespace kraft::cli {
namespace {

struct Show {
  bool json = false;
};

const OptionTable<Show>& show_options() {
  static const auto table = [] {
    OptionTable<Show> rows;
    rows.flag("json", &Show::json, {.meaning = "print JSON"});
    return rows;
  }();
  return table;
}

int run(ClassifyTask& task, const Show& show) {
  TerminalReceiver terminal;
  const ClassifyResult result = classify(task, terminal.receiver());
  terminal.end_progress();
  write_out(show.json ? classify_json(result) : classify_table(result, task.lines));
  return 0;
}

}  // namespace

Command classify_command() {
  Command command;
  command.name = "classify";
  command.summary = "say which of several corpora a text belongs to, by code lengths";
  command.details =
      "For each text x and each corpus k: bits/byte is what x costs after the corpus, "
      "(C(kx) - C(k)) / |x|; NCD is the normalised compression distance (Cilibrasi and Vitanyi "
      "2005), (C(kx) - min(C(k), C(x))) / max(C(k), C(x)). C is the length of a codec's stream, to "
      "the bit where its format has bits and without what only pads its container; or the bits of "
      "a predictor. The nearest corpus has the smallest value. Of several that are equally near, "
      "which are marked as a tie, the one that is nearest by the other measure is named, and then "
      "the one whose name comes first; the order of the options does not matter. NCD is meant for "
      "texts and corpora of like sizes. A codec must see the whole corpus: gzip sees 32 KiB, and "
      "there is a warning; zstd, xz and brotli see megabytes.";
  command.examples = {
      "kraft classify --model xz --corpus english=moby.txt --corpus german=faust.txt letter.txt",
      "kraft classify --model ngram:4 --corpus code=main.cc --corpus prose=book.txt --lines mixed"};
  command.positional = "input";
  command.without_positional = "no text to classify (- is standard input)";
  serve(command, classify_options(), show_options(), run);
  return command;
}

}  // namespace kraft::cli
