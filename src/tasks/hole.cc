#include "tasks/hole.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>

#include "base/parallel.h"
#include "core/drawing.h"
#include "core/observing.h"
#include "kraft/candidates.h"
#include "kraft/error.h"
#include "tasks/chosen_views.h"
#include "tasks/drawing.h"

namespace kraft {
namespace {

constexpr std::size_t kMostWholeCandidates = 1024;

ByteView part_of(const Bytes& bytes, const HolePart& part) {
  return ByteView(bytes).subspan(part.begin, part.end - part.begin);
}

// All that is given, one after the other.
Bytes given_bytes(const Hole& hole) {
  Bytes given;
  for (const HoleSequence& sequence : hole.sequences) {
    for (const HolePart& part : sequence) {
      if (!part.drawn) append(given, part_of(hole.bytes, part));
    }
  }
  return given;
}

// What the task calls the whole units that it chooses between; empty where those are bytes.
std::string_view whole_units(const CompletionTask& task) {
  switch (task.candidate.value_or(CompletionTask::kDefaultCandidate)) {
    case CompletionTask::Candidate::byte:
      return {};
    case CompletionTask::Candidate::whole:
      return "whole";
    case CompletionTask::Candidate::pixel:
      return "pixel";
    case CompletionTask::Candidate::frame:
      return "frame";
  }
  return {};
}

// The whole units that occur in what is given, the most frequent ones.
Candidates whole_candidates(const Hole& hole, std::string_view name) {
  std::map<std::string_view, std::size_t> counts;
  for (const HoleSequence& sequence : hole.sequences) {
    for (const HolePart& part : sequence) {
      if (part.drawn) continue;
      const ByteView given = part_of(hole.bytes, part);
      for (std::size_t at = 0; at + hole.unit_bytes <= given.size(); at += hole.unit_bytes)
        ++counts[as_text(given.subspan(at, hole.unit_bytes))];
    }
  }
  if (counts.empty())
    throw OptionError(
        {"", "candidate", " " + std::string(name) + ": nothing is given to take them from"});
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

Candidates candidates_for(const CompletionTask& task, const Hole& hole) {
  const std::string_view units = whole_units(task);
  if (!units.empty()) return whole_candidates(hole, units);
  const std::string alphabet = alphabet_of(task);
  return alphabet == kAutoAlphabet ? Candidates::all()
                                   : Candidates::parse(alphabet, given_bytes(hole));
}

// The work of all threads together.
class SharedProgress {
 public:
  SharedProgress(const Receiver& receiver, std::uint64_t total_bytes)
      : receiver_(receiver), total_bytes_(total_bytes) {}

  void advance(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    done_bytes_ += bytes;
    receiver_.report({"drawing", done_bytes_, total_bytes_, "bytes"});
  }

 private:
  std::mutex mutex_;
  const Receiver& receiver_;
  std::uint64_t total_bytes_;
  std::uint64_t done_bytes_ = 0;
};

// What drawing a sequence came to.
struct SequenceCost {
  double bits = 0;  // if wanted
  CopyLimitReport copy_limit;
};

void add(const CopyLimitReport& part, CopyLimitReport& sum) {
  sum.limited += part.limited;
  sum.exceeded += part.exceeded;
  sum.bits += part.bits;
  sum.is_counted = sum.is_counted && part.is_counted;
}

// Draws what is to be drawn of one sequence. Throws Cancelled, or leaves what was drawn so far.
class SequenceDrawing {
 public:
  SequenceDrawing(const CompletionTask& task, const Sampler& sampler, bool sees_suffix,
                  const Candidates& candidates, const Model* proposal, const Receiver& receiver,
                  SharedProgress& progress)
      : task_(task),
        sampler_(sampler),
        sees_suffix_(sees_suffix),
        candidates_(candidates),
        proposal_(proposal),
        receiver_(receiver),
        progress_(progress) {}

  SequenceCost draw(const Model& model, const HoleSequence& sequence, Random& random,
                    Bytes& bytes) const {
    const auto state = start_drawing(model);
    const auto proposal = proposal_ == nullptr ? nullptr : proposal_->start();
    SequenceCost cost;
    for (std::size_t i = 0; i < sequence.size() && !receiver_.is_cancelled(); ++i) {
      const HolePart& part = sequence[i];
      set_drawing(*state, part.drawn);
      if (!part.drawn) {
        observe(*state, part_of(bytes, part), receiver_.cancelled);
        if (proposal) observe(*proposal, part_of(bytes, part), receiver_.cancelled);
        continue;
      }
      const HolePart before{sequence[0].begin, part.begin};
      const bool has_suffix = sees_suffix_ && i + 1 < sequence.size();
      const ByteView suffix = has_suffix ? part_of(bytes, sequence[i + 1]) : ByteView();
      const SampleRequest request{
          .length_bytes = part.end - part.begin,
          .history = part_of(bytes, before),
          .suffix = shortened_suffix(task_, suffix),
          .proposal = proposal.get(),
          .copy_limit = [&](const CopyLimitReport& report) { add(report, cost.copy_limit); },
          .cancelled = receiver_.cancelled};
      const Bytes drawn = draw_part(*state, request, random, cost.bits);
      std::copy(drawn.begin(), drawn.end(),
                bytes.begin() + static_cast<std::ptrdiff_t>(part.begin));
    }
    return cost;
  }

 private:
  // The bits are asked for where the sampler does not know them.
  Bytes draw_part(State& state, SampleRequest request, Random& random, double& total_bits) const {
    Bytes drawn;
    std::optional<double> paid_bits;
    request.paid = [&](double bits) { paid_bits = bits; };
    const Mark mark = task_.wants_bits ? state.mark() : Mark{};
    const auto sink = [&](ByteView bytes) {
      append(drawn, bytes);
      progress_.advance(bytes.size());
      return !receiver_.is_cancelled();
    };
    try {
      sampler_.sample(state, candidates_, request, random, sink);
    } catch (const Cancelled&) {  // what was drawn so far stands
    }
    if (!task_.wants_bits || receiver_.is_cancelled()) return drawn;
    if (paid_bits) {
      state.forget(mark);
      total_bits += *paid_bits;
      return drawn;
    }
    state.rewind(mark);
    const ByteView view(drawn);
    double bits = 0;
    state.measure({&view, 1}, {&bits, 1});
    total_bits += bits;
    state.forget(mark);
    observe(state, drawn, receiver_.cancelled);
    return drawn;
  }

  const CompletionTask& task_;
  const Sampler& sampler_;
  bool sees_suffix_;
  const Candidates& candidates_;
  const Model* proposal_;
  const Receiver& receiver_;
  SharedProgress& progress_;
};

bool draws(const HoleSequence& sequence) {
  return std::ranges::any_of(sequence, [](const HolePart& part) { return part.drawn; });
}

bool is_automatic(const CompletionTask& task) {
  return task.sampler.value_or(kAutoSampler) == kAutoSampler;
}

// Pixels and samples are drawn by the models' own distributions unless another way is asked for.
std::string sampler_of(const CompletionTask& task) {
  return is_automatic(task) ? "ancestral" : *task.sampler;
}

// Then, codecs are taken in the view that draws best. They are called as the task calls them.
TaskModels drawing_models(const CompletionTask& task, const Hole& hole, const Receiver& receiver) {
  if (!is_automatic(task)) return models_of(task, hole.geometry, receiver);
  CompletionTask viewed = task;
  std::ranges::transform(task.models, viewed.models.begin(), in_view_for_samples);
  TaskModels models = models_of(viewed, hole.geometry, receiver);
  std::ranges::copy(task.models, models.names.begin());
  return models;
}

}  // namespace

std::uint64_t Hole::drawn_bytes() const {
  std::uint64_t total = 0;
  for (const HoleSequence& sequence : sequences) {
    for (const HolePart& part : sequence) total += part.drawn ? part.end - part.begin : 0;
  }
  return total;
}

void check_completion(const CompletionTask& task) {
  check_specs(task);
  const SamplerRow& row = sampler_row(sampler_of(task));
  refuse_unread(task, row);
  check_sampler<DrawingTask>(drawing_options(), task, row);
  if (task.sampling.value(&SamplerOptions::tail))
    throw OptionError({"", "tail", " has no meaning for images and recordings"});
  const std::string_view units = whole_units(task);
  if (!units.empty() && task.alphabet)
    throw OptionError({"", "candidate", " " + std::string(units) + " and ", "alphabet",
                       " cannot be given together"});
}

FilledHoles fill(const CompletionTask& task, const Hole& hole, const Receiver& receiver) {
  FilledHoles result{{}, sampler_of(task)};
  const auto sampler = make_sampler(result.sampler, task.sampling.over({}));
  const Candidates candidates = candidates_for(task, hole);
  const TaskModels models = drawing_models(task, hole, receiver);
  const auto proposal = proposal_of(task, hole.geometry, receiver);
  for (std::size_t m = 0; m < models.models.size(); ++m) {
    for (std::int64_t index = 0; index < task.count; ++index)
      result.filled.push_back({{models.names[m], models.models[m]->spec(), index}, hole.bytes});
  }

  // Every sequence of every completion is a piece of work with random numbers of its own.
  struct Work {
    std::size_t filled, sequence;
  };
  std::vector<Work> work;
  for (std::size_t f = 0; f < result.filled.size(); ++f) {
    for (std::size_t s = 0; s < hole.sequences.size(); ++s) {
      if (draws(hole.sequences[s])) work.push_back({f, s});
    }
  }
  SharedProgress progress(receiver, hole.drawn_bytes() * result.filled.size());
  const SequenceDrawing drawing(task, *sampler, sampler_row(result.sampler).joint, candidates,
                                proposal.get(), receiver, progress);
  std::mutex mutex;
  ThreadPool pool(task.threads);
  pool.run(work.size(), [&](std::size_t i, unsigned) {
    const auto begin = std::chrono::steady_clock::now();
    auto& [completion, bytes] = result.filled[work[i].filled];
    const std::uint64_t stream =
        static_cast<std::uint64_t>(completion.index) * hole.sequences.size() + work[i].sequence;
    Random random(static_cast<std::uint64_t>(task.seed), stream);
    const Model& model = *models.models[work[i].filled / static_cast<std::size_t>(task.count)];
    SequenceCost cost;
    try {
      cost = drawing.draw(model, hole.sequences[work[i].sequence], random, bytes);
    } catch (const Cancelled&) {
      if (!receiver.is_cancelled()) throw;
    }
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
    const std::lock_guard lock(mutex);
    completion.bits += cost.bits;
    add(cost.copy_limit, completion.copy_limit);
    completion.seconds += spent.count();
  });
  result.cancelled = receiver.is_cancelled();
  return result;
}

}  // namespace kraft
