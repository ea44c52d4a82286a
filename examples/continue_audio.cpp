// A compressor continues a recording.
//
//     continue_audio RECORDING OUTPUT.wav [MODEL [SECONDS]]
//
// Introduces recordings: read_audio with an encoding, write_audio.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iterator>

#include "kraft/error.h"
#include "kraft/media.h"
#include "kraft/registry.h"
#include "kraft/sampler.h"

namespace {

kraft::Bytes read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  kraft::Bytes bytes{std::istreambuf_iterator<char>(file), {}};
  if (bytes.empty()) throw kraft::Error(std::string("cannot read ") + path);
  return bytes;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3) throw kraft::UsageError("usage: continue_audio RECORDING OUTPUT.wav [MODEL [S]]");
  const char* spec = argc > 3 ? argv[3] : "gzip:9";
  const double seconds = argc > 4 ? std::atof(argv[4]) : 0.5;

  // Eight bits for each sample, as in the paper: a sample is a byte, and a byte a candidate.
  kraft::Audio audio = kraft::read_audio(read_file(argv[1]), kraft::Encoding::u8);
  audio.samples.resize(std::min(audio.samples.size(), 2 * audio.rate_hz * audio.frame_bytes()));

  const auto model = kraft::make_model(spec, {.geometry = audio.geometry()});
  const auto state = model->start(audio.samples);
  const auto sampler = kraft::make_sampler("ancestral", {.temperature = 0.7});
  const auto frames = static_cast<std::uint64_t>(seconds * audio.rate_hz);
  kraft::Random random(1);
  kraft::append(audio.samples, kraft::sample(*sampler, *state, kraft::Candidates::all(),
                                             {.length_bytes = frames * audio.frame_bytes(),
                                              .history = audio.samples},
                                             random));

  const kraft::Bytes file = kraft::write_audio(audio, kraft::AudioFormat::wav);
  std::ofstream(argv[2], std::ios::binary)
      .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  std::printf("%s: %.2f s drawn after %.2f s, in %s\n", model->spec().c_str(),
              static_cast<double>(frames) / audio.rate_hz,
              static_cast<double>(audio.frames() - frames) / audio.rate_hz, argv[2]);
} catch (const std::exception& error) {
  std::fprintf(stderr, "continue_audio: %s\n", error.what());
  return 1;
}
