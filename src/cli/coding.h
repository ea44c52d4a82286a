// What compress, decompress and info have in common.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/files.h"
#include "cli/command.h"
#include "kraft/container.h"

namespace kraft::cli {

inline constexpr const char* kSuffix = ".kraft";

// The names of the input and of the output: --output, or `implied` where that is not given. Both
// may be "-". Throws UsageError when a file would be overwritten that nobody has named.
std::string output_path(const po::variables_map& values, const std::string& implied);

// A file that appears whole when committed, or standard output as it comes.
class CodingOutput {
 public:
  // Nobody may read it who may not read the input.
  CodingOutput(const std::string& path, const std::optional<FileAccess>& input);

  void write(ByteView bytes);
  void commit();
  std::uint64_t written_bytes() const { return written_bytes_; }

 private:
  std::unique_ptr<OutputFile> file_;  // empty: standard output
  std::uint64_t written_bytes_ = 0;
};

// "29.80 %"
std::string share(std::uint64_t part, std::uint64_t whole);

}  // namespace kraft::cli
