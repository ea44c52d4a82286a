// Files as media: the options that say how one is read, and what it holds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"
#include "kraft/media.h"

namespace kraft::cli {

struct MediaInputOptions {
  std::string as = "auto";
  std::string crop, scale;  // images
  bool gray = false;
  std::string encoding;  // recordings
  std::int64_t rate = 0;

  void add_to(po::options_description& options);

  // --as, or else what the content says, or else the file's name. Throws UsageError when --as names
  // no medium.
  Medium medium_of(ByteView file, std::string_view name = "") const;
};

// Reads the file and applies the options. Throw Error when it is damaged, UsageError when an option
// does not fit.
Image read_image(const MediaInputOptions& options, ByteView file);
Audio read_audio(const MediaInputOptions& options, const po::variables_map& values, ByteView file);

// On standard error, what the file's reader was not content with.
void warn_about(const std::string& path, const std::vector<std::string>& warnings);

// Throws UsageError when an option was given that has no meaning for the medium.
void refuse_options_of_others(const po::variables_map& values, Medium medium);

}  // namespace kraft::cli
