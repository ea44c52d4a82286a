// A compressor completes the lower half of a photograph.
//
//     complete_image PHOTO OUTPUT.png [MODEL [TEMPERATURE]]
//
// Introduces media and geometry: read_image, what the model must know of the pixels, write_png.
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
  if (argc < 3) throw kraft::UsageError("usage: complete_image PHOTO OUTPUT.png [MODEL [T]]");
  const char* spec = argc > 3 ? argv[3] : "png";
  const double temperature = argc > 4 ? std::atof(argv[4]) : 0.4;

  // 64 x 64 gray pixels are few enough for every model.
  kraft::Image image = kraft::scaled(kraft::to_gray(kraft::read_image(read_file(argv[1]))), 64, 64);
  const std::size_t given_bytes = image.height / 2 * image.row_bytes();
  const kraft::ByteView given = kraft::ByteView(image.samples).first(given_bytes);

  // The geometry tells png how long a row is; models that need not know it ignore it.
  const auto model = kraft::make_model(spec, {.geometry = image.geometry()});
  const auto state = model->start(given);

  // From here on pixels are drawn as letters are.
  const auto sampler = kraft::make_sampler("ancestral", {.temperature = temperature});
  kraft::Random random(1);
  const kraft::Bytes drawn =
      kraft::sample(*sampler, *state, kraft::Candidates::all(),
                    {.length_bytes = image.samples.size() - given_bytes, .history = given}, random);

  const kraft::Bytes original = image.samples;
  image.samples.resize(given_bytes);
  kraft::append(image.samples, drawn);
  const kraft::Bytes file = kraft::write_png(image);
  std::ofstream(argv[2], std::ios::binary)
      .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  std::printf("%s: %zu pixels drawn into %s, PSNR %.1f dB\n", model->spec().c_str(), drawn.size(),
              argv[2], kraft::psnr_db(drawn, kraft::ByteView(original).subspan(given_bytes)));
} catch (const std::exception& error) {
  std::fprintf(stderr, "complete_image: %s\n", error.what());
  return 1;
}
