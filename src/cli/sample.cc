// kraft sample: draw from a model.

#include <algorithm>
#include <array>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/terminal_filter.h"
#include "base/text.h"
#include "cli/options.h"
#include "cli/outputs.h"
#include "cli/terminal.h"
#include "kraft/error.h"
#include "kraft/report.h"
#include "kraft/tasks/complete.h"
#include "kraft/tasks/sample.h"
#include "run/interrupts.h"
#include "tasks/models.h"

namespace kraft::cli {
namespace {

// What can be asked for: of a text, or of the parts of an image or a recording. What these have in
// common stands in `text`.
struct Asked {
  SampleTask text;
  CompletionTask completion;
  ImageCompletionTask image;
  AudioCompletionTask audio;
  MediaInput media;
  std::string input_name, mask_name;
};

const OptionTable<Asked>& asked_options() {
  static const OptionTable<Asked> table = [] {
    OptionTable<Asked> all;
    all.include(sample_options(), &Asked::text);
    all.include(media_input_options(), &Asked::media);
    all.include(image_options(), &Asked::image);
    all.include(audio_options(), &Asked::audio);
    all.include(completion_options(), &Asked::completion);
    return all;
  }();
  return table;
}

struct Shown {
  bool echo = false, quiet = false, json = false, force = false;
  std::string output, panel, trace;
};

const OptionTable<Shown>& shown_options() {
  static const OptionTable<Shown> table = [] {
    const std::vector<Medium> text = {Medium::bytes, Medium::text};
    OptionTable<Shown> all;
    all.flag("echo", &Shown::echo,
             {.letter = 'e', .meaning = "write the prompt before each sample", .media = text});
    all.flag("quiet", &Shown::quiet, {.letter = 'q', .meaning = "no report on standard error"});
    all.file("output", &Shown::output,
             {.letter = 'o',
              .value_name = "FILE",
              .meaning = "write to this file instead of standard output"});
    add_force(all, &Shown::force);
    all.flag("json", &Shown::json, {.meaning = "print JSON"});
    all.file(
        "panel", &Shown::panel,
        {.value_name = "FILE",
         .meaning = "image and audio: write a picture with the original, the context and every "
                    "completion (PNG)",
         .media = {Medium::image, Medium::audio}});
    all.file("trace", &Shown::trace,
             {.value_name = "FILE",
              .meaning = "write a plot of the bits of every chain (SVG)",
              .media = text,
              .of_samplers = &SamplerRow::traces});
    return all;
  }();
  return table;
}

// What is wrong with a request whatever the file holds; called before files are read.
void check(const Asked& asked) { check(asked.text); }

// Texts.

// Where the bytes go as they are drawn. Where something else is written as well, what goes wrong is
// thrown at the end.
class Output {
 public:
  Output(const std::string& path, bool is_one_of_several) : is_one_of_several_(is_one_of_several) {
    if (!path.empty() && path != "-") file_ = std::make_unique<OutputFile>(path);
  }

  bool to_terminal() const { return !file_ && stdout_is_terminal(); }

  void write(ByteView bytes) {
    if (error_) return;
    try {
      put(bytes);
    } catch (const Error&) {
      if (!is_one_of_several_) throw;
      error_ = std::current_exception();
    }
  }
  void write(std::string_view text) { write(as_bytes(text)); }
  void commit() {
    if (error_) std::rethrow_exception(error_);
    if (file_) file_->commit();
  }

 private:
  void put(ByteView bytes) {
    if (file_) {
      file_->write(bytes);
    } else {
      write_out(to_terminal() ? filter_(as_text(bytes)) : as_text(bytes));
    }
  }

  bool is_one_of_several_;
  std::exception_ptr error_;
  std::unique_ptr<OutputFile> file_;
  TerminalFilter filter_;  // what was drawn may hold anything
};

// What --sampler auto came to, and what is known of what was asked for.
void explain(const SampledModel& model) {
  const SamplerOptions& o = model.options;
  if (model.reason == SamplerReason::strings)
    note(model.spec + ": strings of " + std::to_string(o.span_length) +
         " bytes that have followed the last " + std::to_string(o.key_length) +
         " before, chosen at temperature " + shortest(o.temperature) +
         "; --sampler ancestral draws from the increments alone");
  if (model.reason == SamplerReason::hole)
    note(model.spec + ": by metropolis, at temperature " + shortest(o.temperature) +
         ", for what follows the hole to be in sight");
  if (model.caution == SamplerCaution::quotes)
    note(model.spec + ": these options are known to quote the context at length");
  if (model.caution == SamplerCaution::repeats)
    note(model.spec +
         ": these options are known to repeat themselves; --repeat-ngram or --tail helps");
}

// Writes samples as they are drawn, and reports on them.
class TextShow {
 public:
  TextShow(const SampleTask& task, const Shown& shown)
      : task_(task),
        shown_(shown),
        output_(shown.output, !shown.trace.empty()),
        terminal_(shown.json || !output_.to_terminal()),
        labelled_(std::max<std::size_t>(task.models.size(), 1) *
                      static_cast<std::size_t>(task.count) >
                  1) {
    expect_ending("trace", shown.trace, "a plot in SVG", {".svg"});
    outputs_.open(shown.trace);
  }

  SampleReceiver receiver() {
    SampleReceiver receiver{terminal_.receiver()};
    if (shown_.quiet) receiver.warning = {};
    if (!shown_.quiet) receiver.model_begins = explain;
    if (!shown_.json) {
      receiver.context = [this](ByteView prompt, ByteView suffix) {
        prompt_ = prompt;
        suffix_ = suffix;
      };
      receiver.sample_begins = [this](const auto& model, const auto& sample) {
        begin(model, sample);
      };
      receiver.bytes = [this](ByteView bytes) { output_.write(bytes); };
      receiver.drawn = [this](const auto&, const auto&) { end(); };
    }
    receiver.sample_ends = [this](const auto& model, const auto& sample) { report(model, sample); };
    return receiver;
  }

  int finish(const SampleResult& result) {
    terminal_.end_progress();
    if (!result.samples.empty()) {  // with at least a part of one
      outputs_.attempt([&] {
        if (shown_.json) output_.write(sample_json(task_, result, shown_.echo));
        output_.commit();
      });
      outputs_.attempt([&] {
        std::string plot = shown_.trace.empty() ? "" : sample_plot(result);
        if (!plot.empty()) outputs_.write_text(shown_.trace, [&] { return plot; });
      });
      outputs_.finish();
    }
    return result.cancelled ? kInterruptedExit : 0;
  }

 private:
  void begin(const SampledModel& model, const Sample& sample) {
    if (labelled_) {
      std::string label = "=== " + model.spec + ", seed " + std::to_string(task_.seed);
      if (task_.count > 1)
        label +=
            ", sample " + std::to_string(sample.index + 1) + " of " + std::to_string(task_.count);
      output_.write(label + " ===\n");
    }
    if (shown_.echo) output_.write(prompt_);
  }

  // A single sample that goes to a file or a pipe is written as it is, without a newline of ours.
  void end() {
    terminal_.end_progress();
    if (shown_.echo) output_.write(suffix_);
    if (labelled_ || output_.to_terminal()) output_.write("\n");
  }

  void report(const SampledModel& model, const Sample& sample) {
    terminal_.end_progress();
    if (shown_.quiet) return;
    for (const std::string& line : sample_lines(model, sample)) note(model.spec + ": " + line);
  }

  const SampleTask& task_;
  const Shown& shown_;
  Output output_;
  Outputs outputs_;
  TerminalReceiver terminal_;
  bool labelled_;
  ByteView prompt_, suffix_;  // of the result
};

int draw_text(SampleTask& task, const Shown& shown) {
  task.wants_traces = !shown.trace.empty();
  task.wants_bits = task.wants_copying = shown.json || !shown.quiet;
  task.wants_bytes = shown.json;
  catch_interrupts();
  TextShow show(task, shown);
  return show.finish(sample(task, show.receiver()));
}

// Images and recordings.

void check_outputs(const CompletionTask& task, const Shown& shown) {
  if (shown.output.empty() && shown.panel.empty() && !shown.json)
    throw UsageError("--output is missing, or --panel, or --json");
  const std::size_t count =
      (task.models.size() + task.made_models.size()) * static_cast<std::size_t>(task.count);
  if (!shown.output.empty() && count > 1)
    throw UsageError("--output takes one completion, but there are " + std::to_string(count) +
                     ": --panel shows several");
}

// What a file of that name cannot hold is said with the option that names it.
template <class Check>
auto checked_name(const char* option, const std::string& path, Check check) {
  try {
    return check(path);
  } catch (const UsageError& error) {
    throw UsageError("--" + std::string(option) + " " + error.what());
  }
}

AudioFormat format_of(const std::string& path) {
  return checked_name("output", path,
                      [](const std::string& name) { return audio_format_of(name); });
}

void check_png_name(const char* option, const std::string& path) {
  expect_ending(option, path, "a picture in PNG", {".png"});
}

Bytes file_of(const ImageCompletion& completion, const std::string&) {
  return write_png(completion.image, interrupted);
}
Bytes file_of(const AudioCompletion& completion, const std::string& path) {
  return write_audio(completion.audio, format_of(path));
}

template <class Task, class Result>
int show_completions(const Task& task, const Result& result, const Shown& shown, Outputs& outputs) {
  if (result.cancelled) return kInterruptedExit;
  for (const auto& completion : result.completions) {
    const std::string line = completion_line(task, result, completion);
    if (!shown.quiet && !line.empty()) note(line);
  }
  outputs.write(shown.output, [&] { return file_of(result.completions.at(0), shown.output); });
  outputs.write(shown.panel, [&] {
    return write_png(completion_panel(task, result, interrupted), interrupted);
  });
  if (shown.json) outputs.attempt([&] { write_out(completion_json(task, result)); });
  outputs.finish();
  return 0;
}

// The part of the request that all media share goes to the task at hand.
template <class Task>
void take_common(Task& task, const Asked& asked, const Shown& shown) {
  static_cast<CompletionTask&>(task) = asked.completion;
  static_cast<DrawingTask&>(task) = asked.text;
  task.wants_bits = shown.json || !shown.quiet;
  check_outputs(task, shown);
  check(task);
}

// Before the first byte is drawn.
Outputs opened(const Shown& shown) {
  Outputs outputs;
  outputs.open(shown.output);
  outputs.open(shown.panel);
  return outputs;
}

int draw_image(Asked& asked, const Shown& shown) {
  catch_interrupts();
  TerminalReceiver terminal;
  take_common(asked.image, asked, shown);
  check_png_name("output", shown.output);
  check_png_name("panel", shown.panel);
  asked.image.image = read_named(
      asked.input_name, [&] { return read_image(asked.media, *asked.text.context.input); });
  if (!asked.mask_name.empty()) asked.image.mask_name = asked.mask_name;
  warn_about(asked.input_name, asked.image.image.warnings, terminal.receiver());
  if (!shown.panel.empty()) expect_panel_fits(asked.image);
  Outputs outputs = opened(shown);
  const ImageCompletionResult result = complete_image(asked.image, terminal.receiver());
  terminal.end_progress();
  return show_completions(asked.image, result, shown, outputs);
}

int draw_audio(Asked& asked, const Shown& shown) {
  catch_interrupts();
  TerminalReceiver terminal;
  take_common(asked.audio, asked, shown);
  if (!shown.output.empty()) format_of(shown.output);
  check_png_name("panel", shown.panel);
  asked.audio.audio = read_named(
      asked.input_name, [&] { return read_audio(asked.media, *asked.text.context.input); });
  warn_about(asked.input_name, asked.audio.audio.warnings, terminal.receiver());
  if (!shown.output.empty()) expect_writable(asked.audio.audio, format_of(shown.output));
  if (!shown.panel.empty()) expect_panel_fits(asked.audio);
  Outputs outputs = opened(shown);
  const AudioCompletionResult result = complete_audio(asked.audio, terminal.receiver());
  terminal.end_progress();
  return show_completions(asked.audio, result, shown, outputs);
}

// How a medium is drawn.
struct Drawing {
  Medium medium;
  int (*draw)(Asked& asked, const Shown& shown);
};

constexpr std::array<Drawing, 2> kDrawings = {{
    {Medium::image, draw_image},
    {Medium::audio, draw_audio},
}};

int draw(Asked& asked, const Shown& shown, Medium medium) {
  const auto row = std::ranges::find(kDrawings, medium, &Drawing::medium);
  return row == kDrawings.end() ? draw_text(asked.text, shown) : row->draw(asked, shown);
}

// What the file holds says what is drawn.
int run(Asked& asked, const Shown& shown) {
  const Medium medium =
      medium_of(asked.media, asked.text.context.input.value_or(Bytes()), asked.input_name);
  check_media(asked_options(), asked, medium);
  check_media(shown_options(), shown, medium);
  if (has_samples(medium) && !asked.text.context.input) throw UsageError("the file is missing");
  return draw(asked, shown, medium);
}

}  // namespace

Command sample_command() {
  Command command;
  command.name = "sample";
  command.summary = "draw a continuation from a model";
  command.details =
      "The context is the corpus (--prime), the file, and the prompt, in this order. What is drawn "
      "is written as it is drawn; what it costs and how much of it is copied is reported on "
      "standard error. The same seed and options give the same bytes on any number of threads. Of "
      "a file that is an image or a recording, parts are drawn that options name, and the whole is "
      "written.";
  command.examples = {
      "kraft sample --model gzip --prime book.txt --prompt 'Call me ' --length 300 -t 0.6",
      "kraft sample --model zstd:19 --model xz --prime book.txt --count 3 --seed 7",
      "kraft sample --model ngram:5 --prime book.txt --alphabet printable --json",
      "kraft sample --model gzip --model png photo.jpg --gray --rows 64 --panel panel.png",
      "kraft sample --model gzip speech.wav --encoding u8 --seconds 1 -o more.wav"};
  command.positional = "input";
  serve(command, asked_options(), shown_options(), run);
  return command;
}

}  // namespace kraft::cli
