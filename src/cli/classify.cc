// kraft classify: to which corpus does a text belong?

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

#include "base/files.h"
#include "base/text.h"
#include "cli/context.h"
#include "cli/terminal.h"
#include "evaluate/classify.h"
#include "kraft/error.h"
#include "report/table.h"

namespace kraft::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string model = "gzip:9", by = "conditional";
  std::vector<std::string> corpora, inputs;
  bool lines = false, json = false;
  ThreadsOption threads;
};

// A text, and how it is called.
struct Item {
  std::string name;
  Bytes text;
};

struct Verdict {
  std::string name;
  std::uint64_t bytes = 0;
  std::vector<CorpusDistance> distances;

  std::size_t winner(bool by_ncd) const {
    const auto nearest = std::ranges::min_element(distances, {}, [&](const CorpusDistance& d) {
      return by_ncd ? d.ncd : d.conditional_bits_per_byte;
    });
    return static_cast<std::size_t>(nearest - distances.begin());
  }
};

std::string fixed(double number, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, number);
  return text;
}

std::vector<Classifier::Corpus> read_corpora(const std::vector<std::string>& given) {
  std::vector<Classifier::Corpus> corpora;
  std::set<std::string> names;
  std::vector<std::string> paths;
  for (const std::string& text : given) {  // all mistakes before any file
    const std::size_t equals = text.find('=');
    if (equals == text.npos || equals == 0 || equals + 1 == text.size())
      throw UsageError("--corpus is NAME=FILE, not '" + printable(text) + "'");
    const std::string name = text.substr(0, equals);
    if (!names.insert(name).second)
      throw UsageError("two corpora are called '" + printable(name) + "'");
    corpora.push_back({name, {}});
    paths.push_back(text.substr(equals + 1));
  }
  if (corpora.size() < 2)
    throw UsageError("--corpus NAME=FILE must be given twice at least, to classify between them");
  for (std::size_t i = 0; i < corpora.size(); ++i) {
    corpora[i].bytes = read_input(paths[i]);
    if (corpora[i].bytes.empty())
      throw Error("the corpus " + printable(corpora[i].name) + " is empty");
  }
  return corpora;
}

std::vector<Item> read_items(const Options& options) {
  std::vector<Item> items;
  for (const std::string& path : options.inputs) {
    Bytes bytes = read_input(path);
    const std::size_t before = items.size();
    if (!options.lines) {
      if (bytes.empty()) throw Error("standard input is empty");
      items.push_back({path, std::move(bytes)});
      continue;
    }
    const std::string_view text = as_text(bytes);
    std::size_t number = 1;
    for (std::size_t begin = 0; begin < text.size(); ++number) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      const ByteView line = as_bytes(text.substr(begin, end - begin));
      if (!line.empty())
        items.push_back({path + ":" + std::to_string(number), Bytes(line.begin(), line.end())});
      begin = end + 1;
    }
    if (items.size() == before) throw Error(printable(path) + " has no line that is not empty");
  }
  return items;
}

void warn_if_out_of_reach(const Classifier& classifier) {
  for (std::size_t i = 0; i < classifier.corpora().size(); ++i) {
    const Classifier::Corpus& corpus = classifier.corpora()[i];
    if (classifier.predictor() != nullptr) {
      warn_if_cut(*classifier.predictor(), corpus.bytes.size());
    } else if (!classifier.reaches_back(i)) {
      warn(classifier.spec() + " does not reach back to the beginning of " +
           printable(corpus.name) + " (" + grouped(corpus.bytes.size()) +
           " bytes): only its end counts");
    }
  }
}

// Every corpus of every text; of lines, the nearest one and by how much.
std::string to_text(const Options& options, const Classifier& classifier,
                    const std::vector<Verdict>& verdicts) {
  const bool by_ncd = options.by == "ncd";
  if (options.lines) {
    Table table({"line", ">bytes", "corpus", by_ncd ? ">NCD" : ">bits/byte", ">ahead by"});
    for (const Verdict& verdict : verdicts) {
      std::vector<double> values;
      for (const CorpusDistance& d : verdict.distances)
        values.push_back(by_ncd ? d.ncd : d.conditional_bits_per_byte);
      std::ranges::sort(values);
      table.add({printable(verdict.name), grouped(verdict.bytes),
                 printable(classifier.corpora()[verdict.winner(by_ncd)].name), fixed(values[0], 4),
                 fixed(values[1] - values[0], 4)});
    }
    return table.text();
  }
  Table table({"input", ">bytes", "corpus", ">bits/byte", ">NCD", "nearest"});
  for (const Verdict& verdict : verdicts) {
    for (std::size_t i = 0; i < verdict.distances.size(); ++i) {
      const bool nearest = verdict.winner(by_ncd) == i;
      const bool other = verdict.winner(!by_ncd) == i;
      const std::string chosen = by_ncd ? "NCD" : "bits/byte", also = by_ncd ? "bits/byte" : "NCD";
      table.add({printable(verdict.name), grouped(verdict.bytes),
                 printable(classifier.corpora()[i].name),
                 fixed(verdict.distances[i].conditional_bits_per_byte, 4),
                 fixed(verdict.distances[i].ncd, 4),
                 nearest && other ? "<- both"
                 : nearest        ? "<- " + chosen
                 : other          ? "by " + also
                                  : ""});
    }
  }
  return table.text();
}

Json to_json(const Options& options, const Classifier& classifier,
             const std::vector<Verdict>& verdicts) {
  Json inputs = Json::array();
  for (const Verdict& verdict : verdicts) {
    Json distances = Json::array();
    for (std::size_t i = 0; i < verdict.distances.size(); ++i)
      distances.push_back(
          {{"corpus", printable(classifier.corpora()[i].name)},
           {"conditional_bits_per_byte", verdict.distances[i].conditional_bits_per_byte},
           {"ncd", verdict.distances[i].ncd}});
    const auto name = [&](bool by_ncd) {
      return printable(classifier.corpora()[verdict.winner(by_ncd)].name);
    };
    inputs.push_back({{"input", printable(verdict.name)},
                      {"bytes", verdict.bytes},
                      {"winner", name(options.by == "ncd")},
                      {"winner_by_conditional", name(false)},
                      {"winner_by_ncd", name(true)},
                      {"corpora", std::move(distances)}});
  }
  return {{"model", classifier.spec()}, {"by", options.by}, {"inputs", std::move(inputs)}};
}

void check(const Options& options) {
  if (options.by != "conditional" && options.by != "ncd")
    throw UsageError("--by '" + printable(options.by) + "' is none of conditional|ncd");
  if (options.inputs.empty()) throw UsageError("no text to classify (- is standard input)");
  std::size_t standard_inputs = static_cast<std::size_t>(std::ranges::count(options.inputs, "-"));
  for (const std::string& corpus : options.corpora) standard_inputs += corpus.ends_with("=-");
  if (standard_inputs > 1) throw UsageError("standard input cannot be read twice");
}

int run(const Options& options) {
  check(options);
  const unsigned threads = options.threads.get();
  check_spec(options.model);  // all mistakes before any work
  const Classifier classifier(options.model, read_corpora(options.corpora), threads);
  const std::vector<Item> items = read_items(options);
  warn_if_out_of_reach(classifier);
  std::vector<Verdict> verdicts;
  Progress progress("classifying", items.size(), "texts");
  for (const Item& item : items) {
    verdicts.push_back({item.name, item.text.size(), classifier.distances(item.text)});
    progress.advance_to(verdicts.size());
  }
  write_out(options.json ? to_json(options, classifier, verdicts).dump(2) + "\n"
                         : to_text(options, classifier, verdicts));
  return 0;
}

}  // namespace

Command classify_command() {
  auto options = std::make_shared<Options>();
  Command command;
  command.name = "classify";
  command.synopsis = "[--model SPEC] --corpus NAME=FILE --corpus NAME=FILE... INPUT... [--lines]";
  command.summary = "say which of several corpora a text belongs to, by code lengths";
  command.details =
      "For each text x and each corpus k: bits/byte is what x costs after the corpus, "
      "(C(kx) - C(k)) / |x|; NCD is the normalised compression distance (Cilibrasi and Vitanyi "
      "2005), (C(kx) - min(C(k), C(x))) / max(C(k), C(x)). C is the length of a codec's whole "
      "stream, or the bits of a predictor. The nearest corpus has the smallest value. NCD is meant "
      "for texts and corpora of like sizes. A codec must see the whole corpus: gzip sees 32 KiB, "
      "and there is a warning; zstd, xz and brotli see megabytes.";
  command.examples = {
      "kraft classify --model xz --corpus english=moby.txt --corpus german=faust.txt letter.txt",
      "kraft classify --model ngram:4 --corpus code=main.cc --corpus prose=book.txt --lines mixed"};
  // clang-format off
  command.options.add_options()
      ("model,m", po::value(&options->model)->value_name("SPEC")->default_value(options->model), "the model")
      ("corpus", po::value(&options->corpora)->value_name("NAME=FILE"), "a corpus, and how it is called; two at least")
      ("input", po::value(&options->inputs)->value_name("FILE"), "texts (- is standard input)")
      ("by", po::value(&options->by)->value_name("WHAT")->default_value(options->by), "what decides: conditional (bits per byte after the corpus) or ncd")
      ("lines", po::bool_switch(&options->lines), "classify each line by itself")
      ("json", po::bool_switch(&options->json), "print JSON");
  options->threads.add_to(command.options);
  // clang-format on
  command.positional = "input";
  command.most_positional = -1;
  command.run = [options](const po::variables_map&) { return run(*options); };
  return command;
}

}  // namespace kraft::cli
