// From the arguments of a command to a task, by the task's table of options; and back, to help.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "kraft/tasks/options.h"

namespace kraft::cli {

// The arguments of one call, on their way to the task and to what says how it is shown. Files are
// named by then, but not read: all mistakes come before any work.
class Request {
 public:
  // Sets every option but the contents of files. Throws UsageError.
  Request(const Command& command, std::vector<BoundOptions> options,
          const std::vector<std::string>& arguments);

  bool wants_help() const { return wants_help_; }

  // Throws UsageError when an option is out of its range, missing, or in conflict with another;
  // also when a file would be written that another option reads, unless there is a --force that is
  // given, or that two options write.
  void check() const;

  // Throws Error when one is not there, or empty where it must not be.
  void read_files();

  // What the file of an option is called; empty where none is given.
  std::string file_name(std::string_view option) const;

 private:
  struct File {
    const BoundOptions* options;
    const Option* option;
    std::vector<std::pair<std::string, std::string>> names;  // and the paths
  };

  struct Found {
    const BoundOptions* options = nullptr;
    const Option* option = nullptr;
  };

  // A file that an option names, and how its path is shown.
  struct NamedPath {
    const Option* option;
    std::string path;
  };

  Found find(std::string_view name) const;
  void take(const std::string& name, const std::vector<std::string>& tokens,
            std::vector<std::string> values);
  std::vector<NamedPath> read_paths() const;
  std::vector<NamedPath> written_paths() const;
  void take(const Found& found, const std::string& value);
  void add_file(const Found& found, const std::string& value);
  void expect_standard_input_once() const;
  void expect_outputs_apart() const;
  [[noreturn]] void fail(const std::string& message) const;

  const Command& command_;
  std::vector<BoundOptions> options_;
  std::vector<const Option*> given_;
  std::vector<File> files_;
  bool wants_help_ = false;
};

// An option as the command line spells it: "--top-k"; what needs no name, "the input".
std::string spelled(const Command& command, const std::string& option);

// All options of a command but the one that needs no name.
std::vector<const Option*> named_options(const Command& command);

// "kraft score --model SPEC... FILE... [options]": what is required, and what needs no name.
std::string synopsis_of(const Command& command);

// As for a shell: how an option is written, and what it means with its range and default.
std::string usage_of(const Option& option);
std::string meaning_of(const Option& option);

// --force, of a command whose outputs may be its inputs.
template <class Show>
void add_force(OptionTable<Show>& table, bool Show::*field) {
  table.flag("force", field, {.letter = 'f', .meaning = "write the output even over an input"});
}

// Puts both tables on the command: its options fill a Task and a Show, of which `run` makes what
// is to be seen. Where there is a check(task), it is called before files are read.
template <class Task, class Show>
void serve(Command& command, const OptionTable<Task>& task_table,
           const OptionTable<Show>& show_table, int (*run)(Task& task, const Show& show)) {
  command.tables = {task_table.rows(), show_table.rows()};
  command.call = [&task_table, &show_table, run](const Command& self,
                                                 const std::vector<std::string>& arguments) {
    Task task;
    Show show;
    Request request(self, {{task_table, task}, {show_table, show}}, arguments);
    if (request.wants_help()) {
      show_help(self);
      return 0;
    }
    request.check();
    if constexpr (requires { check(task); }) check(task);
    request.read_files();
    if constexpr (requires { task.input_name; })
      task.input_name = request.file_name(self.positional);
    if constexpr (requires { task.mask_name; }) task.mask_name = request.file_name("mask");
    return run(task, show);
  };
}

// A command with one table.
template <class Task>
void serve(Command& command, const OptionTable<Task>& table, int (*run)(const Task& task)) {
  command.tables = {table.rows()};
  command.call = [&table, run](const Command& self, const std::vector<std::string>& arguments) {
    Task task;
    Request request(self, {{table, task}}, arguments);
    if (request.wants_help()) {
      show_help(self);
      return 0;
    }
    request.check();
    request.read_files();
    return run(task);
  };
}

}  // namespace kraft::cli
