// kraft next: what a model expects after a context.

#include "kraft/tasks/next.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "kraft/report.h"

namespace kraft::cli {
namespace {

struct Show {
  std::optional<int> top;
  bool json = false;
};

const OptionTable<Show>& show_options() {
  static const auto table = [] {
    OptionTable<Show> rows;
    rows.integer("top", &Show::top,
                 {.value_name = "N",
                  .min = 1,
                  .max = 256,
                  .otherwise = std::to_string(ChartStyle{}.top),
                  .meaning = "bytes in the chart"});
    rows.flag("json", &Show::json, {.meaning = "print JSON", .excludes = {"top"}});
    return rows;
  }();
  return table;
}

int run(NextTask& task, const Show& show) {
  TerminalReceiver terminal;
  const NextResult result = next(task, terminal.receiver());
  ChartStyle style{.colour = colour_wanted(), .utf8 = utf8_terminal()};
  if (show.top) style.top = *show.top;
  write_out(show.json ? next_json(result) : next_chart(result, style));
  return 0;
}

}  // namespace

Command next_command() {
  Command command;
  command.name = "next";
  command.summary = "show what a model expects next";
  command.details =
      "Prints the most probable next bytes as a bar chart: their probability, and the increment of "
      "the code length in bits. The JSON has all 256: base_bits is the length of the context alone "
      "(null where it was not computed), bits[b] the increment of byte b, and probability the "
      "normalised 2^-bits. A language model or a pool of models would have to predict every byte "
      "of the context to say its length; that happens with --base-bits on only.";
  command.examples = {"kraft next --model gzip --prompt 'banana banan'",
                      "kraft next --model xz --prime book.txt --prompt 'Call me ' --json"};
  command.positional = "input";
  serve(command, next_options(), show_options(), run);
  return command;
}

}  // namespace kraft::cli
