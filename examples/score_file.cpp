// How well does each compressor know a file? Prints its size under every codec of the registry.
//
//     score_file FILE
//
// Introduces the registry and codecs: backends, make_codec, encode, decode.
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "kraft/codec.h"
#include "kraft/error.h"
#include "kraft/registry.h"

int main(int argc, char** argv) try {
  if (argc != 2) throw std::invalid_argument("usage: score_file FILE");
  std::ifstream file(argv[1], std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.empty()) throw std::runtime_error(std::string(argv[1]) + ": nothing to read");
  const kraft::ByteView message = kraft::as_bytes(text);

  for (const kraft::Backend& backend : kraft::backends()) {
    // A pure predictor has no codec, and `cmd` would need a command to run.
    const bool needs_argument = backend.argument && backend.argument->initial.empty();
    if (!backend.make_codec || needs_argument) continue;

    const auto codec = kraft::make_codec(backend.name);
    const kraft::Bytes stream = codec->encode(message);
    if (kraft::as_text(codec->decode(stream)) != text)
      throw kraft::Error(backend.name + ": lossy!");
    std::printf("%-10s %9zu bytes  %.3f bits per byte\n", backend.name.c_str(), stream.size(),
                8.0 * static_cast<double>(stream.size()) / static_cast<double>(text.size()));
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "score_file: %s\n", error.what());
  return 1;
}
