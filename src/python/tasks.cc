// Tasks as functions: options by their keywords in, bytes and JSON out. kraft/_tasks.py makes of
// that what users see.

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kraft/error.h"
#include "kraft/registry.h"
#include "kraft/report.h"
#include "kraft/tasks/classify.h"
#include "kraft/tasks/compare.h"
#include "kraft/tasks/next.h"
#include "kraft/tasks/options.h"
#include "kraft/tasks/pack.h"
#include "kraft/tasks/reproduce.h"
#include "kraft/tasks/sample.h"
#include "kraft/tasks/score.h"
#include "python/bound.h"
#include "python/call.h"
#include "python/module.h"
#include "python/values.h"

namespace kraft::python {
namespace {

// Every sample's bytes, and the JSON of all.
py::tuple sample_texts(const py::object& models, const py::dict& options) {
  SampleTask task;
  set_models(task, models);
  set_options(sample_options(), task, options);
  const SampleResult result =
      run([&](const Receiver& receiver) { return sample(task, SampleReceiver{receiver}); });
  py::list drawn;
  for (const Sample& one : result.samples) drawn.append(to_bytes(one.bytes));
  return py::make_tuple(drawn, sample_json(task, result));
}

std::string next_bytes(const py::object& models, const py::dict& options) {
  NextTask task;
  task.models = specs_of(models);
  set_options(next_options(), task, options);
  return next_json(run([&](const Receiver& receiver) { return next(task, receiver); }));
}

std::string score_files(const py::object& models, const py::dict& options) {
  ScoreTask task;
  task.models = specs_of(models);
  set_options(score_options(), task, options);
  return score_json(run([&](const Receiver& receiver) { return score(task, receiver); }));
}

std::string classify_texts(const py::object& models, const py::dict& options) {
  ClassifyTask task;
  const std::vector<std::string> specs = specs_of(models);
  if (specs.size() != 1) throw UsageError("classify() takes one model");
  task.model = specs[0];
  set_options(classify_options(), task, options);
  return classify_json(run([&](const Receiver& receiver) { return classify(task, receiver); }));
}

std::unique_ptr<CompareResult> compare_models(const py::object& models, const py::dict& options) {
  CompareTask task;
  task.models = specs_of(models);
  set_options(compare_options(), task, options);
  return std::make_unique<CompareResult>(
      run([&](const Receiver& receiver) { return compare(task, receiver); }));
}

// None where there is nothing to compare with.
void add_pairs(py::dict& row, const CompareRecord& record) {
  const auto set = [&row](const char* key, bool there, auto value) {
    row[key] = there ? py::cast(value) : py::none();
  };
  const Places places = record.places.value_or(Places());
  set("place_best", record.places.has_value(), places.best);
  set("place_worst", record.places.has_value(), places.worst);
  const bool differs = record.difference.has_value();
  const Difference difference = record.difference.value_or(Difference());
  set("difference", differs, difference.estimate.mean);
  set("difference_error", differs, difference.estimate.standard_error);
  set("difference_low", differs, difference.estimate.low);
  set("difference_high", differs, difference.estimate.high);
  set("p", differs, difference.p);
  set("p_holm", differs, difference.p_holm);
}

py::list records_of(const CompareResult& result) {
  py::list records;
  for (const CompareRecord& record : result.records()) {
    py::dict row;
    row["file"] = record.input;
    row["model"] = record.model;
    row["sampler"] = record.sampler;
    row["figure"] = record.figure;
    row["context_bytes"] = record.context_bytes;
    row["mean"] = record.estimate.mean;
    row["standard_error"] = record.estimate.standard_error;
    row["low"] = record.estimate.low;
    row["high"] = record.estimate.high;
    row["windows"] = record.estimate.count;
    add_pairs(row, record);
    row["seed_error"] = record.seed_error;
    records.append(row);
  }
  return records;
}

// Files with names, of one kind.
void add_data(std::vector<ReproduceInput>& to, const py::iterable& files) {
  for (const py::handle item : files) {
    const auto [name, bytes] = item.cast<std::pair<std::string, py::object>>();
    to.push_back(reproduce_input({name, BytesArgument(bytes, "data").copy()}));
  }
}

py::tuple reproduce_experiment(const py::object& models, const py::dict& options,
                               const py::iterable& text, const py::iterable& images,
                               const py::iterable& audio) {
  ReproduceTask task;
  task.models = specs_of(models);
  set_options(reproduce_options(), task, options);
  add_data(task.text, text);
  add_data(task.images, images);
  add_data(task.audio, audio);
  add_default_data(task);
  const ReproduceResult result =
      run([&](const Receiver& receiver) { return reproduce(task, receiver); });
  return py::make_tuple(reproduce_json(result), reproduce_text(result));
}

py::bytes compress_bytes(const py::object& data, const py::object& model, const py::dict& options) {
  CompressTask task;
  const std::vector<std::string> specs = specs_of(model);
  if (specs.size() != 1) throw UsageError("compress() takes one model");
  task.model = specs[0];
  set_options(compress_options(), task, options);
  const BytesArgument original(data, "data");
  Bytes packed;
  run([&](const Receiver& receiver) {
    return compress(task, reading(original.view()), writing(packed), receiver,
                    original.view().size());
  });
  return to_bytes(packed);
}

py::bytes decompress_bytes(const py::object& data, const py::object& model,
                           const py::dict& options) {
  DecompressTask task;
  if (!model.is_none()) {
    const std::vector<std::string> specs = specs_of(model);
    if (specs.size() != 1) throw UsageError("decompress() takes one model");
    task.model = specs[0];
  }
  set_options(decompress_options(), task, options);
  const BytesArgument packed(data, "data");
  Bytes original;
  run([&](const Receiver& receiver) {
    return decompress(task, reading(packed.view()), writing(original), receiver);
  });
  return to_bytes(original);
}

std::string inspect_bytes(const py::object& data) {
  const BytesArgument packed(data, "data");
  return info_json({{"data", without_lock([&] { return inspect(reading(packed.view())); })}});
}

// A Model that is known by its specification alone.
bool has_name(const py::object& model) {
  const auto& bound = model.cast<const BoundModel&>();
  return bound.model || !bound.registered.empty();
}

std::vector<py::object> listed(const py::object& models) {
  if (py::isinstance<py::str>(models) || py::isinstance<BoundModel>(models)) return {models};
  if (!py::isinstance<py::list>(models) && !py::isinstance<py::tuple>(models))
    throw OptionError({"", "model",
                       " is a specification, a Model, or a list of them, not " +
                           std::string(Py_TYPE(models.ptr())->tp_name)});
  std::vector<py::object> all;
  for (const py::handle model : models) {
    if (!py::isinstance<py::str>(model) && !py::isinstance<BoundModel>(model))
      throw OptionError({"", "model",
                         " is a specification, a Model, or a list of them, not of " +
                             std::string(Py_TYPE(model.ptr())->tp_name)});
    all.push_back(py::reinterpret_borrow<py::object>(model));
  }
  return all;
}

std::string spec_of(const py::object& model) {
  if (py::isinstance<py::str>(model)) return model.cast<std::string>();
  return model.cast<const BoundModel&>().spec(model);
}

}  // namespace

std::vector<std::string> specs_of(const py::object& models) {
  std::vector<std::string> specs;
  for (const py::object& model : listed(models)) {
    if (py::isinstance<BoundModel>(model) && !has_name(model))
      throw UsageError("the model " + spec_of(model) +
                       " has no name yet: kraft.register() gives it one");
    specs.push_back(spec_of(model));
  }
  return specs;
}

void set_models(DrawingTask& task, const py::object& models) {
  const std::vector<py::object> all = listed(models);
  bool all_named = true;
  for (const py::object& model : all)
    all_named = all_named && (py::isinstance<py::str>(model) || has_name(model));
  if (all_named) {
    task.models = specs_of(models);
    return;
  }
  for (const py::object& model : all) {  // so that they stay in this order
    if (py::isinstance<BoundModel>(model)) {
      task.made_models.push_back(model.cast<const BoundModel&>().model_of(model));
    } else {
      task.made_models.push_back(
          without_lock([spec = spec_of(model)] { return make_model(spec); }));
    }
  }
}

void add_tasks(py::module_& module) {
  py::class_<CompareResult>(module, "CompareResult")
      .def("records", records_of)
      .def("json", [](const CompareResult& result) { return compare_json(result); })
      .def("table", [](const CompareResult& result) { return compare_table(result); })
      .def("page", [](const CompareResult& result) { return compare_page(result); });
  module.def("sample", sample_texts);
  module.def("next", next_bytes);
  module.def("score", score_files);
  module.def("classify", classify_texts);
  module.def("compare", compare_models);
  module.def("reproduce", reproduce_experiment);
  module.def("compress", compress_bytes);
  module.def("decompress", decompress_bytes);
  module.def("inspect", inspect_bytes);
  module.def("models", [](const std::vector<std::string>& names) { return models_json(names); });

  py::dict options;
  options["sample"] = describe(sample_options().rows());
  options["next"] = describe(next_options().rows());
  options["score"] = describe(score_options().rows());
  options["classify"] = describe(classify_options().rows());
  options["compare"] = describe(compare_options().rows());
  options["reproduce"] = describe(reproduce_options().rows());
  options["compress"] = describe(compress_options().rows());
  options["decompress"] = describe(decompress_options().rows());
  options["complete_image"] = describe(image_completion_options().rows());
  options["complete_audio"] = describe(audio_completion_options().rows());
  options["read"] = describe(media_input_options().rows());
  module.attr("options") = options;
}

}  // namespace kraft::python
