#include "kraft/tasks/next.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "core/observing.h"
#include "kraft/context_bits.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "kraft/tasks/options.h"
#include "tasks/chosen_views.h"
#include "tasks/expectation.h"
#include "tasks/models.h"

namespace kraft {
namespace {

OptionTable<NextTask> make_table() {
  OptionTable<NextTask> table;
  table.list("model", &NextTask::models,
             {.letter = 'm',
              .value_name = "SPEC",
              .meaning = "the model; several may be given",
              .required = true,
              .names_models = true});
  table.include(context_options(), &NextTask::context);
  table.choice("base-bits", &NextTask::base_bits,
               std::vector<std::pair<std::string, BaseBits>>{
                   {"auto", BaseBits::automatic}, {"on", BaseBits::on}, {"off", BaseBits::off}},
               {.value_name = "WHEN",
                .meaning = "the code length of the context; auto: where the model need not "
                           "predict every byte of it for that"});
  add_view(table, &NextTask::view);
  add_threads(table, &NextTask::threads);
  return table;
}

double entropy_bits(const std::vector<double>& probability) {
  double bits = 0;
  for (const double p : probability) bits -= p > 0 ? p * std::log2(p) : 0;
  return bits;
}

}  // namespace

const OptionTable<NextTask>& next_options() {
  static const OptionTable<NextTask> table = make_table();
  return table;
}

Expectation expectation_of(const Model& model, ByteView context, BaseBits base_bits,
                           const std::function<bool()>& cancelled) {
  const auto state = start(model, context, cancelled);
  Expectation of{.model = model.spec(),
                 .granularity = model.granularity(),
                 .context_bytes = state->context_bytes(),
                 .base_bits = std::nullopt,
                 .bits = {},
                 .probability = {}};
  const bool wanted = base_bits == BaseBits::on ||
                      (base_bits == BaseBits::automatic && !context_bits_cost_more(model));
  if (wanted) of.base_bits = state->context_bits();
  state->next_byte(of.bits);
  of.probability = probabilities(of.bits);
  of.entropy_bits = entropy_bits(of.probability);
  return of;
}

void check(const NextTask& task) {
  check(next_options(), task);
  check_models(in_views(task.models, task.view));
}

NextResult next(const NextTask& task, const Receiver& receiver) {
  check(next_options(), task);
  std::vector<std::shared_ptr<const Model>> models;
  for (const std::string& spec : in_views(task.models, task.view))
    models.push_back(make_model(spec, {}, task.threads, receiver));
  const Bytes context = make_context(task.context).observed();
  NextResult result;
  for (const auto& model : models) {
    warn_if_cut(*model, context.size(), receiver);
    result.expectations.push_back(
        expectation_of(*model, context, task.base_bits, receiver.cancelled));
  }
  return result;
}

}  // namespace kraft
