// The files that a command writes when its work is done.
//
//     Outputs outputs;
//     outputs.open(panel);                              // throws before any work is done
//     ...
//     outputs.write(panel, [&] { return picture(); });  // what goes wrong is kept,
//     outputs.attempt([&] { write_out(text); });        // so that the others are written
//     outputs.finish();                                 // and thrown here, the first of it
#pragma once

#include <exception>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/files.h"
#include "kraft/bytes.h"

namespace kraft::cli {

class Outputs {
 public:
  // Of no file for "" and "-", which is standard output. Throws Error.
  void open(const std::string& path);

  // Writes the file whole or not at all, or to standard output; one that was not opened is opened
  // now. Nothing for "".
  void write(const std::string& path, const std::function<Bytes()>& contents);
  void write_text(const std::string& path, const std::function<std::string()>& contents);

  // Keeps what `work` throws, but for Cancelled.
  void attempt(const std::function<void()>& work);

  void finish() const;

 private:
  std::map<std::string, std::unique_ptr<OutputFile>> files_;  // opened and not yet written
  std::exception_ptr first_error_;
};

// Makes a folder, and those around it, in which files will be written. Throws Error.
void make_folder(const std::string& folder);

// Throws UsageError unless what an option writes, "a plot in SVG", belongs into a file of that
// name: it has the first ending, or another of them, or none.
void expect_ending(const char* option, const std::string& path, const char* written,
                   std::initializer_list<std::string_view> endings);

// The same of the page of a comparison, where one is asked for. Throws Error where kraft was built
// without what draws it.
void expect_page(const std::optional<std::string>& path);

}  // namespace kraft::cli
