// kraft help, man and completion: all from the commands' own tables of options.

#include <set>

#include "base/text.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "kraft/sampler.h"
#include "version.h"

namespace kraft::cli {
namespace {

constexpr std::size_t kLineWidth = 79;

// Breaks text into lines at spaces. `first` characters of the first line are taken already.
std::string wrapped(const std::string& text, std::size_t indent, std::size_t first) {
  std::string result;
  std::size_t column = first;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    if (column > indent && column + 1 + word.size() > kLineWidth) {
      result += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      result += ' ';
      ++column;
    }
    result += word;
    column += word.size();
    at = end + 1;
  }
  return result;
}

bool is_hidden(const Command& command) {
  return command.name == "man" || command.name == "completion";
}

// An option as the help shows it.
struct Shown {
  std::string name, usage, meaning;
};

// All but those that need no name.
std::vector<Shown> shown_options(const Command& command) {
  std::vector<Shown> shown;
  for (const std::span<const Option> table : command.tables) {
    for (const Option& option : table)
      shown.push_back({option.name, usage_of(option), meaning_of(option)});
  }
  std::erase_if(shown, [&](const Shown& option) { return option.name == command.positional; });
  return shown;
}

std::string options_text(const Command& command) {
  constexpr std::size_t kIndent = 32;
  std::string text;
  for (const Shown& option : shown_options(command)) {
    std::string line = "  " + option.usage;
    if (line.size() + 2 > kIndent) {
      line += "\n" + std::string(kIndent, ' ');
    } else {
      line += std::string(kIndent - line.size(), ' ');
    }
    text += line + wrapped(option.meaning, kIndent, kIndent) + "\n";
  }
  return text;
}

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
    if (is_hidden(command)) continue;
    text += ".SS kraft " + command.name + " " + roff(command.synopsis) + "\n";
    text += roff(command.summary) + ".\n.PP\n" + roff(command.details) + "\n";
    for (Shown& option : shown_options(command)) {
      option.usage.erase(0, option.usage.find_first_not_of(' '));
      text += ".TP\n.B " + roff(option.usage) + "\n" + roff(option.meaning) + "\n";
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
    if (is_hidden(command)) continue;
    names += command.name + " ";
    values += value_cases(command);
    if (command.name == "help") continue;
    std::string options = "--help";
    for (const Shown& option : shown_options(command)) options += " --" + option.name;
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

}  // namespace

std::string version_text() {
  std::string text = "kraft " + std::string(kVersion) + "\n";
  std::set<std::string> libraries;
  for (const Backend& backend : backends()) {
    const bool is_loaded = backend.built_with.empty();
    libraries.insert(is_loaded ? backend.library() : backend.built_with);
  }
  libraries.erase("kraft");
  for (const std::string& library : libraries) text += library + "\n";
  return text;
}

std::string help_text() {
  std::string text =
      "usage: kraft COMMAND [options]\n\n"
      "Draws new data from anything that compresses, and compresses with anything that "
      "predicts.\n\n";
  for (const Command& command : commands()) {
    if (is_hidden(command)) continue;
    text +=
        "  " + command.name + std::string(12 - command.name.size(), ' ') + command.summary + "\n";
  }
  return text +
         "\n`kraft help COMMAND` shows a command's options; `kraft --version` the libraries.\n";
}

void show_help(const Command& command) { write_out(help_text(command)); }

std::string help_text(const Command& command) {
  std::string text = "usage: kraft " + command.name + " " + command.synopsis + "\n\n";
  if (!command.details.empty()) text += wrapped(command.details, 0, 0) + "\n\n";
  const std::string options = options_text(command);
  if (!options.empty()) text += "Options:\n" + options;
  if (!command.examples.empty()) text += "\nExamples:\n";
  for (const std::string& example : command.examples) text += "  " + example + "\n";
  return text;
}

namespace {

struct HelpOptions {
  std::string command;
};

const OptionTable<HelpOptions>& help_options() {
  static const auto table = [] {
    OptionTable<HelpOptions> rows;
    rows.text("command", &HelpOptions::command,
              {.value_name = "COMMAND", .meaning = "the command"});
    return rows;
  }();
  return table;
}

struct NoOptions {};

const OptionTable<NoOptions>& no_options() {
  static const OptionTable<NoOptions> table;
  return table;
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

Command help_command() {
  Command command;
  command.name = "help";
  command.synopsis = "[COMMAND]";
  command.summary = "show the commands, or the options of one";
  command.positional = "command";
  serve(
      command, help_options(), +[](const HelpOptions& options) {
        write_out(options.command.empty() ? help_text() : help_text(find_command(options.command)));
        return 0;
      });
  return command;
}

Command man_command() {
  Command command;
  command.name = "man";
  command.summary = "print the man page (roff)";
  serve(
      command, no_options(), +[](const NoOptions&) {
        write_out(man_page());
        return 0;
      });
  return command;
}

Command completion_command() {
  Command command;
  command.name = "completion";
  command.synopsis = "bash";
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
