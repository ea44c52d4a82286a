#include "kraft/tasks/classify.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "base/text.h"
#include "evaluate/classify.h"
#include "kraft/error.h"
#include "kraft/tasks/options.h"
#include "tasks/lines.h"
#include "tasks/models.h"

namespace kraft {
namespace {

// Distances that differ by less are equal: what is left of the order in which numbers were added.
constexpr double kRounding = 1e-9;

OptionTable<ClassifyTask> make_table() {
  using T = ClassifyTask;
  OptionTable<T> table;
  table.text("model", &T::model,
             {.letter = 'm', .value_name = "SPEC", .meaning = "the model", .names_models = true});
  table.inputs("corpus", &T::corpora,
               {.value_name = "NAME=FILE",
                .meaning = "a corpus, and how it is called; two at least",
                .required = true,
                .named = true});
  table.inputs("input", &T::inputs,
               {.value_name = "FILE", .meaning = "the texts", .required = true});
  table.choice("by", &T::by,
               std::vector<std::pair<std::string, Distance>>{{"conditional", Distance::conditional},
                                                             {"ncd", Distance::ncd}},
               {.value_name = "WHAT",
                .meaning = "what decides; conditional: bits per byte after the corpus, ncd: the "
                           "normalized compression distance"});
  table.flag("lines", &T::lines, {.meaning = "classify each line by itself"});
  add_threads(table, &T::threads);
  return table;
}

// Those of the corpora whose distance is the least, but for rounding.
std::vector<std::size_t> nearest_of(const std::vector<std::size_t>& corpora,
                                    const std::vector<double>& distances) {
  double least = std::numeric_limits<double>::infinity();
  for (const std::size_t corpus : corpora) least = std::min(least, distances[corpus]);
  std::vector<std::size_t> nearest;
  for (const std::size_t corpus : corpora) {
    if (distances[corpus] <= least + kRounding) nearest.push_back(corpus);
  }
  return nearest;
}

std::vector<std::string> names_of(const ClassifyTask& task) {
  std::vector<std::string> names;
  for (const NamedBytes& corpus : task.corpora) names.push_back(corpus.name);
  return names;
}

std::vector<Classifier::Corpus> corpora_of(const ClassifyTask& task) {
  std::vector<Classifier::Corpus> corpora;
  for (const NamedBytes& corpus : task.corpora) corpora.push_back({corpus.name, corpus.bytes});
  return corpora;
}

void warn_if_out_of_reach(const Classifier& classifier, const Receiver& receiver) {
  for (std::size_t i = 0; i < classifier.corpora().size(); ++i) {
    const Classifier::Corpus& corpus = classifier.corpora()[i];
    if (classifier.predictor() != nullptr) {
      warn_if_cut(*classifier.predictor(), corpus.bytes.size(), receiver);
    } else if (!classifier.reaches_back(i)) {
      receiver.warn(classifier.spec() + " does not reach back to the beginning of " +
                    printable(corpus.name) + " (" + grouped(corpus.bytes.size()) +
                    " bytes): only its end counts");
    }
  }
}

Classification classified(const ClassifyTask& task, const Line& text,
                          const std::vector<CorpusDistance>& distances) {
  Classification of{.input = text.name,
                    .bytes = text.text.size(),
                    .conditional_bits_per_byte = {},
                    .ncd = {},
                    .by_conditional = {},
                    .by_ncd = {}};
  for (const CorpusDistance& distance : distances) {
    of.conditional_bits_per_byte.push_back(distance.conditional_bits_per_byte);
    of.ncd.push_back(distance.ncd);
  }
  const std::vector<std::string> names = names_of(task);
  of.by_conditional = verdict_between(names, of.conditional_bits_per_byte, of.ncd);
  of.by_ncd = verdict_between(names, of.ncd, of.conditional_bits_per_byte);
  return of;
}

std::vector<Line> texts_of(const ClassifyTask& task) {
  std::vector<Line> texts;
  for (const NamedBytes& input : task.inputs) {
    if (input.bytes.empty()) throw Error(printable(input.name) + " is empty");
    if (!task.lines) {
      texts.push_back({input.name, input.bytes});
      continue;
    }
    for (Line& line : lines_of(input.name, input.bytes)) texts.push_back(std::move(line));
  }
  return texts;
}

}  // namespace

const OptionTable<ClassifyTask>& classify_options() {
  static const OptionTable<ClassifyTask> table = make_table();
  return table;
}

Verdict verdict_between(const std::vector<std::string>& corpora,
                        const std::vector<double>& distances,
                        const std::vector<double>& other_distances) {
  std::vector<std::size_t> all(distances.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  std::vector<std::size_t> tied = nearest_of(all, distances);
  const std::vector<std::size_t> left = nearest_of(tied, other_distances);
  Verdict verdict;
  const auto name_of = [&](std::size_t corpus) -> const std::string& { return corpora[corpus]; };
  verdict.nearest = *std::ranges::min_element(left, {}, name_of);
  if (tied.size() > 1) {
    std::ranges::sort(tied, {}, name_of);
    verdict.tied = std::move(tied);
    return verdict;
  }
  verdict.margin = std::numeric_limits<double>::infinity();
  for (const std::size_t corpus : all) {
    if (corpus != verdict.nearest)
      verdict.margin = std::min(verdict.margin, distances[corpus] - distances[verdict.nearest]);
  }
  return verdict;
}

void check(const ClassifyTask& task) {
  check(classify_options(), task);
  if (task.corpora.size() < 2)
    throw OptionError({"", "corpus", " must be given twice at least, to classify between them"});
  std::set<std::string> names;
  for (const NamedBytes& corpus : task.corpora) {
    if (!names.insert(corpus.name).second)
      throw UsageError("two corpora are called '" + printable(corpus.name) + "'");
  }
  check_models({task.model});
}

ClassifyResult classify(const ClassifyTask& task, const Receiver& receiver) {
  check(task);
  const Classifier classifier(task.model, corpora_of(task), task.threads, receiver.cancelled);
  const std::vector<Line> texts = texts_of(task);
  warn_if_out_of_reach(classifier, receiver);
  ClassifyResult result{
      .model = classifier.spec(), .by = task.by, .corpora = names_of(task), .inputs = {}};
  std::vector<ByteView> views;
  for (const Line& text : texts) views.push_back(text.text);
  const auto distances = classifier.all_distances(views, [&](std::uint64_t done) {
    receiver.report({.what = "classifying",
                     .done = done,
                     .total = texts.size() * task.corpora.size(),
                     .unit = "distances"});
  });
  for (std::size_t i = 0; i < texts.size(); ++i)
    result.inputs.push_back(classified(task, texts[i], distances[i]));
  return result;
}

}  // namespace kraft
