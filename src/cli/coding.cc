#include "cli/coding.h"

#include <sys/stat.h>

#include "base/text.h"
#include "cli/terminal.h"
#include "kraft/error.h"

namespace kraft::cli {

void add_coding_options(OptionTable<CodingShow>& table, const std::string& otherwise) {
  table.text("input", &CodingShow::input,
             {.value_name = "FILE|-", .meaning = "the file", .is_read = true});
  table.file("output", &CodingShow::output,
             {.letter = 'o',
              .value_name = "FILE",
              .otherwise = otherwise,
              .meaning = "where to write; - is standard output"});
  table.flag("force", &CodingShow::force,
             {.letter = 'f',
              .meaning = "overwrite a file that --output does not name, or the one that is read"});
  table.flag("quiet", &CodingShow::quiet,
             {.letter = 'q', .meaning = "no report on standard error"});
}

std::string output_path(const CodingShow& show, const std::string& implied) {
  if (show.output) return *show.output;
  struct stat status {};
  if (implied != "-" && !show.force && ::lstat(implied.c_str(), &status) == 0)
    throw UsageError(printable(implied) + " exists: give --force, or another --output");
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
}

void CodingOutput::commit() {
  if (file_) file_->commit();
}

}  // namespace kraft::cli
