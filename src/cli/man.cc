// kraft man: the man page, from the commands' own tables of options.

#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "kraft/registry.h"
#include "version.h"

namespace kraft::cli {
namespace {

// Escapes what roff would take for a request.
std::string roff(const std::string& text) {
  std::string escaped;
  for (char c : text) {
    if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-') {
      escaped += "\\-";
    } else {
      escaped += c;
    }
  }
  if (escaped.starts_with('.') || escaped.starts_with('\'')) escaped.insert(0, "\\&");
  return escaped;
}

std::string man_page() {
  std::string text = ".TH KRAFT 1 \"\" \"kraft " + std::string(kVersion) + "\" \"User Commands\"\n";
  text += ".SH NAME\nkraft \\- draw new data from anything that compresses\n";
  text += ".SH SYNOPSIS\n.B kraft\n.I command\n[options]\n";
  text += ".SH COMMANDS\n";
  for (const Command& command : commands()) {
    if (command.hidden) continue;
    text += ".SS " + roff(synopsis_of(command)) + "\n";
    text += roff(command.summary) + ".\n.PP\n" + roff(command.details) + "\n";
    for (const Option* option : named_options(command)) {
      std::string usage = usage_of(*option);
      usage.erase(0, usage.find_first_not_of(' '));
      text += ".TP\n.B " + roff(usage) + "\n" + roff(meaning_of(*option)) + "\n";
    }
    for (const std::string& example : command.examples)
      text += ".PP\n.EX\n" + roff(example) + "\n.EE\n";
  }
  text += ".SH MODELS\n";
  for (const Backend& backend : backends())
    text += ".TP\n.B " + roff(backend.name) + "\n" + roff(backend.summary) + "\n";
  text +=
      ".SH EXIT STATUS\n0 on success, 1 when something failed, 2 for a mistake in the request, "
      "130 after an interrupt.\n";
  text += ".SH ENVIRONMENT\n.TP\n.B NO_COLOR\nIf set, nothing is coloured.\n";
  return text;
}

struct NoOptions {};

const OptionTable<NoOptions>& no_options() {
  static const OptionTable<NoOptions> table;
  return table;
}

}  // namespace

Command man_command() {
  Command command;
  command.name = "man";
  command.hidden = true;
  command.summary = "print the man page (roff)";
  serve(
      command, no_options(), +[](const NoOptions&) {
        write_out(man_page());
        return 0;
      });
  return command;
}

}  // namespace kraft::cli
