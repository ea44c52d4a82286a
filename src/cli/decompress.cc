// kraft decompress: back to the file that kraft compress has read.

#include <optional>

#include "base/text.h"
#include "cli/coding.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "kraft/error.h"
#include "kraft/tasks/pack.h"

namespace kraft::cli {
namespace {

const OptionTable<CodingShow>& show_options() {
  static const auto table = [] {
    OptionTable<CodingShow> rows;
    add_coding_options(rows, "FILE without .kraft");
    rows.flag("test", &CodingShow::test,
              {.meaning = "decompress and check, but write nothing", .excludes = {"output"}});
    return rows;
  }();
  return table;
}

std::string implied_output(const CodingShow& show) {
  if (show.input == "-") return "-";
  const std::string suffix = kSuffix;
  if (show.input.ends_with(suffix) && show.input.size() > suffix.size())
    return show.input.substr(0, show.input.size() - suffix.size());
  if (show.output) return "";
  throw UsageError("--output is missing: " + printable(show.input) + " does not end in " + suffix);
}

int run(DecompressTask& task, const CodingShow& show) {
  const std::string path = show.test ? "" : output_path(show, implied_output(show));
  InputFile input(show.input);
  std::optional<CodingOutput> output;
  if (!show.test) output.emplace(path, input.access());
  TerminalReceiver terminal;
  const PackResult result = decompress(
      task, [&](std::span<Byte> to) { return input.read(to); },
      [&](ByteView bytes) {
        if (output) output->write(bytes);
      },
      terminal.receiver());
  if (output) output->commit();
  terminal.end_progress();
  if (show.test && !show.quiet)
    note(printable(input.name()) + ": " + grouped(result.original_bytes) +
         " bytes, all of them right");
  return 0;
}

}  // namespace

Command decompress_command() {
  Command command;
  command.name = "decompress";
  command.summary = "restore a file that compress has written";
  command.details =
      "The .kraft file names its model. A model here that computes other probabilities than the "
      "one that wrote the file is refused, and every block is checked before it is written: a file "
      "appears whole and right, or not at all; only on standard output the beginning may have been "
      "written before damage shows. A model that is a command or lies in a file of its own is not "
      "taken from a .kraft file: name it with --model, and it must be the same.";
  command.examples = {"kraft decompress book.txt.kraft", "kraft decompress book.txt.kraft --test",
                      "kraft decompress -o - book.txt.kraft | head",
                      "kraft decompress --model 'cmd:\"gzip -9\"' x.kraft"};
  command.positional = "input";
  serve(command, decompress_options(), show_options(), run);
  return command;
}

}  // namespace kraft::cli
