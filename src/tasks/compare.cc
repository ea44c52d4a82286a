#include "kraft/tasks/compare.h"

#include <algorithm>
#include <array>

#include "base/numbers.h"
#include "base/parallel.h"
#include "base/text.h"
#include "base/wire.h"
#include "evaluate/comparison.h"
#include "evaluate/features.h"
#include "evaluate/own_rate.h"
#include "kraft/error.h"
#include "kraft/option_error.h"
#include "run/memory.h"
#include "run/ranks.h"
#include "tasks/chosen_views.h"
#include "tasks/compare_merge.h"
#include "tasks/compare_records.h"
#include "tasks/compare_result.h"
#include "tasks/identity.h"
#include "tasks/kept_cells.h"
#include "tasks/models.h"
#include "tasks/sample_media.h"
#include "tasks/window_plan.h"
#include "version.h"

namespace kraft {
namespace {

// Of sound, so that it can be heard where a window comes in.
Bytes lead_of(const ComparedInput& input, const Window& window) {
  const auto begin = static_cast<std::size_t>(window.begin);
  const std::size_t size = std::min<std::size_t>(begin, input.rate_hz);
  const ByteView lead = ByteView(input.bytes).subspan(begin - size, size);
  return {lead.begin(), lead.end()};
}

ComparedInput compared(const CompareTask& task, const NamedBytes& file, const Receiver& receiver) {
  const Medium medium = infer_medium(file.bytes, file.name);
  ComparedInput input;
  if (const SampleMedium* samples = sample_medium(medium)) {
    input = samples->compared(task, file, receiver);
  } else {
    input.bytes = file.bytes;
    input.windows = windows_of_bytes(file.bytes, file.name, task.seed, windows_of(task, medium),
                                     task.context_bytes.value_or(kContextBytes),
                                     task.truth_bytes.value_or(kTruthBytes));
  }
  input.size_bytes = input.bytes.size();
  for (Window& window : input.windows) window.lead = lead_of(input, window);
  input.name = file.name;
  input.medium = medium;
  input.fingerprint = std::string(name_of(medium)) + ":" + hexadecimal(checksum(input.bytes));
  return input;
}

// With a budget what each input has of them, whoever gets to them.
std::uint64_t most_windows(const CompareTask& task) {
  return task.windows == 0 && task.budget_seconds ? kMostWindows : task.windows;
}

// All that a cell depends on but its model, its sampler and its input.
std::string settings_text(const CompareTask& task, const std::vector<std::string>& judges) {
  const auto [width, height] = task.patch.value_or(kPatch);
  return "kraft " + std::string(kVersion) + ", seed " + std::to_string(task.seed) + ", windows " +
         std::to_string(most_windows(task)) + ", count " + std::to_string(task.count) +
         ", positions " + std::to_string(task.positions) + ", alphabet " + task.alphabet +
         ", text " + std::to_string(task.context_bytes.value_or(kContextBytes)) + "+" +
         std::to_string(task.truth_bytes.value_or(kTruthBytes)) + ", image " +
         std::to_string(task.side.value_or(kSide)) + " " + std::to_string(width) + "x" +
         std::to_string(height) + " " + std::to_string(task.rows.value_or(kTruthRows)) +
         ", audio " + std::to_string(task.rate_hz.value_or(kRateHz)) + " " +
         std::to_string(task.context_samples.value_or(kContextSamples)) + "+" +
         std::to_string(task.truth_samples.value_or(kTruthSamples)) + ", judges " +
         join(judges, " ");
}

// Those that were given, or the default ones that there are.
std::vector<std::string> judges_of(const CompareTask& task, bool wanted, const Receiver& receiver) {
  if (!task.judges.empty()) {
    for (const std::string& judge : task.judges) make_model(judge, {.threads = 1});
    return task.judges;
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
      receiver.tell(std::string("no judge ") + judge + ": " + error.what());
    }
  }
  return found;
}

// All that takes part in what is of this medium.
Entrants entrants_of(const CompareTask& task, Medium medium) {
  return {in_views(models_of(task, medium), task.view),
          at_temperatures(samplers_of(task, medium), task.temperatures)};
}

// The model of MAUVE's features, where there are samples enough for it; else nothing.
std::string chosen_features(const CompareTask& task, const std::vector<ComparedInput>& inputs,
                            const Receiver& receiver) {
  if (task.features == kNoFeatures) return {};
  std::uint64_t most = 0;
  for (const ComparedInput& input : inputs) {
    if (!has_samples(input.medium)) most = std::max(most, input.windows.size() * task.count);
  }
  std::string spec = task.features.value_or(kDefaultFeatures);
  if (!task.features && most < kLeastMauveSamples) return {};
  try {
    if (!has_features(*make_model(spec, {.threads = 1})))
      throw OptionError({"", "features",
                         " needs a language model that shows its hidden states, such as " +
                             std::string(kDefaultFeatures) + ", not '" + printable(spec) + "'"});
  } catch (const UsageError&) {
    throw;
  } catch (const Error& error) {
    if (task.features) throw;
    receiver.tell("no MAUVE, for " + spec + ": " + error.what());
    return {};
  }
  if (most >= kLeastMauveSamples) return spec;
  receiver.tell("no MAUVE: " + std::to_string(most) +
                " samples of a model (windows times count), expected " +
                std::to_string(kLeastMauveSamples) + " at least");
  return {};
}

// Costs of models on inputs, by both.
using Costs = std::map<std::pair<std::size_t, std::string>, std::optional<WorkCost>>;

// What loading a model, reading a window and pricing a byte takes: in a process of its own, and so
// before there are threads, or MPI, or anything else that this process has loaded.
Costs measured_costs(const std::vector<ComparedInput>& inputs,
                     const std::vector<Entrants>& entrants, const StopSign& stop) {
  Costs costs;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    for (const std::string& spec : entrants[i].models) {
      if (stop()) return costs;
      costs[{i, spec}] = cost_of([&] {
        const auto model = make_model(spec, {.threads = 1, .geometry = inputs[i].geometry});
        const auto state = model->start(inputs[i].windows[0].context);
        std::array<double, 256> bits;
        state->next_byte(bits);
      });
    }
  }
  return costs;
}

class CompareWork {
 public:
  CompareWork(const CompareTask& task, const Receiver& receiver)
      : task_(task), receiver_(receiver), stop_(receiver.cancelled) {
    check(task);
    std::vector<ComparedInput> inputs;
    std::vector<Entrants> entrants;
    for (const NamedBytes& file : task.inputs) {
      inputs.push_back(compared(task, file, receiver));
      entrants.push_back(entrants_of(task, inputs.back().medium));
    }
    if (launch().rank == 0) costs_ = measured_costs(inputs, entrants, stop_);
    const bool text =
        std::ranges::any_of(inputs, [](const auto& i) { return !has_samples(i.medium); });
    ComparisonSettings settings{.seed = task.seed,
                                .count = task.count,
                                .positions = task.positions,
                                .judges = judges_of(task, text, receiver),
                                .alphabet = task.alphabet,
                                .features = chosen_features(task, inputs, receiver)};
    threads_ = task.threads == 0 ? hardware_threads() : task.threads;
    comparison_.emplace(std::move(settings), std::move(inputs), entrants, threads_,
                        [this] { return stop_(); });
    for (std::size_t i = 0; i < entrants.size(); ++i) {
      for (const std::string& spec : entrants[i].models)
        identities_[{i, spec}] = identity_of(*comparison_->model(spec, i, 0));
      if (comparison_->draws_enough(i) && !comparison_->has_mauve(i))
        receiver.tell("no MAUVE of " + printable(comparison_->inputs()[i].name) +
                      ": it is too short to compare with so many other pieces of it");
    }
  }

  CompareResult result() {
    const std::vector<CellKey> keys = comparison_->cells();
    std::vector<std::optional<Cell>> computed = computed_or_kept(work(keys), stop_, receiver_);
    std::map<CellKey, Cell> cells;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (computed[i]) cells[keys[i]] = std::move(*computed[i]);
    }
    add_features(cells);
    return compare_result(*comparison_, std::move(cells), identities_, task_.reference);
  }

 private:
  // They are made from what was drawn, which rank 0 has, and cost little beside that.
  void add_features(std::map<CellKey, Cell>& cells) {
    const std::vector<CellKey> keys = comparison_->feature_cells(cells);
    if (keys.empty()) return;
    const std::string& spec = comparison_->settings().features;
    const std::string hash = features_hash(identity_of(*make_model(spec, {.threads = 1})));
    KeptCells work = kept_cells();
    for (std::size_t i = 0; i < keys.size(); ++i)
      work.keys.push_back(stored_key(keys[i], features_of(keys[i].sampler, hash)));
    work.records = {{features_key(hash), model_record(spec)}};
    work.here = true;
    work.what = "reading samples";
    work.compute = [&](std::size_t i, unsigned) {
      return comparison_->features(keys[i], cells.at(keys[i].drawn()));
    };
    const std::vector<std::optional<Cell>> features = computed_or_kept(work, stop_, receiver_);
    for (std::size_t i = 0; i < keys.size(); ++i) cells[keys[i]] = *features[i];
  }

  KeptCells kept_cells() const {
    KeptCells work;
    work.command = "compare";
    work.settings = settings_text(task_, comparison_->settings().judges);
    for (const std::string& judge : comparison_->settings().judges)
      work.settings += "; judge " + identity_of(*make_model(judge, {.threads = 1}));
    work.resume = task_.resume;
    work.threads = threads_;
    return work;
  }

  KeptCells work(const std::vector<CellKey>& keys) {
    KeptCells work = kept_cells();
    for (const CellKey& key : keys) work.keys.push_back(stored_key(key, sampler_key(key)));
    work.records = records();
    work.what = "comparing";
    // Window by window, and within a window the dearest first, so that no thread is left alone
    // with it.
    work.before = [&](std::size_t i, std::size_t j) {
      const CellKey &a = keys[i], &b = keys[j];
      if (a.input != b.input || a.window != b.window)
        return std::pair(a.input, a.window) < std::pair(b.input, b.window);
      return probed_seconds(a) > probed_seconds(b);
    };
    work.compute = [&](std::size_t i, unsigned worker) {
      return comparison_->compute(keys[i], worker);
    };
    work.complete = [&](std::size_t i, Cell& cell) { add_memory(keys[i], cell); };
    if (task_.budget_seconds) {
      plan_.emplace(plan_of(keys), *task_.budget_seconds, kLeastWindows);
      work.wanted = [this](const std::vector<std::optional<Cell>>& known) {
        return plan_->next([&known](std::size_t i) {
          return known[i] ? std::optional(known[i]->seconds) : std::nullopt;
        });
      };
    }
    return work;
  }

  // What the cells of models and bounds are, by their windows.
  std::vector<WindowPlan::Input> plan_of(const std::vector<CellKey>& keys) const {
    const std::vector<std::string>& models = comparison_->models();
    std::vector<WindowPlan::Input> inputs;
    for (const ComparedInput& input : comparison_->inputs()) {
      const WindowPlan::CellsByWindow none(input.windows.size());
      inputs.push_back({std::vector(models.size(), none), none});
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
      WindowPlan::Input& input = inputs[keys[i].input];
      const auto model =
          static_cast<std::size_t>(std::ranges::find(models, keys[i].model) - models.begin());
      (keys[i].bound ? input.bounds : input.models[model])[keys[i].window].push_back(i);
    }
    return inputs;
  }

  // For who has the file and not the inputs.
  std::vector<std::pair<std::string, std::string>> records() const {
    std::vector<std::pair<std::string, std::string>> records = {
        {kSettingsKey, settings_record(comparison_->settings())}};
    for (const ComparedInput& input : comparison_->inputs())
      records.emplace_back(input_key(input.fingerprint), input_record(input));
    for (const std::string& spec : comparison_->models()) {
      for (std::size_t i = 0; i < comparison_->inputs().size(); ++i) {
        if (const auto identity = identities_.find({i, spec}); identity != identities_.end())
          records.emplace_back(model_key(comparison_->inputs()[i].fingerprint, identity->second),
                               model_record(spec));
      }
    }
    return records;
  }

  static std::string sampler_key(const CellKey& key) {
    if (key.sampler != kNoSampler) return key.sampler;
    return !key.bound && has_own_codec(key.model) ? kOwnRateKey : kPredictionKey;
  }

  std::string stored_key(const CellKey& key, const std::string& what) const {
    const std::string model = key.bound ? std::string(kBoundIdentity) + key.model
                                        : identities_.at({key.input, key.model});
    return CellName{comparison_->inputs()[key.input].fingerprint, key.window, model, what}.key();
  }

  const WorkCost* cost(const CellKey& key) const {
    const auto found = costs_.find({key.input, key.model});
    return key.bound || found == costs_.end() || !found->second ? nullptr : &*found->second;
  }

  double probed_seconds(const CellKey& key) const {
    return cost(key) == nullptr ? 0 : cost(key)->seconds;
  }

  void add_memory(const CellKey& key, Cell& cell) const {
    if (key.sampler != kNoSampler || cost(key) == nullptr) return;
    cell.figures.merge(figures_of(comparison_->metrics(key.input),
                                  Work{.peak_memory_bytes = cost(key)->peak_memory_bytes}));
  }

  const CompareTask& task_;
  const Receiver& receiver_;
  StopSign stop_;
  Costs costs_;
  unsigned threads_ = 1;
  std::optional<Comparison> comparison_;
  ModelIdentities identities_;
  std::optional<WindowPlan> plan_;
};

}  // namespace

CompareResult compare(const CompareTask& task, const Receiver& receiver) {
  if (!task.from.empty()) {
    check(task);
    return merged_results(task, receiver);
  }
  check_media(task);
  return CompareWork(task, receiver).result();
}

}  // namespace kraft
