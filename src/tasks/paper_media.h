// What the paper's experiments are made on: a row for each kind of data.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "evaluate/paper_data.h"
#include "evaluate/views_experiment.h"
#include "kraft/tasks/reproduce.h"

namespace kraft {

struct PaperMedium {
  Medium medium;
  std::vector<Experiment> readers;                    // experiments that read it
  std::vector<ReproduceInput> ReproduceTask::*files;  // null: random bytes
  const char* default_file;               // which examples/fetch-data fetches; null: none
  bool drops_carriage_returns;            // of such files, as in the other examples
  std::vector<const char*> league_files;  // likewise, for the league
  std::vector<std::string> models;        // in fig4, besides those for anything
  std::vector<std::string> codecs;        // in views, likewise

  // Whole chunks from the first files, `files` in number at least one. Throws Error.
  PaperData (*data)(const std::vector<ReproduceInput>& files, std::uint64_t most_bytes,
                    const Receiver& receiver);

  // The first file as it is, in its shape; null where `files` is. Throws Error.
  ViewsData (*seen)(const std::vector<ReproduceInput>& files, std::uint64_t most_bytes,
                    const Receiver& receiver) = nullptr;
};

std::span<const PaperMedium> paper_media();
const PaperMedium& paper_medium(Medium medium);

// As 8-bit gray.
Image paper_image(const ReproduceInput& file, const Receiver& receiver);

// 16 kHz, 8 bits, the first channel.
Audio paper_audio(const ReproduceInput& file, const Receiver& receiver);

}  // namespace kraft
