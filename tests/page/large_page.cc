// Writes a page of kraft compare as large as one asks for, of cells that no model has computed:
// what is drawn and what is measured are random, all that is made of it is real.
//
//     large_page MODELS INPUTS WINDOWS >page.html
//
// Inputs are a text, a picture and a recording by turns; of every fourth model there are samples at
// three temperatures, and two samples of each window.

#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "evaluate/comparison.h"
#include "kraft/random.h"
#include "kraft/report.h"
#include "tasks/compare_result.h"

namespace kraft {
namespace {

constexpr std::size_t kSamples = 2;

double uniform(Random& random) { return static_cast<double>(random.below(1 << 20)) / (1 << 20); }

Bytes noise(Random& random, Medium medium, std::size_t size) {
  Bytes bytes;
  for (std::size_t i = 0; i < size; ++i)
    bytes.push_back(static_cast<Byte>(medium == Medium::text && random.below(6) == 0 ? ' '
                                      : medium == Medium::text ? 'a' + random.below(26)
                                                               : random.below(256)));
  return bytes;
}

ComparedInput input_of(Random& random, std::size_t number, std::size_t windows) {
  struct Kind {
    Medium medium;
    const char* ending;
    std::size_t row_bytes, context_bytes, truth_bytes, lead_bytes;
    std::uint32_t rate_hz;
  };
  static constexpr Kind kKinds[] = {{Medium::text, ".txt", 1, 6000, 64, 0, 0},
                                    {Medium::image, ".png", 64, 768, 256, 0, 0},
                                    {Medium::audio, ".wav", 1, 1024, 320, 16000, 16000}};
  const Kind& kind = kKinds[number % std::size(kKinds)];
  ComparedInput input;
  input.name = "input-" + std::to_string(number) + kind.ending;
  input.medium = kind.medium;
  input.fingerprint = input.name;
  input.size_bytes = 1'000'000;
  input.row_bytes = kind.row_bytes;
  input.rate_hz = kind.rate_hz;
  for (std::size_t i = 0; i < windows; ++i)
    input.windows.push_back({20'000 * i, noise(random, kind.medium, kind.context_bytes),
                             noise(random, kind.medium, kind.truth_bytes),
                             noise(random, kind.medium, kind.lead_bytes)});
  return input;
}

std::string model_called(std::size_t number) {
  static constexpr const char* kNames[] = {"gzip:%,view=encoder", "zstd:%,view=decoder",
                                           "ppmd:%,memory=64MiB", "blend:ngram:%,ppmd,cm",
                                           "product:bytelm:text,ngram:%^0.5"};
  std::string name = kNames[number % std::size(kNames)];
  return name.replace(name.find('%'), 1, std::to_string(number / std::size(kNames) + 1));
}

std::vector<ComparedSampler> samplers_of(std::size_t model) {
  std::vector<std::string> specs = {"ancestral"};
  if (model % 4 == 0)
    specs = {"ancestral,temperature=0.9", "ancestral,temperature=0.5", "ancestral,temperature=0.7"};
  return at_temperatures(specs, {});
}

// A value of each of these figures, near to what is the model's own.
Figures figures(Random& random, const std::vector<Metric>& metrics, FigureKind kind, double own) {
  Figures found;
  for (const Metric& metric : metrics) {
    const double share = 0.2 + 0.3 * own + 0.2 * uniform(random);
    if (metric.kind == kind && !metric.of_windows)
      found[metric.key] = metric.share               ? share
                          : kind == FigureKind::cost ? 1e5 * share
                                                     : 10 * share;
  }
  return found;
}

Cell cell_of(Random& random, const Comparison& comparison, const CellKey& key, double own) {
  const ComparedInput& input = comparison.inputs()[key.input];
  const std::vector<Metric>& metrics = comparison.metrics(key.input);
  Cell cell;
  const bool predicts = key.sampler == kNoSampler;
  cell.figures =
      figures(random, metrics, predicts ? FigureKind::prediction : FigureKind::sample, own);
  if (!key.bound) cell.figures.merge(figures(random, metrics, FigureKind::cost, own));
  if (predicts) {
    for (std::size_t i = 0; i < 8; ++i)
      cell.forecasts.push_back({uniform(random), random.below(2) == 0});
    for (std::uint64_t bytes = 16; bytes <= 4096; bytes *= 4)
      cell.rates.push_back({bytes, 2 + 3 * own + 20 / static_cast<double>(bytes)});
    return cell;
  }
  const std::size_t size = input.windows[key.window].truth.size();
  for (std::size_t i = 0; i < kSamples; ++i)
    cell.draws.push_back(
        {noise(random, input.medium, size), figures(random, metrics, FigureKind::sample, own)});
  return cell;
}

std::string large_page(std::size_t models, std::size_t count_of_inputs, std::size_t windows) {
  Random random(1);
  std::vector<ComparedInput> inputs;
  for (std::size_t i = 0; i < count_of_inputs; ++i) inputs.push_back(input_of(random, i, windows));
  std::vector<std::string> specs;
  Comparison::Samplers samplers;
  std::map<std::string, double> own;
  for (std::size_t model = 0; model < models; ++model) {
    specs.push_back(model_called(model));
    own[specs.back()] = uniform(random);
    for (std::size_t i = 0; i < inputs.size(); ++i)
      samplers[{i, specs.back()}] = samplers_of(model);
  }
  const Comparison comparison(
      {.seed = 1, .count = kSamples, .positions = 8, .judges = {"ngram"}, .alphabet = "auto"},
      std::move(inputs), std::move(specs), std::move(samplers));
  std::map<CellKey, Cell> cells;
  for (const CellKey& key : comparison.cells())
    cells[key] = cell_of(random, comparison, key, own[key.model]);
  return compare_page(compare_result(comparison, cells, {}, {}), "large_page");
}

}  // namespace
}  // namespace kraft

int main(int count, char** arguments) {
  const auto number = [&](int i) {
    return i < count ? std::strtoul(arguments[i], nullptr, 10) : 0;
  };
  if (number(1) == 0 || number(2) == 0 || number(3) == 0) {
    std::cerr << "usage: large_page MODELS INPUTS WINDOWS >page.html\n";
    return 2;
  }
  std::cout << kraft::large_page(number(1), number(2), number(3));
  return 0;
}
