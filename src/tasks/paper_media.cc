#include "tasks/paper_media.h"

#include <algorithm>

#include "base/text.h"
#include "media/reduced.h"
#include "tasks/models.h"

namespace kraft {
namespace {

constexpr std::uint64_t kRandomSeed = 1;

// "book.txt", "a.png and 3 more files"
std::string source_of(const std::vector<ReproduceInput>& files, std::size_t used) {
  const std::string first = printable(files[0].name);
  return used == 1 ? first : first + " and " + grouped(used - 1) + " more files";
}

PaperData text_data(const std::vector<ReproduceInput>& files, std::uint64_t most_bytes,
                    const Receiver&) {
  return paper_data(Medium::text, printable(files[0].name), files[0].read(most_bytes), most_bytes);
}

PaperData image_data(const std::vector<ReproduceInput>& files, std::uint64_t most_bytes,
                     const Receiver& receiver) {
  Bytes bytes;
  std::size_t used = 0;
  for (; used < files.size() && bytes.size() < most_bytes; ++used)
    append_patches(paper_image(files[used], receiver), bytes);
  return paper_data(Medium::image, source_of(files, used) + " in patches of 64x32",
                    std::move(bytes), most_bytes);
}

PaperData audio_data(const std::vector<ReproduceInput>& files, std::uint64_t most_bytes,
                     const Receiver& receiver) {
  Bytes bytes;
  std::size_t used = 0;
  for (; used < files.size() && bytes.size() < most_bytes; ++used)
    append(bytes, paper_audio(files[used], receiver).samples);
  return paper_data(Medium::audio, source_of(files, used), std::move(bytes), most_bytes);
}

PaperData random_data(const std::vector<ReproduceInput>&, std::uint64_t most_bytes,
                      const Receiver&) {
  return paper_data(Medium::bytes, "seed " + std::to_string(kRandomSeed),
                    noise_bytes(kRandomSeed, most_bytes), most_bytes);
}

ViewsData seen_text(const std::vector<ReproduceInput>& files, std::uint64_t most_bytes,
                    const Receiver&) {
  return {Medium::text, printable(files[0].name), files[0].read(most_bytes), {}};
}

ViewsData seen_image(const std::vector<ReproduceInput>& files, std::uint64_t most_bytes,
                     const Receiver& receiver) {
  Image image = paper_image(files[0], receiver);
  const std::size_t rows = std::min<std::uint64_t>(image.height, most_bytes / image.row_bytes());
  image.samples.resize(rows * image.row_bytes());
  return {Medium::image, printable(files[0].name), image.samples, image.geometry(),
          image.row_bytes()};
}

ViewsData seen_audio(const std::vector<ReproduceInput>& files, std::uint64_t most_bytes,
                     const Receiver& receiver) {
  Audio audio = paper_audio(files[0], receiver);
  audio.samples.resize(std::min<std::uint64_t>(audio.samples.size(), most_bytes));
  return {Medium::audio, printable(files[0].name), audio.samples, audio.geometry()};
}

}  // namespace

std::span<const PaperMedium> paper_media() {
  using E = Experiment;
  using T = ReproduceTask;
  static const std::vector<PaperMedium> rows = {
      {Medium::text,
       {E::table1, E::fig2, E::fig3, E::fig4, E::table2, E::views, E::league},
       &T::text,
       "mobydick.txt",
       true,
       {"mobydick.txt", "huckfinn.txt", "reference.txt", "json.hpp", "ecoli.txt"},
       {"bytelm:text"},
       {},
       text_data,
       seen_text},
      {Medium::image,
       {E::table1, E::fig2, E::fig3, E::fig4, E::views, E::league},
       &T::images,
       "astronaut.png",
       false,
       {"astronaut.png", "camera.png", "chelsea.png", "coffee.png", "coins.png", "moon.png",
        "motorcycle.png", "rocket.jpg"},
       {"png:9", "bytelm:image"},
       {"png:9", "jpegls"},
       image_data,
       seen_image},
      {Medium::audio,
       {E::table1, E::fig2, E::fig3, E::fig4, E::views, E::league},
       &T::audio,
       "speech.wav",
       false,
       {"speech.wav", "speech-2.wav", "front-center.wav", "drums.flac", "guitar.flac",
        "synthesizer.flac"},
       {"flac:8", "bytelm:audio"},
       {"flac:8"},
       audio_data,
       seen_audio},
      {Medium::bytes, {E::table1}, nullptr, nullptr, false, {}, {}, {}, random_data},
  };
  return rows;
}

const PaperMedium& paper_medium(Medium medium) {
  return *std::ranges::find(paper_media(), medium, &PaperMedium::medium);
}

Image paper_image(const ReproduceInput& file, const Receiver& receiver) {
  const Image image = read_image(file.read(UINT64_MAX));
  warn_about(file.name, image.warnings, receiver);
  return gray_8_bit(image);
}

Audio paper_audio(const ReproduceInput& file, const Receiver& receiver) {
  Audio audio = read_audio(file.read(UINT64_MAX), Encoding::u8, kPaperRateHz);
  warn_about(file.name, audio.warnings, receiver);
  return first_channel(std::move(audio));
}

}  // namespace kraft
