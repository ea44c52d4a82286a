#include "python/own.h"

#include <pybind11/numpy.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/marks.h"
#include "kraft/context_bits.h"
#include "kraft/error.h"
#include "python/values.h"

namespace kraft::python {
namespace {

using Distribution = std::array<double, 256>;  // bits of each byte

std::atomic<pid_t> process_with_interpreter{::getpid()};

bool is_copy() { return ::getpid() != process_with_interpreter; }

bool interpreter_is_here() { return Py_IsInitialized() != 0 && !is_copy(); }

void refuse_in_copy() {
  if (is_copy()) throw Error("what is written in Python does not run in a copy of the process");
}

// The interpreter's lock for whoever is about to call Python.
class Lock {
 public:
  Lock() {
    refuse_in_copy();
    held_.emplace();
  }

 private:
  std::optional<py::gil_scoped_acquire> held_;
};

bool has_method(const py::object& object, const char* name) {
  return py::hasattr(object, name) && !py::object(object.attr(name)).is_none();
}

// Codecs.

class PythonEncoder final : public Encoder {
 public:
  explicit PythonEncoder(std::shared_ptr<py::object> codec) : codec_(std::move(codec)) {}

  void encode(ByteView message, Bytes& stream) override {
    const Lock lock;
    const py::object encoded = codec_->attr("encode")(to_bytes(message));
    stream = BytesArgument(encoded, "what encode() returns").copy();
  }

  double code_length(ByteView message) override {
    const Lock lock;
    return codec_->attr("code_length")(to_bytes(message)).cast<double>();
  }

 private:
  std::shared_ptr<py::object> codec_;
};

class PythonCodec final : public Codec {
 public:
  PythonCodec(std::shared_ptr<py::object> codec, Granularity granularity)
      : codec_(std::move(codec)), granularity_(granularity) {}

  std::unique_ptr<Encoder> encoder() const override {
    return std::make_unique<PythonEncoder>(codec_);
  }

  Bytes decode(ByteView stream, std::size_t limit_bytes) const override {
    const Lock lock;
    const py::object decoded = codec_->attr("decode")(to_bytes(stream));
    Bytes message = BytesArgument(decoded, "what decode() returns").copy();
    if (message.size() > limit_bytes) throw Error("the message is longer than allowed");
    return message;
  }

  Granularity granularity() const override { return granularity_; }

 private:
  std::shared_ptr<py::object> codec_;
  Granularity granularity_;
};

// Models.

// Makes 2^-bits sum to one.
void normalise_bits(Distribution& bits) {
  double least = std::numeric_limits<double>::infinity(), sum = 0;
  for (const double of_byte : bits) {
    if (std::isnan(of_byte)) throw Error("next() gives a cost that is not a number of bits");
    least = std::min(least, of_byte);
  }
  if (!std::isfinite(least)) throw Error("next() leaves no byte possible");
  for (const double of_byte : bits) sum += std::exp2(least - of_byte);
  const double surplus = least - std::log2(sum);
  for (double& of_byte : bits) of_byte -= surplus;
}

Distribution distribution_of(const py::object& answer) {
  using Array = py::array_t<double, py::array::c_style | py::array::forcecast>;
  const auto array = Array::ensure(answer);
  if (!array) throw py::error_already_set();
  if (array.ndim() != 1 || array.size() != 256)
    throw UsageError("next() returns 256 costs in bits, not " + std::to_string(array.size()));
  Distribution bits;
  std::copy_n(array.data(), bits.size(), bits.begin());
  normalise_bits(bits);
  return bits;
}

// What has been observed so far, in Python. All of it needs the lock.
class Learner {
 public:
  virtual ~Learner() = default;
  virtual void observe(ByteView bytes) = 0;
  virtual Distribution next() const = 0;
  virtual std::unique_ptr<Learner> copy() const = 0;
};

// For a model that looks at the whole context each time.
class ContextLearner final : public Learner {
 public:
  explicit ContextLearner(const py::object& model) : model_(model) {}
  void observe(ByteView bytes) override { append(context_, bytes); }
  Distribution next() const override {
    return distribution_of(model_.attr("next")(to_bytes(context_)));
  }
  std::unique_ptr<Learner> copy() const override { return std::make_unique<ContextLearner>(*this); }

 private:
  py::object model_;
  Bytes context_;
};

// For one that has a state of its own.
class ObjectLearner final : public Learner {
 public:
  explicit ObjectLearner(py::object state) : state_(std::move(state)) {}
  void observe(ByteView bytes) override { state_.attr("observe")(to_bytes(bytes)); }
  Distribution next() const override { return distribution_of(state_.attr("next")()); }
  std::unique_ptr<Learner> copy() const override {
    const py::object copied = has_method(state_, "copy")
                                  ? state_.attr("copy")()
                                  : py::module_::import("copy").attr("deepcopy")(state_);
    return std::make_unique<ObjectLearner>(copied);
  }

 private:
  py::object state_;
};

std::unique_ptr<Learner> begin(const py::object& model) {
  if (has_method(model, "begin")) return std::make_unique<ObjectLearner>(model.attr("begin")());
  return std::make_unique<ContextLearner>(model);
}

// Strings by the chain rule; what several of them have in common is gone through once.
class Measuring {
 public:
  Measuring(std::span<const ByteView> strings, std::span<double> bits)
      : strings_(strings), bits_(bits) {}

  void run(const Learner& from) {
    std::vector<std::size_t> all(strings_.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    measure(from.copy(), std::move(all), 0, 0);
  }

 private:
  using Groups = std::map<Byte, std::vector<std::size_t>>;  // of strings, by their next byte

  // Those that end here cost what came so far.
  Groups grouped(const std::vector<std::size_t>& strings, std::size_t depth, double so_far) {
    Groups groups;
    for (const std::size_t i : strings) {
      if (strings_[i].size() == depth)
        bits_[i] = so_far;
      else
        groups[strings_[i][depth]].push_back(i);
    }
    return groups;
  }

  bool all_end(const std::vector<std::size_t>& strings, std::size_t depth) const {
    return std::ranges::all_of(strings, [&](std::size_t i) { return strings_[i].size() == depth; });
  }

  // `strings` agree in their first `depth` bytes, which the learner has observed. A branch is a
  // call, a long string is none.
  void measure(std::unique_ptr<Learner> learner, std::vector<std::size_t> strings,
               std::size_t depth, double so_far) {
    while (true) {
      Groups groups = grouped(strings, depth, so_far);
      if (groups.empty()) return;
      const Distribution next = learner->next();
      const std::size_t longer = depth + 1;
      for (auto group = groups.begin(); std::next(group) != groups.end(); ++group) {
        const double cost = so_far + next[group->first];
        if (all_end(group->second, longer)) {
          grouped(group->second, longer, cost);
        } else {
          auto branch = learner->copy();
          branch->observe({&group->first, 1});
          measure(std::move(branch), std::move(group->second), longer, cost);
        }
      }
      auto& [last, last_group] = *groups.rbegin();
      so_far += next[last];
      depth = longer;
      if (!all_end(last_group, depth)) learner->observe({&last, 1});
      strings = std::move(last_group);
    }
  }

  std::span<const ByteView> strings_;
  std::span<double> bits_;
};

class PythonState final : public State {
 public:
  explicit PythonState(std::shared_ptr<py::object> model) : model_(std::move(model)) {
    const Lock lock;
    learner_ = begin(*model_);
  }

  ~PythonState() override {
    if (!interpreter_is_here()) {  // there is nobody to give them to
      static_cast<void>(learner_.release());
      static_cast<void>(marks_.release());
      return;
    }
    const PyGILState_STATE lock = PyGILState_Ensure();
    learner_.reset();
    marks_.reset();
    PyGILState_Release(lock);
  }
  PythonState(const PythonState&) = delete;
  PythonState& operator=(const PythonState&) = delete;

  void observe(ByteView bytes) override {
    if (bytes.empty()) return;
    const Lock lock;
    learner_->observe(bytes);
    append(context_, bytes);
    next_.reset();
  }

  std::uint64_t position_bytes() const override { return context_.size(); }

  // Predicts all of the context once more.
  double context_bits() override {
    const Lock lock;
    const auto learner = begin(*model_);
    double bits = 0;
    for (const Byte byte : context_) {
      bits += learner->next()[byte];
      learner->observe({&byte, 1});
    }
    return bits;
  }

  void measure(std::span<const ByteView> continuations, std::span<double> bits) override {
    const Lock lock;
    Measuring(continuations, bits).run(*learner_);
  }

  // After nothing all is known at once, without a copy.
  void extend(std::span<const ByteView> prefixes, std::span<const Byte> alphabet,
              std::span<double> bits) override {
    if (prefixes.size() != 1 || !prefixes[0].empty())
      return State::extend(prefixes, alphabet, bits);
    if (!next_) {
      const Lock lock;
      next_ = learner_->next();
    }
    std::ranges::transform(alphabet, bits.begin(), [this](Byte byte) { return (*next_)[byte]; });
  }

  Mark mark() override {
    const Lock lock;
    return marks_->push({learner_->copy(), context_.size()});
  }

  void rewind(Mark mark) override {
    const Lock lock;
    Saved& saved = marks_->back_to(mark);
    learner_ = saved.learner->copy();
    context_.resize(saved.context_bytes);
    next_.reset();
  }

  void forget(Mark mark) override {
    const Lock lock;
    marks_->forget(mark);
  }

  std::unique_ptr<State> clone() const override {
    const Lock lock;
    return std::unique_ptr<State>(new PythonState(model_, learner_->copy(), context_));
  }

 private:
  struct Saved {
    std::unique_ptr<Learner> learner;
    std::size_t context_bytes = 0;
  };

  PythonState(std::shared_ptr<py::object> model, std::unique_ptr<Learner> learner, Bytes context)
      : model_(std::move(model)), learner_(std::move(learner)), context_(std::move(context)) {}

  std::shared_ptr<py::object> model_;
  // Learners hold objects of Python.
  std::unique_ptr<Learner> learner_;
  std::unique_ptr<MarkStack<Saved>> marks_ = std::make_unique<MarkStack<Saved>>();
  Bytes context_;
  std::optional<Distribution> next_;  // where it is known
};

class PythonModel final : public Model, public PricesContextWhenAsked {
 public:
  PythonModel(std::shared_ptr<py::object> model, std::string spec)
      : model_(std::move(model)), spec_(std::move(spec)) {}

  std::unique_ptr<State> start() const override { return std::make_unique<PythonState>(model_); }
  const std::string& spec() const override { return spec_; }
  Granularity granularity() const override { return Granularity::fractional; }
  std::optional<std::uint64_t> window_bytes() const override { return std::nullopt; }

 private:
  std::shared_ptr<py::object> model_;
  std::string spec_;
};

}  // namespace

void note_fork() { process_with_interpreter = ::getpid(); }

std::shared_ptr<py::object> shared_object(py::object object) {
  return {new py::object(std::move(object)), [](py::object* held) {
            if (!interpreter_is_here()) return;
            const PyGILState_STATE lock = PyGILState_Ensure();
            delete held;
            PyGILState_Release(lock);
          }};
}

std::shared_ptr<const Codec> codec_in_python(py::object codec, Granularity granularity) {
  return std::make_shared<PythonCodec>(shared_object(std::move(codec)), granularity);
}

std::shared_ptr<const Model> model_in_python(py::object model, std::string spec) {
  return std::make_shared<PythonModel>(shared_object(std::move(model)), std::move(spec));
}

}  // namespace kraft::python
