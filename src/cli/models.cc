// kraft models: what there is.

#include "cli/options.h"
#include "cli/terminal.h"
#include "kraft/report.h"

namespace kraft::cli {
namespace {

struct Options {
  std::vector<std::string> names;
  bool json = false;
};

const OptionTable<Options>& options() {
  static const auto table = [] {
    OptionTable<Options> rows;
    rows.flag("json", &Options::json, {.meaning = "print JSON"});
    rows.list("name", &Options::names, {.value_name = "NAME", .meaning = "models to describe"});
    return rows;
  }();
  return table;
}

int run(const Options& options) {
  if (options.json) {
    write_out(models_json(options.names));
  } else if (!options.names.empty()) {
    write_out(models_text(options.names));
  } else {
    write_out(models_table() + "\n`kraft models NAME` shows a model's parameters.\n");
  }
  return 0;
}

}  // namespace

Command models_command() {
  Command command;
  command.name = "models";
  command.summary = "list the models, or describe some of them";
  command.details =
      "A model is specified as name[:argument][,key=value...], on every command and in the "
      "library.";
  command.examples = {"kraft models", "kraft models zstd", "kraft models --json"};
  command.positional = "name";
  serve(command, options(), run);
  return command;
}

}  // namespace kraft::cli
