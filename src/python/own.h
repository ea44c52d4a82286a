// Codecs and models that are written in Python.
//
// The library calls them from any of its threads; each call takes the interpreter's lock, so that
// only one of them is at work at a time. What they raise goes through the library to whoever called
// it.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>

#include "kraft/codec.h"
#include "kraft/model.h"

namespace kraft::python {

namespace py = pybind11;

// An object of Python that C++ owns. It may go in any thread; at the interpreter's end it stays.
std::shared_ptr<py::object> shared_object(py::object object);

// Tells the codecs and models below that this process is a copy that Python knows of (os.fork). In
// other copies, which the library makes to measure what something costs, they throw Error: there is
// no interpreter that could run them.
void note_fork();

// By the methods encode(message) and, where there is one, decode(stream), code_length(message).
std::shared_ptr<const Codec> codec_in_python(py::object codec, Granularity granularity);

// By the method next(context), or else by begin(): an object with observe(bytes) and next(), and
// copy(), where copy.deepcopy() is not what is wanted.
std::shared_ptr<const Model> model_in_python(py::object model, std::string spec);

}  // namespace kraft::python
