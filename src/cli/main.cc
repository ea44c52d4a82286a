// The command line: finds the subcommand, parses its options, turns errors into one line.

#include <algorithm>
#include <cctype>
#include <exception>

#include "base/text.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "kraft/error.h"
#include "run/cells.h"
#include "run/interrupts.h"
#include "run/ranks.h"

namespace kraft::cli {

const std::vector<Command>& commands() {
  static const std::vector<Command> all = {
      models_command(),     next_command(),      sample_command(),   score_command(),
      compare_command(),    reproduce_command(), classify_command(), compress_command(),
      decompress_command(), info_command(),      help_command(),     man_command(),
      completion_command()};
  return all;
}

const Command& find_command(const std::string& name) {
  std::vector<std::string> names;
  for (const Command& command : commands()) {
    if (command.name == name) return command;
    names.push_back(command.name);
  }
  throw UsageError("unknown command '" + printable(name) + "'" + did_you_mean(name, names) +
                   "; `kraft help` lists them");
}

bool is_set(const po::variables_map& values, const std::string& option) {
  if (values.count(option) == 0 || values[option].defaulted()) return false;
  const auto* on = boost::any_cast<bool>(&values[option].value());
  return on == nullptr || *on;
}

void exclude(const po::variables_map& values, const char* one, const char* other) {
  if (is_set(values, one) && is_set(values, other))
    throw UsageError("--" + std::string(one) + " and --" + other + " cannot be given together");
}

namespace {

constexpr int kFailureExit = 1;
constexpr int kUsageExit = 2;

// "--length -5" is meant as a value, not as an option called -5.
std::vector<std::string> join_negative_values(std::vector<std::string> arguments) {
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const std::string& value = arguments[i];
    const bool negative = value.size() > 1 && value[0] == '-' &&
                          (std::isdigit(static_cast<unsigned char>(value[1])) || value[1] == '.');
    std::string& option = arguments[i - 1];
    if (!negative || !option.starts_with("--") || option.find('=') != option.npos) continue;
    option += "=" + value;
    arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return arguments;
}

int run(const Command& command, const std::vector<std::string>& arguments) {
  if (command.call) return command.call(command, arguments);
  po::options_description all;
  all.add(command.options);
  all.add_options()("help,h", "show this help");
  po::positional_options_description positional;
  if (!command.positional.empty())
    positional.add(command.positional.c_str(), command.most_positional);
  po::variables_map values;
  const auto style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
  po::store(po::command_line_parser(join_negative_values(arguments))
                .options(all)
                .positional(positional)
                .style(style)
                .run(),
            values);
  if (values.count("help")) {
    write_out(help_text(command));
    return 0;
  }
  po::notify(values);
  return command.run(values);
}

std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return printable(text);
}

// Under mpirun, a command that does not share its work would do all of it on every rank.
void expect_ranks_for(const Command& command) {
  if (launch().alone()) return;
  const std::string started = "mpirun started " + std::to_string(launch().ranks) + " ranks, but ";
  if (!built_with_mpi())
    throw UsageError(started +
                     "this kraft was built without MPI (apt-get install libopenmpi-dev, and build "
                     "it again)");
  if (command.spreads) return;
  std::string sharing;
  for (const Command& other : commands()) {
    if (other.spreads) sharing += (sharing.empty() ? "" : ", ") + other.name;
  }
  throw UsageError(started + "kraft " + command.name +
                   " is for one; what shares its work: " + sharing);
}

int dispatch(const std::vector<std::string>& arguments) {
  if (arguments.empty()) throw UsageError("a command is missing; `kraft help` lists them");
  if (arguments[0] == "--version") {
    write_out(version_text());
    return 0;
  }
  if (arguments[0] == "--help" || arguments[0] == "-h") {
    write_out(help_text());
    return 0;
  }
  const Command& command = find_command(arguments[0]);
  expect_ranks_for(command);
  return run(command, {arguments.begin() + 1, arguments.end()});
}

Ending ending_of(const std::vector<std::string>& arguments) {
  try {
    return {.status = dispatch(arguments), .line = {}};
  } catch (const ServedOut&) {
    return {.status = 0, .line = {}, .stopped = true};
  } catch (const Cancelled&) {
    return {.status = kInterruptedExit, .line = {}};
  } catch (const OptionError& error) {
    const auto dashed = [](const std::string& name) { return "--" + name; };
    return {.status = kUsageExit, .line = one_line(error.text(dashed))};
  } catch (const UsageError& error) {
    return {.status = kUsageExit, .line = one_line(error.what())};
  } catch (const po::error& error) {
    return {.status = kUsageExit,
            .line = one_line(error.what()) + "; `kraft help " +
                    (arguments.empty() ? "" : arguments[0]) + "` shows the options"};
  } catch (const std::bad_alloc&) {
    return {.status = kFailureExit, .line = "out of memory"};
  } catch (const std::exception& error) {
    return {.status = kFailureExit, .line = one_line(error.what())};
  }
}

int main(int argc, char** argv) {
  prepare_process();
  if (launch().rank > 0) fall_silent();
  return end_ranks(ending_of({argv + std::min(argc, 1), argv + argc}));
}

}  // namespace
}  // namespace kraft::cli

int main(int argc, char** argv) { return kraft::cli::main(argc, argv); }
