// Any model, of images: what it sees are the residuals of one of PNG's filters instead of pixels.
//
//     filtered:zstd:19,filter=paeth,width=128      filtered:"zstd:19,dither=16",filter=average
//
// Compressors of bytes know which values are frequent and which strings have come before. Of a
// photograph's pixels that is nearly nothing, and of what a filter leaves of them nearly all. Each
// byte becomes one byte, so that the increments are those of the inner model, of other bytes:
//
//     bits(b | x) = l(f(xb)) - l(f(x))        f: the residuals, row after row
//
// The filter is the same for all rows. What is drawn with wrap=off has no value whose residual
// wraps around, as for the model `png` (png_filters.h).
//
// As a codec it compresses the residuals of whole bytes with the inner codec.
#include <algorithm>
#include <array>
#include <bitset>
#include <limits>
#include <vector>

#include "codecs/shape.h"
#include "core/drawing.h"
#include "core/marks.h"
#include "core/observing.h"
#include "kraft/context_bits.h"
#include "kraft/error.h"
#include "models/pixels.h"
#include "registry/backends.h"

namespace kraft {
namespace {

using png::Pixels;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::array kNames = {"none", "sub", "up", "average", "paeth"};  // by their numbers

struct Settings {
  Shape shape;
  int filter = 0;
  bool wrap = false;
};

class FilteredState final : public State, public ReadsAtOnce, public DrawnState {
 public:
  FilteredState(const Settings& settings, std::unique_ptr<State> inner)
      : settings_(settings), pixels_(settings.shape), inner_(std::move(inner)) {}

  void observe(ByteView bytes) override {
    Bytes residuals;
    pixels_.filter(settings_.filter, bytes, /*numbered=*/false, residuals);
    inner_->observe(residuals);
    pixels_.history().observe(bytes);
  }

  void set_drawing(bool drawing) override { kraft::set_drawing(*inner_, drawing); }
  bool learns_what_is_drawn() const override { return kraft::learns_what_is_drawn(*inner_); }
  bool reads_at_once() const override { return kraft::reads_at_once(*inner_); }
  std::uint64_t position_bytes() const override { return inner_->position_bytes(); }
  double context_bits() override { return inner_->context_bits(); }
  std::uint64_t context_bytes() const override { return inner_->context_bytes(); }

  void measure(std::span<const ByteView> continuations, std::span<double> bits) override {
    filter_each(continuations);
    inner_->measure(views_, bits);
    for (std::size_t i = 0; i < bits.size(); ++i) {
      if (!possible(continuations[i])) bits[i] = kInfinity;
    }
  }

  // The inner model extends by the residuals that any prefix can need.
  void extend(std::span<const ByteView> prefixes, std::span<const Byte> alphabet,
              std::span<double> bits) override {
    std::vector<int> predictions;
    std::bitset<256> needed;
    std::ranges::fill(bits, kInfinity);
    for (std::size_t p = 0; p < prefixes.size(); ++p) {
      predictions.push_back(png::predict(settings_.filter, pixels_.neighbours(prefixes[p])));
      if (!possible(prefixes[p])) continue;
      for (std::size_t a = 0; a < alphabet.size(); ++a) {
        if (!possible(prefixes[p], alphabet[a])) continue;
        needed.set(png::residual(alphabet[a], predictions[p]));
        bits[p * alphabet.size() + a] = 0;
      }
    }
    Bytes residuals;
    std::array<std::size_t, 256> place{};
    for (std::size_t r = 0; r < 256; ++r) {
      place[r] = residuals.size();
      if (needed.test(r)) residuals.push_back(static_cast<Byte>(r));
    }
    filter_each(prefixes);
    std::vector<double> inner_bits(prefixes.size() * residuals.size());
    inner_->extend(views_, residuals, inner_bits);
    for (std::size_t i = 0; i < bits.size(); ++i) {
      const std::size_t p = i / alphabet.size(), a = i % alphabet.size();
      if (bits[i] == 0)
        bits[i] =
            inner_bits[p * residuals.size() + place[png::residual(alphabet[a], predictions[p])]];
    }
  }

  Mark mark() override { return marks_.push({pixels_.history().mark(), inner_->mark()}); }

  void rewind(Mark mark) override {
    const Saved saved = marks_.back_to(mark);
    pixels_.history().rewind(saved.pixels);
    inner_->rewind(saved.inner);
  }

  void forget(Mark mark) override {
    const Saved* saved = marks_.find(mark);
    if (saved == nullptr) return;
    pixels_.history().forget(saved->pixels);
    inner_->forget(saved->inner);
    marks_.forget(mark);
  }

  std::unique_ptr<State> clone() const override {
    auto copy = std::make_unique<FilteredState>(settings_, inner_->clone());
    copy->pixels_ = pixels_;
    copy->pixels_.history().forget_all();
    return copy;
  }

 private:
  struct Saved {
    Mark pixels, inner;
  };

  // Sets views_ to the residuals of each.
  void filter_each(std::span<const ByteView> continuations) {
    filtered_.clear();
    for (const ByteView continuation : continuations)
      pixels_.filter(settings_.filter, continuation, /*numbered=*/false, filtered_);
    views_.clear();
    std::size_t begin = 0;
    for (const ByteView continuation : continuations) {
      views_.push_back(ByteView(filtered_).subspan(begin, continuation.size()));
      begin += continuation.size();
    }
  }

  bool possible(ByteView before, Byte byte) const {
    return settings_.wrap || pixels_.possible(settings_.filter, before, byte);
  }

  bool possible(ByteView continuation) const {
    if (settings_.wrap) return true;
    for (std::size_t i = 0; i < continuation.size(); ++i) {
      if (!possible(continuation.first(i), continuation[i])) return false;
    }
    return true;
  }

  Settings settings_;
  Pixels pixels_;
  std::unique_ptr<State> inner_;
  MarkStack<Saved> marks_;
  Bytes filtered_;
  std::vector<ByteView> views_;
};

class FilteredModel final : public Model, public PricesContextWhenAsked, public DrawingModel {
 public:
  FilteredModel(std::string spec, const Settings& settings, std::shared_ptr<const Model> inner)
      : spec_(std::move(spec)), settings_(settings), inner_(std::move(inner)) {}

  std::unique_ptr<State> start() const override {
    Settings all = settings_;
    all.wrap = true;
    return std::make_unique<FilteredState>(all, inner_->start());
  }
  std::unique_ptr<State> start_drawing() const override {
    return std::make_unique<FilteredState>(settings_, kraft::start_drawing(*inner_));
  }
  const std::string& spec() const override { return spec_; }
  Granularity granularity() const override { return inner_->granularity(); }
  std::optional<std::uint64_t> window_bytes() const override { return inner_->window_bytes(); }
  std::string fingerprint() const override { return inner_->fingerprint(); }
  std::uint64_t parameters() const override { return inner_->parameters(); }
  bool context_bits_cost_more() const override { return kraft::context_bits_cost_more(*inner_); }

 private:
  std::string spec_;
  Settings settings_;
  std::shared_ptr<const Model> inner_;
};

class FilteredEncoder final : public Encoder {
 public:
  FilteredEncoder(const Settings& settings, std::unique_ptr<Encoder> inner)
      : settings_(settings), inner_(std::move(inner)) {}

  void encode(ByteView message, Bytes& stream) override {
    filter(message);
    inner_->encode(residuals_, stream);
  }

  double code_length(ByteView message) override {
    filter(message);
    return inner_->code_length(residuals_);
  }

 private:
  void filter(ByteView message) {
    residuals_.clear();
    Pixels(settings_.shape).filter(settings_.filter, message, /*numbered=*/false, residuals_);
  }

  Settings settings_;
  std::unique_ptr<Encoder> inner_;
  Bytes residuals_;
};

class FilteredCodec final : public Codec {
 public:
  FilteredCodec(const Settings& settings, std::shared_ptr<const Codec> inner)
      : settings_(settings), inner_(std::move(inner)) {}

  std::unique_ptr<Encoder> encoder() const override {
    return std::make_unique<FilteredEncoder>(settings_, inner_->encoder());
  }

  Bytes decode(ByteView stream, std::size_t limit_bytes) const override {
    const Bytes residuals = inner_->decode(stream, limit_bytes);
    const Pixels nothing_before(settings_.shape);
    Bytes bytes;
    bytes.reserve(residuals.size());
    for (const Byte residual : residuals) {
      const int prediction = png::predict(settings_.filter, nothing_before.neighbours(bytes));
      bytes.push_back(static_cast<Byte>(residual + prediction));
    }
    return bytes;
  }

  Granularity granularity() const override { return inner_->granularity(); }
  std::size_t alignment_bytes() const override { return settings_.shape.row_bytes(); }

 private:
  Settings settings_;
  std::shared_ptr<const Codec> inner_;
};

Settings settings_of(const Arguments& arguments) {
  Settings settings;
  settings.shape = shape_of(arguments);
  const auto choice = std::ranges::find(kNames, arguments.text("filter"));
  settings.filter = static_cast<int>(choice - kNames.begin());
  settings.wrap = arguments.on("wrap");
  return settings;
}

}  // namespace

Backend filtered_backend() {
  Backend row;
  row.name = "filtered";
  row.summary = "images: another model, of the residuals of one of PNG's filters";
  row.argument = Parameter::free_text("model", "zstd", "the other model's specification");
  row.parameters = {
      Parameter::choice("filter", {kNames.begin(), kNames.end()}, "paeth", "of every row"),
      width_parameter(1'000'000),
      Parameter::integer("channels", 1, 4, "1", "gray, gray and alpha, RGB, RGB and alpha"),
      Parameter::choice("depth", {"8", "16"}, "8", "bits of a sample; 16: high byte first"),
      Parameter::on_off("wrap", "off", "whether what is drawn may have residuals that wrap around"),
  };
  row.parameters.back().of_model = true;
  row.granularity = Granularity::byte;
  row.window = "the other model's";
  row.library = [] { return std::string("kraft"); };
  row.engine = [] { return std::string("own"); };
  // The other model may need the shape as well.
  row.complete = [initial = row.argument->initial](Spec& spec, const Geometry& geometry) {
    if (geometry.values().empty()) return;
    const std::string model = spec.argument.value_or(initial);
    const std::string shaped = check_spec(model, geometry);
    if (shaped != check_spec(model)) spec.argument = shaped;
  };
  row.make_codec = [](const Arguments& arguments) {
    return std::make_shared<FilteredCodec>(settings_of(arguments),
                                           make_codec(codec_spec(arguments.text("model"))));
  };
  row.check_model = [](const Arguments& arguments, const Geometry& geometry) {
    check_spec(arguments.text("model"), geometry);
  };
  row.make_model = [](const Arguments& arguments, const ModelOptions& options) {
    return std::make_shared<FilteredModel>(arguments.spec(), settings_of(arguments),
                                           make_model(arguments.text("model"), options));
  };
  return row;
}

}  // namespace kraft
