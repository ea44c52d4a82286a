// Files, standard streams, progress and interrupts, as every subcommand treats them.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "kraft/bytes.h"

namespace kraft::cli {

// Reads a whole file, or standard input for "-". Throws Error when it is missing, unreadable, a
// directory, or (files only) empty.
Bytes read_input(const std::string& path);

// A file that is read from its beginning to its end, or standard input for "-".
class InputFile {
 public:
  explicit InputFile(const std::string& path);  // throws Error
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  // How long it is, where that can be known.
  std::optional<std::uint64_t> size_bytes() const;

  // Fills as much of `to` as there is at the moment; 0 at the end. Throws Error.
  std::size_t read(std::span<Byte> to);

  const std::string& name() const { return name_; }  // for messages

 private:
  std::string name_;
  int descriptor_ = -1;
};

// What is written appears at `path` only when commit() is called; until then, and for ever if it is
// not, what was there stays. Pipes and devices are written to directly. Throws Error.
class OutputFile {
 public:
  explicit OutputFile(const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(ByteView bytes);
  void commit();

 private:
  std::string path_;
  std::string temporary_path_;  // empty when written to directly
  int descriptor_ = -1;
};

// Writes to standard output at once, whole or with an Error.
void write_out(std::string_view text);

// "kraft: warning: ..." on standard error.
void warn(const std::string& message);
void note(const std::string& message);

// From this call on, nothing is written to standard output and standard error: another rank speaks.
void fall_silent();

bool stdout_is_terminal();
bool stderr_is_terminal();
bool colour_wanted();  // stdout is a terminal and NO_COLOR is not set
bool utf8_terminal();  // from LC_ALL, LC_CTYPE, LANG

// Called once, before anything else: a signal that ends the program leaves no temporary file and no
// process behind.
void prepare_process();

// From this call on, the first SIGINT or SIGTERM does not end the program: it sets a flag and ends
// the commands that models run.
void catch_interrupts();
// Nor do those after it: for a process that somebody kills when it does not end by itself, as
// mpirun does, which sends more than one.
void catch_all_interrupts();
bool interrupted();
inline constexpr int kInterruptedExit = 130;

// One line on standard error with share, rate and time left; only if that is a terminal, and only
// for work that takes longer than a moment. A total of 0 is not known.
class Progress {
 public:
  Progress(std::string what, std::uint64_t total, std::string unit, bool wanted = true);
  ~Progress();
  void advance_to(std::uint64_t done);

 private:
  std::string what_, unit_;
  std::uint64_t total_;
  bool active_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point begin_, last_;
};

}  // namespace kraft::cli
