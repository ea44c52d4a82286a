// What each sampler writes: one row for each way to draw from gzip:9, over several prompts of each
// corpus, with standard errors.
//
//     build/benchmarks/sampler_table [--prompts N] [--length N] [--rows TEXT] [--limits] CORPUS...
//
// Of each corpus, 30 KiB from a quarter on are the context; the second half trains the judge, an
// adaptive n-gram of order 5 that has seen nothing of the context; prompts of 40 bytes come from
// the last twentieth, which neither has seen. The columns:
//
//     CE        cross-entropy under the judge, bits a byte: how surprising the text is
//     words     share of words (two letters or more) that occur in the corpus
//     copy      mean and longest copy from the context, bytes: quotation
//     repeats   share of bytes inside a repeat of 12 bytes or more of the sample itself
//     gzip      what gzip:9 needs for it after context and prompt, bits a byte
//
// `--judge SPEC` takes another judge. None of them means anything without the others. `--row MODEL
// SAMPLER`, say
// `--row zstd:3 spans,span-length=5,key-length=3,temperature=4`, makes a table of such rows. Before
// the table: how fast gzip:9 measures 60-byte strings, and how many Metropolis steps a second that
// allows, in processor time.
//
// `--limits` draws each row without a limit of quotations, then with --max-copy 40, 20 and 10, from
// the same seeds, and has instead of the last columns what the limit did: how many choices of a
// hundred bytes it narrowed, and the bits per byte that this cost the model (CopyLimitReport).

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "base/text.h"
#include "core/drawing.h"
#include "evaluate/comparison.h"
#include "evaluate/copying.h"
#include "evaluate/statistics.h"
#include "evaluate/text_metrics.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "kraft/sampler.h"

namespace kraft {
namespace {

constexpr std::size_t kPromptBytes = 40, kContextBytes = 30 << 10;

double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

struct Settings {
  std::size_t prompts = 6;
  std::size_t length_bytes = 180;
  bool limits = false;
  std::string judge = "ngram:5";
  std::string rows;                                         // only those with this in their name
  std::vector<std::pair<std::string, std::string>> others;  // instead: models and samplers
  std::vector<std::string> corpora;
};

struct Row {
  std::string name;
  std::string model = "gzip:9";
  std::string sampler = "ancestral";  // empty: the real text
  SamplerOptions options = {};
  std::string proposal = {};
};

// What `kraft sample` does with a codec unless told otherwise.
const SamplerOptions kDefault = {.temperature = 3.5, .span_length = 4, .key_length = 3};

std::vector<Row> rows() {
  return {
      {.name = "real text", .sampler = ""},
      {.name = "ancestral, T=1 (the paper's)"},
      {.name = "ancestral, T=0.5", .options = {.temperature = 0.5}},
      {.name = "metropolis, T=1, 200,000 steps",
       .sampler = "metropolis",
       .options = {.steps = 200'000, .burn_in = 0, .thin = 1000, .chains = 1}},
      {.name = "smc, T=1, 256 particles", .sampler = "smc", .options = {.particles = 256}},
      {.name = "smc, T=0.8, 64 particles", .sampler = "smc", .options = {.temperature = 0.8}},
      {.name = "metropolis, T=0.7, 2,000 steps, tail 80",
       .sampler = "metropolis",
       .options = {.temperature = 0.7, .tail = 80, .burn_in = 0, .chains = 1}},
      {.name = "metropolis, T=0.7, 20,000 steps, tail 80",
       .sampler = "metropolis",
       .options = {.temperature = 0.7, .tail = 80, .steps = 20'000, .burn_in = 0, .chains = 1}},
      {.name = "metropolis, T=0.7, 2,000 steps, tail 80, proposal ngram:3",
       .sampler = "metropolis",
       .options = {.temperature = 0.7, .tail = 80, .burn_in = 0, .chains = 1},
       .proposal = "ngram:3"},
      {.name = "metropolis, T=0.7, 2,000 steps, tail 80, proposal gzip:9,view=decoder",
       .sampler = "metropolis",
       .options = {.temperature = 0.7, .tail = 80, .burn_in = 0, .chains = 1},
       .proposal = "gzip:9,view=decoder"},
      {.name = "smc, T=0.8, 64 particles, tail 80",
       .sampler = "smc",
       .options = {.temperature = 0.8, .tail = 80}},
      {.name = "smc, T=1, 256 particles, proposal gzip:9,view=decoder",
       .sampler = "smc",
       .options = {.particles = 256},
       .proposal = "gzip:9,view=decoder"},
      {.name = "smc, T=0.8, 64 particles, tail 80, proposal gzip:9,view=decoder",
       .sampler = "smc",
       .options = {.temperature = 0.8, .tail = 80},
       .proposal = "gzip:9,view=decoder"},
      {.name = "metropolis, annealed",
       .sampler = "metropolis",
       .options = {.steps = 20'000, .burn_in = 0, .chains = 1, .anneal = true}},
      {.name = "lookahead 8, width 32", .sampler = "lookahead"},
      {.name = "spans 12", .sampler = "spans"},
      {.name = "spans 4, keys 3, T=3.5 (the default)", .sampler = "spans", .options = kDefault},
      {.name = "xz, the default", .model = "xz:6", .sampler = "spans", .options = kDefault},
      {.name = "zstd:3, the default", .model = "zstd:3", .sampler = "spans", .options = kDefault},
      {.name = "brotli:5, the default",
       .model = "brotli:5",
       .sampler = "spans",
       .options = kDefault},
      {.name = "bzip2, the default", .model = "bzip2", .sampler = "spans", .options = kDefault},
      {.name = "uniform, the default's strings drawn by lot",
       .model = "uniform",
       .sampler = "spans",
       .options = kDefault},
      {.name = "gzipt's defaults",
       .model = "zlib:9",
       .sampler = "beam",
       .options = {.temperature = 2.77,
                   .whole_bytes = true,
                   .tail = 80,
                   .horizon = 24,
                   .beam_width = 32,
                   .commit = 0}},
      {.name = "ngram:5, ancestral", .model = "ngram:5"},
      {.name = "product:gzip:9^0.5,ngram:5, ancestral", .model = "product:gzip:9^0.5,ngram:5"},
      {.name = "mix:gzip:9,ngram:5, ancestral", .model = "mix:gzip:9,ngram:5"},
      {.name = "product:gzip:9^0.5,ngram:3, ancestral", .model = "product:gzip:9^0.5,ngram:3"},
      {.name = "product:gzip:9^0.5,ngram:3, ancestral, tail 80",
       .model = "product:gzip:9^0.5,ngram:3",
       .options = {.tail = 80}},
      {.name = "xz, ancestral, T=1", .model = "xz:6"},
      {.name = "xz, ancestral, T=0.5", .model = "xz:6", .options = {.temperature = 0.5}},
      {.name = "xz, metropolis, T=0.7, 2,000 steps, tail 80",
       .model = "xz:6",
       .sampler = "metropolis",
       .options = {.temperature = 0.7, .tail = 80, .burn_in = 0, .chains = 1}},
      {.name = "zstd:3,dither=8, ancestral, T=0.5",
       .model = "zstd:3,dither=8",
       .options = {.temperature = 0.5}},
      {.name = "zstd:3, metropolis, T=0.7, 2,000 steps, tail 80",
       .model = "zstd:3",
       .sampler = "metropolis",
       .options = {.temperature = 0.7, .tail = 80, .burn_in = 0, .chains = 1}},
      {.name = "brotli:5,dither=8,context=4KiB, ancestral, T=0.5",
       .model = "brotli:5,dither=8,context=4KiB",
       .options = {.temperature = 0.5}},
      {.name = "ppmd:8, ancestral, T=1", .model = "ppmd:8"},
      {.name = "ppmd:8, ancestral, T=0.7", .model = "ppmd:8", .options = {.temperature = 0.7}},
      {.name = "cm,learn=on, ancestral, T=1", .model = "cm,learn=on"},
      {.name = "cm,learn=on, ancestral, T=0.7",
       .model = "cm,learn=on",
       .options = {.temperature = 0.7}},
      {.name = "bytelm:text, ancestral, T=1", .model = "bytelm:text"},
      {.name = "bytelm:text, ancestral, T=0.7",
       .model = "bytelm:text",
       .options = {.temperature = 0.7}},
  };
}

// Codecs as their decoders see them: by themselves, and with a second opinion.
std::vector<Row> decoder_rows() {
  std::vector<Row> rows;
  for (const std::string codec : {"gzip:9", "zstd:3", "zstd:19", "brotli:5", "brotli:11", "xz:6",
                                  "lz4", "bzip2:9", "bzip3"}) {
    const std::string view = codec + ",view=decoder";
    for (const double temperature : {1.0, 0.8, 0.7})
      rows.push_back({.name = view + ", ancestral, T=" + shortest(temperature),
                      .model = view,
                      .options = {.temperature = temperature}});
    const std::string product = "product:\"" + view + "\"^0.5,ngram:5";
    rows.push_back({.name = product + ", ancestral, T=1", .model = product});
  }
  return rows;
}

std::vector<Row> rows(const std::vector<std::pair<std::string, std::string>>& others) {
  std::vector<Row> rows;
  for (const auto& [model, spec] : others) {
    const ComparedSampler sampler = ComparedSampler::parse(spec);
    rows.push_back({.name = model + ", " + spec,
                    .model = model,
                    .sampler = sampler.name,
                    .options = sampler.options});
  }
  return rows;
}

struct Figures {
  static constexpr std::size_t kCount = 6;
  double values[kCount] = {};
};

struct Drawn {
  Bytes bytes;
  CopyLimitReport limit;
};

class Corpus {
 public:
  Corpus(const std::string& path, const std::string& judge) {
    std::ifstream file(path, std::ios::binary);
    text_.assign(std::istreambuf_iterator<char>(file), {});
    if (text_.size() < 8 * kContextBytes)
      throw Error(path + ": expected a text of " + grouped(8 * kContextBytes) + " bytes or more");
    const ByteView all(text_);
    context_ = all.subspan(all.size() / 4, kContextBytes);
    const ByteView second_half = all.subspan(all.size() / 2);
    prompts_ = all.last(all.size() / 20);
    judge_ = make_model(judge)->start(second_half.first(second_half.size() - prompts_.size()));
    for (const std::string& word : words_of(all)) words_.insert(word);
  }

  ByteView context() const { return context_; }
  ByteView prompt(std::size_t i, std::size_t count, std::size_t length_bytes) const {
    const std::size_t room = prompts_.size() - kPromptBytes - length_bytes;
    return prompts_.subspan(room * i / count, kPromptBytes + length_bytes);
  }

  Figures judge(ByteView prompt, ByteView sample) {
    Figures figures;
    double bits = 0;
    const Mark mark = judge_->mark();
    judge_->observe(prompt);
    judge_->measure({&sample, 1}, {&bits, 1});
    judge_->rewind(mark);
    judge_->forget(mark);
    const auto size = static_cast<double>(sample.size());
    figures.values[0] = bits / size;

    figures.values[1] = 100 * known_word_share(sample, words_);

    const Copying copying = CopyDetector(context_).analyse(sample);
    figures.values[2] = copying.mean_copy_bytes;
    figures.values[3] = static_cast<double>(copying.longest_copy_bytes);
    figures.values[4] = 100 * copying.self_repeat_share;

    const auto gzip = make_model("gzip:9")->start(context_);
    gzip->observe(prompt);
    gzip->measure({&sample, 1}, {&bits, 1});
    figures.values[5] = bits / size;
    return figures;
  }

 private:
  Bytes text_;
  ByteView context_, prompts_;
  std::unique_ptr<State> judge_;
  std::set<std::string> words_;
};

Drawn draw(const Row& row, ByteView context, ByteView prompt, std::size_t length_bytes,
           std::uint64_t seed) {
  const auto model = make_model(row.model);
  const auto state = start_drawing(*model);
  state->observe(context);
  Bytes history(context.begin(), context.end());
  append(history, prompt);
  if (row.options.tail == 0) state->observe(prompt);
  set_drawing(*state, true);
  std::unique_ptr<State> proposal;
  if (!row.proposal.empty()) {
    proposal = make_model(row.proposal)->start(context);
    if (row.options.tail == 0) proposal->observe(prompt);
  }
  Random random(seed);
  Drawn drawn;
  const SampleRequest request{
      .length_bytes = length_bytes,
      .history = history,
      .tail_begin = context.size(),
      .proposal = proposal.get(),
      .copy_limit = [&](const CopyLimitReport& report) { drawn.limit = report; }};
  drawn.bytes = sample(*make_sampler(row.sampler, row.options), *state, Candidates::seen(context),
                       request, random);
  return drawn;
}

void print_estimate(const std::vector<Figures>& all, std::size_t column, int digits) {
  std::vector<double> values;
  for (const Figures& figures : all) values.push_back(figures.values[column]);
  const Estimate e = estimate(values);
  std::printf(" %.*f ± %.*f |", digits, e.mean, digits,
              std::isfinite(e.standard_error) ? e.standard_error : 0.0);
}

void print_row(const Row& row, const std::vector<Figures>& all, double seconds) {
  std::printf("| %s |", row.name.c_str());
  for (std::size_t column = 0; column < Figures::kCount; ++column) {
    const int digits = column == 1 || column == 3 || column == 4 ? 0 : 2;
    print_estimate(all, column, digits);
  }
  std::printf(" %.2f |\n", seconds / static_cast<double>(all.size()));
  std::fflush(stdout);
}

// The figures of one row and one limit; the last two are what the limit did.
void print_limited(const Row& row, std::vector<Corpus>& corpora, const Settings& settings) {
  std::vector<Figures> all;
  const auto size = static_cast<double>(settings.length_bytes);
  for (Corpus& corpus : corpora) {
    for (std::size_t i = 0; i < settings.prompts; ++i) {
      const ByteView real = corpus.prompt(i, settings.prompts, settings.length_bytes);
      const ByteView prompt = real.first(kPromptBytes);
      const Drawn drawn = draw(row, corpus.context(), prompt, settings.length_bytes, i + 1);
      Figures figures = corpus.judge(prompt, drawn.bytes);
      figures.values[4] = 100 * static_cast<double>(drawn.limit.limited) / size;
      figures.values[5] = drawn.limit.bits / size;
      all.push_back(figures);
    }
  }
  const int most = row.options.max_copy;
  std::printf("| %s | %s |", row.name.c_str(), most == 0 ? "off" : std::to_string(most).c_str());
  print_estimate(all, 0, 2);
  print_estimate(all, 1, 0);
  print_estimate(all, 2, 1);
  print_estimate(all, 3, 0);
  print_estimate(all, 4, 1);
  print_estimate(all, 5, 2);
  std::printf("\n");
  std::fflush(stdout);
}

void print_limits(const Settings& settings, std::vector<Corpus>& corpora) {
  std::printf("\n| drawn from | max-copy | CE | words %% | mean copy | longest |");
  std::printf(" narrowed %% | cost |\n|---|--:|--:|--:|--:|--:|--:|--:|\n");
  for (Row row : rows(settings.others)) {
    for (const int most : {0, 40, 20, 10}) {
      row.options.max_copy = most;
      print_limited(row, corpora, settings);
    }
  }
}

void print_table(const Settings& settings) {
  std::vector<Corpus> corpora;
  for (const std::string& path : settings.corpora) corpora.emplace_back(path, settings.judge);
  if (settings.limits) return print_limits(settings, corpora);
  std::printf("\n| sampler | CE | words %% | mean copy | longest | repeats %% | gzip | s |\n");
  std::printf("|---|---|---|---|---|---|---|---|\n");
  std::vector<Row> all_rows = settings.others.empty() ? rows() : rows(settings.others);
  if (settings.others.empty()) std::ranges::move(decoder_rows(), std::back_inserter(all_rows));
  for (const Row& row : all_rows) {
    if (row.name.find(settings.rows) == std::string::npos) continue;
    std::vector<Figures> all;
    double seconds = 0;
    for (Corpus& corpus : corpora) {
      for (std::size_t i = 0; i < settings.prompts; ++i) {
        const ByteView real = corpus.prompt(i, settings.prompts, settings.length_bytes);
        const ByteView prompt = real.first(kPromptBytes), rest = real.subspan(kPromptBytes);
        Bytes drawn(rest.begin(), rest.end());
        const double begin = processor_seconds();
        if (!row.sampler.empty())
          drawn = draw(row, corpus.context(), prompt, settings.length_bytes, i + 1).bytes;
        seconds += processor_seconds() - begin;
        all.push_back(corpus.judge(prompt, drawn));
      }
    }
    print_row(row, all, seconds);
  }
}

// 60-byte strings that differ in one byte, eight at a time, as a chain asks for them.
void print_speed(const std::string& path) {
  const Corpus corpus(path, "uniform");
  const auto state = make_model("gzip:9")->start(corpus.context());
  const ByteView real = corpus.prompt(0, 1, 60).last(60);
  std::vector<Bytes> strings(8, Bytes(real.begin(), real.end()));
  std::vector<ByteView> views(strings.begin(), strings.end());
  double bits[8];
  Random random(1);
  constexpr int kRounds = 2000;
  double begin = processor_seconds();
  for (int round = 0; round < kRounds; ++round) {
    for (Bytes& string : strings) string[random.below(60)] = real[random.below(60)];
    state->measure(views, bits);
  }
  std::printf("gzip:9 measures a 60-byte string after 30 KiB in %.1f us, eight at a time\n",
              (processor_seconds() - begin) / kRounds / 8 * 1e6);
  const auto sampler =
      make_sampler("metropolis", {.steps = 50'000, .burn_in = 0, .thin = 1000, .chains = 1});
  begin = processor_seconds();
  sample(*sampler, *state, Candidates::seen(corpus.context()),
         {.length_bytes = 60, .history = corpus.context()}, random);
  std::printf("metropolis: %.0f steps a second on spans of 60 bytes\n",
              50'000 / (processor_seconds() - begin));
}

std::size_t count_of(const char* text) {
  std::int64_t value = 0;
  if (text == nullptr || !parse_integer(text, value) || value < 1)
    throw UsageError("expected a number above 0");
  return static_cast<std::size_t>(value);
}

Settings parse(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : nullptr;
    if (argument == "--prompts") {
      settings.prompts = count_of(value), ++i;
    } else if (argument == "--length") {
      settings.length_bytes = count_of(value), ++i;
    } else if (argument == "--rows" && value != nullptr) {
      settings.rows = value, ++i;
    } else if (argument == "--judge" && value != nullptr) {
      settings.judge = value, ++i;
    } else if (argument == "--limits") {
      settings.limits = true;
    } else if (argument == "--row" && i + 2 < argc) {
      settings.others.emplace_back(argv[i + 1], argv[i + 2]), i += 2;
    } else {
      settings.corpora.push_back(argument);
    }
  }
  if (settings.corpora.empty()) throw UsageError("a corpus is missing");
  return settings;
}

}  // namespace
}  // namespace kraft

int main(int argc, char** argv) {
  try {
    const kraft::Settings settings = kraft::parse(argc, argv);
    if (!settings.limits) kraft::print_speed(settings.corpora[0]);
    kraft::print_table(settings);
  } catch (const kraft::Error& error) {
    std::fprintf(stderr, "sampler_table: %s\n", error.what());
    return 1;
  }
}
