// What models draw of pictures and recordings: a panel to look at, and a table of figures.
//
//     build/benchmarks/media_dreams --draw lower|right|sound [--panel FILE] [--judge SPEC]...
//         [--temperature T]... [--rows N] [--side N] [--rate HZ] [--seconds S]
//         --model SPEC... FILE...
//
// Of each picture the largest square in its middle is taken, gray, with sides of 64 pixels
// (--side); models draw its lower half (or the last --rows), or the right half of each row, with
// the rows above in sight. Of each recording (8 kHz, 8 bits), --seconds (0.5) are drawn after two
// seconds of it. Every model draws byte by byte, at each temperature, from the same seed. Columns,
// means over the files:
//
//     a judge    bits a byte that it needs for what was drawn, after what was given
//     gradients  earth mover's distance of the histograms of gradients to the truth's, in levels
//     PSNR       against the truth, dB
//     LSD        log-spectral distance to the truth, dB
//     SNR        against the truth, dB
//     own        bits a byte by the model's own code lengths, at the temperature 1
//     s          processor seconds for one file
//
// docs/compare.md defines the distances.

#include <cmath>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "core/drawing.h"
#include "evaluate/media_metrics.h"
#include "evaluate/statistics.h"
#include "kraft/error.h"
#include "kraft/media.h"
#include "kraft/registry.h"
#include "kraft/tasks/complete.h"
#include "media/panel.h"
#include "media/spectrogram.h"

namespace kraft {
namespace {

constexpr double kContextSeconds = 2, kShownSeconds = 0.5;
constexpr std::size_t kZoom = 2, kGap = 6, kLabelWidth = 200;
constexpr std::size_t kSpectrogramWidth = 120, kSpectrogramHeight = 64;

double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

enum class Drawn { lower, right, sound };

struct Settings {
  Drawn drawn = Drawn::lower;
  std::string panel;
  std::vector<std::string> judges, models, files;
  std::vector<double> temperatures;
  std::size_t side = 64;
  std::size_t rows = 0;  // 0: half of them
  std::uint32_t rate_hz = 8000;
  double seconds = 0.5;

  bool of_sound() const { return drawn == Drawn::sound; }
};

// A stretch of bytes that is given or drawn.
struct Part {
  std::size_t begin = 0, end = 0;
  bool drawn = false;
};

// What is known of one file.
struct Source {
  std::string name;
  Image picture;
  Audio sound;
  std::vector<Part> parts;  // in their order
};

// What a model made of it; where it is the truth itself, seconds are 0 and distances too.
struct Result {
  Image picture;
  Audio sound;
  double own_bits = 0, seconds = 0;

  const Bytes& bytes() const { return picture.samples.empty() ? sound.samples : picture.samples; }
};

Bytes contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error("cannot read " + path);
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

std::size_t drawn_rows(const Settings& settings) {
  return settings.rows > 0 ? settings.rows : settings.side / 2;
}

Source picture_source(const std::string& path, const Settings& settings) {
  const Image whole = to_gray(read_image(contents(path)));
  const std::size_t side = std::min(whole.width, whole.height);
  Source source;
  source.picture =
      scaled(cropped(whole, {(whole.width - side) / 2, (whole.height - side) / 2, side, side}),
             settings.side, settings.side);
  const std::size_t size = source.picture.samples.size();
  if (settings.drawn == Drawn::lower) {
    const std::size_t begin = size - drawn_rows(settings) * settings.side;
    source.parts = {{0, begin, false}, {begin, size, true}};
  } else {
    for (std::size_t at = 0; at < size; at += settings.side / 2)
      source.parts.push_back({at, at + settings.side / 2, at / (settings.side / 2) % 2 == 1});
  }
  return source;
}

Source sound_source(const std::string& path, const Settings& settings) {
  Source source;
  source.sound = read_audio(contents(path), Encoding::u8, settings.rate_hz);
  const auto given = static_cast<std::size_t>(kContextSeconds * settings.rate_hz);
  const std::size_t end = given + static_cast<std::size_t>(settings.seconds * settings.rate_hz);
  if (source.sound.channels != 1 || source.sound.samples.size() < end)
    throw Error(path + ": expected a channel, and a longer recording");
  source.sound.samples.resize(end);
  source.parts = {{0, given, false}, {given, end, true}};
  return source;
}

Source source_of(const std::string& path, const Settings& settings) {
  Source source =
      settings.of_sound() ? sound_source(path, settings) : picture_source(path, settings);
  source.name = path.substr(path.rfind('/') + 1);
  source.name.resize(source.name.rfind('.'));
  return source;
}

std::size_t drawn_bytes(const Source& source) {
  std::size_t size = 0;
  for (const Part& part : source.parts) size += part.drawn ? part.end - part.begin : 0;
  return size;
}

void ask(CompletionTask& task, const std::string& model, double temperature) {
  task.models = {model};
  task.sampler = "ancestral";
  task.threads = 1;
  task.sampling.set(&SamplerOptions::temperature, temperature);
}

Result draw(const Settings& settings, const Source& source, const std::string& model,
            double temperature) {
  const double begin = processor_seconds();
  Result result;
  if (settings.of_sound()) {
    AudioCompletionTask task;
    ask(task, model, temperature);
    task.audio = source.sound;
    task.context_seconds = kContextSeconds;
    task.seconds = settings.seconds;
    auto completed = complete_audio(task).completions.at(0);
    result.sound = std::move(completed.audio);
    result.own_bits = completed.bits;
  } else {
    ImageCompletionTask task;
    ask(task, model, temperature);
    task.image = source.picture;
    if (settings.drawn == Drawn::lower) {
      task.rows = static_cast<std::int64_t>(drawn_rows(settings));
    } else {
      task.right_from = static_cast<std::int64_t>(settings.side / 2);
      task.rows_context = ImageCompletionTask::RowsContext::above;
    }
    auto completed = complete_image(task).completions.at(0);
    result.picture = std::move(completed.image);
    result.own_bits = completed.bits;
  }
  result.seconds = processor_seconds() - begin;
  return result;
}

// Has read what is given before anything is drawn of each file, and is asked again and again.
class Judge {
 public:
  Judge(std::string spec, const std::vector<Source>& sources) : spec_(std::move(spec)) {
    for (const Source& source : sources) {
      const bool of_sound = source.picture.samples.empty();
      const Geometry geometry = of_sound ? source.sound.geometry() : source.picture.geometry();
      const Bytes& bytes = of_sound ? source.sound.samples : source.picture.samples;
      states_.push_back(make_model(spec_, {.geometry = geometry})->start());
      states_.back()->observe(ByteView(bytes).first(source.parts[0].end));
    }
  }

  const std::string& spec() const { return spec_; }

  // It has what was given for granted, and pays for what was drawn.
  double bits(const Source& source, std::size_t file, const Bytes& bytes) const {
    const auto state = states_[file]->clone();
    double total = 0;
    for (std::size_t i = 1; i < source.parts.size(); ++i) {
      const Part& part = source.parts[i];
      const ByteView piece = ByteView(bytes).subspan(part.begin, part.end - part.begin);
      double bits = 0;
      if (part.drawn) state->measure({&piece, 1}, {&bits, 1});
      total += bits;
      if (i + 1 < source.parts.size()) state->observe(piece);
    }
    return total;
  }

 private:
  std::string spec_;
  std::vector<std::unique_ptr<State>> states_;  // for each file
};

// What was drawn of a picture, with a pixel beside it where the gradients begin.
Image drawn_part(const Settings& settings, const Image& picture) {
  const std::size_t half = settings.side / 2;
  if (settings.drawn == Drawn::right)
    return cropped(picture, {half - 1, 0, settings.side - half + 1, settings.side});
  return picture;
}

Audio drawn_part(const Source& source, Audio sound) {
  const Part& part = source.parts.back();
  sound.samples.assign(sound.samples.begin() + static_cast<std::ptrdiff_t>(part.begin),
                       sound.samples.begin() + static_cast<std::ptrdiff_t>(part.end));
  return sound;
}

Bytes drawn_samples(const Source& source, const Bytes& bytes) {
  Bytes drawn;
  for (const Part& part : source.parts) {
    if (part.drawn) append(drawn, ByteView(bytes).subspan(part.begin, part.end - part.begin));
  }
  return drawn;
}

// Distances to the truth: of texture, then of the very samples.
std::pair<double, double> distances(const Settings& settings, const Source& source,
                                    const Result& result) {
  if (settings.of_sound()) {
    const Audio truth = drawn_part(source, source.sound), drawn = drawn_part(source, result.sound);
    return {log_spectral_distance_db(truth, drawn),
            signal_to_noise_db(truth, drawn).value_or(std::numeric_limits<double>::quiet_NaN())};
  }
  const Image truth = drawn_part(settings, source.picture),
              drawn = drawn_part(settings, result.picture);
  const std::size_t first =
      settings.drawn == Drawn::lower ? settings.side - drawn_rows(settings) : 0;
  return {gradient_distance(truth, drawn, first),
          psnr_db(drawn_samples(source, source.picture.samples),
                  drawn_samples(source, result.picture.samples))};
}

std::string estimated(const std::vector<double>& values, int digits) {
  const Estimate e = estimate(values);
  char text[64];
  if (!std::isfinite(e.mean)) return "";
  std::snprintf(text, sizeof text, "%.*f ± %.*f", digits, e.mean, digits,
                std::isfinite(e.standard_error) ? e.standard_error : 0.0);
  return text;
}

void print_head(const Settings& settings) {
  std::printf("\n| model | T |");
  for (const std::string& judge : settings.judges) std::printf(" `%s` |", judge.c_str());
  std::printf(settings.of_sound() ? " LSD | SNR |" : " gradients | PSNR |");
  std::printf(" own | s |\n|---|--:|%s--:|--:|--:|--:|\n",
              [&] {
                std::string columns;
                for (std::size_t i = 0; i < settings.judges.size(); ++i) columns += "--:|";
                return columns;
              }()
                  .c_str());
}

void print_row(const Settings& settings, const std::vector<Source>& sources,
               const std::vector<Judge>& judges, const std::vector<Result>& results,
               const std::string& name, const std::string& temperature) {
  std::printf("| %s | %s |", name.c_str(), temperature.c_str());
  for (const Judge& judge : judges) {
    std::vector<double> bits;
    for (std::size_t i = 0; i < sources.size(); ++i)
      bits.push_back(judge.bits(sources[i], i, results[i].bytes()) /
                     static_cast<double>(drawn_bytes(sources[i])));
    std::printf(" %s |", estimated(bits, 2).c_str());
  }
  std::vector<double> texture, same, own, seconds;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const auto [a, b] = distances(settings, sources[i], results[i]);
    texture.push_back(a);
    same.push_back(b);
    own.push_back(results[i].own_bits / static_cast<double>(drawn_bytes(sources[i])));
    seconds.push_back(results[i].seconds);
  }
  if (temperature.empty()) {
    std::printf(" | | | |\n");
  } else {
    std::printf(" %s | %s | %s | %.2f |\n", estimated(texture, 1).c_str(),
                estimated(same, 1).c_str(), estimated(own, 2).c_str(), estimate(seconds).mean);
  }
  std::fflush(stdout);
}

// What is not given is a chequered gray, which photographs do not have.
Image given_picture(const Source& source) {
  Image image = source.picture;
  for (const Part& part : source.parts) {
    for (std::size_t i = part.begin; part.drawn && i < part.end; ++i) {
      const bool light = (i % image.width / 4 + i / image.width / 4) % 2 == 0;
      image.samples[i] = static_cast<Byte>(light ? 216 : 168);
    }
  }
  return image;
}

// The end of what was given, a line, and what was drawn.
Image shown_sound(const Settings& settings, const Source& source, const Audio& sound) {
  Audio shown = sound;
  const std::size_t begin =
      source.parts.back().begin - static_cast<std::size_t>(kShownSeconds * settings.rate_hz);
  shown.samples.erase(shown.samples.begin(),
                      shown.samples.begin() + static_cast<std::ptrdiff_t>(begin));
  Image image = spectrogram_picture(shown, kSpectrogramWidth, kSpectrogramHeight);
  const auto mark = static_cast<std::size_t>(kShownSeconds / (kShownSeconds + settings.seconds) *
                                             static_cast<double>(kSpectrogramWidth));
  for (std::size_t y = 0; y < image.height; ++y) {
    for (const std::size_t channel : {0, 1, 2})
      image.samples[3 * (y * image.width + mark) + channel] = channel == 0 ? 0 : 255;
  }
  return image;
}

// Rows of pictures behind their labels; a column for each file and temperature.
class Panel {
 public:
  Panel(const Settings& settings, const std::vector<Source>& sources)
      : settings_(settings), sources_(sources) {}

  void add_row(const std::string& label) { rows_.push_back({label, {}}); }
  void add(const Result& result, std::size_t file) {
    rows_.back().pictures.push_back(settings_.of_sound()
                                        ? shown_sound(settings_, sources_[file], result.sound)
                                        : result.picture);
  }
  void add(Image image) { rows_.back().pictures.push_back(std::move(image)); }

  Image image() const {
    const std::size_t zoom = settings_.of_sound() ? 1 : kZoom;
    const std::size_t width = zoom * (settings_.of_sound() ? kSpectrogramWidth : settings_.side);
    const std::size_t height = zoom * (settings_.of_sound() ? kSpectrogramHeight : settings_.side);
    const std::size_t groups = settings_.temperatures.size();
    const std::size_t columns = groups * sources_.size();
    const auto x_of = [&](std::size_t column) {
      return kLabelWidth + column * (width + kGap) + column / sources_.size() * 2 * kGap;
    };
    const std::size_t head = kLineHeight + kGap;
    Canvas canvas(x_of(columns), head + rows_.size() * (height + kGap));
    for (std::size_t g = 0; g < groups; ++g)
      canvas.write("T = " + shortest(settings_.temperatures[g]), x_of(g * sources_.size()), kGap);
    std::size_t y = head;
    for (const Row& row : rows_) {
      std::size_t line_y = y;
      for (const std::string& line : broken(row.label, kLabelWidth - 2 * kGap)) {
        canvas.write(line, kGap, line_y);
        line_y += kLineHeight;
      }
      for (std::size_t column = 0; column < row.pictures.size(); ++column)
        canvas.draw(row.pictures[column], x_of(column), y, zoom);
      y += height + kGap;
    }
    return settings_.of_sound() ? canvas.image() : to_gray(canvas.image());
  }

 private:
  struct Row {
    std::string label;
    std::vector<Image> pictures;
  };
  const Settings& settings_;
  const std::vector<Source>& sources_;
  std::vector<Row> rows_;
};

void add_truth(const Settings& settings, const std::vector<Source>& sources, Panel& panel) {
  panel.add_row("the truth");
  for (std::size_t g = 0; g < settings.temperatures.size(); ++g) {
    for (std::size_t i = 0; i < sources.size(); ++i)
      panel.add({sources[i].picture, sources[i].sound}, i);
  }
  if (settings.of_sound()) return;
  panel.add_row("what is given");
  for (std::size_t g = 0; g < settings.temperatures.size(); ++g) {
    for (const Source& source : sources) panel.add(given_picture(source));
  }
}

void write_panel(const std::string& path, const Panel& panel) {
  const Bytes png = write_png(panel.image());
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(png.data()), static_cast<std::streamsize>(png.size()));
  if (!file.flush()) throw Error("cannot write " + path);
}

void run(const Settings& settings) {
  std::vector<Source> sources;
  for (const std::string& path : settings.files) sources.push_back(source_of(path, settings));
  Panel panel(settings, sources);
  add_truth(settings, sources, panel);
  print_head(settings);
  std::vector<Judge> judges;
  for (const std::string& judge : settings.judges) judges.emplace_back(judge, sources);
  std::vector<Result> truth;
  for (const Source& source : sources) truth.push_back({source.picture, source.sound});
  print_row(settings, sources, judges, truth, "the truth", "");
  for (const std::string& model : settings.models) {
    panel.add_row(model);
    for (const double temperature : settings.temperatures) {
      std::vector<Result> results;
      for (std::size_t i = 0; i < sources.size(); ++i) {
        results.push_back(draw(settings, sources[i], model, temperature));
        panel.add(results.back(), i);
      }
      print_row(settings, sources, judges, results, "`" + model + "`", shortest(temperature));
    }
    if (!settings.panel.empty()) write_panel(settings.panel, panel);
  }
}

Settings parse(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (option.rfind("--", 0) != 0) {
      settings.files.push_back(option);
      continue;
    }
    if (++i == argc) throw UsageError(option + ": a value is missing");
    const std::string value = argv[i];
    if (option == "--draw") {
      if (value != "lower" && value != "right" && value != "sound")
        throw UsageError("--draw " + value + ": expected lower, right or sound");
      settings.drawn = value == "lower"   ? Drawn::lower
                       : value == "right" ? Drawn::right
                                          : Drawn::sound;
    } else if (option == "--panel") {
      settings.panel = value;
    } else if (option == "--judge") {
      settings.judges.push_back(value);
    } else if (option == "--model") {
      settings.models.push_back(value);
    } else if (option == "--temperature") {
      settings.temperatures.push_back(std::stod(value));
    } else if (option == "--side") {
      settings.side = std::stoul(value) / 2 * 2;
    } else if (option == "--rows") {
      settings.rows = std::stoul(value);
    } else if (option == "--rate") {
      settings.rate_hz = static_cast<std::uint32_t>(std::stoul(value));
    } else if (option == "--seconds") {
      settings.seconds = std::stod(value);
    } else {
      throw UsageError("unknown option " + option);
    }
  }
  if (settings.temperatures.empty()) settings.temperatures = {1, 0.7};
  if (settings.files.empty() || settings.models.empty())
    throw UsageError("expected --model SPEC and files");
  return settings;
}

}  // namespace
}  // namespace kraft

int main(int argc, char** argv) {
  try {
    kraft::run(kraft::parse(argc, argv));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "media_dreams: %s\n", error.what());
    return 1;
  }
}
