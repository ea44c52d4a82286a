// Lets a compressor continue a text.
//
//     continue_text FILE [MODEL [LENGTH]]
//
// Introduces tasks: a plain struct says what is wanted, a receiver gets the bytes while they are
// drawn, and the result says what they cost and how much of them is quotation.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iterator>

#include "kraft/tasks/sample.h"

int main(int argc, char** argv) try {
  if (argc < 2) throw kraft::UsageError("usage: continue_text FILE [MODEL [LENGTH]]");
  std::ifstream file(argv[1], std::ios::binary);

  kraft::SampleTask task;
  task.models = {argc > 2 ? argv[2] : "gzip"};
  task.context.input = kraft::Bytes{std::istreambuf_iterator<char>(file), {}};
  task.length = std::atoll(argc > 3 ? argv[3] : "200");
  task.sampling.set(&kraft::SamplerOptions::max_copy, 24);  // not too much by heart

  kraft::SampleReceiver receiver;
  receiver.bytes = [](kraft::ByteView drawn) {
    std::fwrite(drawn.data(), 1, drawn.size(), stdout);
  };
  const kraft::SampleResult result = kraft::sample(task, receiver);
  std::printf("\n%s: %.0f bits; the longest quotation has %llu bytes\n",
              result.models[0].spec.c_str(), result.samples[0].bits,
              static_cast<unsigned long long>(result.samples[0].copying.longest_copy_bytes));
} catch (const std::exception& error) {
  std::fprintf(stderr, "continue_text: %s\n", error.what());
  return 1;
}
