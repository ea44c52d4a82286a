// The parts of the module kraft._kraft. What users see of it, kraft/__init__.py says.
#pragma once

#include <pybind11/pybind11.h>

namespace kraft::python {

namespace py = pybind11;

void add_errors(py::module_& module);  // Error, UsageError
void add_models(py::module_& module);  // Model, State, Mark, Codec, and registering
void add_tasks(py::module_& module);   // a function for each task
void add_media(py::module_& module);   // files of pictures and recordings, and completing them

}  // namespace kraft::python
