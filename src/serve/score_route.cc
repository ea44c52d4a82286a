// /v1/score and /v1/classify: what texts cost, and to which corpus they belong.

#include <algorithm>

#include "kraft/report.h"
#include "kraft/tasks/classify.h"
#include "kraft/tasks/options.h"
#include "kraft/tasks/score.h"
#include "serve/desk.h"

namespace kraft::serve {

namespace {

// The server's corpus is a text: pictures and recordings are read by themselves.
bool are_texts(const ScoreTask& task) {
  return std::ranges::none_of(task.inputs, [&](const NamedBytes& input) {
    return has_samples(medium_of(task.media, input.bytes, input.name));
  });
}

}  // namespace

Reply score_texts(const Desk& desk, Fields& fields) {
  ScoreTask task;
  fields.take({score_options(), task});
  fields.expect_no_others();
  if (are_texts(task)) desk.add_prime(fields, task.prime);
  if (task.prime && task.prime->empty()) task.prime.reset();
  desk.allow(task.models);
  check(task);
  task.threads = desk.settings.threads;
  Heard heard;
  const ScoreResult result = score(task, heard.receiver(desk.work));
  return Reply::json({{"object", "kraft.score"},
                      {"rows", parse_json(score_json(result))},
                      {"warnings", std::move(heard.warnings)}});
}

Reply classify_texts(const Desk& desk, Fields& fields) {
  ClassifyTask task;
  fields.take({classify_options(), task});
  fields.expect_no_others();
  task.model = desk.shelf.allowed(task.model);
  check(task);
  task.threads = desk.settings.threads;
  Heard heard;
  const ClassifyResult result = classify(task, heard.receiver(desk.work));
  return Reply::json({{"object", "kraft.classify"},
                      {"result", parse_json(classify_json(result))},
                      {"warnings", std::move(heard.warnings)}});
}

}  // namespace kraft::serve
