// What tasks do with files whose bytes are samples, a row a medium; the bytes of all other files
// are taken as they are. Private to this folder.
#pragma once

#include <string>
#include <vector>

#include "evaluate/window.h"
#include "kraft/tasks/compare.h"
#include "kraft/tasks/input.h"

namespace kraft {

struct SampleMedium {
  Medium medium;
  MediaSamples (*read)(const MediaInput& input, ByteView file);
  // Reduced to one channel of 8 bits, with its windows; name, medium and fingerprint are the
  // caller's.
  ComparedInput (*compared)(const CompareTask& task, const NamedBytes& file,
                            const Receiver& receiver);
};

// Throws OptionError when an option is set that has no meaning for any of the inputs.
void check_media(const CompareTask& task);

// Who is compared on inputs of a medium, as they are given, and how they are drawn from.
std::vector<std::string> models_of(const CompareTask& task, Medium medium);
const std::vector<std::string>& samplers_of(const CompareTask& task, Medium medium);

// How many windows of a file are taken.
std::uint64_t windows_of(const CompareTask& task, Medium medium);

// Null when it has no samples.
const SampleMedium* sample_medium(Medium medium);

}  // namespace kraft
