// Figure 3: text, an image and sound, continued.

#include "evaluate/reproduce_samples.h"

#include <cmath>
#include <filesystem>

#include "base/base64.h"
#include "base/text.h"
#include "cli/reproduce.h"
#include "cli/terminal.h"
#include "kraft/error.h"
#include "media/panel.h"
#include "media/spectrogram.h"
#include "report/table.h"
#include "run/cells.h"
#include "run/interrupts.h"
#include "run/ranks.h"

namespace kraft::cli {
namespace {

using Json = nlohmann::ordered_json;
using Generated = GenerationExperiment::Generated;

constexpr std::size_t kShownContext = 300;

Bytes joined(const std::vector<Bytes>& left, const std::vector<Bytes>& right) {
  Bytes all;
  for (std::size_t row = 0; row < left.size(); ++row) {
    append(all, left[row]);
    append(all, right[row]);
  }
  return all;
}

double bits_per_byte(const Generated& generated) {
  std::size_t bytes = 0;
  for (const Bytes& row : generated.rows) bytes += row.size();
  return generated.bits / static_cast<double>(bytes);
}

double psnr(const GenerationTask& task, const Generated& generated) {
  const std::vector<Bytes> nothing(task.truth.size());
  return psnr_db(joined(nothing, task.truth), joined(nothing, generated.rows));
}

std::string text_samples(const GenerationExperiment& experiment, std::size_t task,
                         const CellResults& results) {
  const GenerationTask& of = experiment.tasks()[task];
  const auto shown = [](ByteView bytes) {
    std::string text(as_text(bytes));
    std::string safe;
    for (std::size_t begin = 0; begin <= text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      safe += printable(text.substr(begin, end - begin)) + (end < text.size() ? "\n" : "");
      begin = end + 1;
    }
    return safe;
  };
  const ByteView given(of.given[0]);
  std::string text = "=== context: the last of " + grouped(given.size()) + " bytes ===\n" +
                     shown(given.last(std::min(given.size(), kShownContext))) +
                     "\n=== what follows ===\n" + shown(of.truth[0]) + "\n";
  for (const std::string& model : experiment.models(task)) {
    const Generated generated = experiment.generated(task, model, results);
    text += "=== " + model + ", " + fixed(bits_per_byte(generated), 2) + " bits per byte ===\n" +
            shown(generated.rows[0]) + "\n";
  }
  return text;
}

Image image_of(const std::vector<Bytes>& given, const std::vector<Bytes>& drawn) {
  return {.width = kPaperImageWidth,
          .height = kPaperImageHeight,
          .channels = 1,
          .depth_bits = 8,
          .samples = joined(given, drawn)};
}

Image image_panel(const GenerationExperiment& experiment, std::size_t task,
                  const CellResults& results) {
  const GenerationTask& of = experiment.tasks()[task];
  const std::vector<Bytes> nothing(of.given.size(), Bytes(kPaperImageWidth / 2, Byte{128}));
  std::vector<std::vector<Picture>> rows = {
      {{"original", image_of(of.given, of.truth)}, {"context", image_of(of.given, nothing)}}};
  for (const std::string& model : experiment.models(task)) {
    const Generated generated = experiment.generated(task, model, results);
    if (rows.back().size() == 2) rows.emplace_back();
    rows.back().push_back(
        {model + " " + fixed(psnr(of, generated), 1) + " dB", image_of(of.given, generated.rows)});
  }
  rows.back().resize(2);
  return panel(rows);
}

Audio audio_of(const std::vector<Bytes>& given, const std::vector<Bytes>& drawn) {
  return {.rate_hz = kPaperRateHz,
          .channels = 1,
          .encoding = Encoding::u8,
          .samples = joined(given, drawn)};
}

Image audio_panel(const GenerationExperiment& experiment, std::size_t task,
                  const CellResults& results) {
  const GenerationTask& of = experiment.tasks()[task];
  const double mark = static_cast<double>(of.given[0].size()) / kPaperRateHz;
  std::vector<Clip> clips = {{"original", audio_of(of.given, of.truth), -1}};
  for (const std::string& model : experiment.models(task))
    clips.push_back(
        {model, audio_of(of.given, experiment.generated(task, model, results).rows), mark});
  return spectrogram_panel(clips);
}

std::string file_name(const std::string& model) {
  std::string name;
  for (char c : model) name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '-';
  return name;
}

void write_outputs(const std::string& folder, const GenerationExperiment& experiment,
                   const CellResults& results) {
  for (std::size_t task = 0; task < experiment.tasks().size(); ++task) {
    const GenerationTask& of = experiment.tasks()[task];
    if (of.medium == PaperMedium::text) {
      write_file(folder + "/text.txt", as_bytes(text_samples(experiment, task, results)));
    } else if (of.medium == PaperMedium::images) {
      write_file(folder + "/image.png", write_png(image_panel(experiment, task, results)));
    } else {
      write_file(folder + "/audio.png", write_png(audio_panel(experiment, task, results)));
      for (const std::string& model : experiment.models(task)) {
        const Audio audio = audio_of(of.given, experiment.generated(task, model, results).rows);
        write_file(folder + "/audio-" + file_name(model) + ".wav",
                   write_audio(audio, AudioFormat::wav));
      }
    }
  }
}

std::string summary(const GenerationExperiment& experiment, const CellResults& results) {
  Table table({"medium", "model", ">given", ">drawn", ">bits/byte", ">PSNR dB", ">seconds"});
  for (std::size_t task = 0; task < experiment.tasks().size(); ++task) {
    const GenerationTask& of = experiment.tasks()[task];
    for (const std::string& model : experiment.models(task)) {
      const Generated generated = experiment.generated(task, model, results);
      const auto total = [](const std::vector<Bytes>& rows) {
        std::size_t bytes = 0;
        for (const Bytes& row : rows) bytes += row.size();
        return grouped(bytes);
      };
      table.add({name_of(of.medium), model, total(of.given), total(of.truth),
                 fixed(bits_per_byte(generated), 2),
                 of.medium == PaperMedium::images ? fixed(psnr(of, generated), 1) : "-",
                 fixed(generated.seconds, 1)});
    }
  }
  return table.text();
}

Json json_of(const GenerationExperiment& experiment, const CellResults& results) {
  Json json = {{"experiment", "fig3"}, {"samples", Json::array()}};
  for (std::size_t task = 0; task < experiment.tasks().size(); ++task) {
    const GenerationTask& of = experiment.tasks()[task];
    for (const std::string& model : experiment.models(task)) {
      const Generated generated = experiment.generated(task, model, results);
      const std::vector<Bytes> nothing(generated.rows.size());
      Json row = {{"medium", name_of(of.medium)},
                  {"source", of.source},
                  {"model", model},
                  {"rows", generated.rows.size()},
                  {"bits_per_byte", bits_per_byte(generated)},
                  {"seconds", generated.seconds},
                  {"drawn_base64", base64(joined(nothing, generated.rows))}};
      if (of.medium == PaperMedium::images) row["psnr_db"] = psnr(of, generated);
      json["samples"].push_back(std::move(row));
    }
  }
  return json;
}

void make_folder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error || !std::filesystem::is_directory(folder, error))
    throw Error("cannot make the folder " + printable(folder) + ": " + error.message());
}

}  // namespace

int reproduce_fig3(const ReproduceOptions& options) {
  if (options.output.empty() && !options.json)
    throw UsageError("--output DIR is missing, for the samples and pictures, or --json");
  std::vector<std::vector<std::string>> models;
  for (const char* llama : {"llama:text", "llama:image", "llama:audio"})
    models.push_back(models_for(options, {"gzip:9", llama}));
  if (!options.output.empty() && launch().rank == 0) make_folder(options.output);
  std::string image_source, audio_source;
  const Image image = first_image(options, image_source);
  const Audio audio = first_recording(options, audio_source);
  std::vector<GenerationTask> tasks = {text_task(read_paper_data(options, PaperMedium::text)),
                                       image_task(image, image_source),
                                       audio_task(audio, audio_source)};
  std::vector<PaperData> seen;  // for the fingerprint: all that is given
  for (const GenerationTask& task : tasks)
    seen.push_back({task.medium, task.source, joined(task.given, task.truth)});
  const GenerationExperiment experiment(std::move(tasks), std::move(models),
                                        {.seed = static_cast<std::uint64_t>(options.seed),
                                         .threads = options.threads,
                                         .cancelled = cells_cancelled});
  CellResults results;
  if (!compute_cells(options, fingerprint(seen) + "seed " + std::to_string(options.seed),
                     experiment.cells(), results))
    return kInterruptedExit;
  if (!options.output.empty()) write_outputs(options.output, experiment, results);
  write_out(options.json
                ? json_of(experiment, results).dump(2) + "\n"
                : text_samples(experiment, 0, results) + "\n" + summary(experiment, results));
  return 0;
}

}  // namespace kraft::cli
