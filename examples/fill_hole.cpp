// A compressor fills a hole in a sentence.
//
//     fill_hole FILE 'What stands ___ the hole.' [MODEL [BYTES]]
//
// Introduces holes: what is drawn suits what follows as well, and the result says what that costs.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iterator>

#include "kraft/tasks/sample.h"

int main(int argc, char** argv) try {
  if (argc < 3) throw kraft::UsageError("usage: fill_hole FILE 'TEXT ___ TEXT' [MODEL [BYTES]]");
  std::ifstream file(argv[1], std::ios::binary);

  kraft::SampleTask task;
  task.models = {argc > 3 ? argv[3] : "gzip:9"};
  task.context.prime = kraft::Bytes{std::istreambuf_iterator<char>(file), {}};
  task.context.prompt = argv[2];
  task.hole = "___";
  task.length = std::atoll(argc > 4 ? argv[4] : "10");

  const kraft::SampleResult result = kraft::sample(task);
  const kraft::Sample& sample = result.samples.at(0);
  for (const kraft::Bytes& part : {result.prompt, sample.bytes, result.suffix})
    std::fwrite(part.data(), 1, part.size(), stdout);
  std::printf("\n%s: %.0f bits for the hole, %.0f for what follows\n",
              result.models[0].spec.c_str(), sample.bits, sample.suffix_bits);
} catch (const std::exception& error) {
  std::fprintf(stderr, "fill_hole: %s\n", error.what());
  return 1;
}
