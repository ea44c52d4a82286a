// Values of Python as the library has them, and back.
#pragma once

#include <pybind11/pybind11.h>

#include <span>
#include <string>

#include "kraft/bytes.h"
#include "kraft/tasks/options.h"

namespace kraft::python {

namespace py = pybind11;

// The bytes of an argument where they lie: of bytes, bytearray, memoryview, an array of bytes; of a
// str, its UTF-8. They must not be changed while a call is at work on them. Needs the lock to be
// made and to go.
class BytesArgument {
 public:
  // Throws UsageError that names the argument.
  BytesArgument(py::handle value, const char* name);
  ~BytesArgument();
  BytesArgument(BytesArgument&& other) noexcept;
  BytesArgument(const BytesArgument&) = delete;
  BytesArgument& operator=(const BytesArgument&) = delete;
  BytesArgument& operator=(BytesArgument&&) = delete;

  ByteView view() const { return view_; }
  Bytes copy() const { return Bytes(view_.begin(), view_.end()); }

 private:
  Py_buffer buffer_ = {};
  bool has_buffer_ = false;
  py::object text_;  // the str that owns the bytes
  ByteView view_;
};

py::bytes to_bytes(ByteView bytes);

// How an option is called in Python: "top_k" for top-k, "as_" for as, which Python reserves.
std::string keyword_of(std::string name);

// Sets those options that are not None, by their keywords. Throws UsageError for one that there is
// not, OptionError for one of another kind or out of its range.
void set_options(const BoundOptions& options, const py::dict& values);

template <class Task>
void set_options(const OptionTable<Task>& table, Task& task, const py::dict& values) {
  set_options(BoundOptions(table, task), values);
}

// What there is to say of each option, for signatures and documentation: a dict for each.
py::list describe(std::span<const Option> options);

}  // namespace kraft::python
