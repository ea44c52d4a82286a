// kraft sample: draw from a model.

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "base/base64.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/completion.h"
#include "cli/context.h"
#include "cli/sample.h"
#include "cli/sample_diagnostics.h"
#include "cli/terminal.h"
#include "evaluate/copying.h"
#include "kraft/error.h"
#include "kraft/sampler.h"
#include "run/interrupts.h"

namespace kraft::cli {
namespace {

using Json = nlohmann::ordered_json;

using Options = SampleOptions;

constexpr std::int64_t kMostBytes = std::int64_t{1} << 30;
constexpr std::size_t kAnalysedBytes = std::size_t{1} << 17;  // of what a decompressor has drawn

template <typename Number>
auto* number(Number* target, const char* name) {
  return po::value(target)->value_name(name)->default_value(*target,
                                                            shortest(static_cast<double>(*target)));
}

// Where the bytes go as they are drawn.
class Output {
 public:
  explicit Output(const std::string& path) {
    if (!path.empty() && path != "-") file_ = std::make_unique<OutputFile>(path);
  }

  bool to_terminal() const { return !file_ && stdout_is_terminal(); }

  void write(ByteView bytes) {
    if (file_) {
      file_->write(bytes);
    } else if (!to_terminal()) {
      write_out(as_text(bytes));
    } else {
      std::string shown(as_text(bytes));
      for (char& c : shown) c = harmless(c);
      write_out(shown);
    }
  }
  void write(std::string_view text) { write(as_bytes(text)); }
  void commit() {
    if (file_) file_->commit();
  }

 private:
  // What was drawn may hold anything; a terminal must not obey it. Control characters are those
  // below 0x20, 0x7f, and 0x80 to 0x9f, as bytes by themselves or as c2 80 to c2 9f in UTF-8.
  char harmless(char c) {
    const auto byte = static_cast<unsigned char>(c);
    const bool continues = byte >= 0x80 && byte < 0xc0;
    const bool control = (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f ||
                         (byte >= 0x80 && byte < 0xa0 && (expected_ == 0 || lead_ == 0xc2));
    if (continues) {
      expected_ = std::max(0, expected_ - 1);
    } else {
      lead_ = byte;
      expected_ = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : byte >= 0xc0 ? 1 : 0;
    }
    return control ? '.' : c;
  }

  std::unique_ptr<OutputFile> file_;
  unsigned char lead_ = 0;
  int expected_ = 0;  // bytes that are missing of a UTF-8 sequence
};

struct Sample {
  std::uint64_t size_bytes = 0;
  Bytes bytes;  // kept only if something is to be said of them
  double bits = 0;
  double suffix_bits = 0;  // of what follows the hole, after the sample
  Copying copying;
  std::vector<SpanReport> spans;  // of samplers that draw jointly, or of coin flips

  // Whether a decompressor has drawn it: then its bits are flips.
  bool flips() const { return !spans.empty() && !spans[0].decoder.empty(); }
};

Json to_json(const Model& model, const Options& options, int index, ByteView prompt, bool echo,
             ByteView suffix, const Sample& sample) {
  Json json = {{"model", model.spec()},
               {"sampler", options.sampler},
               {"seed", options.seed},
               {"index", index},
               {"length_bytes", sample.bytes.size()}};
  const auto put = [&json](const std::string& name, ByteView bytes) {
    if (is_utf8(as_text(bytes))) {
      json[name] = as_text(bytes);
    } else {
      json[name + "_base64"] = base64(bytes);
    }
  };
  if (echo) put("prompt", prompt);
  put("text", sample.bytes);
  if (echo && !suffix.empty()) put("suffix", suffix);
  json["bits"] = sample.bits;
  json["bits_per_byte"] =
      sample.bytes.empty() ? 0 : sample.bits / static_cast<double>(sample.bytes.size());
  if (!suffix.empty()) json["suffix_bits"] = sample.suffix_bits;
  json["mean_copy_bytes"] = sample.copying.mean_copy_bytes;
  json["longest_copy_bytes"] = sample.copying.longest_copy_bytes;
  json["self_repeat_share"] = sample.copying.self_repeat_share;
  if (!sample.spans.empty()) json["spans"] = diagnostics_json(sample.spans, options.sampling);
  return json;
}

void report(const Model& model, const Sample& sample, const SamplerOptions& sampling) {
  if (sample.bytes.empty()) return;
  char text[200];
  std::snprintf(text, sizeof text,
                ": %zu bytes at %.3f %s each; copies from the context: mean %.1f, longest %llu "
                "bytes; %.0f %% repeats itself",
                sample.bytes.size(), sample.bits / static_cast<double>(sample.bytes.size()),
                sample.flips() ? "flips" : "bits", sample.copying.mean_copy_bytes,
                static_cast<unsigned long long>(sample.copying.longest_copy_bytes),
                100 * sample.copying.self_repeat_share);
  const bool cut = sample.flips() && sample.bytes.size() > kAnalysedBytes;
  note(model.spec() + text + (cut ? " (of the first " + grouped(kAnalysedBytes) + ")" : ""));
  const std::string diagnostics = diagnostics_text(sample.spans, sampling);
  if (!diagnostics.empty()) note(model.spec() + ": " + diagnostics);
}

// A preset fixes everything but the temperature and the model.
void apply_preset(const po::variables_map& values, Options& options) {
  if (options.preset.empty()) return;
  const SamplerPreset& preset = sampler_preset(options.preset);
  for (const char* fixed : {"sampler", "alphabet", "units", "prime-first"})
    exclude(values, "preset", fixed);
  for (const SamplerOption& option : sampler_options()) {
    if (option.name != "temperature") exclude(values, "preset", option.name.c_str());
  }
  const double temperature = options.sampling.temperature;
  options.sampling = preset.options;
  if (is_set(values, "temperature")) options.sampling.temperature = temperature;
  options.sampler = preset.sampler;
  options.alphabet = preset.alphabet;
  if (options.context.prime)
    options.context.prime_first = static_cast<std::int64_t>(preset.prime_bytes);
  if (options.models.empty()) options.models = {preset.model};
}

void check(const po::variables_map& values, const Options& options) {
  if (options.models.empty()) throw UsageError("--model is missing; `kraft models` lists them");
  check_range("length", options.length_bytes, 0, kMostBytes);
  check_range("count", options.count, 1, 1 << 20);
  check_range("seed", options.seed, 0, INT64_MAX);
  exclude(values, "alphabet", "units");
  if (options.units.empty() && options.alphabet != "auto") Candidates::parse(options.alphabet, {});
  if (values.count("output") && options.output.empty()) throw UsageError("--output is empty");
  for (const char* option : {"preset", "tail"}) {
    if (is_set(values, option) && !options.context.prime)
      throw UsageError("--" + std::string(option) +
                       " needs --prime, the corpus that stays in sight");
  }
  const bool input_is_stdin = !options.context.inputs.empty() && options.context.inputs[0] == "-";
  if (options.units == "-" && (input_is_stdin || options.context.prime == "-"))
    throw UsageError("--units - and another input - both read standard input");
  check_joint(values, chosen_for(nullptr, 0, options, values));  // whatever the model
}

// One run of the command: everything that the samples share.
class Run {
 public:
  Run(const Options& options, const po::variables_map& values)
      : options_(options),
        json_(values.count("json") > 0),
        echo_(values.count("echo") > 0),
        quiet_(values.count("quiet") > 0),
        models_(make_models(options.models, options.threads.get())),
        context_(read_context(options.context)),
        suffix_(take_suffix(options.joint, context_)),
        history_(context_.observed()),
        detector_(reports() ? history_ : ByteView()),
        output_(options.output),
        labelled_(models_.size() * static_cast<std::size_t>(options.count) > 1) {
    for (const auto& model : models_) {
      ways_.push_back(chosen_for(model.get(), history_.size(), options, values));
      refuse_unread_options(values, ways_.back());
      samplers_.push_back(make_sampler(ways_.back()));
    }
  }

  int draw_all() {
    catch_interrupts();
    Json results = Json::array();
    if (!options_.joint.proposal.empty()) {
      proposal_model_ = make_models({options_.joint.proposal}, options_.threads.get())[0];
      proposal_ = proposal_model_->start(observed());
    }
    for (std::size_t m = 0; m < models_.size(); ++m) {
      const auto& model = models_[m];
      way_ = &ways_[m];
      sampler_ = samplers_[m].get();
      const auto start = model->start(observed());
      if (interrupted()) break;
      candidates_ = candidates(*model);
      if (!quiet_) {
        warn_if_cut(*model, observed().size());
        explain(*model);
      }
      for (int index = 0; index < options_.count && !interrupted(); ++index) {
        const Sample sample = draw(*model, *start, index);
        if (sample.size_bytes == 0 && interrupted()) break;
        finished_ = true;
        if (json_)
          results.push_back(
              to_json(*model, *way_, index, context_.prompt(), echo_, suffix_, sample));
        if (!quiet_ && !interrupted()) report(*model, sample, way_->sampling);
        if (!options_.joint.trace.empty())
          add_traces(traces_, *model, index, sample.spans, way_->sampling);
      }
    }
    if (finished_) {  // with at least a part of a sample
      if (json_) output_.write((labelled_ ? results : results.at(0)).dump(2) + "\n");
      output_.commit();
      if (!traces_.empty()) write_file(options_.joint.trace, as_bytes(trace_plot_svg(traces_)));
    }
    return interrupted() ? kInterruptedExit : 0;
  }

 private:
  bool reports() const { return json_ || !quiet_; }

  // What --sampler auto came to, and what is known of what was asked for.
  void explain(const Model& model) const {
    if (options_.sampler == kAutoSampler && way_->sampler == "spans")
      note(model.spec() + ": strings of " + std::to_string(way_->sampling.span_length) +
           " bytes that have followed the last " + std::to_string(way_->sampling.key_length) +
           " before, chosen at temperature " + shortest(way_->sampling.temperature) +
           "; --sampler ancestral draws from the increments alone");
    if (options_.sampler == kAutoSampler && way_->sampler == "metropolis")
      note(model.spec() + ": by metropolis, at temperature " +
           shortest(way_->sampling.temperature) + ", for what follows the hole to be in sight");
    const std::string known = caution(model.spec(), *way_);
    if (!known.empty()) note(model.spec() + ": " + known);
  }

  // With a tail, the sampler itself shows the model the end of prompt and output.
  ByteView observed() const {
    return options_.sampling.tail == 0 ? ByteView(history_) : context_.corpus();
  }

  // A preset's program looks at the whole corpus for its alphabet. By default a language model
  // draws what it predicts; what knows nothing but its context draws from that, and so do spans.
  Candidates candidates(const Model& model) {
    if (!options_.units.empty()) {
      if (!listed_)
        listed_ = Candidates::from_lines(as_text(read_input(options_.units, interrupted)));
      return *listed_;
    }
    std::string alphabet = options_.alphabet;
    if (alphabet == "auto") {
      // A decompressor that is fed with coin flips chooses between all bytes.
      if (way_->sampler == "coinflips" && model.start()->stock_decoder()) return Candidates::all();
      if (!model.units().empty() && way_->sampler != "spans") return Candidates::units_of(model);
      alphabet = "seen";
    }
    return Candidates::parse(alphabet, options_.preset.empty() ? history_ : context_.bytes);
  }

  Sample draw(const Model& model, State& start, int index) {
    if (!json_) begin(model, index);
    const auto state = start.clone();
    const auto length = static_cast<std::uint64_t>(options_.length_bytes);
    Sample sample;
    Random random(static_cast<std::uint64_t>(options_.seed), static_cast<std::uint64_t>(index));
    {
      Progress progress(model.spec(), length, "bytes", json_ || !output_.to_terminal());
      const auto proposal = proposal_ ? proposal_->clone() : nullptr;
      const SampleRequest request{
          .length_bytes = length,
          .history = history_,
          .tail_begin = context_.observed_corpus,
          .suffix = options_.shortened_suffix(suffix_),
          .proposal = proposal.get(),
          .threads = options_.threads.get(),
          .state_is_spent = true,
          .report = [&](const SpanReport& report) { sample.spans.push_back(report); },
          .cancelled = interrupted};
      const auto sink = [&](ByteView drawn) {
        sample.size_bytes += drawn.size();
        if (reports()) append(sample.bytes, drawn);
        if (!json_) output_.write(drawn);
        progress.advance_to(sample.size_bytes);
        return !interrupted();
      };
      try {
        sampler_->sample(*state, candidates_, request, random, sink);
      } catch (const Cancelled&) {  // what was drawn so far stands
      }
    }
    if (!json_) end();
    if (!interrupted()) measure(start, sample);
    return sample;
  }

  void begin(const Model& model, int index) {
    if (labelled_) {
      std::string label = "=== " + model.spec() + ", seed " + std::to_string(options_.seed);
      if (options_.count > 1)
        label += ", sample " + std::to_string(index + 1) + " of " + std::to_string(options_.count);
      output_.write(label + " ===\n");
    }
    if (echo_) output_.write(context_.prompt());
  }

  // A single sample that goes to a file or a pipe is written as it is, without a newline of ours.
  void end() {
    if (echo_) output_.write(suffix_);
    if (labelled_ || output_.to_terminal()) output_.write("\n");
  }

  void measure(State& start, Sample& sample) {
    if (sample.bytes.empty() || !reports()) return;
    const ByteView bytes(sample.bytes);
    if (sample.flips()) {  // they were counted; and of very much, a part says what is copied
      sample.bits = sample.spans[0].bits;
      sample.copying =
          detector_.analyse(bytes.first(std::min<std::size_t>(bytes.size(), kAnalysedBytes)));
      return;
    }
    const Mark mark = start.mark();
    if (options_.sampling.tail > 0) {
      const auto tail = static_cast<std::size_t>(options_.sampling.tail);
      start.observe(context_.prompt().last(std::min(tail, context_.prompt().size())));
    }
    Bytes with_suffix = sample.bytes;
    append(with_suffix, options_.shortened_suffix(suffix_));
    const ByteView strings[] = {bytes, with_suffix};
    double bits[2];
    start.measure(strings, bits);
    sample.bits = bits[0];
    sample.suffix_bits = bits[1] - bits[0];
    start.rewind(mark);
    start.forget(mark);
    sample.copying = detector_.analyse(sample.bytes);
  }

  const Options& options_;
  bool json_, echo_, quiet_;
  std::vector<std::shared_ptr<const Model>> models_;
  Context context_;
  Bytes suffix_;                     // what follows the hole
  Bytes history_;                    // of the context, what there is to observe
  std::vector<SampleOptions> ways_;  // how to draw, for each model
  std::vector<std::unique_ptr<Sampler>> samplers_;
  const SampleOptions* way_ = nullptr;         // for the model whose turn it is
  const Sampler* sampler_ = nullptr;           // likewise
  std::optional<Candidates> listed_;           // in the file of --units
  Candidates candidates_ = Candidates::all();  // for the model whose turn it is
  CopyDetector detector_;
  Output output_;
  bool labelled_;
  bool finished_ = false;
  std::shared_ptr<const Model> proposal_model_;
  std::unique_ptr<State> proposal_;  // which has observed what the models have
  std::vector<Trace> traces_;
};

template <typename Row>
std::string list_of(std::string text, std::span<const Row> rows) {
  for (const Row& row : rows)
    text += (&row == rows.data() ? "" : "; ") + row.name + " (" + row.summary + ")";
  return text;
}

// Puts the sampler's own table of options on the command line.
void add_sampler_options(po::options_description& options, SamplerOptions& sampling) {
  for (const SamplerOption& option : sampler_options()) {
    const std::string name = option.letter != 0 ? option.name + "," + option.letter : option.name;
    std::visit(
        [&](auto field) {
          auto* target = &(sampling.*field);
          if constexpr (std::is_same_v<decltype(target), bool*>) {
            options.add_options()(name.c_str(), po::bool_switch(target), option.meaning.c_str());
          } else {
            options.add_options()(name.c_str(), number(target, "N"), option.meaning.c_str());
          }
        },
        option.field);
  }
}

void add_options(Command& command, Options& o) {
  const std::string sampler_list =
      list_of("how to draw: auto (what suits the model and what it continues); ", samplers());
  const std::string preset_list = list_of("a set of options: ", sampler_presets());
  // clang-format off
  command.options.add_options()
      ("model,m", po::value(&o.models)->value_name("SPEC"), "the model; several may be given");
  o.context.add_to(command.options);
  command.options.add_options()
      ("length,n", number(&o.length_bytes, "N"), "bytes to draw")
      ("count,c", number(&o.count, "K"), "samples of each model")
      ("seed,s", number(&o.seed, "S"), "seed of the random numbers")
      ("alphabet", po::value(&o.alphabet)->value_name("SET")->default_value(o.alphabet), "bytes to choose from: auto (the units of a language model, else seen), all, seen (in the context), printable, utf-8 (well-formed), or chars:TEXT with \\n, \\t, \\\\ and \\xHH")
      ("units", po::value(&o.units)->value_name("FILE"), "strings to choose from instead, one a line, with the same escapes")
      ("sampler", po::value(&o.sampler)->value_name("NAME")->default_value(o.sampler), sampler_list.c_str())
      ("preset", po::value(&o.preset)->value_name("NAME"), preset_list.c_str());
  add_sampler_options(command.options, o.sampling);
  command.options.add_options()
      ("echo,e", "write the prompt before each sample")
      ("quiet,q", "no report on standard error")
      ("output,o", po::value(&o.output)->value_name("FILE"), "write to this file instead of standard output")
      ("json", "print JSON");
  // clang-format on
  o.threads.add_to(command.options);
  o.joint.add_to(command.options);
  o.media.add_to(command.options);
}

// Pixels and samples are drawn by the models' own distributions unless another way is asked for.
void choose_for_media(const po::variables_map& values, Options& options) {
  if (options.sampler == kAutoSampler) options.sampler = "ancestral";
  refuse_unread_options(values, options);
  check_joint(values, options);
}

// The file is read once, for its content says what it is.
int run(const po::variables_map& values, Options& options) {
  apply_preset(values, options);
  check(values, options);
  const auto& inputs = options.context.inputs;
  if (!inputs.empty() && !(inputs[0] == "-" && options.context.prime == "-"))
    options.context.input_bytes = read_input(inputs[0]);
  const ByteView file = options.context.input_bytes;
  switch (medium_of(values, options, file)) {
    case Medium::image:
      choose_for_media(values, options);
      return sample_image(options, values, file);
    case Medium::audio:
      choose_for_media(values, options);
      return sample_audio(options, values, file);
    case Medium::text:
    case Medium::bytes:
      break;
  }
  return Run(options, values).draw_all();
}

}  // namespace

Command sample_command() {
  auto options = std::make_shared<Options>();
  Command command;
  command.name = "sample";
  command.synopsis =
      "--model SPEC... [--prime FILE] [--prompt TEXT] [FILE|-] [--length N] [options]";
  command.summary = "draw a continuation from a model";
  command.details =
      "The context is the corpus (--prime), the file, and the prompt, in this order. What is drawn "
      "is written as it is drawn; what it costs and how much of it is copied is reported on "
      "standard error. The same seed and options give the same bytes on any number of threads. Of "
      "a "
      "file that is an image or a recording, parts are drawn that options name, and the whole is "
      "written.";
  command.examples = {
      "kraft sample --model gzip --prime book.txt --prompt 'Call me ' --length 300 -t 0.6",
      "kraft sample --model zstd:19 --model xz --prime book.txt --count 3 --seed 7",
      "kraft sample --model ngram:5 --prime book.txt --alphabet printable --json",
      "kraft sample --model gzip --model png photo.jpg --gray --rows 64 --panel panel.png",
      "kraft sample --model gzip speech.wav --encoding u8 --seconds 1 -o more.wav"};
  add_options(command, *options);
  command.positional = "input";
  command.most_positional = 1;
  command.run = [options](const po::variables_map& values) { return run(values, *options); };
  return command;
}

}  // namespace kraft::cli
