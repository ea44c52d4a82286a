// kraft help: the commands, and the options of one from its tables.

#include <set>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "kraft/registry.h"
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

std::string options_text(const Command& command) {
  constexpr std::size_t kIndent = 32;
  std::string text;
  for (const Option* option : named_options(command)) {
    std::string line = "  " + usage_of(*option);
    if (line.size() + 2 > kIndent) {
      line += "\n" + std::string(kIndent, ' ');
    } else {
      line += std::string(kIndent - line.size(), ' ');
    }
    text += line + wrapped(meaning_of(*option), kIndent, kIndent) + "\n";
  }
  return text;
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
    if (command.hidden) continue;
    text +=
        "  " + command.name + std::string(12 - command.name.size(), ' ') + command.summary + "\n";
  }
  return text +
         "\n`kraft help COMMAND` shows a command's options; `kraft --version` the libraries.\n";
}

void show_help(const Command& command) { write_out(help_text(command)); }

std::string help_text(const Command& command) {
  std::string text = "usage: " + synopsis_of(command) + "\n\n";
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

}  // namespace

Command help_command() {
  Command command;
  command.name = "help";
  command.summary = "show the commands, or the options of one";
  command.positional = "command";
  serve(
      command, help_options(), +[](const HelpOptions& options) {
        write_out(options.command.empty() ? help_text() : help_text(find_command(options.command)));
        return 0;
      });
  return command;
}

}  // namespace kraft::cli
