#include "kraft/tasks/reproduce.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/numbers.h"
#include "base/parallel.h"
#include "base/text.h"
#include "base/wire.h"
#include "evaluate/context_experiment.h"
#include "evaluate/generation_experiment.h"
#include "evaluate/rate_experiment.h"
#include "evaluate/token_experiment.h"
#include "evaluate/views_experiment.h"
#include "kraft/error.h"
#include "tasks/chosen_views.h"
#include "tasks/identity.h"
#include "tasks/kept_cells.h"
#include "tasks/league.h"
#include "tasks/models.h"
#include "tasks/paper_media.h"
#include "version.h"

namespace kraft {
namespace {

const std::vector<std::string>& table1_models() {
  static const std::vector<std::string> models = {"gzip:9",
                                                  "xz:6",
                                                  "png:9",
                                                  "flac:8",
                                                  "gzip:9,view=decoder",
                                                  "xz:6,view=decoder",
                                                  "png:9,view=decoder",
                                                  "flac:8,view=decoder",
                                                  "zstd:19",
                                                  "brotli:11",
                                                  "bzip2:9",
                                                  "webp:9",
                                                  "jxl:7",
                                                  "ppmd",
                                                  "cm",
                                                  "bytelm:text",
                                                  "bytelm:image",
                                                  "bytelm:audio"};
  return models;
}

// "text:0123456789abcdef images:..."
std::string fingerprint(const std::vector<PaperData>& data) {
  std::string text;
  for (const PaperData& of : data)
    text += std::string(paper_name(of.medium)) + ":" + hexadecimal(checksum(of.bytes)) + " ";
  return text;
}

// From a tenth of a megabyte to 10^12 bytes, in half decades, and the size that was measured.
std::vector<double> data_sizes(double measured_bytes) {
  std::set<double> sizes = {measured_bytes};
  for (int half = 8; half <= 24; ++half) sizes.insert(std::round(std::pow(10, half / 2.0)));
  return {sizes.begin(), sizes.end()};
}

class ReproduceWork {
 public:
  ReproduceWork(const ReproduceTask& task, const Receiver& receiver)
      : task_(task), receiver_(receiver), stop_(receiver.cancelled) {
    check(task);
    settings_ = {.chunks = task.chunks.value_or(ReproduceTask::kDefaultChunks),
                 .threads = task.threads == 0 ? hardware_threads() : task.threads,
                 .cancelled = [this] { return stop_(); }};
    result_.experiment = *task.experiment;
    result_.chunks = settings_.chunks;
  }

  ReproduceResult result() {
    switch (*task_.experiment) {
      case Experiment::table1:
        table1();
        break;
      case Experiment::fig2:
        fig2();
        break;
      case Experiment::fig3:
        fig3();
        break;
      case Experiment::fig4:
        fig4();
        break;
      case Experiment::table2:
        table2();
        break;
      case Experiment::views:
        views();
        break;
      case Experiment::league:
        league();
        break;
    }
    return std::move(result_);
  }

 private:
  std::string name() const { return name_of(*task_.experiment); }

  Medium medium() const { return task_.medium.value_or(ReproduceTask::kDefaultMedium); }

  // Those that are not there are left out with a note.
  std::vector<std::string> available(const std::vector<std::string>& specs) const {
    std::vector<std::string> models;
    for (const std::string& spec : specs) {
      try {
        if (!is_codec(spec)) make_model(spec, {.threads = 1});
        models.push_back(spec);
      } catch (const UsageError&) {
        throw;
      } catch (const Error& error) {
        receiver_.tell("without " + spec + ": " + error.what());
      }
    }
    return models;
  }

  // The default ones that there are, and the task's.
  std::vector<std::string> models(const std::vector<std::string>& defaults) const {
    std::vector<std::string> models = available(defaults);
    for (const std::string& spec : task_.models) {
      make_model(spec, {.threads = 1});
      models.push_back(spec);
    }
    return models;
  }

  const std::vector<ReproduceInput>& files(Medium medium) const {
    static const std::vector<ReproduceInput> none;
    const PaperMedium& row = paper_medium(medium);
    if (row.files == nullptr) return none;
    const std::vector<ReproduceInput>& files = task_.*row.files;
    if (files.empty()) throw UsageError(name() + " needs " + paper_name(medium));
    return files;
  }

  PaperData data(Medium medium) const {
    return paper_medium(medium).data(files(medium), task_.limit_bytes, receiver_);
  }

  void note(const std::vector<PaperData>& data) {
    for (const PaperData& of : data)
      result_.data.push_back({of.medium, of.source, of.bytes.size()});
  }

  // `settings` is all that the cells depend on besides their models.
  CellResults computed(const std::string& settings, const std::vector<ExperimentCell>& cells) {
    KeptCells work;
    work.command = "reproduce";
    work.settings = "kraft " + std::string(kVersion) + ", " + name() + ", " + settings;
    work.resume = task_.resume;
    work.threads = settings_.threads;
    work.what = name();
    std::map<std::string, std::string> identities;
    for (const ExperimentCell& cell : cells) {
      std::string& identity = identities[cell.model];
      if (identity.empty() && !cell.model.empty())
        identity = identity_of(*make_model(cell.model, {.threads = 1, .geometry = cell.geometry}));
      work.keys.push_back(cell.key + " | " + identity);
    }
    work.compute = [&](std::size_t i, unsigned) { return cells[i].compute(); };
    std::vector<std::optional<Cell>> found = computed_or_kept(work, stop_, receiver_);
    CellResults results;
    for (std::size_t i = 0; i < cells.size(); ++i) results[cells[i].key] = std::move(*found[i]);
    return results;
  }

  CellResults computed(const std::vector<PaperData>& data,
                       const std::vector<ExperimentCell>& cells) {
    return computed(fingerprint(data) + "chunks " + std::to_string(settings_.chunks), cells);
  }

  static ReproduceRate rate_of(const PaperRate& rate, const std::string& model, Layout layout,
                               const PaperData& data, std::size_t place) {
    ReproduceRate of{.model = model,
                     .library = find_backend(Spec::parse(model).name).library(),
                     .layout = layout,
                     .medium = data.medium,
                     .percent = rate.percent,
                     .standard_error = rate.standard_error,
                     .adjusted_percent = rate.adjusted_percent,
                     .parameters = rate.parameters,
                     .measured_bytes = rate.measured_bytes,
                     .published_percent = {}};
    for (const PublishedRates& paper : published_rates()) {
      if (paper.model != nullptr && paper.model == model && paper.layout == layout)
        of.published_percent = paper.percent[place];
    }
    return of;
  }

  void table1() {
    const std::vector<std::string> specs = models(table1_models());
    std::vector<PaperData> all;
    for (const Medium medium : kPaperMedia) all.push_back(data(medium));
    note(all);
    const std::vector<Layout> layouts = {Layout::chunked, Layout::unchunked};
    const RateExperiment experiment(all, specs, layouts, settings_);
    const CellResults results = computed(all, experiment.cells());
    result_.models = experiment.models();
    for (const Layout layout : layouts) {
      for (const std::string& model : experiment.models()) {
        for (std::size_t i = 0; i < all.size(); ++i) {
          const auto rate = experiment.rate(i, model, layout, results);
          if (rate) result_.rates.push_back(rate_of(*rate, model, layout, all[i], i));
        }
      }
    }
    for (const PublishedRates& rates : published_rates()) {
      for (std::size_t i = 0; i < std::size(kPaperMedia); ++i)
        result_.published.push_back({rates.name, rates.model == nullptr ? "" : rates.model,
                                     rates.layout, kPaperMedia[i], rates.percent[i]});
    }
  }

  void fig2() {
    const std::vector<std::string> specs =
        models({"gzip:9", "xz:6", "gzip:9,view=decoder", "ppmd", "cm", "bytelm:text",
                "bytelm:image", "bytelm:audio"});
    const std::vector<PaperData> all = {data(medium())};
    note(all);
    const RateExperiment experiment(all, specs, {Layout::chunked}, settings_);
    const CellResults results = computed(all, experiment.cells());
    result_.models = experiment.models();
    for (const std::string& model : experiment.models()) {
      const PaperRate rate = *experiment.rate(0, model, Layout::chunked, results);
      const auto place = static_cast<std::size_t>(std::ranges::find(kPaperMedia, medium()) -
                                                  std::begin(kPaperMedia));
      ReproduceCurve curve{model, rate_of(rate, model, Layout::chunked, all[0], place), {}};
      for (const double size : data_sizes(static_cast<double>(all[0].bytes.size())))
        curve.points.emplace_back(size,
                                  rate.percent + 200 * static_cast<double>(rate.parameters) / size);
      result_.curves.push_back(std::move(curve));
    }
  }

  void fig3() {
    const std::uint64_t seed = task_.seed.value_or(ReproduceTask::kDefaultSeed);
    std::vector<std::vector<std::string>> specs;
    for (const char* trained : {"bytelm:text", "bytelm:image", "bytelm:audio"})
      specs.push_back(models({"gzip:9", "gzip:9,view=decoder", "cm", trained}));
    const ReproduceInput& picture = files(Medium::image).at(0);
    const ReproduceInput& recording = files(Medium::audio).at(0);
    const Image image = paper_image(picture, receiver_);
    const Audio audio = paper_audio(recording, receiver_);
    std::vector<GenerationTask> tasks = {text_task(data(Medium::text)),
                                         image_task(image, printable(picture.name)),
                                         audio_task(audio, printable(recording.name))};
    std::vector<PaperData> seen;  // for the fingerprint: all that is given
    for (const GenerationTask& task : tasks) {
      PaperData all{task.medium, task.source, {}};
      for (std::size_t row = 0; row < task.given.size(); ++row) {
        append(all.bytes, task.given[row]);
        append(all.bytes, task.truth[row]);
      }
      seen.push_back(std::move(all));
    }
    const GenerationExperiment experiment(
        std::move(tasks), std::move(specs),
        {.seed = seed, .threads = settings_.threads, .cancelled = settings_.cancelled});
    const CellResults results =
        computed(fingerprint(seen) + "seed " + std::to_string(seed), experiment.cells());
    for (std::size_t i = 0; i < experiment.tasks().size(); ++i) {
      const GenerationTask& of = experiment.tasks()[i];
      ReproduceContinued continued{of.medium, of.source, of.given, of.truth, {}};
      for (const std::string& model : experiment.models(i)) {
        auto generated = experiment.generated(i, model, results);
        continued.samples.push_back(
            {model, generated.bits, generated.seconds, std::move(generated.rows)});
      }
      result_.continued.push_back(std::move(continued));
    }
  }

  void fig4() {
    std::vector<std::string> compared = {"gzip:9", "xz:6", "gzip:9,view=decoder", "ppmd", "cm"};
    const std::vector<std::string>& own = paper_medium(medium()).models;
    compared.insert(compared.end(), own.begin(), own.end());
    const std::vector<std::string> specs = models(compared);
    const std::vector<PaperData> all = {data(medium())};
    note(all);
    const ContextExperiment experiment(all[0], specs, settings_);
    const CellResults results = computed(all, experiment.cells());
    result_.models = experiment.models();
    result_.measured_chunks = experiment.measured_chunks();
    for (const std::string& model : experiment.models()) {
      ReproduceCurve curve{model, std::nullopt, {}};
      for (const auto& [size, rate] : experiment.curve(model, results))
        curve.points.emplace_back(static_cast<double>(size), rate);
      result_.curves.push_back(std::move(curve));
    }
  }

  void table2() {
    const std::vector<std::string> specs = models({"bytelm:text"});
    const std::vector<PaperData> all = {data(Medium::text)};
    note(all);
    const TokenExperiment experiment(all[0], specs, settings_);
    const CellResults results = computed(all, experiment.cells());
    result_.models = experiment.models();
    result_.learnt_bytes = experiment.learnt_bytes();
    result_.measured_bytes = experiment.measured_bytes();
    for (std::size_t order = 1; order <= TokenExperiment::kOrders; ++order) {
      for (const std::size_t wanted : TokenExperiment::vocabularies()) {
        const auto entry = experiment.ngram(order, wanted, results);
        result_.vocabularies.push_back({"", order, wanted, entry.vocabulary, entry.bytes_per_token,
                                        entry.percent, entry.standard_error});
      }
    }
    for (const std::string& model : experiment.models()) {
      const auto entry = experiment.model(model, results);
      result_.vocabularies.push_back(
          {model, 0, 0, entry.vocabulary, 0, entry.percent, entry.standard_error});
    }
  }

  // The codecs of all media, then of this one, then the task's.
  static std::vector<ViewedCodec> viewed(const PaperMedium& row, const ReproduceTask& task) {
    std::vector<std::string> specs = {"gzip:9", "zstd:3", "brotli:5", "xz:6", "lz4", "bzip2:9"};
    for (const auto* more : {&row.codecs, &task.models})
      specs.insert(specs.end(), more->begin(), more->end());
    std::vector<ViewedCodec> codecs;
    for (const std::string& spec : canonical_once(specs)) {
      const std::vector<std::string> both = in_views({spec}, ChosenView::both);
      codecs.push_back({spec, both[0], std::nullopt});
      if (both.size() > 1) codecs.back().decoder = both[1];
    }
    return codecs;
  }

  void views() {
    std::vector<PaperData> seen;  // for the fingerprint
    std::vector<ViewsExperiment> experiments;
    std::vector<ExperimentCell> cells;
    for (const PaperMedium& row : paper_media()) {
      if (row.seen == nullptr) continue;
      ViewsData data = row.seen(files(row.medium), task_.limit_bytes, receiver_);
      seen.push_back({data.medium, data.source, data.bytes});
      experiments.emplace_back(std::move(data), viewed(row, task_), settings_.chunks, settings_);
    }
    note(seen);
    for (const ViewsExperiment& experiment : experiments) {
      std::vector<ExperimentCell> more = experiment.cells();
      std::ranges::move(more, std::back_inserter(cells));
    }
    const CellResults results = computed(seen, cells);
    for (const ViewsExperiment& experiment : experiments) {
      for (const ViewedCodec& codec : experiment.codecs()) {
        const ViewRates rates = experiment.rates(codec, results);
        result_.views.push_back({codec.codec, find_backend(Spec::parse(codec.codec).name).library(),
                                 experiment.data().medium, experiment.context_bytes(),
                                 experiment.truth_bytes(), rates.own, rates.encoder, rates.decoder,
                                 rates.ratio});
      }
    }
  }

  void league() {
    LeagueModels there;
    for (const auto& [medium, specs] : league_models()) there[medium] = available(specs);
    const CompareTask compared = league_task(task_, std::move(there));
    if (compared.inputs.empty()) throw UsageError(name() + " needs text, images or audio");
    for (const NamedBytes& input : compared.inputs)
      result_.data.push_back(
          {infer_medium(input.bytes, input.name), printable(input.name), input.bytes.size()});
    result_.comparison = compare(compared, receiver_);
  }

  const ReproduceTask& task_;
  const Receiver& receiver_;
  StopSign stop_;
  ExperimentSettings settings_;
  ReproduceResult result_;
};

}  // namespace

ReproduceInput reproduce_input(NamedBytes file) {
  return {file.name, [bytes = std::move(file.bytes)](std::uint64_t most_bytes) {
            const ByteView all(bytes);
            const ByteView first = all.first(std::min<std::uint64_t>(all.size(), most_bytes));
            return Bytes(first.begin(), first.end());
          }};
}

ReproduceResult reproduce(const ReproduceTask& task, const Receiver& receiver) {
  return ReproduceWork(task, receiver).result();
}

}  // namespace kraft
