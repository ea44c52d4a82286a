// kraft compare: which compressor dreams best.

#include "cli/compare.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "base/files.h"
#include "base/parallel.h"
#include "base/text.h"
#include "base/wire.h"
#include "cli/completion.h"
#include "cli/context.h"
#include "cli/media_input.h"
#include "cli/terminal.h"
#include "kraft/container.h"
#include "kraft/error.h"
#include "run/cells.h"
#include "run/interrupts.h"
#include "run/memory.h"
#include "run/ranks.h"
#include "version.h"

namespace kraft::cli {
namespace {

constexpr std::int64_t kMostBytes = std::int64_t{1} << 24;
constexpr const char* kDefaultJudges[] = {"ngram", "llama:text"};

struct PatchSize {
  std::size_t width = 0, height = 0;
};

PatchSize parse_patch(const std::string& text) {
  const std::size_t cross = std::min(text.find('x'), text.size());
  std::int64_t width = 0, height = 0;
  if (cross == text.size() || !parse_integer(text.substr(0, cross), width) ||
      !parse_integer(text.substr(cross + 1), height) || width < 1 || height < 2 ||
      width > 1 << 16 || height > 1 << 16)
    throw UsageError("--patch is WxH in pixels, not '" + printable(text) + "'");
  return {static_cast<std::size_t>(width), static_cast<std::size_t>(height)};
}

// Gray, 8 bits, and reduced until its shorter side has so many pixels (0: as it is).
Image prepared(ByteView file, std::int64_t side) {
  Image image = to_gray(kraft::read_image(file));
  if (image.depth_bits == 16) {
    Bytes high;
    for (std::size_t at = 0; at < image.samples.size(); at += 2) high.push_back(image.samples[at]);
    image.samples = std::move(high);
    image.depth_bits = 8;
  }
  const std::size_t shorter = std::min(image.width, image.height);
  const auto wanted = static_cast<std::size_t>(side);
  if (wanted == 0 || shorter <= wanted) return image;
  return scaled(image, (image.width * wanted + shorter / 2) / shorter,
                (image.height * wanted + shorter / 2) / shorter);
}

std::size_t windows_wanted(const CompareOptions& o, Medium medium) {
  if (o.windows > 0) return static_cast<std::size_t>(o.windows);
  return medium == Medium::image || medium == Medium::audio ? 4 : 6;
}

ComparedInput image_input(const CompareOptions& o, const std::string& name, ByteView file) {
  const PatchSize patch = parse_patch(o.patch);
  if (static_cast<std::size_t>(o.rows) >= patch.height)
    throw UsageError("--rows " + std::to_string(o.rows) + " leaves no context in a patch of " +
                     std::to_string(patch.height) + " rows");
  const Image image = prepared(file, o.side);
  warn_about(name, image.warnings);
  ComparedInput input{
      .name = name,
      .medium = Medium::image,
      .bytes = image.samples,
      .fingerprint = {},
      .geometry = {.width = static_cast<std::int64_t>(patch.width), .channels = 1, .depth = 8},
      .row_bytes = patch.width,
      .rate_hz = 0,
      .windows = {}};
  input.windows = windows_of_image(image, name, static_cast<std::uint64_t>(o.seed),
                                   windows_wanted(o, Medium::image), patch.width, patch.height,
                                   static_cast<std::size_t>(o.rows));
  return input;
}

ComparedInput audio_input(const CompareOptions& o, const std::string& name, ByteView file) {
  Audio audio = kraft::read_audio(file, Encoding::u8, static_cast<std::uint32_t>(o.rate));
  warn_about(name, audio.warnings);
  if (audio.channels > 1) {  // the first one stands for all
    Bytes first;
    for (std::size_t at = 0; at < audio.samples.size(); at += audio.channels)
      first.push_back(audio.samples[at]);
    audio.samples = std::move(first);
    audio.channels = 1;
  }
  ComparedInput input{.name = name,
                      .medium = Medium::audio,
                      .bytes = audio.samples,
                      .fingerprint = {},
                      .geometry = audio.geometry(),
                      .row_bytes = 1,
                      .rate_hz = audio.rate_hz,
                      .windows = {}};
  input.windows = windows_of_bytes(
      audio.samples, name, static_cast<std::uint64_t>(o.seed), windows_wanted(o, Medium::audio),
      static_cast<std::size_t>(o.context_samples), static_cast<std::size_t>(o.samples));
  return input;
}

ComparedInput read_compared(const CompareOptions& o, const std::string& name) {
  const Bytes file = read_input(name);
  const Medium medium = infer_medium(file, name);
  ComparedInput input;
  if (medium == Medium::image) {
    input = image_input(o, name, file);
  } else if (medium == Medium::audio) {
    input = audio_input(o, name, file);
  } else {
    input = {.name = name, .medium = medium, .bytes = file, .fingerprint = {}, .windows = {}};
    input.windows = windows_of_bytes(
        file, name, static_cast<std::uint64_t>(o.seed), windows_wanted(o, medium),
        static_cast<std::size_t>(o.context_bytes), static_cast<std::size_t>(o.length_bytes));
  }
  input.fingerprint = std::string(name_of(medium)) + ":" + hexadecimal(checksum(input.bytes));
  return input;
}

// All that a cell depends on but its model, its sampler and its input.
std::string settings_text(const CompareOptions& o, const ComparisonSettings& settings) {
  return "kraft " + std::string(kVersion) + ", seed " + std::to_string(o.seed) + ", windows " +
         std::to_string(o.windows) + ", count " + std::to_string(o.count) + ", positions " +
         std::to_string(o.positions) + ", alphabet " + o.alphabet + ", text " +
         std::to_string(o.context_bytes) + "+" + std::to_string(o.length_bytes) + ", image " +
         std::to_string(o.side) + " " + o.patch + " " + std::to_string(o.rows) + ", audio " +
         std::to_string(o.rate) + " " + std::to_string(o.context_samples) + "+" +
         std::to_string(o.samples) + ", judges " + join(settings.judges, " ");
}

// Those that were given, or the default ones that there are.
std::vector<std::string> judges(const CompareOptions& o, bool wanted) {
  if (!o.judges.empty()) {
    for (const std::string& judge : o.judges) make_model(judge);
    return o.judges;
  }
  std::vector<std::string> found;
  for (const char* judge : kDefaultJudges) {
    if (!wanted) break;
    try {
      make_model(judge, {.threads = 1});
      found.emplace_back(judge);
    } catch (const UsageError&) {
      throw;
    } catch (const Error& error) {
      note(std::string("no judge ") + judge + ": " + error.what());
    }
  }
  return found;
}

void check(const po::variables_map& values, const CompareOptions& o) {
  if (o.models.empty()) throw UsageError("--model is missing; `kraft models` lists them");
  if (o.inputs.empty()) throw UsageError("no file to compare on");
  exclude(values, "json", "csv");
  check_range("windows", o.windows, 0, 1 << 16);
  check_range("count", o.count, 1, 1 << 16);
  check_range("positions", o.positions, 1, kMostBytes);
  check_range("seed", o.seed, 0, INT64_MAX);
  check_range("context", o.context_bytes, 1, kMostBytes);
  check_range("length", o.length_bytes, 1, kMostBytes);
  check_range("side", o.side, 0, 1 << 16);
  check_range("rows", o.rows, 1, 1 << 16);
  check_range("context-samples", o.context_samples, 1, kMostBytes);
  check_range("samples", o.samples, 1, kMostBytes);
  check_range("rate", o.rate, 1000, 192000);
  parse_patch(o.patch);
  if (o.alphabet != "auto") Candidates::parse(o.alphabet, {});
  if (o.columns != "concise" && o.columns != "all" && o.columns != "lasting")
    throw UsageError("--columns '" + printable(o.columns) + "' is none of concise|all|lasting");
  for (const auto* list : {&o.models, &o.samplers, &o.judges}) {
    std::set<std::string> seen;
    for (const std::string& spec : *list) {
      if (!seen.insert(spec).second) throw UsageError("'" + printable(spec) + "' is given twice");
    }
  }
  if (std::ranges::count(o.inputs, "-") > 1)
    throw UsageError("standard input cannot be read twice");
  expect_files(o.inputs);
  if (is_set(values, "html")) {
    if (o.html.empty()) throw UsageError("--html is empty");
    expect_pages();
  }
}

// One run of the command.
class Run {
 public:
  Run(CompareOptions& options, unsigned threads)
      : options_(options), threads_(threads == 0 ? hardware_threads() : threads) {
    std::vector<ComparedSampler> samplers;
    for (const std::string& spec : options_.samplers)
      samplers.push_back(ComparedSampler::parse(spec));
    for (const std::string& spec : options_.models) make_model(spec);  // all errors before any work
    std::vector<ComparedInput> inputs;
    for (const std::string& name : options_.inputs) inputs.push_back(read_compared(options_, name));
    const bool text = std::ranges::any_of(inputs, [](const ComparedInput& input) {
      return input.medium == Medium::text || input.medium == Medium::bytes;
    });
    ComparisonSettings settings{.seed = static_cast<std::uint64_t>(options_.seed),
                                .count = static_cast<std::uint64_t>(options_.count),
                                .positions = static_cast<std::uint64_t>(options_.positions),
                                .judges = judges(options_, text),
                                .alphabet = options_.alphabet};
    identify_models(inputs, settings);
    settings_ = settings_text(options_, settings) + judge_identities_;
    if (!options_.resume.empty() && launch().rank == 0)
      store_.emplace(options_.resume, "compare", settings_);
    comparison_.emplace(std::move(settings), std::move(inputs), options_.models,
                        std::move(samplers), threads_, cells_cancelled);
  }

  int run(const po::variables_map& values) {
    catch_interrupts();
    if (!compute_all()) return kInterruptedExit;
    const Results results{*comparison_, options_, cells_, comparison_->rows(cells_),
                          identities_,  command()};
    if (!options_.html.empty()) write_file(options_.html, as_bytes(results_page(results)));
    if (values.count("json")) {
      write_out(results_json(results));
    } else if (values.count("csv")) {
      write_out(results_csv(results));
    } else {
      write_out(results_table(results));
    }
    return 0;
  }

 private:
  void identify_models(const std::vector<ComparedInput>& inputs,
                       const ComparisonSettings& settings) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      for (const std::string& spec : options_.models)
        identities_[identity_key(i, spec)] =
            identity_of(*make_model(spec, {.threads = 1, .geometry = inputs[i].geometry}));
    }
    for (const std::string& judge : settings.judges)
      judge_identities_ += "; judge " + identity_of(*make_model(judge, {.threads = 1}));
  }

  std::string stored_key(const CellKey& key) const {
    const std::string model =
        key.sanity ? "bound " + key.model : identities_.at(identity_key(key.input, key.model));
    return comparison_->inputs()[key.input].fingerprint + " | window " +
           std::to_string(key.window) + " | " + model + " | " +
           (key.sampler == kNoSampler ? "prediction" : key.sampler);
  }

  // What loading a model, reading a window and pricing a byte takes: in a process of its own, and
  // so before there are threads, or MPI.
  void measure_costs(const std::vector<CellKey>& keys, const std::vector<std::size_t>& missing) {
    for (const std::size_t i : missing) {
      const CellKey& key = keys[i];
      const std::string name = identity_key(key.input, key.model);
      if (key.sanity || costs_.contains(name) || interrupted()) continue;
      const ComparedInput& input = comparison_->inputs()[key.input];
      costs_[name] = cost_of([&] {
        const auto model = make_model(key.model, {.threads = 1, .geometry = input.geometry});
        const auto state = model->start(input.windows[0].context);
        std::array<double, 256> bits;
        state->next_byte(bits);
      });
    }
  }

  double probed_seconds(const CellKey& key) const {
    const auto found = costs_.find(identity_key(key.input, key.model));
    return found == costs_.end() || !found->second ? 0 : found->second->seconds;
  }

  // False when it was interrupted.
  bool compute_all() {
    const std::vector<CellKey> keys = comparison_->cells();
    std::vector<std::size_t> missing;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (auto cell = store_ ? store_->find(stored_key(keys[i])) : std::nullopt) {
        cells_[keys[i]] = std::move(*cell);
      } else {
        missing.push_back(i);
      }
    }
    if (launch().rank == 0) measure_costs(keys, missing);
    // Within a window the dearest first, so that no thread is left alone with it.
    std::ranges::stable_sort(missing, [&](std::size_t i, std::size_t j) {
      const CellKey &a = keys[i], &b = keys[j];
      if (a.input != b.input || a.window != b.window)
        return std::pair(a.input, a.window) < std::pair(b.input, b.window);
      return probed_seconds(a) > probed_seconds(b);
    });
    Cells work;
    work.what = "comparing";
    work.identity = identity(keys);
    work.missing = std::move(missing);
    work.known = keys.size() - work.missing.size();
    work.threads = threads_;
    work.afterwards = store_ ? "; the same command goes on from there"
                             : "; with --resume FILE they would have been kept";
    work.compute = [&](std::size_t i, unsigned worker) {
      return cell_text(comparison_->compute(keys[i], worker));
    };
    work.done = [&](std::size_t i, const std::string& result) { keep(keys[i], read_cell(result)); };
    return run_cells(work);
  }

  void keep(const CellKey& key, Cell cell) {
    const auto cost = costs_.find(identity_key(key.input, key.model));
    if (!key.sanity && key.sampler == kNoSampler && cost != costs_.end() && cost->second)
      cell.figures["peak_memory_bytes"] = static_cast<double>(cost->second->peak_memory_bytes);
    if (store_) store_->add(stored_key(key), cell);
    cells_[key] = std::move(cell);
  }

  // Equal on two ranks when all cells would be.
  std::string identity(const std::vector<CellKey>& keys) const {
    std::string text = settings_;
    for (const CellKey& key : keys) text += "\n" + stored_key(key);
    return hexadecimal(checksum(as_bytes(text)));
  }

  std::string command() const {
    std::string text = "kraft compare";
    for (const std::string& model : options_.models) text += " --model " + model;
    if (options_.samplers != std::vector<std::string>{"ancestral"}) {
      for (const std::string& sampler : options_.samplers) text += " --sampler " + sampler;
    }
    for (const std::string& input : options_.inputs) text += " " + input;
    return text;
  }

  CompareOptions& options_;
  unsigned threads_;
  std::map<std::string, std::string> identities_;
  std::string judge_identities_, settings_;
  std::map<std::string, std::optional<WorkCost>> costs_;
  std::optional<CellStore> store_;
  std::optional<Comparison> comparison_;
  std::map<CellKey, Cell> cells_;
};

template <typename T>
auto* option(T* target, const char* name) {
  return po::value(target)->value_name(name)->default_value(*target);
}

void add_options(po::options_description& options, CompareOptions& o) {
  // clang-format off
  options.add_options()
      ("model,m", po::value(&o.models)->value_name("SPEC"), "the model; several may be given")
      ("sampler", po::value(&o.samplers)->value_name("SPEC"), "how to draw, NAME[,option=value...], such as ancestral,temperature=0.7; several may be given (default: ancestral)")
      ("input", po::value(&o.inputs)->value_name("FILE"), "texts, images and recordings")
      ("windows", option(&o.windows, "N"), "windows of each input (0: 6 of a text, 4 of an image or a recording)")
      ("count,c", option(&o.count, "K"), "samples of each window, model and sampler")
      ("positions", option(&o.positions, "N"), "bytes of each window's truth at which all 256 bytes are priced")
      ("seed,s", option(&o.seed, "S"), "seed of the windows and of the samples")
      ("context", option(&o.context_bytes, "N"), "text: bytes of context")
      ("length,n", option(&o.length_bytes, "N"), "text: bytes of truth, and of a sample")
      ("side", option(&o.side, "N"), "image: pixels of its shorter side, when it has more (0: as it is)")
      ("patch", option(&o.patch, "WxH"), "image: pixels of a window")
      ("rows", option(&o.rows, "N"), "image: rows of a window that are drawn, its last ones")
      ("rate", option(&o.rate, "HZ"), "audio: rate to which recordings are resampled")
      ("context-samples", option(&o.context_samples, "N"), "audio: samples of context")
      ("samples", option(&o.samples, "N"), "audio: samples of truth, and of a sample")
      ("alphabet", option(&o.alphabet, "SET"), "bytes to draw from, as for kraft sample; auto: the units of a language model, else those seen in the context")
      ("judge", po::value(&o.judges)->value_name("SPEC"), "text: a model that judges samples; several may be given (default: ngram and llama:text)")
      ("columns", option(&o.columns, "WHICH"), "of the tables: concise, all, or lasting (all but costs)")
      ("json", "print JSON: all figures, all samples")
      ("csv", "print CSV: a line for each figure")
      ("html", po::value(&o.html)->value_name("FILE"), "write a page with all results as well")
      ("resume", po::value(&o.resume)->value_name("FILE"), "keep results in this file as they come, and take those that are in it");
  // clang-format on
}

}  // namespace

std::string hexadecimal(std::uint64_t number) {
  char text[20];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
  return text;
}

std::string identity_of(const Model& model) {
  const ModelIdentity identity = identify(model);
  return identity.spec + " (" + identity.library + ")" +
         (identity.fingerprint.empty() ? "" : " " + identity.fingerprint) + " " +
         hexadecimal(identity.probe);
}

std::string identity_key(std::size_t input, const std::string& spec) {
  return std::to_string(input) + " " + spec;
}

Command compare_command() {
  auto options = std::make_shared<CompareOptions>();
  auto threads = std::make_shared<ThreadsOption>();
  Command command;
  command.name = "compare";
  command.synopsis = "--model SPEC... [--sampler SPEC...] FILE... [--html FILE] [options]";
  command.summary = "compare what models predict and draw, and what it is worth";
  command.details =
      "From each file, windows are taken at random: a context, and the truth that follows it. "
      "Every model predicts the truth, and every sampler draws something else in its place; "
      "docs/compare.md defines what is measured of both. The first row, `truth`, and the last, "
      "`uniform`, are what knowing everything and knowing nothing come to. Means are over windows, "
      "with their standard error (+-); JSON, "
      "CSV and the page have 95 % confidence intervals as well. Text is judged by models that "
      "have seen what the file has outside the window, and nothing of the window. Images are "
      "taken in gray, recordings as one channel of 8 bits. The results, costs aside, do not "
      "depend on --threads, nor on how many ranks mpirun starts.";
  command.examples = {
      "kraft compare --model gzip --model zstd:19 --model xz book.txt photo.png speech.wav",
      "kraft compare --model gzip --model llama --sampler ancestral,temperature=0.7 --sampler "
      "spans "
      "book.txt --html report.html --resume results.jsonl"};
  add_options(command.options, *options);
  threads->add_to(command.options);
  command.positional = "input";
  command.most_positional = -1;
  command.spreads = true;
  command.run = [options, threads](const po::variables_map& values) {
    if (options->samplers.empty()) options->samplers = {"ancestral"};
    check(values, *options);
    return Run(*options, threads->get()).run(values);
  };
  return command;
}

}  // namespace kraft::cli
