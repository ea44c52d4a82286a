// The data of kraft reproduce: the user's files, or what examples/fetch-data fetches.
#pragma once

#include <string>
#include <vector>

#include "kraft/tasks/reproduce.h"

namespace kraft::cli {

// A file, or standard input for "-".
std::vector<ReproduceInput> paper_text(const std::string& path);

// Files as they are named; of a folder, those in it, by name, that are of the medium. Throw Error.
std::vector<ReproduceInput> paper_images(const std::vector<std::string>& paths);
std::vector<ReproduceInput> paper_recordings(const std::vector<std::string>& paths);

// Where nothing is named. An Error that says what to do where it is not there comes when it is
// read.
std::vector<ReproduceInput> default_text();
std::vector<ReproduceInput> default_images();
std::vector<ReproduceInput> default_recordings();

}  // namespace kraft::cli
