#include "python/module.h"

#include "version.h"

PYBIND11_MODULE(_kraft, module) {
  module.attr("__version__") = kraft::kVersion;
  kraft::python::add_errors(module);
  kraft::python::add_models(module);
  kraft::python::add_tasks(module);
  kraft::python::add_media(module);
}
