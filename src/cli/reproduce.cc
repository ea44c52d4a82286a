// kraft reproduce: the experiments of "Language Modeling Is Compression".

#include "cli/reproduce.h"

#include <algorithm>
#include <cstdio>

#include "base/parallel.h"
#include "base/text.h"
#include "base/wire.h"
#include "cli/compare.h"
#include "cli/context.h"
#include "cli/terminal.h"
#include "kraft/error.h"
#include "run/cells.h"
#include "run/interrupts.h"
#include "run/ranks.h"
#include "version.h"

namespace kraft::cli {
namespace {

struct ExperimentRow {
  const char* name;
  int (*run)(const ReproduceOptions&);
  std::vector<const char*> options;  // that it reads besides those of all
};

const std::vector<ExperimentRow>& experiments() {
  static const std::vector<ExperimentRow> rows = {
      {"table1", reproduce_table1, {"text", "images", "audio", "limit", "chunks"}},
      {"fig2", reproduce_fig2, {"text", "images", "audio", "limit", "chunks", "medium", "plot"}},
      {"fig3", reproduce_fig3, {"text", "images", "audio", "limit", "seed", "output"}},
      {"fig4", reproduce_fig4, {"text", "images", "audio", "limit", "chunks", "medium", "plot"}},
      {"table2", reproduce_table2, {"text", "limit", "chunks"}},
  };
  return rows;
}

const ExperimentRow& find_experiment(const std::string& name) {
  std::vector<std::string> names;
  for (const ExperimentRow& row : experiments()) {
    if (row.name == name) return row;
    names.emplace_back(row.name);
  }
  if (name.empty()) throw UsageError("which experiment? One of " + join(names, ", "));
  throw UsageError("unknown experiment '" + printable(name) + "'" + did_you_mean(name, names) +
                   "; there are " + join(names, ", "));
}

// Throws UsageError for an option that the experiment does not read.
void refuse_options(const po::variables_map& values, const ExperimentRow& experiment) {
  for (const char* option :
       {"text", "images", "audio", "limit", "chunks", "medium", "plot", "seed", "output"}) {
    const auto same = [&](const char* name) { return std::string(name) == option; };
    if (!is_set(values, option) || std::ranges::any_of(experiment.options, same)) continue;
    std::vector<std::string> readers;
    for (const ExperimentRow& row : experiments()) {
      if (std::ranges::any_of(row.options, same)) readers.emplace_back(row.name);
    }
    throw UsageError("--" + std::string(option) + " has no meaning for " + experiment.name +
                     "; it is an option of " + join(readers, ", "));
  }
}

template <typename T>
auto* option(T* target, const char* name) {
  return po::value(target)->value_name(name)->default_value(*target);
}

void add_options(po::options_description& options, ReproduceOptions& o) {
  // clang-format off
  options.add_options()
      ("experiment", po::value(&o.experiment)->value_name("NAME"), "table1, fig2, fig3, fig4 or table2")
      ("model,m", po::value(&o.models)->value_name("SPEC"), "one more model, such as a GGUF file; several may be given")
      ("text", po::value(&o.text)->value_name("FILE"), "the text, such as enwik9 (- is standard input; default: mobydick.txt)")
      ("images", po::value(&o.images)->value_name("FILE")->multitoken(), "images, or folders of them (default: astronaut.png)")
      ("audio", po::value(&o.audio)->value_name("FILE")->multitoken(), "recordings, or folders of them (default: speech.wav)")
      ("limit", option(&o.limit, "BYTES"), "at most so many bytes of each kind of data; so many random ones")
      ("chunks", option(&o.chunks, "N"), "chunks that a model with parameters predicts, and all models in fig4 (0: all)")
      ("medium", option(&o.medium, "WHAT"), "fig2, fig4: text, images or audio")
      ("plot", po::value(&o.plot)->value_name("FILE"), "fig2, fig4: write the curves (SVG)")
      ("seed,s", option(&o.seed, "S"), "fig3: seed of the samples")
      ("output,o", po::value(&o.output)->value_name("DIR"), "fig3: the folder for samples and pictures")
      ("resume", po::value(&o.resume)->value_name("FILE"), "keep results in this file as they come, and take those that are in it")
      ("json", po::bool_switch(&o.json), "print JSON");
  // clang-format on
}

}  // namespace

std::uint64_t ReproduceOptions::limit_bytes() const {
  std::int64_t bytes = 0;
  constexpr auto kMost = static_cast<std::int64_t>(1) << 40;
  constexpr auto kLeast = static_cast<std::int64_t>(kPaperChunkBytes);
  if (!parse_integer(limit, bytes) || bytes < kLeast || bytes > kMost)
    throw UsageError("--limit '" + printable(limit) + "' is no number of bytes from " +
                     std::to_string(kLeast) + " on, such as 1000000, 64KiB or 1GiB");
  return static_cast<std::uint64_t>(bytes);
}

ExperimentSettings ReproduceOptions::settings() const {
  return {.chunks = static_cast<std::uint64_t>(chunks),
          .threads = threads,
          .cancelled = cells_cancelled};
}

std::string described(const std::vector<PaperData>& data) {
  std::vector<std::string> parts;
  for (const PaperData& of : data)
    parts.push_back(std::string(name_of(of.medium)) + ": " + of.source + ", " +
                    grouped(of.bytes.size()) + " bytes");
  return join(parts, "; ");
}

std::string fingerprint(const std::vector<PaperData>& data) {
  std::string text;
  for (const PaperData& of : data)
    text += std::string(name_of(of.medium)) + ":" + hexadecimal(checksum(of.bytes)) + " ";
  return text;
}

std::string fixed(double number, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, number);
  return text;
}

std::string library_of(const std::string& spec) {
  return find_backend(Spec::parse(spec).name).library();
}

std::vector<std::string> models_for(const ReproduceOptions& options,
                                    std::vector<std::string> defaults) {
  std::vector<std::string> models;
  for (std::string& spec : defaults) {
    try {
      if (!is_codec(spec)) check_spec(spec);
      models.push_back(std::move(spec));
    } catch (const UsageError&) {
      throw;
    } catch (const Error& error) {
      note("without " + spec + ": " + error.what());
    }
  }
  for (const std::string& spec : options.models) {
    check_spec(spec);
    models.push_back(spec);
  }
  return models;
}

bool compute_cells(const ReproduceOptions& options, const std::string& settings,
                   const std::vector<ExperimentCell>& cells, CellResults& results) {
  const std::string all_settings =
      "kraft " + std::string(kVersion) + ", " + options.experiment + ", " + settings;
  std::optional<CellStore> store;
  if (!options.resume.empty() && launch().rank == 0)
    store.emplace(options.resume, "reproduce", all_settings);
  std::map<std::string, std::string> identities;
  std::vector<std::string> stored_keys;
  Cells work;
  work.identity = all_settings;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const ExperimentCell& cell = cells[i];
    std::string& identity = identities[cell.model];
    if (identity.empty() && !cell.model.empty())
      identity = identity_of(*make_model(cell.model, {.threads = 1, .geometry = cell.geometry}));
    stored_keys.push_back(cell.key + " | " + identity);
    work.identity += "\n" + stored_keys.back();
    if (auto found = store ? store->find(stored_keys[i]) : std::nullopt) {
      results[cell.key] = std::move(*found);
    } else {
      work.missing.push_back(i);
    }
  }
  work.identity = hexadecimal(checksum(as_bytes(work.identity)));
  work.what = options.experiment;
  work.known = cells.size() - work.missing.size();
  work.threads = options.threads;
  work.afterwards = store ? "; the same command goes on from there"
                          : "; with --resume FILE they would have been kept";
  work.compute = [&](std::size_t i, unsigned) { return cell_text(cells[i].compute()); };
  work.done = [&](std::size_t i, const std::string& result) {
    Cell cell = read_cell(result);
    if (store) store->add(stored_keys[i], cell);
    results[cells[i].key] = std::move(cell);
  };
  catch_interrupts();
  return run_cells(work);
}

Command reproduce_command() {
  auto options = std::make_shared<ReproduceOptions>();
  auto threads = std::make_shared<ThreadsOption>();
  Command command;
  command.name = "reproduce";
  command.synopsis = "table1|fig2|fig3|fig4|table2 [--text FILE] [--images FILE...] [options]";
  command.summary = "repeat the experiments of \"Language Modeling Is Compression\"";
  command.details =
      "The experiments of Deletang et al. (ICLR 2024), with their protocols, on data of any kind, "
      "beside the published figures; docs/reproduce.md says what is done and what differs. "
      "table1: rates on text, images, audio and noise, in chunks of 2048 bytes and as a whole. "
      "fig2: rates with the model's size over the amount of data. fig3: text, an image and sound "
      "continued. fig4: rates over the length of what is compressed. table2: rates under different "
      "vocabularies. Without files of your own, those are taken that examples/fetch-data fetches "
      "(looked for in KRAFT_DATA, or else ~/.cache/kraft/data). Models with parameters are slow: "
      "they predict --chunks chunks, evenly spread, and their standard error (+-) is shown.";
  command.examples = {
      "kraft reproduce table1",
      "kraft reproduce table1 --text enwik9 --limit 1GiB --chunks 0 --model llama:tinyllama.gguf",
      "kraft reproduce fig4 --medium images --plot context.svg",
      "kraft reproduce fig3 --output figure3"};
  add_options(command.options, *options);
  threads->add_to(command.options);
  command.positional = "experiment";
  command.most_positional = 1;
  command.spreads = true;
  command.run = [options, threads](const po::variables_map& values) {
    const ExperimentRow& experiment = find_experiment(options->experiment);
    refuse_options(values, experiment);
    check_range("chunks", options->chunks, 0, INT64_MAX);
    check_range("seed", options->seed, 0, INT64_MAX);
    options->limit_bytes();
    for (const char* name : {"text", "plot", "output", "resume"}) {
      if (is_set(values, name) && values[name].as<std::string>().empty())
        throw UsageError("--" + std::string(name) + " is empty");
    }
    expect_files({options->text});
    options->threads = threads->get() == 0 ? hardware_threads() : threads->get();
    return experiment.run(*options);
  };
  return command;
}

}  // namespace kraft::cli
