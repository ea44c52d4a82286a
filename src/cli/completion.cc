#include "cli/completion.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>

#include "base/files.h"
#include "base/parallel.h"
#include "base/text.h"
#include "cli/terminal.h"
#include "core/drawing.h"
#include "kraft/error.h"
#include "run/interrupts.h"

namespace kraft::cli {
namespace {

constexpr std::size_t kMostWholeCandidates = 1024;

// The whole units that occur in what is given, the most frequent ones.
Candidates whole_candidates(const Hole& hole) {
  std::map<std::string_view, std::size_t> counts;
  for (const Sequence& sequence : hole.sequences) {
    for (const Span& span : sequence) {
      if (span.drawn) continue;
      const ByteView given = ByteView(hole.bytes).subspan(span.begin, span.end - span.begin);
      for (std::size_t at = 0; at + hole.unit_bytes <= given.size(); at += hole.unit_bytes)
        ++counts[as_text(given.subspan(at, hole.unit_bytes))];
    }
  }
  if (counts.empty()) throw UsageError("--candidate whole: nothing is given to take them from");
  std::vector<std::pair<std::size_t, std::string_view>> by_count;
  for (const auto& [unit, count] : counts) by_count.emplace_back(count, unit);
  std::ranges::stable_sort(by_count,
                           [](const auto& a, const auto& b) { return a.first > b.first; });
  by_count.resize(std::min(by_count.size(), kMostWholeCandidates));
  std::vector<Bytes> units;
  for (const auto& [count, unit] : by_count) {
    const ByteView bytes = as_bytes(unit);
    units.emplace_back(bytes.begin(), bytes.end());
  }
  return Candidates::strings(std::move(units));
}

Candidates candidates_for(const SampleOptions& options, const po::variables_map& values,
                          const Hole& hole) {
  if (options.media.candidate == "whole") {
    exclude(values, "candidate", "alphabet");
    return whole_candidates(hole);
  }
  if (options.media.candidate != "byte")
    throw UsageError("--candidate '" + printable(options.media.candidate) +
                     "' is none of byte|whole");
  if (options.alphabet == "auto") return Candidates::all();
  Bytes given;
  for (const Sequence& sequence : hole.sequences) {
    for (const Span& span : sequence) {
      if (!span.drawn)
        append(given, ByteView(hole.bytes).subspan(span.begin, span.end - span.begin));
    }
  }
  return Candidates::parse(options.alphabet, given);
}

// The work of all threads together, for the line of progress.
class SharedProgress {
 public:
  SharedProgress(std::uint64_t total_bytes)
      : progress_("drawing", total_bytes, "bytes", /*wanted=*/true) {}

  void advance(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    done_bytes_ += bytes;
    progress_.advance_to(done_bytes_);
  }

 private:
  std::mutex mutex_;
  Progress progress_;
  std::uint64_t done_bytes_ = 0;
};

// Draws what is to be drawn of one sequence; returns its bits, if wanted.
class SequenceDrawing {
 public:
  SequenceDrawing(const SampleOptions& options, const Sampler& sampler,
                  const Candidates& candidates, const Model* proposal, SharedProgress& progress,
                  bool wants_bits)
      : options_(options),
        sampler_(sampler),
        candidates_(candidates),
        proposal_(proposal),
        progress_(progress),
        sees_suffix_(options.sampler_row().joint),
        wants_bits_(wants_bits) {}

  double draw(const Model& model, const Sequence& sequence, Random& random, Bytes& bytes) const {
    const auto state = start_drawing(model);
    const auto proposal = proposal_ == nullptr ? nullptr : proposal_->start();
    double total_bits = 0;
    for (std::size_t i = 0; i < sequence.size() && !interrupted(); ++i) {
      const Span& span = sequence[i];
      const std::size_t size = span.end - span.begin;
      const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(span.begin);
      if (!span.drawn) {
        state->observe(ByteView(bytes).subspan(span.begin, size));
        if (proposal) proposal->observe(ByteView(bytes).subspan(span.begin, size));
        continue;
      }
      const ByteView history =
          ByteView(bytes).subspan(sequence[0].begin, span.begin - sequence[0].begin);
      const bool has_suffix = sees_suffix_ && i + 1 < sequence.size();
      const ByteView suffix = has_suffix ? given(bytes, sequence[i + 1]) : ByteView();
      const SampleRequest request{.length_bytes = size,
                                  .history = history,
                                  .suffix = options_.shortened_suffix(suffix),
                                  .proposal = proposal.get(),
                                  .cancelled = interrupted};
      const Bytes drawn = draw_span(*state, request, random, total_bits);
      std::copy(drawn.begin(), drawn.end(), place);
    }
    return total_bits;
  }

 private:
  static ByteView given(const Bytes& bytes, const Span& span) {
    return ByteView(bytes).subspan(span.begin, span.end - span.begin);
  }

  Bytes draw_span(State& state, const SampleRequest& request, Random& random,
                  double& total_bits) const {
    Bytes drawn;
    const Mark mark = wants_bits_ ? state.mark() : Mark{};
    const auto sink = [&](ByteView bytes) {
      append(drawn, bytes);
      progress_.advance(bytes.size());
      return !interrupted();
    };
    try {
      sampler_.sample(state, candidates_, request, random, sink);
    } catch (const Cancelled&) {  // what was drawn so far stands
    }
    if (!wants_bits_ || interrupted()) return drawn;
    state.rewind(mark);
    const ByteView view(drawn);
    double bits = 0;
    state.measure({&view, 1}, {&bits, 1});
    total_bits += bits;
    state.forget(mark);
    state.observe(drawn);
    return drawn;
  }

  const SampleOptions& options_;
  const Sampler& sampler_;
  const Candidates& candidates_;
  const Model* proposal_;
  SharedProgress& progress_;
  bool sees_suffix_;
  bool wants_bits_;
};

bool draws(const Sequence& sequence) {
  return std::ranges::any_of(sequence, [](const Span& span) { return span.drawn; });
}

std::int64_t parse_part(const std::string& option, const std::string& text,
                        const std::string& part) {
  std::int64_t value = 0;
  if (!parse_integer(part, value) || value < 0)
    throw UsageError("--" + option + " is X,Y,W,H in pixels, not '" + printable(text) + "'");
  return value;
}

}  // namespace

std::uint64_t Hole::drawn_bytes() const {
  std::uint64_t total = 0;
  for (const Sequence& sequence : sequences) {
    for (const Span& span : sequence) total += span.drawn ? span.end - span.begin : 0;
  }
  return total;
}

std::vector<Completion> complete(const SampleOptions& options, const po::variables_map& values,
                                 const Hole& hole) {
  const auto sampler = make_sampler(options);
  const Candidates candidates = candidates_for(options, values, hole);
  const unsigned threads = options.threads.get();
  std::vector<Completion> completions;
  std::vector<std::shared_ptr<const Model>> models;
  for (const std::string& spec : options.models) {
    const auto model =
        make_model(spec, {.threads = threads, .geometry = hole.geometry, .cancelled = interrupted});
    for (int index = 0; index < options.count; ++index) {
      completions.push_back({spec, model->spec(), index, hole.bytes, 0, 0});
      models.push_back(model);
    }
  }

  std::shared_ptr<const Model> proposal;
  if (!options.joint.proposal.empty())
    proposal =
        make_model(options.joint.proposal,
                   {.threads = threads, .geometry = hole.geometry, .cancelled = interrupted});

  // Every sequence of every completion is a piece of work with random numbers of its own.
  struct Work {
    std::size_t completion, sequence;
  };
  std::vector<Work> work;
  for (std::size_t c = 0; c < completions.size(); ++c) {
    for (std::size_t s = 0; s < hole.sequences.size(); ++s) {
      if (draws(hole.sequences[s])) work.push_back({c, s});
    }
  }
  catch_interrupts();
  SharedProgress progress(hole.drawn_bytes() * completions.size());
  const SequenceDrawing drawing(options, *sampler, candidates, proposal.get(), progress,
                                values.count("quiet") == 0 || values.count("json") > 0);
  std::mutex mutex;
  ThreadPool pool(threads);
  pool.run(work.size(), [&](std::size_t i, unsigned) {
    const auto begin = std::chrono::steady_clock::now();
    Completion& completion = completions[work[i].completion];
    const std::uint64_t stream =
        static_cast<std::uint64_t>(completion.index) * hole.sequences.size() + work[i].sequence;
    Random random(static_cast<std::uint64_t>(options.seed), stream);
    const double bits = drawing.draw(*models[work[i].completion], hole.sequences[work[i].sequence],
                                     random, completion.bytes);
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
    const std::lock_guard lock(mutex);
    completion.bits += bits;
    completion.seconds += spent.count();
  });
  return completions;
}

void check_outputs(const SampleOptions& options, const po::variables_map& values) {
  if (options.output.empty() && options.media.panel.empty() && values.count("json") == 0)
    throw UsageError("--output is missing, or --panel, or --json");
  const std::size_t count = options.models.size() * static_cast<std::size_t>(options.count);
  if (!options.output.empty() && count > 1)
    throw UsageError("--output takes one completion, but there are " + std::to_string(count) +
                     ": --panel shows several");
  if (!options.output.empty() && options.output == options.media.panel)
    throw UsageError("--output and --panel name the same file");
}

Box parse_box(const std::string& option, const std::string& text) {
  std::vector<std::size_t> numbers;
  std::size_t at = 0;
  while (at <= text.size()) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    numbers.push_back(
        static_cast<std::size_t>(parse_part(option, text, text.substr(at, end - at))));
    at = end + 1;
  }
  if (numbers.size() != 4) parse_part(option, text, "");
  return {numbers[0], numbers[1], numbers[2], numbers[3]};
}

void write_file(const std::string& path, ByteView bytes) {
  if (path == "-") return write_out(as_text(bytes));
  OutputFile file(path);
  file.write(bytes);
  file.commit();
}

}  // namespace kraft::cli
