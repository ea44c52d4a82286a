#include "cli/options.h"

#include <algorithm>
#include <boost/program_options.hpp>
#include <cctype>
#include <set>

#include "base/files.h"
#include "base/text.h"
#include "kraft/error.h"
#include "registry/model_files.h"
#include "run/interrupts.h"
#include "run/ranks.h"

namespace kraft::cli {
namespace {

namespace po = boost::program_options;

bool takes_value(const Option& option) { return option.kind != OptionKind::flag; }

bool is_repeated(const Option& option) {
  return option.kind == OptionKind::list || option.kind == OptionKind::inputs;
}

bool holds_files(const Option& option) {
  return option.kind == OptionKind::contents || option.kind == OptionKind::inputs;
}

// "-5" and "- so" are values, not options.
bool looks_like_option(const std::string& argument) {
  return argument.size() > 1 && argument[0] == '-' &&
         (argument[1] == '-' || std::isalpha(static_cast<unsigned char>(argument[1])) != 0);
}

// "NAME=FILE"
std::pair<std::string, std::string> named_file(const Option& option, const std::string& value) {
  const std::size_t equals = value.find('=');
  if (equals == value.npos || equals == 0 || equals + 1 == value.size())
    throw OptionError(
        {"", option.name, " is " + option.value_name + ", not '" + printable(value) + "'"});
  return {value.substr(0, equals), value.substr(equals + 1)};
}

// What Boost would not take as it is meant: "-5", and the empty value of "--name=".
std::vector<po::option> odd_argument(std::vector<std::string>& arguments) {
  const std::string argument = arguments[0];
  po::option odd;
  if (argument.size() > 1 && argument[0] == '-' && !looks_like_option(argument)) {
    odd.value = {argument};
  } else if (argument.starts_with("--") && argument.find('=') == argument.size() - 1) {
    odd.string_key = argument.substr(2, argument.size() - 3);
    odd.value = {""};
  } else {
    return {};
  }
  odd.original_tokens = {argument};
  arguments.erase(arguments.begin());
  return {odd};
}

// The values of a text, a list or a file that is set.
std::vector<std::string> values_of(const BoundOptions& options, const Option& option) {
  const auto value = options.value(option);
  if (!value) return {};
  if (const auto* all = std::get_if<std::vector<std::string>>(&*value)) return *all;
  const auto* one = std::get_if<std::string>(&*value);
  return one == nullptr || one->empty() ? std::vector<std::string>() : std::vector{*one};
}

}  // namespace

Request::Request(const Command& command, std::vector<BoundOptions> options,
                 const std::vector<std::string>& arguments)
    : command_(command), options_(std::move(options)) {
  po::options_description known;
  po::positional_options_description positional;
  known.add_options()("help,h", "");
  for (const BoundOptions& bound : options_) {
    for (const Option& option : bound.rows()) {
      auto* values = po::value<std::vector<std::string>>();
      if (option.several) values->multitoken();
      if (!takes_value(option)) values->zero_tokens();
      const std::string letter = option.letter == 0 ? "" : std::string(",") + option.letter;
      known.add_options()((option.name + letter).c_str(), values);
      if (option.name == command.positional)
        positional.add(option.name.c_str(), is_repeated(option) ? -1 : 1);
    }
  }
  po::command_line_parser parser(arguments);
  parser.options(known).positional(positional).extra_style_parser(odd_argument);
  parser.style(po::command_line_style::unix_style & ~po::command_line_style::allow_guessing);
  try {
    for (po::option& option : parser.run().options)
      take(option.string_key, option.original_tokens, std::move(option.value));
  } catch (const po::error& error) {
    fail(printable(error.what()));
  }
  for (const BoundOptions& bound : options_) {  // a server's or MPI's share of the processors
    const Option* threads = bound.find("threads");
    if (threads != nullptr && !bound.is_set(*threads))
      bound.set(*threads, static_cast<std::int64_t>(default_threads()));
  }
}

void Request::fail(const std::string& message) const {
  throw UsageError(message + "; `kraft help " + command_.name + "` shows the options");
}

Request::Found Request::find(std::string_view name) const {
  for (const BoundOptions& bound : options_) {
    for (const Option& option : bound.rows()) {
      if (option.name == name) return {&bound, &option};
    }
  }
  return {};
}

// `tokens` are the arguments that the option stands in.
void Request::take(const std::string& name, const std::vector<std::string>& tokens,
                   std::vector<std::string> values) {
  if (name == "help") {
    wants_help_ = true;
    return;
  }
  if (tokens.size() > 1 && looks_like_option(tokens[1]))
    fail("the required argument for option '--" + name + "' is missing");
  if (values.empty()) values = {"on"};
  if (tokens.size() == 1 && !tokens[0].starts_with("--") && values[0].starts_with('='))
    values[0].erase(0, 1);  // -n=5
  for (const std::string& value : values) take(find(name), value);
}

void Request::take(const Found& found, const std::string& value) {
  const Option& option = *found.option;
  const bool again = std::ranges::count(given_, &option) > 0;
  if (again && !is_repeated(option) && takes_value(option))
    fail("option '--" + option.name + "' cannot be specified more than once");
  given_.push_back(&option);
  try {
    if (holds_files(option)) return add_file(found, value);
    OptionValue parsed = option.parsed(value);
    if (option.kind == OptionKind::list && again) {
      auto all = std::get<std::vector<std::string>>(*found.options->value(option));
      all.push_back(value);
      parsed = std::move(all);
    }
    found.options->set(option, parsed);
  } catch (const OptionError& error) {
    throw UsageError(error.text([this](const std::string& n) { return spelled(command_, n); }));
  }
}

// What stands in the task until the files are read: that there are some, and their names.
void Request::add_file(const Found& found, const std::string& value) {
  const Option& option = *found.option;
  const auto named = option.named ? named_file(option, value) : std::pair(value, value);
  auto file = std::ranges::find(files_, &option, &File::option);
  if (file == files_.end()) file = files_.insert(files_.end(), {found.options, &option, {}});
  file->names.push_back(named);
  if (option.kind == OptionKind::contents) {
    found.options->set(option, Bytes());
    return;
  }
  std::vector<NamedBytes> inputs;
  for (const auto& [name, path] : file->names) inputs.push_back({name, {}});
  found.options->set(option, inputs);
}

void Request::check() const {
  try {
    for (const BoundOptions& bound : options_) {
      for (const Option& option : bound.rows()) {
        if (!bound.is_missing(option)) continue;
        if (option.name == command_.positional) throw UsageError(command_.without_positional);
        throw UsageError("--" + option.name + " is missing" +
                         (option.names_models ? "; `kraft models` lists them" : ""));
      }
      bound.check();
    }
    check_conditions(options_);
  } catch (const OptionError& error) {
    throw UsageError(error.text([this](const std::string& n) { return spelled(command_, n); }));
  }
  expect_standard_input_once();
  expect_outputs_apart();
}

std::vector<Request::NamedPath> Request::read_paths() const {
  std::vector<NamedPath> paths;
  for (const File& file : files_) {
    for (const auto& [name, path] : file.names) paths.push_back({file.option, path});
  }
  for (const BoundOptions& bound : options_) {
    for (const Option& option : bound.rows()) {
      if (!option.names_models && !option.is_read) continue;
      for (const std::string& value : values_of(bound, option)) {
        for (const std::string& path :
             option.names_models ? model_files(value) : std::vector{value})
          paths.push_back({&option, path});
      }
    }
  }
  return paths;
}

std::vector<Request::NamedPath> Request::written_paths() const {
  std::vector<NamedPath> paths;
  for (const BoundOptions& bound : options_) {
    for (const Option& option : bound.rows()) {
      if (option.kind != OptionKind::file || option.is_read) continue;
      for (const std::string& path : values_of(bound, option)) paths.push_back({&option, path});
    }
  }
  return paths;
}

void Request::expect_outputs_apart() const {
  const std::vector<NamedPath> written = written_paths();
  for (std::size_t i = 0; i < written.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (would_be_one_file(written[i].path, written[j].path))
        throw UsageError(spelled(command_, written[j].option->name) + " and " +
                         spelled(command_, written[i].option->name) + " name the same file");
    }
  }
  const Found force = find("force");
  if (written.empty() || (force.option != nullptr && force.options->is_set(*force.option))) return;
  const std::vector<NamedPath> read = read_paths();
  for (const NamedPath& output : written) {
    for (const NamedPath& input : read) {
      const std::string from = input.path == "-" ? "/dev/stdin" : input.path;
      if (output.path == "-" || !would_be_one_file(from, output.path)) continue;
      const std::string& reader = input.option->name;
      throw UsageError(spelled(command_, output.option->name) + " " + printable(output.path) +
                       " would overwrite " +
                       (input.path == "-"               ? "standard input"
                        : reader == command_.positional ? "the " + reader
                                                        : "the file of --" + reader) +
                       ": give --force, or another name");
    }
  }
}

void Request::expect_standard_input_once() const {
  const Option* reader = nullptr;
  std::vector<std::string> paths;
  for (const File& file : files_) {
    for (const auto& [name, path] : file.names) {
      paths.push_back(path);
      if (path != "-") continue;
      if (reader == file.option) throw UsageError("standard input cannot be read twice");
      if (reader != nullptr)
        throw UsageError(spelled(command_, reader->name) + " - and " +
                         spelled(command_, file.option->name) + " - both read standard input");
      reader = file.option;
    }
  }
  expect_files(paths);
}

void Request::read_files() {
  for (const File& file : files_) {
    std::vector<NamedBytes> inputs;
    for (const auto& [name, path] : file.names)
      inputs.push_back({name, read_input(path, interrupted, file.option->may_be_empty)});
    if (file.option->kind == OptionKind::contents) {
      file.options->set(*file.option, inputs[0].bytes);
    } else {
      file.options->set(*file.option, inputs);
    }
  }
}

std::string Request::file_name(std::string_view option) const {
  for (const File& file : files_) {
    if (file.option->name == option) return file.names.at(0).first;
  }
  return "";
}

std::string spelled(const Command& command, const std::string& option) {
  return option == command.positional ? "the " + option : "--" + option;
}

std::vector<const Option*> named_options(const Command& command) {
  std::vector<const Option*> named;
  for (const std::span<const Option> table : command.tables) {
    for (const Option& option : table) {
      if (option.name != command.positional) named.push_back(&option);
    }
  }
  return named;
}

namespace {

std::string synopsis_of(const Command& command, const Option& option) {
  std::string text = option.value_name;
  if (option.name != command.positional) {
    text = "--" + option.name + (takes_value(option) ? " " + text : "");
  } else if (!option.choices.empty()) {
    text = join(option.choices, "|");
  } else if (option.kind == OptionKind::contents) {
    text += "|-";
  }
  return is_repeated(option) ? text + "..." : text;
}

}  // namespace

std::string synopsis_of(const Command& command) {
  std::vector<std::string> required, instead, others;
  std::string unnamed;  // and not required
  std::set<std::string> stand_in;
  const auto each = [&](const auto& visit) {
    for (const std::span<const Option> table : command.tables) {
      for (const Option& option : table) visit(option, synopsis_of(command, option));
    }
  };
  each([&](const Option& option, const std::string&) {
    if (option.required) stand_in.insert(option.unless.begin(), option.unless.end());
  });
  each([&](const Option& option, const std::string& text) {
    if (stand_in.contains(option.name)) {
      instead.push_back(text);
    } else if (option.required) {
      required.push_back(text);
    } else if (option.name == command.positional) {
      unnamed = " [" + text + "]";
    } else {
      others.push_back(text);
    }
  });
  std::string synopsis = "kraft " + command.name;
  if (!instead.empty()) {
    synopsis += " {" + join(required, " ") + " | " + join(instead, " | ") + "}";
  } else if (!required.empty()) {
    synopsis += " " + join(required, " ");
  }
  synopsis += unnamed;
  if (others.empty()) return synopsis;
  return synopsis + " [" + (others.size() == 1 ? others[0] : "options") + "]";
}

std::string usage_of(const Option& option) {
  std::string text = option.letter == 0 ? "    --" : std::string("-") + option.letter + ", --";
  text += option.name;
  return takes_value(option) ? text + " " + option.value_name : text;
}

std::string meaning_of(const Option& option) {
  std::vector<std::string> facts;
  const std::string range = option.range();
  if (!range.empty()) facts.push_back(range);
  const std::string& initial = option.initial.empty() ? option.otherwise : option.initial;
  if (!initial.empty()) facts.push_back("default: " + initial);
  const std::string readers = option.readers();
  const std::string text = readers.empty() ? option.meaning : readers + ": " + option.meaning;
  return facts.empty() ? text : text + " (" + join(facts, "; ") + ")";
}

}  // namespace kraft::cli
