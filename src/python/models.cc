// Models, states and codecs as classes of Python.

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/observing.h"
#include "kraft/codec.h"
#include "kraft/error.h"
#include "kraft/model.h"
#include "kraft/registry.h"
#include "python/bound.h"
#include "python/call.h"
#include "python/module.h"
#include "python/own.h"
#include "python/values.h"

namespace kraft::python {
namespace {

// A State, with a lock of its own: two threads of Python may use one by turns.
class BoundState {
 public:
  explicit BoundState(std::unique_ptr<State> state) : state_(std::move(state)) {}

  template <class Work>
  auto use(const Work& work) {
    return without_lock([&] {
      const std::lock_guard lock(mutex_);
      if (!state_) throw Error("this state failed while it observed: start another one");
      return work(*state_);
    });
  }

  // A state that an interrupt has cut short knows neither the old context nor the new one.
  void observe(ByteView bytes) {
    use([&](State& of) {
      try {
        kraft::observe(of, bytes, interrupted);
      } catch (...) {
        state_.reset();
        throw;
      }
    });
  }

  std::uint64_t serial() const { return serial_; }

 private:
  static inline std::atomic<std::uint64_t> states{0};

  std::mutex mutex_;
  std::unique_ptr<State> state_;
  std::uint64_t serial_ = ++states;
};

struct BoundMark {
  Mark mark;
  std::uint64_t state = 0;  // whose it is
};

Mark mark_of(const BoundState& state, const BoundMark& mark) {
  if (mark.state != state.serial()) throw UsageError("this mark is one of another state");
  return mark.mark;
}

std::unique_ptr<BoundState> start(const py::object& self, const py::object& context) {
  const auto model = self.cast<const BoundModel&>().model_of(self);
  const BytesArgument bytes(context, "context");
  return std::make_unique<BoundState>(
      without_lock([&] { return kraft::start(*model, bytes.view(), interrupted); }));
}

py::array_t<double> next(BoundState& state) {
  py::array_t<double> bits(256);
  const std::span<double, 256> to(bits.mutable_data(), 256);
  state.use([&](State& of) { of.next_byte(to); });
  return bits;
}

py::array_t<double> measure(BoundState& state, const py::iterable& continuations) {
  if (py::isinstance<py::bytes>(continuations) || py::isinstance<py::str>(continuations))
    throw UsageError("measure() takes a list of continuations, not one of them");
  std::vector<BytesArgument> arguments;
  std::vector<ByteView> views;
  for (const py::handle item : continuations) arguments.emplace_back(item, "continuation");
  for (const BytesArgument& argument : arguments) views.push_back(argument.view());
  py::array_t<double> bits(static_cast<py::ssize_t>(views.size()));
  const std::span<double> to(bits.mutable_data(), views.size());
  state.use([&](State& of) { of.measure(views, to); });
  return bits;
}

void add_states(py::module_& module) {
  py::class_<BoundMark>(module, "Mark", "A place in a State to come back to.")
      .def("__repr__", [](const BoundMark& mark) {
        return "<kraft.Mark " + std::to_string(mark.mark.serial) + ">";
      });
  py::class_<BoundState>(
      module, "State",
      "What a model has observed so far. Model.start() makes one.\n\n"
      "A state may be used by one thread after the other; calls of two at once wait for each\n"
      "other. Threads that are to work at the same time take clones.")
      .def(
          "observe",
          [](BoundState& state, const py::object& data) {
            const BytesArgument bytes(data, "data");
            state.observe(bytes.view());
          },
          py::arg("data"), "Appends bytes to the context.")
      .def("next", &next,
           "What each byte would add to the code of the context: float64[256], in bits.\n\n"
           "kraft.probabilities() makes a distribution of it.")
      .def("measure", &measure, py::arg("continuations"),
           "What each of several byte strings would add: float64[n], in bits.\n\n"
           "They may be empty, equal, or prefixes of each other. Nothing is observed.")
      .def(
          "mark",
          [](BoundState& state) {
            return BoundMark{state.use([](State& of) { return of.mark(); }), state.serial()};
          },
          "Remembers this place, until it is forgotten. Marks nest.")
      .def(
          "rewind",
          [](BoundState& state, const BoundMark& mark) {
            state.use([at = mark_of(state, mark)](State& of) { of.rewind(at); });
          },
          py::arg("mark"),
          "Goes back to a mark, as if nothing had been observed since, and drops those after it.")
      .def(
          "forget",
          [](BoundState& state, const BoundMark& mark) {
            state.use([at = mark_of(state, mark)](State& of) { of.forget(at); });
          },
          py::arg("mark"),
          "Drops a mark and those after it, which cost memory as long as they are there.")
      .def(
          "clone",
          [](BoundState& state) {
            return std::make_unique<BoundState>(state.use([](State& of) { return of.clone(); }));
          },
          "An independent copy without marks.")
      .def("__copy__",
           [](BoundState& state) {
             return std::make_unique<BoundState>(state.use([](State& of) { return of.clone(); }));
           })
      .def(
          "context_bits",
          [](BoundState& state) { return state.use([](State& of) { return of.context_bits(); }); },
          "The code length of the context, in bits. A predictor may have to predict all of it.")
      .def_property_readonly(
          "position_bytes",
          [](BoundState& state) {
            return state.use([](State& of) { return of.position_bytes(); });
          },
          "How many bytes have been observed.")
      .def_property_readonly(
          "context_bytes",
          [](BoundState& state) { return state.use([](State& of) { return of.context_bytes(); }); },
          "How many of the last bytes context_bits() accounts for.");
}

void add_model(py::module_& module) {
  py::class_<BoundModel>(
      module, "Model", py::dynamic_attr(),
      "A model: what each continuation of a context costs. kraft.model() makes one.\n\n"
      "For a model of your own, derive from this class and define next(context), which takes "
      "bytes\n"
      "and returns 256 costs in bits (they are normalised, so anything proportional to -log2 of a\n"
      "probability plus a constant will do). A model that learns as it goes defines begin() "
      "instead:\n"
      "it returns an object with observe(data) and next(), and copy(), where copy.deepcopy() is "
      "not\n"
      "what is wanted. kraft.register() gives it a name, by which it works in every task.")
      .def(py::init<>())
      .def("start", &start, py::arg("context") = py::bytes(),
           "A new state that has observed the context.")
      .def_property_readonly(
          "spec", [](const py::object& self) { return self.cast<const BoundModel&>().spec(self); },
          "How the model is called, with all that the specification left open: 'gzip:6'.")
      .def_property_readonly(
          "units",
          [](const py::object& self) {
            py::list units;
            for (const Bytes& unit : self.cast<const BoundModel&>().model_of(self)->units())
              units.append(to_bytes(unit));
            return py::tuple(units);
          },
          "The strings that it predicts one at a time: tokens of a language model, as bytes.\n\n"
          "Empty where they are the 256 bytes.")
      .def_property_readonly(
          "granularity",
          [](const py::object& self) {
            return name_of(self.cast<const BoundModel&>().model_of(self)->granularity());
          },
          "How finely its code lengths resolve: 'byte', 'bit' or 'fractional'.")
      .def_property_readonly(
          "window_bytes",
          [](const py::object& self) {
            return self.cast<const BoundModel&>().model_of(self)->window_bytes();
          },
          "How far back it can copy from; None where there is no limit.")
      .def_property_readonly(
          "parameters",
          [](const py::object& self) {
            return self.cast<const BoundModel&>().model_of(self)->parameters();
          },
          "How many numbers were learnt before it saw its context.")
      .def("__repr__", [](const py::object& self) {
        return "kraft.model(" +
               std::string(py::repr(py::str(self.attr("spec").cast<std::string>()))) + ")";
      });
}

void add_codec(py::module_& module) {
  py::class_<BoundCodec>(
      module, "Codec", py::dynamic_attr(),
      "A compressor: bytes to a shorter stream, and back. kraft.codec() makes one.\n\n"
      "For a codec of your own, derive from this class and define encode(message) and, if it is to "
      "be\n"
      "read again, decode(stream); and code_length(message), in bits, where streams end within a\n"
      "byte. kraft.register() gives it a name, by which it is a model in every task.")
      .def(py::init<>())
      .def(
          "encode",
          [](const BoundCodec& self, const py::object& message) {
            const BytesArgument bytes(message, "message");
            const Codec& codec = self.own("encode");
            return to_bytes(without_lock([&] { return codec.encode(bytes.view()); }));
          },
          py::arg("message"), "One whole stream.")
      .def(
          "decode",
          [](const BoundCodec& self, const py::object& stream) {
            const BytesArgument bytes(stream, "stream");
            const Codec& codec = self.own("decode");
            return to_bytes(without_lock([&] { return codec.decode(bytes.view()); }));
          },
          py::arg("stream"), "The message of a stream; raises kraft.Error for a damaged one.")
      .def(
          "code_length",
          [](const py::object& self, const py::object& message) {
            const auto& bound = self.cast<const BoundCodec&>();
            if (!bound.codec)
              return 8.0 * static_cast<double>(py::len(self.attr("encode")(message)));
            const BytesArgument bytes(message, "message");
            return without_lock([&] { return bound.codec->encoder()->code_length(bytes.view()); });
          },
          py::arg("message"),
          "The length of the stream in bits, without what only fills up its container.")
      .def_property_readonly("granularity", [](const BoundCodec& self) {
        return name_of(self.codec ? self.codec->granularity() : Granularity::byte);
      });
}

Granularity granularity_of(const py::object& codec) {
  const auto name = codec.attr("granularity").cast<std::string>();
  for (const Granularity granularity :
       {Granularity::byte, Granularity::bit, Granularity::fractional}) {
    if (name == name_of(granularity)) return granularity;
  }
  throw UsageError("granularity '" + name + "' is none of byte|bit|fractional");
}

void register_object(const std::string& name, const py::object& what, const std::string& summary) {
  if (py::isinstance<BoundCodec>(what)) {
    const auto& bound = what.cast<const BoundCodec&>();
    const auto codec = bound.codec ? bound.codec : codec_in_python(what, granularity_of(what));
    return register_codec(name, summary, codec);
  }
  if (!py::isinstance<BoundModel>(what))
    throw UsageError("register() takes a Codec or a Model, not " +
                     std::string(Py_TYPE(what.ptr())->tp_name));
  auto& bound = what.cast<BoundModel&>();
  register_model(name, summary, bound.model_of(what));
  bound.registered = name;
}

}  // namespace

std::shared_ptr<const Model> BoundModel::model_of(const py::object& self) const {
  if (model) return model;
  if (!py::hasattr(self, "next") && !py::hasattr(self, "begin"))
    throw UsageError(spec(self) + " defines neither next(context) nor begin()");
  return model_in_python(self, spec(self));
}

std::string BoundModel::spec(const py::object& self) const {
  if (!registered.empty()) return registered;
  return model ? model->spec() : py::type::of(self).attr("__name__").cast<std::string>();
}

const Codec& BoundCodec::own(const char* method) const {
  if (!codec) throw UsageError(std::string("this codec has no ") + method + "()");
  return *codec;
}

void add_models(py::module_& module) {
  add_states(module);
  add_model(module);
  add_codec(module);
  module.def("model", [](const std::string& spec, unsigned threads) {
    BoundModel bound;
    bound.model = without_lock([&] {
      return make_model(spec, {.threads = threads, .geometry = {}, .cancelled = interrupted});
    });
    return bound;
  });
  module.def("codec", [](const std::string& spec) {
    BoundCodec bound;
    bound.codec = without_lock([&] { return make_codec(spec); });
    return bound;
  });
  module.def("register", register_object);
  module.def("check_spec", [](const std::string& spec) { return check_spec(spec); });
  module.def("probabilities",
             [](const py::array_t<double, py::array::c_style | py::array::forcecast>& bits) {
               if (bits.ndim() != 1) throw UsageError("bits is an array of one dimension");
               const std::size_t size = static_cast<std::size_t>(bits.size());
               py::array_t<double> probabilities(bits.size());
               normalise({bits.data(), size}, {probabilities.mutable_data(), size});
               return probabilities;
             });
  module.def("note_fork", note_fork);
}

}  // namespace kraft::python
