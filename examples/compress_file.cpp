// A file through a model and back: what does a predictor save that has nothing but an arithmetic
// coder behind it?
//
//     compress_file FILE [MODEL]
//
// Introduces coding: compress and decompress, codec_of, and coin flips as a compressed text.
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "kraft/coder.h"
#include "kraft/container.h"
#include "kraft/error.h"
#include "kraft/random.h"
#include "kraft/registry.h"

int main(int argc, char** argv) try {
  if (argc < 2 || argc > 3) throw std::invalid_argument("usage: compress_file FILE [MODEL]");
  std::ifstream input(argv[1], std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(input), {}};
  if (text.empty()) throw std::runtime_error(std::string(argv[1]) + ": nothing to read");
  const kraft::ByteView original = kraft::as_bytes(text);
  const auto model = kraft::make_model(argc > 2 ? argv[2] : "ngram:4");

  // A .kraft file names its model, so that it is all that decompress() needs.
  const kraft::Bytes file = kraft::compress(*model, original);
  if (kraft::as_text(kraft::decompress(file)) != text) throw kraft::Error("not lossless!");
  std::printf("%s: %zu bytes in %zu, %.3f bits per byte\n", model->spec().c_str(), text.size(),
              file.size(),
              8.0 * static_cast<double>(file.size()) / static_cast<double>(text.size()));

  // The same model as a codec among others, with its code length to the fraction of a bit.
  const auto codec = kraft::codec_of(model);
  std::printf("the code alone: %.2f bits\n", codec->encoder()->code_length(original));

  // Any bits decompress to something; fair coin flips decompress to a sample of the model.
  const auto state = model->start(original);
  kraft::Random random(/*seed=*/1);
  kraft::RangeDecoder coins([&] { return static_cast<kraft::Byte>(random.bits()); });
  const kraft::Bytes drawn = kraft::decode_bytes(*state, 60, coins);
  std::printf("from coin flips: ");
  for (kraft::Byte byte : drawn) std::putchar(byte < 0x20 || byte > 0x7e ? '.' : byte);
  std::putchar('\n');
} catch (const std::exception& error) {
  std::fprintf(stderr, "compress_file: %s\n", error.what());
  return 1;
}
