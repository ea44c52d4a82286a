// The subcommands: finds one, runs it, turns errors into one line.

#include <algorithm>
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
      decompress_command(), info_command(),      serve_command(),    help_command(),
      man_command(),        completion_command()};
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

namespace {

constexpr int kFailureExit = 1;
constexpr int kUsageExit = 2;

std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return printable(text);
}

// Under mpirun, a command that does not share its work would do all of it on every rank.
void expect_ranks_for(const Command& command) {
  if (launch().alone()) return;
  const std::string started = "mpirun started " + std::to_string(launch().ranks) + " ranks, but ";
  if (!has_transport())
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
  return command.call(command, {arguments.begin() + 1, arguments.end()});
}

}  // namespace

Ending run_command(const std::vector<std::string>& arguments) {
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
  } catch (const std::bad_alloc&) {
    return {.status = kFailureExit, .line = "out of memory"};
  } catch (const std::exception& error) {
    return {.status = kFailureExit, .line = one_line(error.what())};
  }
}

}  // namespace kraft::cli
