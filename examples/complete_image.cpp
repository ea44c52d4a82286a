// A compressor completes the lower half of a photograph.
//
//     complete_image PHOTO OUTPUT.png [MODEL [TEMPERATURE]]
//
// Introduces completions of images: an Image goes in, and comes back with the rest drawn.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iterator>

#include "kraft/tasks/complete.h"

int main(int argc, char** argv) try {
  if (argc < 3) throw kraft::UsageError("usage: complete_image PHOTO OUTPUT.png [MODEL [T]]");
  std::ifstream photo(argv[1], std::ios::binary);
  const kraft::Bytes bytes{std::istreambuf_iterator<char>(photo), {}};

  kraft::ImageCompletionTask task;
  task.models = {argc > 3 ? argv[3] : "png"};
  task.image = kraft::scaled(kraft::to_gray(kraft::read_image(bytes)), 64, 64);  // few enough
  task.rows = 32;
  task.sampling.set(&kraft::SamplerOptions::temperature, argc > 4 ? std::atof(argv[4]) : 0.4);

  const kraft::ImageCompletion completed = kraft::complete_image(task).completions.at(0);
  const kraft::Bytes file = kraft::write_png(completed.image);
  std::ofstream(argv[2], std::ios::binary)
      .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  std::printf("%s: %.0f bits drawn into %s, PSNR %.1f dB\n", completed.spec.c_str(), completed.bits,
              argv[2], completed.psnr_db);
} catch (const std::exception& error) {
  std::fprintf(stderr, "complete_image: %s\n", error.what());
  return 1;
}
