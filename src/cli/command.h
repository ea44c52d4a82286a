// What a subcommand is. The same tables of options parse the command line and print the help, the
// man page and the completion.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "kraft/tasks/options.h"
#include "run/ranks.h"

namespace kraft::cli {

struct Command {
  std::string name;
  std::string summary;  // one line
  std::string details;  // paragraphs for help and man page
  std::vector<std::string> examples;
  std::string positional;          // option that takes the arguments without a name; none if empty
  std::string without_positional;  // what is said where one is required and missing
  bool hidden = false;             // from the list of commands
  bool spreads = false;            // over the ranks that mpirun starts (run/cells.h)

  // Of the task and of what is shown of it: serve() sets both (cli/options.h).
  std::vector<std::span<const Option>> tables;
  std::function<int(const Command&, const std::vector<std::string>&)> call;
};

// One function for each subcommand, in a file of its own.
Command models_command();
Command next_command();
Command sample_command();
Command score_command();
Command compare_command();
Command reproduce_command();
Command classify_command();
Command compress_command();
Command decompress_command();
Command info_command();
Command serve_command();
Command help_command();
Command man_command();
Command completion_command();

const std::vector<Command>& commands();
const Command& find_command(const std::string& name);  // throws UsageError

// Runs the one that the arguments name, and throws nothing: what went wrong is a line of the
// ending.
Ending run_command(const std::vector<std::string>& arguments);

std::string help_text();
std::string help_text(const Command& command);
void show_help(const Command& command);
std::string version_text();

}  // namespace kraft::cli
