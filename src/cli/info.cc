// kraft info: what a .kraft file says of itself.

#include "base/text.h"
#include "cli/coding.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "kraft/container.h"
#include "kraft/error.h"
#include "kraft/report.h"

namespace kraft::cli {
namespace {

struct Options {
  std::vector<std::string> inputs;
  bool json = false;
};

const OptionTable<Options>& options() {
  static const auto table = [] {
    OptionTable<Options> rows;
    rows.list("input", &Options::inputs,
              {.value_name = "FILE", .meaning = "the files", .required = true, .is_read = true});
    rows.flag("json", &Options::json, {.meaning = "print JSON"});
    return rows;
  }();
  return table;
}

ContainerInfo inspect_file(const std::string& path) {
  InputFile file(path);
  try {
    return inspect([&](std::span<Byte> to) { return file.read(to); });
  } catch (const Error& error) {
    throw Error(printable(file.name()) + ": " + error.what());
  }
}

int run(const Options& options) {
  std::vector<InspectedFile> files;
  for (const std::string& path : options.inputs) files.push_back({path, inspect_file(path)});
  write_out(options.json ? info_json(files) : info_table(files));
  return 0;
}

}  // namespace

Command info_command() {
  Command command;
  command.name = "info";
  command.summary = "show what .kraft files hold";
  command.details =
      "Checks the header and the end of each file, but not its blocks: that is `kraft decompress "
      "--test`. A portable file can be decoded on every machine, for its model codes in integers; "
      "- "
      "where the model is not known here.";
  command.examples = {"kraft info book.txt.kraft", "kraft info --json - <book.txt.kraft"};
  command.positional = "input";
  command.without_positional = "no file to show (- is standard input)";
  serve(command, options(), run);
  return command;
}

}  // namespace kraft::cli
