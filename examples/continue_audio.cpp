// A compressor continues a recording.
//
//     continue_audio RECORDING OUTPUT.wav [MODEL [SECONDS]]
//
// Introduces completions of recordings: an Audio goes in, and comes back longer.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iterator>

#include "kraft/tasks/complete.h"

int main(int argc, char** argv) try {
  if (argc < 3) throw kraft::UsageError("usage: continue_audio RECORDING OUTPUT.wav [MODEL [S]]");
  std::ifstream recording(argv[1], std::ios::binary);
  const kraft::Bytes bytes{std::istreambuf_iterator<char>(recording), {}};

  kraft::AudioCompletionTask task;
  task.models = {argc > 3 ? argv[3] : "gzip:9"};
  task.audio =
      kraft::read_audio(bytes, kraft::Encoding::u8);  // a sample is a byte, as in the paper
  task.seconds = argc > 4 ? std::atof(argv[4]) : 0.5;
  task.sampling.set(&kraft::SamplerOptions::temperature, 0.7);

  const kraft::AudioCompletion completed = kraft::complete_audio(task).completions.at(0);
  const kraft::Bytes file = kraft::write_audio(completed.audio, kraft::AudioFormat::wav);
  std::ofstream(argv[2], std::ios::binary)
      .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  std::printf("%s: %.0f bits drawn into %s\n", completed.spec.c_str(), completed.bits, argv[2]);
} catch (const std::exception& error) {
  std::fprintf(stderr, "continue_audio: %s\n", error.what());
  return 1;
}
