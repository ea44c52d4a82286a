// Models and codecs as Python holds them: those of the library, and those that it defines itself.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <string>
#include <vector>

#include "kraft/codec.h"
#include "kraft/model.h"
#include "kraft/tasks/sample.h"

namespace kraft::python {

namespace py = pybind11;

struct BoundModel {
  std::shared_ptr<const Model> model;  // null: an object of a class of Python
  std::string registered;              // as; empty: it is not

  std::shared_ptr<const Model> model_of(const py::object& self) const;
  std::string spec(const py::object& self) const;
};

struct BoundCodec {
  std::shared_ptr<const Codec> codec;  // null: an object of a class of Python

  // Throws UsageError when the class has not defined the method.
  const Codec& own(const char* method) const;
};

// A specification, a Model, or a list of them. Throws UsageError for a Model that has no name yet.
std::vector<std::string> specs_of(const py::object& models);

// The same for a task that also takes models without a name.
void set_models(DrawingTask& task, const py::object& models);

}  // namespace kraft::python
