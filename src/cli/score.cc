// kraft score: how many bits each model needs for a file.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/text.h"
#include "base/wire.h"
#include "cli/command.h"
#include "cli/context.h"
#include "cli/media_input.h"
#include "cli/terminal.h"
#include "evaluate/score.h"
#include "kraft/container.h"
#include "kraft/error.h"
#include "report/table.h"
#include "run/cells.h"
#include "run/interrupts.h"
#include "run/ranks.h"
#include "version.h"

namespace kraft::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string fixed(double number, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, number);
  return text;
}

// A double as text, and back as it was, whatever it is.
std::string number_text(double number) {
  char text[64];
  std::snprintf(text, sizeof text, "%a", number);
  return text;
}

double number_of(const Json& text) { return std::strtod(text.get<std::string>().c_str(), nullptr); }

struct Row {
  std::string model, file;
  std::uint64_t bytes = 0, chunk_bytes = 0;
  CodeLength code;
  std::optional<Prequential> prequential;
  std::uint64_t parameters = 0;

  double rate_percent() const { return 100 * code.bits / (8 * static_cast<double>(bytes)); }
  // With the model as a part of what is sent, at two bytes a parameter (Deletang et al. 2024, 3.1).
  double adjusted_rate_percent() const {
    return rate_percent() + 200 * static_cast<double>(parameters) / static_cast<double>(bytes);
  }
};

Json to_json(const Row& row) {
  Json json = {{"model", row.model},
               {"file", printable(row.file)},
               {"bytes", row.bytes},
               {"chunk_bytes", row.chunk_bytes},
               {"compressed_bytes", row.code.compressed_bytes},
               {"by_prediction", row.code.by_prediction},
               {"bits_per_byte", row.code.bits / static_cast<double>(row.bytes)},
               {"rate_percent", row.rate_percent()},
               {"parameters", row.parameters},
               {"adjusted_rate_percent", row.adjusted_rate_percent()}};
  if (row.prequential) {
    json["prequential"] = {{"bits_per_byte", row.prequential->bits_per_byte},
                           {"standard_error", row.prequential->standard_error},
                           {"positions", row.prequential->positions}};
  } else {
    json["prequential"] = nullptr;
  }
  return json;
}

std::string to_text(const std::vector<Row>& rows) {
  const bool learnt = std::ranges::any_of(rows, [](const Row& row) { return row.parameters > 0; });
  std::vector<std::string> heads = {"model",       "file",       ">bytes",
                                    ">compressed", ">bits/byte", ">rate %"};
  if (learnt) heads.emplace_back(">adjusted %");
  heads.insert(heads.end(), {">prequential bits/byte", ">positions"});
  Table table(std::move(heads));
  bool predicted = false;
  for (const Row& row : rows) {
    const auto bytes = static_cast<double>(row.bytes);
    predicted |= row.code.by_prediction;
    std::vector<std::string> cells = {
        row.model,
        printable(row.file),
        grouped(row.bytes),
        (row.code.by_prediction ? "~" : "") + grouped(row.code.compressed_bytes),
        fixed(row.code.bits / bytes, 4),
        fixed(row.rate_percent(), 2)};
    if (learnt) cells.push_back(fixed(row.adjusted_rate_percent(), 2));
    cells.push_back(row.prequential ? fixed(row.prequential->bits_per_byte, 4) + " +- " +
                                          fixed(row.prequential->standard_error, 4)
                                    : "-");
    cells.push_back(row.prequential ? grouped(row.prequential->positions) : "-");
    table.add(std::move(cells));
  }
  std::string text = table.text();
  if (learnt) text += "adjusted: with the model, 2 bytes a parameter\n";
  if (predicted) text += "~ what an ideal arithmetic coder needs with this model's predictions\n";
  return text;
}

// What is scored of a file: the samples of an image or recording, the bytes of all else.
struct Input {
  Bytes bytes;
  Geometry geometry;
};

Input read(const MediaInputOptions& options, const po::variables_map& values,
           const std::string& path) {
  Bytes file = read_input(path);
  if (file.empty()) throw Error("standard input is empty");
  const Medium medium = options.medium_of(file, path);
  refuse_options_of_others(values, medium);
  if (medium == Medium::image) {
    Image image = read_image(options, file);
    warn_about(path, image.warnings);
    const Geometry geometry = image.geometry();
    return {std::move(image.samples), geometry};
  }
  if (medium == Medium::audio) {
    Audio audio = read_audio(options, values, file);
    warn_about(path, audio.warnings);
    const Geometry geometry = audio.geometry();
    if (audio.samples.empty()) throw Error(printable(path) + " holds no samples");
    return {std::move(audio.samples), geometry};
  }
  return {std::move(file), {}};
}

std::uint64_t parse_positions(const std::string& text) {
  if (text == "all") return kEveryPosition;
  std::int64_t number = 0;
  if (!parse_integer(text, number) || number < 0)
    throw UsageError("--positions '" + printable(text) + "' is neither a count nor 'all'");
  return static_cast<std::uint64_t>(number);
}

struct Options {
  std::vector<std::string> models, inputs;
  std::int64_t chunk_bytes = 0;
  std::string positions_text = "64";
  std::uint64_t positions = 0;
  MediaInputOptions media;
  ThreadsOption threads;
};

// One run of the command: a cell for each file and model, one at a time on each rank.
class Run {
 public:
  Run(const Options& options, const po::variables_map& values)
      : options_(options),
        threads_(options.threads.get()),
        chunk_bytes_(static_cast<std::uint64_t>(options.chunk_bytes)),
        as_json_(values.count("json") > 0) {
    for (const std::string& spec : options.models) make_model(spec);  // all errors before any work
    for (const std::string& file : options.inputs)
      inputs_.push_back(read(options.media, values, file));
  }

  int run() {
    prepare();
    rows_.resize(inputs_.size() * options_.models.size());
    Cells work;
    if (!launch().alone()) work.what = "scoring";
    work.identity = identity_;
    for (std::size_t cell = 0; cell < rows_.size(); ++cell) work.missing.push_back(cell);
    work.compute = [this](std::size_t cell, unsigned) { return score(cell); };
    work.done = [this](std::size_t cell, const std::string& result) {
      rows_[cell] = row_of(cell, Json::parse(result));
    };
    if (!run_cells(work)) return kInterruptedExit;
    if (as_json_) {
      Json json = Json::array();
      for (const Row& row : rows_) json.push_back(to_json(row));
      write_out(json.dump(2) + "\n");
    } else {
      write_out(to_text(rows_));
    }
    return 0;
  }

 private:
  const Input& input_of(std::size_t cell) const { return inputs_[cell / options_.models.size()]; }
  const std::string& file_of(std::size_t cell) const {
    return options_.inputs[cell / options_.models.size()];
  }

  std::shared_ptr<const Model> model_of(std::size_t cell) const {
    return make_model(
        options_.models[cell % options_.models.size()],
        {.threads = threads_, .geometry = input_of(cell).geometry, .cancelled = cells_cancelled});
  }

  std::uint64_t context_bytes(const Input& input) const {
    const std::uint64_t all = input.bytes.size();
    return chunk_bytes_ == 0 ? all : std::min(chunk_bytes_, all);
  }

  // What there is to warn of, and what the other ranks must have as well.
  void prepare() {
    std::string text =
        std::string(kVersion) + " " + std::to_string(chunk_bytes_) + " " + options_.positions_text;
    for (std::size_t cell = 0; cell < inputs_.size() * options_.models.size(); ++cell) {
      if (options_.positions == 0 && launch().alone()) continue;
      const auto model = model_of(cell);
      if (options_.positions > 0) warn_if_cut(*model, context_bytes(input_of(cell)));
      if (launch().alone()) continue;
      const ModelIdentity identity = identify(*model);
      text += "\n" + identity.spec + " " + identity.library + " " + identity.fingerprint + " " +
              std::to_string(identity.probe) + " " + std::to_string(checksum(input_of(cell).bytes));
    }
    identity_ = std::to_string(checksum(as_bytes(text)));
  }

  std::string score(std::size_t cell) const {
    const Bytes& bytes = input_of(cell).bytes;
    const auto model = model_of(cell);
    const CodeLength code = code_length(*model, bytes, chunk_bytes_, threads_);
    Json json = {{"model", model->spec()},
                 {"parameters", model->parameters()},
                 {"compressed_bytes", code.compressed_bytes},
                 {"bits", number_text(code.bits)},
                 {"by_prediction", code.by_prediction}};
    if (options_.positions == 0) return json.dump();
    Progress progress(model->spec() + " " + printable(file_of(cell)),
                      std::min<std::uint64_t>(options_.positions, bytes.size()), "positions",
                      launch().alone());
    const Prequential found = prequential(*model, bytes, chunk_bytes_, options_.positions,
                                          [&](std::uint64_t done) { progress.advance_to(done); });
    json["prequential"] = {number_text(found.bits_per_byte), number_text(found.standard_error),
                           found.positions};
    return json.dump();
  }

  Row row_of(std::size_t cell, const Json& json) const {
    Row row{.model = json.at("model"),
            .file = file_of(cell),
            .bytes = input_of(cell).bytes.size(),
            .chunk_bytes = chunk_bytes_,
            .code = {.compressed_bytes = json.at("compressed_bytes"),
                     .bits = number_of(json.at("bits")),
                     .by_prediction = json.at("by_prediction")},
            .prequential = std::nullopt,
            .parameters = json.at("parameters")};
    if (json.contains("prequential")) {
      const Json& found = json.at("prequential");
      row.prequential = {.bits_per_byte = number_of(found.at(0)),
                         .standard_error = number_of(found.at(1)),
                         .positions = found.at(2)};
    }
    return row;
  }

  const Options& options_;
  const unsigned threads_;
  const std::uint64_t chunk_bytes_;
  const bool as_json_;
  std::vector<Input> inputs_;
  std::string identity_;
  std::vector<Row> rows_;
};

}  // namespace

Command score_command() {
  auto options = std::make_shared<Options>();
  Command command;
  command.name = "score";
  command.synopsis = "--model SPEC... FILE... [--chunk N] [--positions N|all] [--json]";
  command.summary = "compare how well models compress and predict files";
  command.details =
      "An image is scored by its pixels, a recording by its samples (--as bytes: the file as it "
      "is). "
      "For each model and file: the compressed size, bits per byte and rate; and the prequential "
      "bits per byte, which is -log2 of the probability of each byte given those before it, under "
      "the "
      "distribution over all 256 bytes that the model's increments make when normalised. Measuring "
      "that takes up to 256 compressions for each byte, so it is estimated at evenly spaced "
      "positions; the standard error is that of their mean. With --chunk, every N bytes are "
      "compressed by themselves, and the codec's header (the size of a compressed single byte) is "
      "counted once, as in Deletang et al. 2024: chunks of a few bytes look better than they are. "
      "A "
      "model that recompresses predicts from the last `context` bytes (see `kraft models NAME`).";
  command.examples = {"kraft score --model gzip --model zstd:19 --model xz book.txt",
                      "kraft score --model gzip:9 --chunk 2048 book.txt speech.wav --json",
                      "kraft score --model png --model jxl --model llama photo.png --gray"};
  // clang-format off
  command.options.add_options()
      ("model,m", po::value(&options->models)->value_name("SPEC"), "the model; several may be given")
      ("input", po::value(&options->inputs)->value_name("FILE"), "files (- is standard input)")
      ("chunk", po::value(&options->chunk_bytes)->default_value(0)->value_name("N"), "compress every N bytes by themselves (0: the whole file)")
      ("positions", po::value(&options->positions_text)->default_value(options->positions_text)->value_name("N|all"), "where to measure the prequential bits (0: nowhere)")
      ("json", "print JSON");
  options->media.add_to(command.options);
  options->threads.add_to(command.options);
  // clang-format on
  command.positional = "input";
  command.most_positional = -1;
  command.spreads = true;
  command.run = [options](const po::variables_map& values) {
    if (options->models.empty()) throw UsageError("--model is missing; `kraft models` lists them");
    if (options->inputs.empty()) throw UsageError("no file to score (- is standard input)");
    check_range("chunk", options->chunk_bytes, 0, INT64_MAX);
    expect_files(options->inputs);
    options->positions = parse_positions(options->positions_text);
    return Run(*options, values).run();
  };
  return command;
}

}  // namespace kraft::cli
