// The results of kraft compare as files of EleutherAI's lm-evaluation-harness, version 0.4.

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <map>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "kraft/report.h"
#include "version.h"

namespace kraft {
namespace {

using Json = nlohmann::ordered_json;

// What the harness makes of a model's name where it names a folder: each run of characters that
// file systems dislike is one __.
std::string sanitised(const std::string& name) {
  constexpr std::string_view kReplaced = "\"<>:/|\\?*[]";
  std::string text;
  bool replaced = false;
  for (const char c : name) {
    const bool replace = kReplaced.find(c) != kReplaced.npos;
    if (!replace)
      text += c;
    else if (!replaced)
      text += "__";
    replaced = replace;
  }
  return text;
}

std::string stamp(std::int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H-%M-%S", &parts);
  return text.data();
}

// A number, or what the harness writes where there is none.
Json value(double number) { return std::isfinite(number) ? Json(number) : Json("N/A"); }

// Keys are METRIC,FILTER: the filter of a sample's figures is the sampler, that of others is none.
std::string filter_of(const Figure& figure, const CompareRow& row) {
  if (figure.kind == FigureKind::prediction) return "none";
  std::string filter = row.sampler;
  std::ranges::replace(filter, ',', ';');
  return filter;
}

// One input as a task.
class Task {
 public:
  Task(const CompareInput& input, std::string name) : input_(input), name_(std::move(name)) {
    results_["alias"] = name_;
  }

  void add(const CompareRow& row) {
    windows_ = std::max(windows_, row.windows);
    for (const Figure& figure : input_.figures) {
      const auto found = row.figures.find(figure.key);
      if (found == row.figures.end() || figure.kind == FigureKind::cost) continue;
      add(figure.key, filter_of(figure, row), figure.aim, found->second.mean,
          found->second.standard_error);
      if (figure.key == "bits_per_byte")
        add("byte_perplexity", "none", Aim::lower, std::exp2(found->second.mean), std::nan(""));
    }
  }

  void put(Json& all) const {
    all["results"][name_] = results_;
    all["group_subtasks"][name_] = Json::array();
    all["configs"][name_] = {{"task", name_},
                             {"output_type", "loglikelihood_rolling"},
                             {"num_fewshot", 0},
                             {"metric_list", metrics_},
                             {"metadata",
                              {{"version", 1.0},
                               {"medium", kraft::name_of(input_.medium)},
                               {"fingerprint", input_.fingerprint},
                               {"bytes", input_.size_bytes}}}};
    all["versions"][name_] = 1.0;
    all["n-shot"][name_] = 0;
    all["higher_is_better"][name_] = higher_is_better_;
    all["n-samples"][name_] = {{"original", input_.windows.size()}, {"effective", windows_}};
  }

 private:
  void add(const std::string& metric, const std::string& filter, Aim aim, double mean,
           double error) {
    results_[metric + "," + filter] = value(mean);
    results_[metric + "_stderr," + filter] = value(error);
    if (higher_is_better_.contains(metric)) return;
    // What is good where it is as the truth's has no direction.
    const Json higher = aim == Aim::truth ? Json() : Json(aim == Aim::higher);
    higher_is_better_[metric] = higher;
    metrics_.push_back(
        {{"metric", metric}, {"aggregation", aggregation(metric)}, {"higher_is_better", higher}});
  }

  // As the harness calls how it sums these up; a perplexity is 2 to the mean of the bits.
  static const char* aggregation(const std::string& metric) {
    if (metric == "byte_perplexity") return "weighted_perplexity";
    return metric == "bits_per_byte" ? "bits_per_byte" : "mean";
  }

  const CompareInput& input_;
  std::string name_;
  std::size_t windows_ = 0;
  Json results_, higher_is_better_ = Json::object(), metrics_ = Json::array();
};

// The names of files, told apart where there are two of one.
std::vector<std::string> task_names(const CompareResult& result) {
  std::map<std::string, int> times;
  std::vector<std::string> names;
  for (const CompareInput& input : result.inputs) {
    const std::string name = printable(input.name);
    const int before = times[name]++;
    names.push_back(before == 0 ? name : name + " " + std::to_string(before + 1));
  }
  return names;
}

}  // namespace

std::vector<NamedBytes> compare_lm_eval(const CompareResult& result, std::int64_t seconds) {
  std::vector<std::string> models;  // in their order
  for (const CompareRow& row : result.rows) {
    if (!row.bound && std::ranges::find(models, row.model) == models.end())
      models.push_back(row.model);
  }
  const std::vector<std::string> names = task_names(result);
  std::vector<NamedBytes> files;
  for (const std::string& model : models) {
    Json all = Json::object();
    std::string identity;
    for (std::size_t i = 0; i < result.inputs.size(); ++i) {
      Task task(result.inputs[i], names[i]);
      bool any = false;
      for (const CompareRow& row : result.rows) {
        if (row.bound || row.input != i || row.model != model) continue;
        task.add(row);
        identity = row.identity;
        any = true;
      }
      if (any) task.put(all);
    }
    all["config"] = {{"model", "kraft"},           {"model_args", model},
                     {"identity", identity},       {"batch_size", 1},
                     {"random_seed", result.seed}, {"gen_kwargs", {{"num_samples", result.count}}}};
    all["date"] = static_cast<double>(seconds);
    // What kraft has nothing to say of, under the names that readers may ask for.
    all["task_hashes"] = Json::object();
    for (const char* key :
         {"system_instruction", "system_instruction_sha", "chat_template", "chat_template_sha",
          "fewshot_as_multiturn", "start_time", "end_time", "total_evaluation_time_seconds"})
      all[key] = nullptr;
    all["kraft_version"] = kVersion;
    all["model_source"] = "kraft";
    all["model_name"] = model;
    all["model_name_sanitized"] = sanitised(model);
    const std::string text = all.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
    const ByteView bytes = as_bytes(text);
    files.push_back({sanitised(model) + "/results_" + stamp(seconds) + ".json",
                     Bytes(bytes.begin(), bytes.end())});
  }
  return files;
}

}  // namespace kraft
