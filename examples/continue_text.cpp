// Lets a compressor continue a text.
//
//     continue_text FILE [MODEL [LENGTH]]
//
// Introduces samplers: make_sampler and its options, candidates, a seeded random stream, and a sink
// that receives the bytes while they are drawn.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "kraft/candidates.h"
#include "kraft/registry.h"
#include "kraft/sampler.h"

int main(int argc, char** argv) try {
  if (argc < 2) throw std::invalid_argument("usage: continue_text FILE [MODEL [LENGTH]]");
  std::ifstream file(argv[1], std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.empty()) throw std::runtime_error(std::string(argv[1]) + ": nothing to read");
  const char* spec = argc > 2 ? argv[2] : "gzip";
  const auto length_bytes = std::strtoull(argc > 3 ? argv[3] : "200", nullptr, 10);

  // What the model has read, and what may come next: bytes that occur in the text.
  const kraft::ByteView context = kraft::as_bytes(text);
  const auto state = kraft::make_model(spec)->start(context);
  const auto candidates = kraft::Candidates::seen(context);

  // A low temperature prefers what compresses well. The seed makes the text repeatable.
  const auto sampler = kraft::make_sampler("ancestral", {.temperature = 0.5});
  kraft::Random random(/*seed=*/1);
  sampler->sample(*state, candidates, {.length_bytes = length_bytes, .history = context}, random,
                  [](kraft::ByteView drawn) {
                    std::fwrite(drawn.data(), 1, drawn.size(), stdout);
                    std::fflush(stdout);
                    return true;  // false would end the text here
                  });
  std::puts("");
} catch (const std::exception& error) {
  std::fprintf(stderr, "continue_text: %s\n", error.what());
  return 1;
}
