#include "cli/coding.h"

#include <sys/stat.h>

#include <cstdio>

#include "base/text.h"
#include "cli/terminal.h"
#include "kraft/error.h"

namespace kraft::cli {

std::string output_path(const po::variables_map& values, const std::string& implied) {
  if (values.count("output")) {
    std::string path = values["output"].as<std::string>();
    if (path.empty()) throw UsageError("--output is empty");
    return path;
  }
  struct stat status {};
  if (implied != "-" && !is_set(values, "force") && ::lstat(implied.c_str(), &status) == 0)
    throw UsageError(printable(implied) + " is there already: give --force, or another --output");
  return implied;
}

CodingOutput::CodingOutput(const std::string& path, const std::optional<FileAccess>& input) {
  if (path != "-") file_ = std::make_unique<OutputFile>(path, input);
}

void CodingOutput::write(ByteView bytes) {
  if (file_) {
    file_->write(bytes);
  } else {
    write_out(as_text(bytes));
  }
  written_bytes_ += bytes.size();
}

void CodingOutput::commit() {
  if (file_) file_->commit();
}

std::string share(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.2f %%",
                100 * static_cast<double>(part) / static_cast<double>(whole));
  return text;
}

}  // namespace kraft::cli
