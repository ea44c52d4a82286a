#include "tasks/compare_merge.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "base/text.h"
#include "evaluate/own_rate.h"
#include "kraft/error.h"
#include "run/cells.h"
#include "run/store.h"
#include "tasks/compare_records.h"
#include "tasks/compare_result.h"

namespace kraft {
namespace {

class Merging {
 public:
  void add(const std::string& path, const StoredResults& results) {
    path_ = printable(path);
    if (first_path_.empty()) {
      first_path_ = path_;
      settings_ = results.settings;
    } else if (results.settings != settings_) {
      throw Error(path_ + " holds results of other settings than " + first_path_ + ": expected " +
                  printable(settings_) + ", found " + printable(results.settings));
    }
    const auto is_settings = [](const auto& line) { return line.first == kSettingsKey; };
    if (std::ranges::none_of(results.lines, is_settings))
      throw Error(path_ +
                  " was kept by an earlier kraft, without its inputs: run its command again, which "
                  "adds them");
    // What keys mean is noted by the last run at the latest, maybe below cells of an earlier one.
    for (const bool cells : {false, true}) {
      for (const auto& [key, json] : results.lines)
        cells ? add_cell(key, json) : add_record(key, json);
    }
  }

  CompareResult result(const std::optional<std::string>& reference) {
    check_reference(reference, models_);
    ComparisonSettings settings = *about_;
    settings.features = features_.spec;
    cells_.merge(feature_cells_[features_.hash]);
    const Comparison comparison(std::move(settings), inputs_, models_, std::move(samplers_));
    return compare_result(comparison, std::move(cells_), identities_, reference);
  }

 private:
  // What the text is, by a function that may not know it.
  template <class Read>
  auto read(Read of, const std::string& json) const {
    try {
      return of(json);
    } catch (const Error& error) {
      throw Error(path_ + ": " + error.what());
    }
  }

  void add_record(const std::string& key, const std::string& json) {
    if (key == kSettingsKey) {
      about_ = read(read_settings_record, json);
    } else if (const auto fingerprint = read_input_key(key)) {
      add_input(*fingerprint, read(read_input_record, json));
    } else if (const auto model = read_model_key(key)) {
      add_model(*model, read(read_model_record, json));
    } else if (const auto hash = read_features_key(key)) {
      features_ = {*hash, read(read_model_record, json)};
    }
  }

  std::size_t input_called(const std::string& fingerprint) const {
    const auto found = std::ranges::find(inputs_, fingerprint, &ComparedInput::fingerprint);
    if (found == inputs_.end())
      throw Error(path_ +
                  " has results of an input that it does not describe: " + printable(fingerprint));
    return static_cast<std::size_t>(found - inputs_.begin());
  }

  void add_input(const std::string& fingerprint, ComparedInput input) {
    if (input.fingerprint != fingerprint)
      throw Error(path_ + " describes " + printable(input.name) + " as another input");
    const auto found = std::ranges::find(inputs_, fingerprint, &ComparedInput::fingerprint);
    if (found == inputs_.end()) {
      inputs_.push_back(std::move(input));
      return;
    }
    input.name = found->name;  // it may be called otherwise elsewhere
    if (input_record(input) != input_record(*found))
      throw Error(path_ + " has other windows of " + printable(input.name) +
                  " than a file before it");
  }

  void add_model(const ModelName& name, const std::string& spec) {
    const std::size_t input = input_called(name.fingerprint);
    std::string& identity = identities_[{input, spec}];
    if (!identity.empty() && identity != name.identity)
      throw Error(path_ + " has another " + printable(spec) + ": expected " + printable(identity) +
                  ", found " + printable(name.identity));
    identity = name.identity;
    specs_[{input, name.identity}] = spec;
    if (std::ranges::count(models_, spec) == 0) models_.push_back(spec);
  }

  void add_cell(const std::string& stored_key, const std::string& json) {
    const auto name = read_cell_key(stored_key);
    if (!name) return;
    const std::size_t input = input_called(name->fingerprint);
    if (name->window >= inputs_[input].windows.size())
      throw Error(path_ + " has results of a window that " + printable(inputs_[input].name) +
                  " has not: " + std::to_string(name->window));
    const auto key = cell_key(input, *name);
    if (!key) return;
    const Cell cell = read(read_cell, json);
    const auto features = read_features_of(name->what);
    auto& cells = features ? feature_cells_[features->hash] : cells_;
    const auto [place, is_new] = cells.emplace(*key, cell);
    if (!is_new && lasting(input, place->second) != lasting(input, cell))
      throw Error(path_ + " has another result than a file before it: " + printable(key->model) +
                  ", " + printable(inputs_[input].name) + ", window " +
                  std::to_string(name->window + 1) + ", " + printable(name->what));
  }

  // Nothing for what is not looked at: predictions that know no own rate where there is one.
  std::optional<CellKey> cell_key(std::size_t input, const CellName& name) {
    const bool predicts = name.what == kPredictionKey || name.what == kOwnRateKey;
    const auto features = read_features_of(name.what);
    CellKey key{input, name.window, "", predicts ? kNoSampler : name.what, false};
    if (features) {
      key.sampler = features->sampler;
      key.features = true;
    }
    if (name.identity.starts_with(kBoundIdentity)) {
      key.model = name.identity.substr(kBoundIdentity.size());
      key.bound = true;
      return key;
    }
    const auto found = specs_.find({input, name.identity});
    if (found == specs_.end())
      throw Error(path_ +
                  " has results of a model that it does not name: " + printable(name.identity));
    key.model = found->second;
    if (name.what == kPredictionKey && has_own_codec(key.model)) return std::nullopt;
    std::vector<ComparedSampler>& samplers = samplers_[{input, key.model}];
    if (!predicts && std::ranges::count(samplers, key.sampler, &ComparedSampler::spec) == 0)
      samplers.push_back({key.sampler, key.sampler, {}, {}});
    return key;
  }

  // What does not depend on the machine.
  std::string lasting(std::size_t input, Cell cell) const {
    for (const Metric& metric : metrics_of(inputs_[input].medium, about_->judges)) {
      if (metric.kind == FigureKind::cost) cell.figures.erase(metric.key);
    }
    cell.seconds = 0;
    return cell_text(cell);
  }

  std::string path_, first_path_, settings_;
  std::optional<ComparisonSettings> about_;
  std::vector<ComparedInput> inputs_;
  std::vector<std::string> models_;  // in the order in which they are named
  ModelIdentities identities_;
  std::map<std::pair<std::size_t, std::string>, std::string> specs_;  // by input and identity
  Comparison::Samplers samplers_;
  std::map<CellKey, Cell> cells_;
  // Of a file that has those of several models, the one that was asked for last.
  struct {
    std::string hash, spec;
  } features_;
  std::map<std::string, std::map<CellKey, Cell>> feature_cells_;  // by hash
};

}  // namespace

CompareResult merged_results(const CompareTask& task, const Receiver& receiver) {
  // Under mpirun rank 0 reads the files; the others have nothing to do.
  StopSign stop(receiver.cancelled);
  Cells nothing;
  nothing.identity = join(task.from, "\n");
  nothing.stop = &stop;
  run_cells(nothing);
  Merging merging;
  for (const std::string& path : task.from)
    merging.add(
        path, read_results(path, "compare", [&](const std::string& text) { receiver.tell(text); }));
  return merging.result(task.reference);
}

}  // namespace kraft
