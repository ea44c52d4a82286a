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
#include <map>
#include <memory>
#include <string>

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

}  // namespace kraft::cli
