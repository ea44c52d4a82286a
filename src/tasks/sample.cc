#include "kraft/tasks/sample.h"

#include <algorithm>
#include <chrono>

#include "base/text.h"
#include "core/drawing.h"
#include "core/observing.h"
#include "evaluate/copying.h"
#include "kraft/candidates.h"
#include "kraft/error.h"
#include "tasks/drawing.h"
#include "tasks/models.h"

namespace kraft {
namespace {

constexpr double kMostBytes = 1 << 30;
constexpr std::size_t kAnalysedBytes = std::size_t{1} << 17;  // of what a decompressor has drawn

bool has_hole(const SampleTask& task) { return task.suffix || task.suffix_file || task.hole; }

// A preset fixes everything but the temperature and the model.
SampleTask with_preset(SampleTask task) {
  if (task.preset.empty()) return task;
  const SamplerPreset& preset = sampler_preset(task.preset);
  for (const SamplerOption& option : sampler_options()) {
    if (option.name != "temperature" && task.sampling.value(option.field))
      throw OptionError({"", "preset", " and ", option.name, " cannot be given together"});
  }
  const auto temperature = task.sampling.value(&SamplerOptions::temperature);
  task.sampling = {};
  for (const SamplerOption& option : sampler_options()) {
    const auto value = std::visit(
        [&](auto field) { return static_cast<double>(preset.options.*field); }, option.field);
    if (sampler_row(preset.sampler).reads(option)) task.sampling.set(option.field, value);
  }
  if (temperature) task.sampling.set(&SamplerOptions::temperature, *temperature);
  task.sampler = preset.sampler;
  task.alphabet = preset.alphabet;
  if (task.context.prime) task.context.prime_first = static_cast<std::int64_t>(preset.prime_bytes);
  if (task.models.empty() && task.made_models.empty()) task.models = {preset.model};
  return task;
}

// What is wanted of the result and not every sampler has.
const OptionTable<SampleTask>& wanted_options() {
  static const auto table = [] {
    OptionTable<SampleTask> rows;
    rows.flag("trace", &SampleTask::wants_traces, {.of_samplers = &SamplerRow::traces});
    return rows;
  }();
  return table;
}

// What can be said before a model is made or a file is looked into.
void check_request(const SampleTask& task) {
  check(sample_options(), task);
  const SampleTask whole = with_preset(task);
  const std::string alphabet = alphabet_of(whole);
  if (!whole.units && alphabet != kAutoAlphabet) Candidates::parse(alphabet, {});
  SamplerQuestion question = question_of(whole);
  question.has_hole = has_hole(whole);
  const SamplerRow& row = sampler_row(sampler_of_any_model(question));
  check_sampler(sample_options(), whole, row);
  check_sampler(wanted_options(), whole, row);
  if (whole.hole && whole.hole->empty()) throw OptionError({"", "hole", " is empty"});
  check_specs(whole);
}

// Cuts the context at the hole; returns what follows what is to be drawn.
Bytes take_suffix(const SampleTask& task, Context& context) {
  if (task.suffix) return Bytes(task.suffix->begin(), task.suffix->end());
  if (task.suffix_file) return *task.suffix_file;
  if (!task.hole) return {};
  const std::string_view text = as_text(context.prompt());
  const std::size_t at = text.find(*task.hole);
  if (at == text.npos)
    throw OptionError(
        {"", "hole", ": '" + printable(*task.hole) + "' is not in the file or the prompt"});
  if (text.find(*task.hole, at + 1) != text.npos)
    throw OptionError({"", "hole", ": '" + printable(*task.hole) + "' is there more than once"});
  const ByteView after = context.prompt().subspan(at + task.hole->size());
  Bytes suffix(after.begin(), after.end());
  context.bytes.resize(context.prompt_begins + at);
  return suffix;
}

// One call of sample(): everything that the samples share.
class Sampling {
 public:
  Sampling(const SampleTask& asked, const SampleReceiver& receiver)
      : task_(with_preset(asked)),
        receiver_(receiver),
        models_(models_of(task_, {}, receiver).models),
        context_(make_context(task_.context)),
        suffix_(take_suffix(task_, context_)),
        history_(context_.observed()),
        detector_(task_.wants_copying ? ByteView(history_) : ByteView()) {
    SamplerQuestion question = question_of(task_);
    question.has_hole = has_hole(task_);
    question.own_candidates = task_.units.has_value();
    question.history_bytes = history_.size();
    for (const auto& model : models_) {
      const SamplerChoice choice = choose_sampler(*model, question);
      refuse_unread(task_, sampler_row(choice.sampler));
      samplers_.push_back(make_sampler(choice.sampler, choice.options));
      choices_.push_back({model->spec(), choice.sampler, choice.options, choice.reason,
                          task_.preset.empty() ? caution(*model, choice.sampler, choice.options)
                                               : SamplerCaution::none});
    }
    if (task_.units) listed_ = Candidates::from_lines(as_text(*task_.units));
  }

  SampleResult run() {
    result_.prompt.assign(context_.prompt().begin(), context_.prompt().end());
    result_.suffix = suffix_;
    if (receiver_.context) receiver_.context(result_.prompt, result_.suffix);
    try {
      draw_from_all();
    } catch (const Cancelled&) {  // while a model read its context: what was drawn so far stands
      if (!cancelled()) throw;
    }
    result_.cancelled = cancelled();
    return std::move(result_);
  }

 private:
  bool cancelled() const { return receiver_.is_cancelled(); }

  // With a tail, the sampler itself shows the model the end of prompt and output.
  ByteView observed() const { return tail_bytes() == 0 ? ByteView(history_) : context_.corpus(); }
  std::size_t tail_bytes() const { return static_cast<std::size_t>(task_.sampling.over({}).tail); }

  void draw_from_all() {
    if (const auto model = proposal_of(task_, {}, receiver_)) {
      proposal_model_ = model;
      proposal_ = start(*model, observed(), receiver_.cancelled);
    }
    for (std::size_t m = 0; m < models_.size() && !cancelled(); ++m) draw_from(m);
  }

  void draw_from(std::size_t m) {
    const Model& model = *models_[m];
    const auto start = start_drawing(model, observed(), receiver_.cancelled);
    if (cancelled()) return;
    result_.models.push_back(choices_[m]);
    warn_if_cut(model, observed().size(), receiver_);
    if (receiver_.model_begins) receiver_.model_begins(choices_[m]);
    const Candidates candidates = candidates_of(model, choices_[m]);
    for (std::int64_t index = 0; index < task_.count && !cancelled(); ++index) {
      Sample sample;
      sample.model = m;
      sample.index = index;
      draw(*start, candidates, sample);
      if (sample.size_bytes == 0 && cancelled()) break;
      if (sample.complete && receiver_.sample_ends) receiver_.sample_ends(choices_[m], sample);
      if (!task_.wants_bytes) sample.bytes.clear();
      result_.samples.push_back(std::move(sample));
    }
  }

  // A preset's program looks at the whole corpus for its alphabet. By default a language model
  // draws what it predicts; what knows nothing but its context draws from that, and so do spans.
  Candidates candidates_of(const Model& model, const SampledModel& choice) const {
    if (listed_) return *listed_;
    std::string alphabet = alphabet_of(task_);
    if (alphabet == kAutoAlphabet) {
      // A decompressor that is fed with coin flips chooses between all bytes.
      if (choice.sampler == "coinflips" && model.start()->stock_decoder()) return Candidates::all();
      if (!model.units().empty() && choice.sampler != "spans") return Candidates::units_of(model);
      alphabet = "seen";
    }
    return Candidates::parse(alphabet, task_.preset.empty() ? history_ : context_.bytes);
  }

  std::uint64_t length_bytes() const {
    return static_cast<std::uint64_t>(task_.length.value_or(kSampleLength));
  }
  bool keeps_bytes() const { return task_.wants_bytes || task_.wants_bits || task_.wants_copying; }

  void draw(State& start, const Candidates& candidates, Sample& sample) {
    const SampledModel& choice = choices_[sample.model];
    if (receiver_.sample_begins) receiver_.sample_begins(choice, sample);
    const auto begin = std::chrono::steady_clock::now();
    const auto state = start.clone();
    const auto proposal = proposal_ ? proposal_->clone() : nullptr;
    std::optional<double> paid_bits;
    const SampleRequest request{
        .length_bytes = length_bytes(),
        .history = history_,
        .tail_begin = context_.observed_corpus,
        .suffix = shortened_suffix(task_, suffix_),
        .proposal = proposal.get(),
        .threads = task_.threads,
        .state_is_spent = true,
        .report = [&](const SpanReport& report) { sample.spans.push_back(report); },
        .paid = [&](double bits) { paid_bits = bits; },
        .copy_limit = [&](const CopyLimitReport& report) { sample.copy_limit = report; },
        .cancelled = receiver_.cancelled};
    Random random(static_cast<std::uint64_t>(task_.seed), static_cast<std::uint64_t>(sample.index));
    const auto sink = [&](ByteView drawn) {
      sample.size_bytes += drawn.size();
      if (keeps_bytes()) append(sample.bytes, drawn);
      if (receiver_.bytes) receiver_.bytes(drawn);
      receiver_.report({choice.spec, sample.size_bytes, length_bytes(), "bytes"});
      return !cancelled() && !(receiver_.enough && receiver_.enough());
    };
    try {
      samplers_[sample.model]->sample(*state, candidates, request, random, sink);
    } catch (const Cancelled&) {  // what was drawn so far stands
    }
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
    sample.seconds = spent.count();
    if (receiver_.drawn) receiver_.drawn(choice, sample);
    sample.complete = !cancelled();
    if (!sample.complete || sample.bytes.empty()) return;
    try {
      if (task_.wants_bits) price(start, paid_bits, sample);
    } catch (const Cancelled&) {
      if (!cancelled()) throw;
      sample.complete = false;
      return;
    }
    if (task_.wants_copying) analyse(sample);
  }

  // A sampler that knows what it has paid is not asked again; flips were counted.
  void price(State& start, std::optional<double> paid_bits, Sample& sample) const {
    if (sample.flips()) {
      sample.bits = sample.spans[0].bits;
    } else if (paid_bits && suffix_.empty()) {
      sample.bits = *paid_bits;
    } else {
      measure(start, sample);
    }
  }

  void measure(State& start, Sample& sample) const {
    const Mark mark = start.mark();
    if (tail_bytes() > 0) {
      const ByteView prompt = context_.prompt();
      observe(start, prompt.last(std::min(tail_bytes(), prompt.size())), receiver_.cancelled);
    }
    Bytes with_suffix = sample.bytes;
    append(with_suffix, shortened_suffix(task_, suffix_));
    const ByteView strings[] = {sample.bytes, with_suffix};
    double bits[2];
    start.measure(strings, bits);
    sample.bits = bits[0];
    sample.suffix_bits = bits[1] - bits[0];
    start.rewind(mark);
    start.forget(mark);
  }

  // Of very much that a decompressor has drawn, a part says what is copied.
  void analyse(Sample& sample) const {
    const ByteView bytes(sample.bytes);
    const std::size_t most = sample.flips() ? kAnalysedBytes : bytes.size();
    sample.analysed_bytes = std::min(bytes.size(), most);
    sample.copying = detector_.analyse(bytes.first(sample.analysed_bytes));
  }

  SampleTask task_;
  const SampleReceiver& receiver_;
  std::vector<std::shared_ptr<const Model>> models_;
  Context context_;
  Bytes suffix_;   // what follows the hole
  Bytes history_;  // of the context, what there is to observe
  CopyDetector detector_;
  std::vector<SampledModel> choices_;  // for each model, and its sampler
  std::vector<std::unique_ptr<Sampler>> samplers_;
  std::optional<Candidates> listed_;  // those that the task lists
  std::shared_ptr<const Model> proposal_model_;
  std::unique_ptr<State> proposal_;  // which has observed what the models have
  SampleResult result_;
};

template <class Row>
std::string list_of(std::string text, std::span<const Row> rows) {
  for (const Row& row : rows)
    text += (&row == rows.data() ? "" : "; ") + row.name + " (" + row.summary + ")";
  return text;
}

OptionTable<DrawingTask> make_drawing_table() {
  using T = DrawingTask;
  OptionTable<T> table;
  table.computed(
      OptionKind::list, "model",
      [](T& task, const OptionValue& value) {
        task.models = std::get<std::vector<std::string>>(value);
      },
      [](const T& task) -> std::optional<OptionValue> {
        if (task.models.empty() && task.made_models.empty()) return std::nullopt;
        return task.models;
      },
      std::nullopt,
      {.letter = 'm',
       .value_name = "SPEC",
       .meaning = "the model; several may be given",
       .required = true,
       .unless = {"preset"},
       .names_models = true});
  table.integer("count", &T::count,
                {.letter = 'c',
                 .value_name = "K",
                 .min = 1,
                 .max = 1 << 20,
                 .meaning = "samples of each model"});
  table.integer(
      "seed", &T::seed,
      {.letter = 's', .value_name = "S", .min = 0, .meaning = "seed of the random numbers"});
  table.text("alphabet", &T::alphabet,
             {.value_name = "SET",
              .choices = alphabet_choices(),
              .otherwise = kAutoAlphabet,
              .meaning = "bytes to choose from: auto (the units of a language model, else seen), "
                         "all, seen (in the context), printable, utf-8 (well-formed), or "
                         "chars:TEXT with \\n, \\t, \\\\ and \\xHH"});
  table.text("sampler", &T::sampler,
             {.value_name = "NAME",
              .choices = names_of(samplers()),
              .otherwise = kAutoSampler,
              .meaning = list_of("how to draw: auto (what suits the model and what it continues); ",
                                 samplers())});
  table.include(sampler_option_table(), &T::sampling);
  add_threads(table, &T::threads);
  table.integer("suffix-first", &T::suffix_first,
                {.value_name = "N",
                 .min = 0,
                 .otherwise = std::to_string(kSuffixFirst),
                 .meaning = "look at the first N bytes after the hole only; 0: all",
                 .of_samplers = &SamplerRow::joint});
  table.text("proposal", &T::proposal,
             {.value_name = "SPEC",
              .meaning = "another model, such as gzip:9,view=decoder, to propose bytes",
              .of_samplers = &SamplerRow::proposes,
              .names_models = true});
  return table;
}

OptionTable<SampleTask> make_text_table() {
  using T = SampleTask;
  OptionTable<T> table;
  table.include(context_options(), &T::context);
  table.integer("length", &T::length,
                {.letter = 'n',
                 .value_name = "N",
                 .min = 0,
                 .max = kMostBytes,
                 .otherwise = std::to_string(kSampleLength),
                 .meaning = "bytes to draw"});
  table.contents("units", &T::units,
                 {.value_name = "FILE",
                  .meaning = "strings to choose from instead of an alphabet, one a line, with the "
                             "same escapes",
                  .excludes = {"alphabet"}});
  table.text("preset", &T::preset,
             {.value_name = "NAME",
              .choices = names_of(sampler_presets()),
              .meaning = list_of("a set of options: ", sampler_presets()),
              .excludes = {"sampler", "alphabet", "units", "prime-first"},
              .needs = {"prime"}});
  table.text("suffix", &T::suffix,
             {.value_name = "TEXT",
              .meaning = "what follows the hole that is to be filled",
              .excludes = {"suffix-file", "hole"},
              .of_samplers = &SamplerRow::joint});
  table.contents("suffix-file", &T::suffix_file,
                 {.value_name = "FILE",
                  .meaning = "the same, from a file",
                  .excludes = {"hole"},
                  .of_samplers = &SamplerRow::joint});
  table.text("hole", &T::hole,
             {.value_name = "MARK",
              .meaning = "fill the place where MARK stands in the file or the prompt",
              .of_samplers = &SamplerRow::joint});
  table.restrict_to({Medium::bytes, Medium::text}, "input");
  return table;
}

OptionTable<SampleTask> make_sample_table() {
  OptionTable<SampleTask> table;
  table.include(drawing_options(), [](SampleTask& task) -> DrawingTask& { return task; });
  table.include(text_options(), [](SampleTask& task) -> SampleTask& { return task; });
  table.add_need("tail", "prime");  // the corpus that stays in sight
  return table;
}

}  // namespace

SampleResult sample(const SampleTask& task, const SampleReceiver& receiver) {
  check(task);
  return Sampling(task, receiver).run();
}

void check(const SampleTask& task) { check_request(task); }

const OptionTable<DrawingTask>& drawing_options() {
  static const OptionTable<DrawingTask> table = make_drawing_table();
  return table;
}

const OptionTable<SampleTask>& text_options() {
  static const OptionTable<SampleTask> table = make_text_table();
  return table;
}

const OptionTable<SampleTask>& sample_options() {
  static const OptionTable<SampleTask> table = make_sample_table();
  return table;
}

}  // namespace kraft
