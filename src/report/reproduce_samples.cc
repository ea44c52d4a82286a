// Figure 3: text, an image and sound, continued.

#include <algorithm>
#include <cctype>
#include <iterator>

#include "base/base64.h"
#include "base/numbers.h"
#include "base/text.h"
#include "kraft/media.h"
#include "kraft/report.h"
#include "media/panel.h"
#include "media/spectrogram.h"
#include "report/reproduce.h"
#include "report/table.h"

namespace kraft {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kShownContext = 300;
constexpr std::uint32_t kRateHz = 16000;  // of all sound of the experiments

Bytes joined(const std::vector<Bytes>& left, const std::vector<Bytes>& right) {
  Bytes all;
  for (std::size_t row = 0; row < left.size(); ++row) {
    append(all, left[row]);
    append(all, right[row]);
  }
  return all;
}

double bits_per_byte(const ReproduceSample& sample) {
  std::size_t bytes = 0;
  for (const Bytes& row : sample.rows) bytes += row.size();
  return sample.bits / static_cast<double>(bytes);
}

double psnr(const ReproduceContinued& of, const ReproduceSample& sample) {
  const std::vector<Bytes> nothing(of.truth.size());
  return psnr_db(joined(nothing, of.truth), joined(nothing, sample.rows));
}

// Line feeds as they are, everything else printable.
std::string shown(ByteView bytes) {
  const std::string text(as_text(bytes));
  std::string safe;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    safe += printable(text.substr(begin, end - begin)) + (end < text.size() ? "\n" : "");
    begin = end + 1;
  }
  return safe;
}

std::string text_samples(const ReproduceContinued& of) {
  const ByteView given(of.given[0]);
  std::string text = "=== context: the last of " + grouped(given.size()) + " bytes ===\n" +
                     shown(given.last(std::min(given.size(), kShownContext))) +
                     "\n=== what follows ===\n" + shown(of.truth[0]) + "\n";
  for (const ReproduceSample& sample : of.samples)
    text += "=== " + sample.model + ", " + fixed(bits_per_byte(sample), 2) +
            " bits per byte ===\n" + shown(sample.rows[0]) + "\n";
  return text;
}

// What was given and what follows it, as gray pixels.
Image image_of(const std::vector<Bytes>& given, const std::vector<Bytes>& drawn) {
  return {.width = given[0].size() + drawn[0].size(),
          .height = given.size(),
          .channels = 1,
          .depth_bits = 8,
          .samples = joined(given, drawn)};
}

Image image_panel(const ReproduceContinued& of) {
  const std::vector<Bytes> nothing(of.given.size(), Bytes(of.truth[0].size(), Byte{128}));
  std::vector<std::vector<Picture>> rows = {
      {{"original", image_of(of.given, of.truth)}, {"context", image_of(of.given, nothing)}}};
  for (const ReproduceSample& sample : of.samples) {
    if (rows.back().size() == 2) rows.emplace_back();
    rows.back().push_back(
        {sample.model + " " + fixed(psnr(of, sample), 1) + " dB", image_of(of.given, sample.rows)});
  }
  rows.back().resize(2);
  return panel(rows);
}

Audio audio_of(const std::vector<Bytes>& given, const std::vector<Bytes>& drawn) {
  return {
      .rate_hz = kRateHz, .channels = 1, .encoding = Encoding::u8, .samples = joined(given, drawn)};
}

Image audio_panel(const ReproduceContinued& of) {
  const double end_of_given = static_cast<double>(of.given[0].size()) / kRateHz;
  std::vector<Clip> clips = {{"original", audio_of(of.given, of.truth), -1}};
  for (const ReproduceSample& sample : of.samples)
    clips.push_back({sample.model, audio_of(of.given, sample.rows), end_of_given});
  return spectrogram_panel(clips);
}

std::string file_name(const std::string& model) {
  std::string name;
  for (char c : model) name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '-';
  return name;
}

Bytes bytes_of(const std::string& text) {
  const ByteView view = as_bytes(text);
  return {view.begin(), view.end()};
}

using Files = std::vector<NamedBytes>;

Files text_files(const ReproduceContinued& of) {
  return {{"text.txt", bytes_of(text_samples(of))}};
}

Files image_files(const ReproduceContinued& of) {
  return {{"image.png", write_png(image_panel(of))}};
}

Files audio_files(const ReproduceContinued& of) {
  Files files = {{"audio.png", write_png(audio_panel(of))}};
  for (const ReproduceSample& sample : of.samples)
    files.push_back({"audio-" + file_name(sample.model) + ".wav",
                     write_audio(audio_of(of.given, sample.rows), AudioFormat::wav)});
  return files;
}

// How samples of a medium are shown.
struct SamplesRow {
  Medium medium;
  Files (*files)(const ReproduceContinued& of);
  bool has_psnr;
};

const SamplesRow& row_of_samples(Medium medium) {
  static constexpr SamplesRow rows[] = {{Medium::text, text_files, false},
                                        {Medium::image, image_files, true},
                                        {Medium::audio, audio_files, false}};
  return *std::ranges::find(rows, medium, &SamplesRow::medium);
}

std::string summary(const ReproduceResult& result) {
  Table table({"medium", "model", ">given", ">drawn", ">bits/byte", ">PSNR dB", ">seconds"});
  const auto total = [](const std::vector<Bytes>& rows) {
    std::size_t bytes = 0;
    for (const Bytes& row : rows) bytes += row.size();
    return grouped(bytes);
  };
  for (const ReproduceContinued& of : result.continued) {
    for (const ReproduceSample& sample : of.samples)
      table.add({paper_name(of.medium), sample.model, total(of.given), total(of.truth),
                 fixed(bits_per_byte(sample), 2),
                 row_of_samples(of.medium).has_psnr ? fixed(psnr(of, sample), 1) : "-",
                 fixed(sample.seconds, 1)});
  }
  return table.text();
}

}  // namespace

std::vector<NamedBytes> reproduce_files(const ReproduceResult& result) {
  Files files;
  for (const ReproduceContinued& of : result.continued)
    std::ranges::move(row_of_samples(of.medium).files(of), std::back_inserter(files));
  return files;
}

std::string fig3_text(const ReproduceResult& result) {
  return text_samples(result.continued.at(0)) + "\n" + summary(result);
}

Json fig3_json(const ReproduceResult& result) {
  Json json = {{"experiment", "fig3"}, {"samples", Json::array()}};
  for (const ReproduceContinued& of : result.continued) {
    for (const ReproduceSample& sample : of.samples) {
      const std::vector<Bytes> nothing(sample.rows.size());
      Json row = {{"medium", paper_name(of.medium)},
                  {"source", of.source},
                  {"model", sample.model},
                  {"rows", sample.rows.size()},
                  {"bits_per_byte", bits_per_byte(sample)},
                  {"seconds", sample.seconds},
                  {"drawn_base64", base64(joined(nothing, sample.rows))}};
      if (row_of_samples(of.medium).has_psnr) row["psnr_db"] = psnr(of, sample);
      json["samples"].push_back(std::move(row));
    }
  }
  return json;
}

}  // namespace kraft
