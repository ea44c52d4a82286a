#include "python/values.h"

#include <pybind11/stl.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "kraft/error.h"

namespace kraft::python {
namespace {

std::string type_name(py::handle value) { return Py_TYPE(value.ptr())->tp_name; }

[[noreturn]] void not_bytes(const char* name, const std::string& what) {
  throw OptionError({"", name, " is bytes or a text, not " + what});
}

bool is_bool(py::handle value) {
  return PyBool_Check(value.ptr()) || type_name(value) == "numpy.bool_";
}

OptionValue whole_number(const Option& option, py::handle value) {
  const auto number = py::reinterpret_steal<py::object>(PyNumber_Index(value.ptr()));
  if (!number) throw py::error_already_set();
  int overflow = 0;
  const long long fits = PyLong_AsLongLongAndOverflow(number.ptr(), &overflow);
  // Digits that are too many are out of range for integers, and text where texts are wanted.
  if (overflow != 0) return option.parsed(std::string(py::str(number)));
  return static_cast<std::int64_t>(fits);
}

std::vector<std::string> texts(const Option& option, py::handle value) {
  std::vector<std::string> all;
  for (const py::handle item : py::reinterpret_borrow<py::iterable>(value)) {
    if (!py::isinstance<py::str>(item))
      throw OptionError({"", option.name, " is a list of texts, not of " + type_name(item)});
    all.push_back(item.cast<std::string>());
  }
  return all;
}

std::vector<NamedBytes> named_bytes(const Option& option, py::handle value) {
  std::vector<NamedBytes> all;
  for (const py::handle item : py::reinterpret_borrow<py::iterable>(value)) {
    const auto [name, bytes] = item.cast<std::pair<std::string, py::object>>();
    all.push_back({name, BytesArgument(bytes, option.name.c_str()).copy()});
  }
  return all;
}

bool is_sequence(py::handle value) {
  return py::isinstance<py::list>(value) || py::isinstance<py::tuple>(value);
}

OptionValue value_of(const Option& option, py::handle value) {
  if (option.kind == OptionKind::contents) return BytesArgument(value, option.name.c_str()).copy();
  if (option.kind == OptionKind::inputs) return named_bytes(option, value);
  if (is_bool(value)) return PyObject_IsTrue(value.ptr()) == 1;
  if (PyIndex_Check(value.ptr())) return whole_number(option, value);
  if (py::isinstance<py::str>(value)) return value.cast<std::string>();
  if (option.kind == OptionKind::list && is_sequence(value)) return texts(option, value);
  if (option.kind == OptionKind::text && PyObject_CheckBuffer(value.ptr()) != 0)
    return std::string(as_text(BytesArgument(value, option.name.c_str()).view()));
  if (PyFloat_Check(value.ptr()) || type_name(value).starts_with("numpy.float"))
    return PyFloat_AsDouble(value.ptr());
  throw OptionError({"", option.name, " cannot be of type " + type_name(value)});
}

const char* name_of(OptionKind kind) {
  static constexpr const char* kNames[] = {"flag", "integer",  "number", "text", "choice",
                                           "list", "contents", "inputs", "file"};
  return kNames[static_cast<std::size_t>(kind)];
}

}  // namespace

BytesArgument::BytesArgument(py::handle value, const char* name) {
  if (PyUnicode_Check(value.ptr())) {
    Py_ssize_t size = 0;
    const char* text = PyUnicode_AsUTF8AndSize(value.ptr(), &size);
    if (text == nullptr) throw py::error_already_set();
    text_ = py::reinterpret_borrow<py::object>(value);
    view_ = as_bytes({text, static_cast<std::size_t>(size)});
    return;
  }
  if (PyObject_CheckBuffer(value.ptr()) == 0) not_bytes(name, type_name(value));
  if (PyObject_GetBuffer(value.ptr(), &buffer_, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) != 0) {
    PyErr_Clear();
    not_bytes(name, "memory that is not contiguous");
  }
  has_buffer_ = true;
  if (buffer_.itemsize != 1) {
    const std::string size = std::to_string(buffer_.itemsize);
    PyBuffer_Release(&buffer_);
    not_bytes(name, type_name(value) + " with items of " + size + " bytes");
  }
  view_ = {static_cast<const Byte*>(buffer_.buf), static_cast<std::size_t>(buffer_.len)};
}

BytesArgument::~BytesArgument() {
  if (has_buffer_) PyBuffer_Release(&buffer_);
}

BytesArgument::BytesArgument(BytesArgument&& other) noexcept
    : buffer_(other.buffer_),
      has_buffer_(std::exchange(other.has_buffer_, false)),
      text_(std::move(other.text_)),
      view_(other.view_) {}

py::bytes to_bytes(ByteView bytes) {
  return py::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

std::string keyword_of(std::string name) {
  std::ranges::replace(name, '-', '_');
  const py::object is_reserved = py::module_::import("keyword").attr("iskeyword");
  return is_reserved(name).cast<bool>() ? name + "_" : name;
}

void set_options(const BoundOptions& options, const py::dict& values) {
  for (const auto& [key, value] : values) {
    const auto keyword = key.cast<std::string>();
    const Option* option =
        options.find(keyword.ends_with('_') ? keyword.substr(0, keyword.size() - 1) : keyword);
    if (option == nullptr) detail::unknown_option(keyword, options.rows());
    if (!value.is_none()) options.set(*option, value_of(*option, value));
  }
}

py::list describe(std::span<const Option> options) {
  py::list rows;
  for (const Option& option : options) {
    py::dict row;
    row["name"] = keyword_of(option.name);
    row["kind"] = name_of(option.kind);
    row["range"] = option.range();
    row["choices"] = py::cast(option.choices);
    row["default"] = option.initial.empty() ? option.otherwise : option.initial;
    row["value_name"] = option.value_name;
    row["is_size"] = option.is_size;
    row["of"] = option.readers();
    row["meaning"] = option.meaning;
    rows.append(row);
  }
  return rows;
}

}  // namespace kraft::python
