// `bytelm`: LLaMAs of bytes in GGUF files, in integers of our own: files made with them can be read
// on any machine.

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "core/hidden_state.h"
#include "core/marks.h"
#include "kraft/choices.h"
#include "kraft/coder.h"
#include "kraft/context_bits.h"
#include "kraft/error.h"
#include "kraft/model.h"
#include "models/bytelm/network.h"
#include "models/bytelm/tree.h"
#include "models/bytelm/windows.h"
#include "models/llama/weights.h"
#include "registry/backends.h"

namespace kraft {
namespace bytelm {
namespace {

// Observing costs nothing until something is asked; then what is new is read, many bytes at once,
// and what will likely come with it.
// Marks and rewinding cost nothing besides; a copy shares all that was read.
class ByteState final : public State, public ChoiceState, public HasHiddenState {
 public:
  explicit ByteState(Windows windows) : windows_(std::move(windows)) {}
  ByteState(const ByteState& other)
      : windows_(other.windows_), bytes_(other.bytes_), now_(other.now_) {
    windows_.drop_before(bytes_.size(), bytes_.size());
  }
  ByteState& operator=(const ByteState&) = delete;

  void observe(ByteView bytes) override {
    if (bytes.empty()) return;
    if (now_.next && now_.priced_bytes == bytes_.size()) {
      now_.total_bits += now_.next->bits(bytes[0]);
      ++now_.priced_bytes;
    }
    now_.next = nullptr;
    append(bytes_, bytes);
    windows_.follow(bytes_);
  }

  std::uint64_t position_bytes() const override { return bytes_.size(); }

  double context_bits() override {
    if (now_.priced_bytes < bytes_.size()) {
      windows_.predict(bytes_, now_.priced_bytes, bytes_.size() - 1, oldest(),
                       [this](std::size_t place, const Distribution& next) {
                         now_.total_bits += next.bits(bytes_[place]);
                         ++now_.priced_bytes;
                       });
    }
    return now_.total_bits;
  }

  void measure(std::span<const ByteView> continuations, std::span<double> bits) override {
    Tree tree;
    for (const ByteView continuation : continuations) {
      if (!continuation.empty()) tree.walk(continuation.first(continuation.size() - 1));
    }
    evaluate(tree);
    for (std::size_t i = 0; i < continuations.size(); ++i)
      bits[i] = bits_along(tree, continuations[i]);
  }

  void extend(std::span<const ByteView> prefixes, std::span<const Byte> alphabet,
              std::span<double> bits) override {
    Tree tree;
    std::vector<Tree::Node> ends;
    for (const ByteView prefix : prefixes) ends.push_back(tree.walk(prefix));
    evaluate(tree);
    std::size_t at = 0;
    for (std::size_t p = 0; p < prefixes.size(); ++p) {
      const double prefix_bits = bits_along(tree, prefixes[p]);
      const Distribution& next = next_of(tree, ends[p]);
      for (const Byte byte : alphabet) bits[at++] = prefix_bits + next.bits(byte);
    }
  }

  void next_distribution(IntegerDistribution& distribution) override {
    const Distribution& next = this->next();
    std::array<std::uint64_t, 256> weights;
    for (std::size_t b = 0; b < 256; ++b) weights[b] = next.mass(static_cast<Byte>(b));
    distribution.assign(weights);
  }

  ChoiceState* by_choices() override { return this; }

  void encode(Byte byte, RangeEncoder& encoder) override {
    code(byte, next(), encoder);
    observe({&byte, 1});
  }

  // The same, many at once.
  void encode_all(ByteView message, RangeEncoder& encoder,
                  const std::function<void(std::size_t)>& progress) override {
    if (message.empty()) return;
    const std::size_t first = bytes_.size();
    append(bytes_, message);
    windows_.follow(bytes_);
    now_.next = nullptr;
    windows_.predict(bytes_, first, bytes_.size() - 1, oldest(),
                     [&](std::size_t place, const Distribution& next) {
                       code(bytes_[place], next, encoder);
                       if (now_.priced_bytes == place) {
                         now_.total_bits += next.bits(bytes_[place]);
                         ++now_.priced_bytes;
                       }
                       if (progress) progress(place - first + 1);
                     });
  }

  Byte decode(RangeDecoder& decoder) override {
    const Distribution& next = this->next();
    const Byte byte = next.find(decoder.target(Distribution::kTotal));
    decoder.take(next.before(byte), next.mass(byte), Distribution::kTotal);
    observe({&byte, 1});
    return byte;
  }

  std::vector<float> hidden_state() override { return windows_.hidden(bytes_, oldest()); }

  Mark mark() override { return marks_.push({bytes_.size(), now_}); }

  void rewind(Mark mark) override {
    const Saved& saved = marks_.back_to(mark);
    bytes_.resize(saved.bytes);
    now_ = saved.now;
    windows_.rewind(bytes_.size());
  }

  void forget(Mark mark) override { marks_.forget(mark); }

  std::unique_ptr<State> clone() const override { return std::make_unique<ByteState>(*this); }

 private:
  // What is known of a place in the context.
  struct Place {
    std::size_t priced_bytes = 0;  // the first so many are in total_bits
    double total_bits = 0;
    std::shared_ptr<const Distribution> next = nullptr;  // null before it is asked for
  };
  struct Saved {
    std::size_t bytes;
    Place now;
  };

  static void code(Byte byte, const Distribution& next, RangeEncoder& encoder) {
    encoder.encode(next.before(byte), next.mass(byte), Distribution::kTotal);
  }

  const Distribution& next(bool may_guess = true) {
    if (!now_.next)
      now_.next = std::make_shared<const Distribution>(windows_.next(bytes_, oldest(), may_guess));
    return *now_.next;
  }

  // The first place that a mark may come back to.
  std::size_t oldest() { return marks_.empty() ? bytes_.size() : marks_.oldest().bytes; }

  void evaluate(Tree& tree) {
    next(tree.size() == 1);
    if (tree.size() > 1) tree.evaluate(windows_, bytes_);
  }

  const Distribution& next_of(const Tree& tree, Tree::Node node) const {
    return node == Tree::kRoot ? *now_.next : tree.next(node);
  }

  double bits_along(Tree& tree, ByteView bytes) const {
    double bits = 0;
    Tree::Node node = Tree::kRoot;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bits += next_of(tree, node).bits(bytes[i]);
      if (i + 1 < bytes.size()) node = tree.child(node, bytes[i]);
    }
    return bits;
  }

  Windows windows_;
  Bytes bytes_;
  Place now_;
  MarkStack<Saved> marks_;
};

class ByteModel final : public Model, public PricesContextWhenAsked {
 public:
  ByteModel(std::string spec, std::string file, std::shared_ptr<const Engine> engine,
            std::function<bool()> cancelled)
      : spec_(std::move(spec)),
        file_(std::move(file)),
        engine_(std::move(engine)),
        cancelled_(std::move(cancelled)) {}

  using Model::start;
  std::unique_ptr<State> start() const override {
    return std::make_unique<ByteState>(Windows(engine_, cancelled_));
  }
  const std::string& spec() const override { return spec_; }
  Granularity granularity() const override { return Granularity::fractional; }
  std::optional<std::uint64_t> window_bytes() const override {
    return engine_->window_tokens() - 1;
  }
  std::string fingerprint() const override { return hash_of_file(file_); }
  bool portable() const override { return true; }
  std::uint64_t parameters() const override { return engine_->network().parameters; }

 private:
  std::string spec_;
  std::string file_;
  std::shared_ptr<const Engine> engine_;
  std::function<bool()> cancelled_;
};

std::shared_ptr<const Model> make_bytelm(const Arguments& arguments, const ModelOptions& options) {
  const std::string file = weights_file(arguments.text("file"));
  auto network = load_network(file);
  const auto asked = static_cast<std::size_t>(arguments.integer_or("ctx", 0));
  if (asked > network->context)
    throw UsageError("bytelm: ctx " + std::to_string(asked) +
                     " is out of range: the model was trained with " +
                     std::to_string(network->context) + " tokens");
  const std::size_t window =
      asked == 0 ? std::min<std::size_t>(network->context, kLongestWindow) : asked;
  return std::make_shared<ByteModel>(
      arguments.spec(), file,
      std::make_shared<const Engine>(std::move(network), window, fast_kernels(), options.threads),
      options.cancelled);
}

}  // namespace
}  // namespace bytelm

Backend bytelm_backend() {
  Backend row;
  row.name = "bytelm";
  row.summary = "language models of bytes in GGUF files, in integers: the same on every machine";
  row.argument = weights_argument();
  row.parameters = {window_parameter()};
  row.granularity = Granularity::fractional;
  row.window = "the model's, or by ctx=";
  row.library = [] { return std::string("kraft"); };
  row.engine = [] { return std::string("own"); };
  row.complete = [](Spec& spec, const Geometry& geometry) {
    if (spec.argument.value_or("default") == "default") spec.argument = default_medium(geometry);
  };
  row.check_model = [](const Arguments& arguments, const Geometry&) {
    check_weights_file(weights_file(arguments.text("file")));
  };
  row.make_model = bytelm::make_bytelm;
  return row;
}

}  // namespace kraft
