// Errors of the library as those of Python, with the same words.

#include <exception>
#include <utility>

#include "kraft/error.h"
#include "kraft/option_error.h"
#include "python/module.h"
#include "python/values.h"

namespace kraft::python {
namespace {

// Never given back: what is thrown at the very end needs them, too.
PyObject* error_type = nullptr;
PyObject* usage_error_type = nullptr;

void translate(std::exception_ptr thrown) {
  try {
    if (thrown) std::rethrow_exception(std::move(thrown));
  } catch (const OptionError& error) {
    PyErr_SetString(usage_error_type, error.text(keyword_of).c_str());
  } catch (const UsageError& error) {
    PyErr_SetString(usage_error_type, error.what());
  } catch (const Error& error) {
    PyErr_SetString(error_type, error.what());
  }
}

}  // namespace

void add_errors(py::module_& module) {
  error_type = PyErr_NewExceptionWithDoc(
      "kraft.Error",
      "Something in the world is not as it must be: a file, a stream, a program.\n\n"
      "Every error of kraft is one; its text is one line.",
      PyExc_Exception, nullptr);
  const py::tuple bases = py::make_tuple(py::handle(error_type), py::handle(PyExc_ValueError));
  usage_error_type = PyErr_NewExceptionWithDoc(
      "kraft.UsageError",
      "Something in the request is wrong: a specification, an option, a combination of them.\n\n"
      "It is a ValueError, and is raised before any work is done.",
      bases.ptr(), nullptr);
  module.attr("Error") = py::handle(error_type);
  module.attr("UsageError") = py::handle(usage_error_type);
  py::register_exception_translator(translate);
}

}  // namespace kraft::python
