// /v1/sample: every sampler and option, at once or as it is drawn.

#include <chrono>
#include <memory>

#include "kraft/report.h"
#include "kraft/tasks/sample.h"
#include "serve/desk.h"

namespace kraft::serve {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kSendEvery = std::chrono::milliseconds(15);
constexpr std::size_t kSentTogether = 4096;

Json samples_json(const SampleTask& task, const SampleResult& result) {
  Json json = parse_json(sample_json(task, result, /*context=*/true));
  if (json.is_array()) return json;
  return json.is_null() ? Json::array() : Json::array({std::move(json)});
}

// Events of samples: where each begins, its bytes, and the whole of it.
class SampleEvents {
 public:
  SampleEvents(const SampleTask& task, Events& events) : task_(task), events_(events) {
    task_.count = 1;
    task_.made_models.resize(1);
  }

  SampleReceiver receiver(const Receiver& common) {
    SampleReceiver receiver{common};
    receiver.context = [this](ByteView prompt, ByteView suffix) {
      result_.prompt.assign(prompt.begin(), prompt.end());
      result_.suffix.assign(suffix.begin(), suffix.end());
    };
    receiver.sample_begins = [this](const SampledModel& model, const Sample& sample) {
      event_ = {{"type", "begin"},
                {"model", model.spec},
                {"sampler", model.sampler},
                {"index", sample.index}};
      events_.send(event_);
      event_ = {{"type", "bytes"}, {"model", model.spec}, {"index", sample.index}};
    };
    receiver.bytes = [this](ByteView bytes) {
      append(waiting_, bytes);
      if (waiting_.size() >= kSentTogether || Clock::now() - sent_ >= kSendEvery) send_bytes();
    };
    receiver.drawn = [this](const SampledModel&, const Sample&) { send_bytes(); };
    receiver.sample_ends = [this](const SampledModel& model, const Sample& sample) {
      result_.models = {model};
      result_.samples = {sample};
      result_.samples[0].model = 0;
      events_.send({{"type", "end"},
                    {"model", model.spec},
                    {"index", sample.index},
                    {"sample", samples_json(task_, result_).at(0)}});
    };
    return receiver;
  }

 private:
  void send_bytes() {
    if (waiting_.empty()) return;
    event_["bytes"] = waiting_;
    events_.send(event_);
    waiting_.clear();
    sent_ = Clock::now();
  }

  SampleTask task_;
  Events& events_;
  SampleResult result_;
  Json event_;
  Bytes waiting_;
  Clock::time_point sent_ = {};
};

SampleResult run(const Desk& desk, const SampleTask& task, const SampleReceiver& receiver) {
  SampleResult result = sample(task, receiver);
  desk.work->stop_if_cancelled();
  return result;
}

}  // namespace

Reply draw_samples(const Desk& desk, Fields& fields) {
  SampleTask task;
  fields.take({sample_options(), task});
  const bool traces = fields.flag("trace").value_or(false);
  const bool streams = fields.flag("stream").value_or(false);
  fields.expect_no_others();
  task.wants_traces = traces;
  if (task.models.empty() && !task.preset.empty())
    task.models = {sampler_preset(task.preset).model};
  if (task.models.empty()) throw Failure::invalid("model is missing", "model");
  desk.allow(task.models);
  if (!task.proposal.empty()) task.proposal = desk.shelf.allowed(task.proposal);
  desk.add_prime(fields, task.context.prime);
  check(task);
  task.threads = desk.settings.threads;
  const std::size_t corpus_bytes = make_context(task.context).corpus().size();
  for (const std::string& spec : task.models)
    task.made_models.push_back(desk.model(spec, corpus_bytes));
  task.models.clear();
  desk.expect_moderate(static_cast<double>(task.length.value_or(kSampleLength)) *
                           static_cast<double>(task.count) *
                           static_cast<double>(task.made_models.size()),
                       "length times count", "length");
  if (streams)
    return Reply::stream([desk, task](Events& events) {
      Heard heard;
      SampleEvents samples(task, events);
      run(desk, task, samples.receiver(heard.receiver(desk.work)));
    });
  Heard heard;
  const SampleResult result = run(desk, task, SampleReceiver{heard.receiver(desk.work)});
  return Reply::json({{"object", "kraft.sample"},
                      {"samples", samples_json(task, result)},
                      {"warnings", std::move(heard.warnings)}});
}

}  // namespace kraft::serve
