// What kraft reproduce's parts have in common.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/command.h"
#include "evaluate/reproduce.h"

namespace kraft::cli {

struct ReproduceOptions {
  std::string experiment;
  std::string text;
  std::vector<std::string> images, audio;
  std::string limit = "1MiB", medium = "text";
  std::vector<std::string> models;
  std::int64_t chunks = 16, seed = 1;
  std::string plot, output, resume;
  bool json = false;
  unsigned threads = 1;  // resolved

  std::uint64_t limit_bytes() const;  // throws UsageError
  ExperimentSettings settings() const;
};

// Reads the user's files, or else those of examples/fetch-data. Throws Error that says what to do
// where these are not there.
PaperData read_paper_data(const ReproduceOptions& options, PaperMedium medium);

// The first image and the first recording, as they are; and their names.
Image first_image(const ReproduceOptions& options, std::string& source);
Audio first_recording(const ReproduceOptions& options, std::string& source);

// Computes the cells on the threads that the options allow, takes those that --resume FILE has.
// `settings` is all that they depend on besides their models. False after an interrupt.
bool compute_cells(const ReproduceOptions& options, const std::string& settings,
                   const std::vector<ExperimentCell>& cells, CellResults& results);

// "text: book.txt, 1,048,576 bytes; ...", and the same with checksums, for compute_cells().
std::string described(const std::vector<PaperData>& data);
std::string fingerprint(const std::vector<PaperData>& data);

// The models of --model, and before them the default ones, of which those that are not there are
// left out with a note.
std::vector<std::string> models_for(const ReproduceOptions& options,
                                    std::vector<std::string> defaults);

// "48.13"
std::string fixed(double number, int digits);

// The library that a codec of this name runs on, "zlib 1.2.13".
std::string library_of(const std::string& spec);

// The experiments; each is the command's exit status.
int reproduce_table1(const ReproduceOptions& options);
int reproduce_fig2(const ReproduceOptions& options);
int reproduce_fig3(const ReproduceOptions& options);
int reproduce_fig4(const ReproduceOptions& options);
int reproduce_table2(const ReproduceOptions& options);

}  // namespace kraft::cli
