// What compress, decompress and info have in common.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/files.h"
#include "kraft/tasks/options.h"

namespace kraft::cli {

inline constexpr const char* kSuffix = ".kraft";

// From which file to which, and what is said of it.
struct CodingShow {
  std::string input = "-";
  std::optional<std::string> output;
  bool force = false;
  bool test = false;  // of decompress
  bool quiet = false;
};

// Puts the options of all that on a table; `otherwise` says what --output is by default.
void add_coding_options(OptionTable<CodingShow>& table, const std::string& otherwise);

// --output, or `implied` where that is not given. Throws UsageError when a file would be
// overwritten that nobody has named.
std::string output_path(const CodingShow& show, const std::string& implied);

// A file that appears whole when committed, or standard output as it comes.
class CodingOutput {
 public:
  explicit CodingOutput(const std::string& path);

  void write(ByteView bytes);
  void commit();

 private:
  std::unique_ptr<OutputFile> file_;  // empty: standard output
};

}  // namespace kraft::cli
