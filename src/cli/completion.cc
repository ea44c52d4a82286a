// kraft completion: a script for a shell, from the commands' own tables of options.

#include "base/text.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "kraft/error.h"
#include "kraft/registry.h"

namespace kraft::cli {
namespace {

std::string completed_with(const std::string& words) {
  return "mapfile -t COMPREPLY < <(compgen -W '" + words + "' -- \"$word\"); return ;;\n";
}

// What may follow an option, where that is one of some words.
std::string words_after(const Option& option) {
  std::vector<std::string> words = option.choices;
  if (words.empty() && option.names_models) {
    for (const Backend& backend : backends()) words.push_back(backend.name);
  }
  return join(words, " ");
}

// A case for each option of a command that some words may follow.
std::string value_cases(const Command& command) {
  std::string cases;
  for (const std::span<const Option> table : command.tables) {
    for (const Option& option : table) {
      const std::string words = words_after(option);
      if (words.empty() || option.kind == OptionKind::flag) continue;
      cases += "    '" + command.name + " --" + option.name + "'";
      if (option.letter != 0) cases += "|'" + command.name + " -" + option.letter + "'";
      cases += ") " + completed_with(words);
    }
  }
  return cases;
}

std::string completion_script() {
  std::string names, cases, values;
  for (const Command& command : commands()) {
    if (command.hidden) continue;
    names += command.name + " ";
    values += value_cases(command);
    if (command.name == "help") continue;
    std::string options = "--help";
    for (const Option* option : named_options(command)) options += " --" + option->name;
    cases += "    " + command.name + ") options='" + options + "' ;;\n";
  }
  return "# bash completion for kraft\n"
         "_kraft() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} options=\n"
         "  COMPREPLY=()\n"
         "  if ((COMP_CWORD == 1)); then\n"
         "    mapfile -t COMPREPLY < <(compgen -W '" +
         names +
         "--version --help' -- \"$word\")\n"
         "    return\n"
         "  fi\n"
         "  case \"${COMP_WORDS[1]} $previous\" in\n" +
         values +
         "  esac\n"
         "  case ${COMP_WORDS[1]} in\n" +
         cases + "    help) " + completed_with(names) +
         "  esac\n"
         "  if [[ $word == -* ]]; then\n"
         "    mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n"
         "  else\n"
         "    mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
         "  fi\n"
         "}\n"
         "complete -o filenames -F _kraft kraft\n";
}

struct CompletionOptions {
  std::string shell = "bash";
};

const OptionTable<CompletionOptions>& completion_options() {
  static const auto table = [] {
    OptionTable<CompletionOptions> rows;
    rows.text("shell", &CompletionOptions::shell, {.value_name = "SHELL", .meaning = "the shell"});
    return rows;
  }();
  return table;
}

}  // namespace

Command completion_command() {
  Command command;
  command.name = "completion";
  command.hidden = true;
  command.summary = "print the completion script of a shell";
  command.positional = "shell";
  serve(
      command, completion_options(), +[](const CompletionOptions& options) {
        if (options.shell != "bash") throw UsageError("there is a completion script for bash only");
        write_out(completion_script());
        return 0;
      });
  return command;
}

}  // namespace kraft::cli
