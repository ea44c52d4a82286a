// PNG as a model of images: candidates are the values of pixels, and what is measured is the
// DEFLATE stream of their residuals.
//
// With one filter f for all rows, l(x) is the exact length of the DEFLATE stream for f's residuals
// of x, each row that has begun preceded by the number of the filter, as in the file:
//
//     bits(b | x) = l_f(xb) - l_f(x)
//
// filter=product and filter=mix follow all five at once, each in a stream of its own, and predict
// by the geometric or the arithmetic mean of their distributions:
//
//     p_f(b | x) proportional to 2^-bits_f(b | x)           over the 256 values of a byte
//     product:  p(b | x) proportional to the fifth root of the product of all p_f(b | x)
//     mix:      p(b | x) = 1/5 sum over f of p_f(b | x)
//
// The product continues a picture best: what all five find plausible is rarely noise, while the mix
// draws noise whenever it draws from its worst filter.
//
// What is drawn with wrap=off has no value whose residual wraps around (png_filters.h): such a
// value is impossible for the filter then. In the mix the filter `none` keeps every value possible;
// in the product 127 at least is possible, whatever the filters predict. Of samples of 16 bits this
// looks at the high byte alone. Prediction leaves out nothing: real pictures do wrap.

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <unordered_map>
#include <vector>

#include "codecs/png.h"
#include "codecs/shape.h"
#include "core/drawing.h"
#include "core/marks.h"
#include "core/observing.h"
#include "kraft/compressor_model.h"
#include "kraft/error.h"
#include "models/deflate/clone.h"
#include "models/deflate/model.h"
#include "models/deflate/twin.h"
#include "models/lz/view_model.h"
#include "models/lz/view_parameters.h"
#include "models/pixels.h"
#include "models/png_view.h"
#include "registry/backends.h"

namespace kraft::png {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
using Distribution = std::array<double, 256>;  // bits of each value

enum class Mean { geometric, arithmetic };

struct Settings {
  Shape shape;
  deflate::Parameters deflate;
  bool wrap = false;
  Mean mean = Mean::geometric;
};

// One filter's DEFLATE stream. The Pixels are its owner's, and move on after it.
template <typename Engine>
class Track {
 public:
  Track(int filter, const Settings& settings)
      : filter_(filter), wrap_(settings.wrap), engine_(settings.deflate) {}

  Engine& engine() { return engine_; }

  void observe(const Pixels& pixels, ByteView bytes) {
    filtered_.clear();
    pixels.filter(filter_, bytes, /*numbered=*/true, filtered_);
    engine_.observe(filtered_);
  }

  // Lengths of the finished streams for each prefix and each byte after it; infinite where that
  // byte is impossible after the prefix.
  void extend(const Pixels& pixels, std::span<const ByteView> prefixes,
              std::span<const Byte> alphabet, std::span<double> bits) {
    filter_each(pixels, prefixes, /*with_next=*/true);
    static const Bytes residuals = [] {
      Bytes all(256);
      std::iota(all.begin(), all.end(), Byte{0});
      return all;
    }();
    lengths_.resize(prefixes.size() * residuals.size());
    if constexpr (requires { engine_.extend(views_, residuals, std::span(lengths_)); }) {
      engine_.extend(views_, residuals, std::span(lengths_));
    } else {
      extend_by_measuring(residuals);
    }
    for (std::size_t p = 0; p < prefixes.size(); ++p) {
      const Neighbours neighbours = pixels.neighbours(prefixes[p]);
      const int prediction = predict(filter_, neighbours);
      const bool may_wrap = wrap_ || !pixels.is_high(prefixes[p].size());
      for (std::size_t a = 0; a < alphabet.size(); ++a) {
        const bool possible = may_wrap || !wraps(filter_, alphabet[a], neighbours);
        bits[p * alphabet.size() + a] =
            possible ? static_cast<double>(lengths_[p * 256 + residual(alphabet[a], prediction)])
                     : kInfinity;
      }
    }
  }

  void measure(const Pixels& pixels, std::span<const ByteView> continuations,
               std::span<double> bits) {
    filter_each(pixels, continuations, /*with_next=*/false);
    lengths_.resize(continuations.size());
    engine_.measure(views_, lengths_);
    for (std::size_t i = 0; i < continuations.size(); ++i)
      bits[i] = possible(pixels, continuations[i]) ? static_cast<double>(lengths_[i]) : kInfinity;
  }

  bool possible(const Pixels& pixels, ByteView continuation) const {
    if (wrap_) return true;
    for (std::size_t i = 0; i < continuation.size(); ++i) {
      if (!pixels.possible(filter_, continuation.first(i), continuation[i])) return false;
    }
    return true;
  }

 private:
  // Sets views_ to the filtered continuations; with_next: the number of the filter too, where the
  // byte after them begins a row.
  void filter_each(const Pixels& pixels, std::span<const ByteView> continuations, bool with_next) {
    filtered_.clear();
    std::vector<std::size_t> ends;
    for (ByteView continuation : continuations) {
      pixels.filter(filter_, continuation, /*numbered=*/true, filtered_);
      if (with_next && pixels.begins_row(continuation.size()))
        filtered_.push_back(static_cast<Byte>(filter_));
      ends.push_back(filtered_.size());
    }
    views_.clear();
    std::size_t begin = 0;
    for (const std::size_t end : ends) {
      views_.push_back(ByteView(filtered_).subspan(begin, end - begin));
      begin = end;
    }
  }

  void extend_by_measuring(const Bytes& residuals) {
    std::vector<Bytes> strings;
    for (const ByteView prefix : views_) {
      for (const Byte byte : residuals) {
        strings.emplace_back(prefix.begin(), prefix.end());
        strings.back().push_back(byte);
      }
    }
    const std::vector<ByteView> views(strings.begin(), strings.end());
    engine_.measure(views, lengths_);
  }

  int filter_;
  bool wrap_;
  Engine engine_;
  Bytes filtered_;
  std::vector<ByteView> views_;
  std::vector<std::uint64_t> lengths_;
};

// One filter for all rows: the increments of one stream.
template <typename Engine>
class FilterState final : public State {
 public:
  FilterState(const Settings& settings, int filter)
      : pixels_(settings.shape), track_(filter, settings) {}

  void observe(ByteView bytes) override {
    track_.observe(pixels_, bytes);
    pixels_.history().observe(bytes);
    if (!bytes.empty()) base_bits_.reset();
  }

  std::uint64_t position_bytes() const override { return pixels_.history().position_bytes(); }

  double context_bits() override {
    if (!base_bits_) base_bits_ = static_cast<double>(track_.engine().bits());
    return *base_bits_;
  }

  void measure(std::span<const ByteView> continuations, std::span<double> bits) override {
    track_.measure(pixels_, continuations, bits);
    for (double& b : bits) b -= context_bits();
  }

  void extend(std::span<const ByteView> prefixes, std::span<const Byte> alphabet,
              std::span<double> bits) override {
    track_.extend(pixels_, prefixes, alphabet, bits);
    for (std::size_t i = 0; i < bits.size(); ++i) {
      const bool possible = track_.possible(pixels_, prefixes[i / alphabet.size()]);
      bits[i] = possible ? bits[i] - context_bits() : kInfinity;
    }
  }

  Mark mark() override { return marks_.push({pixels_.history().mark(), track_.engine().mark()}); }

  void rewind(Mark mark) override {
    const Saved saved = marks_.back_to(mark);
    pixels_.history().rewind(saved.pixels);
    track_.engine().rewind(saved.engine);
    base_bits_.reset();
  }

  void forget(Mark mark) override {
    const Saved* saved = marks_.find(mark);
    if (saved == nullptr) return;
    pixels_.history().forget(saved->pixels);
    track_.engine().forget(saved->engine);
    marks_.forget(mark);
  }

  std::unique_ptr<State> clone() const override {
    auto copy = std::make_unique<FilterState>(*this);
    copy->marks_.clear();
    copy->pixels_.history().forget_all();
    return copy;
  }

 private:
  struct Saved {
    Mark pixels, engine;
  };

  Pixels pixels_;
  Track<Engine> track_;
  std::optional<double> base_bits_;
  MarkStack<Saved> marks_;
};

// All five filters: a predictor, whose code lengths add up byte by byte.
template <typename Engine>
class MixState final : public State {
 public:
  MixState(const Settings& settings, std::function<bool()> cancelled)
      : settings_(settings), cancelled_(std::move(cancelled)), pixels_(settings.shape) {
    for (int filter = 0; filter < kFilters; ++filter) tracks_.emplace_back(filter, settings);
  }

  void observe(ByteView bytes) override {
    if (bytes.empty()) return;
    for (Track<Engine>& track : tracks_) track.observe(pixels_, bytes);
    append(observed_, bytes);
    pixels_.history().observe(bytes);
    known_.clear();
  }

  std::uint64_t position_bytes() const override { return observed_.size(); }

  // Predicts everything once more, from the beginning or from where it got the last time: it takes
  // as long as drawing it did. Nothing else needs the number.
  double context_bits() override {
    if (cumulative_bits_.size() < observed_.size() + 1) {
      MixState from_start(settings_, cancelled_);
      const std::size_t begin = cumulative_bits_.size() - 1;
      from_start.observe(ByteView(observed_).first(begin));
      from_start.walk(ByteView(observed_).subspan(begin), [this](double bits) {
        cumulative_bits_.push_back(cumulative_bits_.back() + bits);
      });
    }
    return cumulative_bits_.back();
  }

  void measure(std::span<const ByteView> continuations, std::span<double> bits) override {
    std::vector<std::size_t> order(continuations.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
      return std::ranges::lexicographical_compare(continuations[a], continuations[b]);
    });
    for (std::size_t i = 0; i < order.size(); ++i) {
      const ByteView continuation = continuations[order[i]];
      if (i > 0 && std::ranges::equal(continuation, continuations[order[i - 1]])) {
        bits[order[i]] = bits[order[i - 1]];
      } else {
        bits[order[i]] = bits_of(continuation);
      }
    }
  }

  void extend(std::span<const ByteView> prefixes, std::span<const Byte> alphabet,
              std::span<double> bits) override {
    std::vector<double> prefix_bits(prefixes.size());
    for (std::size_t p = 0; p < prefixes.size(); ++p) prefix_bits[p] = known_bits(prefixes[p]);
    std::vector<Distribution> distributions(prefixes.size());
    mix(prefixes, distributions);
    for (std::size_t p = 0; p < prefixes.size(); ++p) {
      for (std::size_t a = 0; a < alphabet.size(); ++a)
        bits[p * alphabet.size() + a] = prefix_bits[p] + distributions[p][alphabet[a]];
      remember(prefixes[p], prefix_bits[p], distributions[p]);
    }
  }

  Mark mark() override {
    Saved saved;
    saved.pixels = pixels_.history().mark();
    saved.size = observed_.size();
    for (int f = 0; f < kFilters; ++f) saved.engines[index(f)] = tracks_[index(f)].engine().mark();
    return marks_.push(saved);
  }

  void rewind(Mark mark) override {
    const Saved saved = marks_.back_to(mark);
    pixels_.history().rewind(saved.pixels);
    observed_.resize(saved.size);
    cumulative_bits_.resize(std::min(cumulative_bits_.size(), saved.size + 1));
    for (int f = 0; f < kFilters; ++f) tracks_[index(f)].engine().rewind(saved.engines[index(f)]);
    known_.clear();
  }

  void forget(Mark mark) override {
    const Saved* saved = marks_.find(mark);
    if (saved == nullptr) return;
    pixels_.history().forget(saved->pixels);
    for (int f = 0; f < kFilters; ++f) tracks_[index(f)].engine().forget(saved->engines[index(f)]);
    marks_.forget(mark);
  }

  std::unique_ptr<State> clone() const override {
    auto copy = std::make_unique<MixState>(*this);
    copy->marks_.clear();
    copy->pixels_.history().forget_all();
    return copy;
  }

 private:
  struct Saved {
    Mark pixels;
    std::size_t size = 0;
    std::array<Mark, kFilters> engines;
  };

  static std::size_t index(int filter) { return static_cast<std::size_t>(filter); }

  // The mean of the filters' distributions after each prefix, as bits.
  void mix(std::span<const ByteView> prefixes, std::span<Distribution> distributions) {
    static const Bytes values = [] {
      Bytes all(256);
      std::iota(all.begin(), all.end(), Byte{0});
      return all;
    }();
    const bool geometric = settings_.mean == Mean::geometric;
    for (Distribution& d : distributions) d.fill(0);
    lengths_.resize(256 * prefixes.size());
    for (Track<Engine>& track : tracks_) {
      track.extend(pixels_, prefixes, values, lengths_);
      for (std::size_t p = 0; p < prefixes.size(); ++p) {
        const auto lengths = std::span(lengths_).subspan(256 * p, 256);
        Distribution share;
        if (!geometric) normalise(lengths, share);
        for (std::size_t i = 0; i < 256; ++i)
          distributions[p][i] += (geometric ? lengths[i] : share[i]) / kFilters;
      }
    }
    for (Distribution& d : distributions) {
      if (geometric) {
        Distribution unscaled = d;
        normalise(unscaled, d);
      }
      for (double& value : d) value = -std::log2(value);
    }
  }

  // Observes byte after byte and tells the bits of each.
  template <typename Visit>
  void walk(ByteView bytes, Visit visit) {
    const ByteView nothing;
    Distribution distribution;
    for (const Byte byte : bytes) {
      stop_if(cancelled_);
      mix({&nothing, 1}, {&distribution, 1});
      visit(distribution[byte]);
      observe({&byte, 1});
    }
  }

  // Bits of a continuation: those of its last byte after those of its beginning, which the
  // continuations of a search have in common.
  double bits_of(ByteView continuation) {
    constexpr std::size_t kLongestShared = 64;
    if (continuation.size() <= kLongestShared) return known_bits(continuation);
    double total_bits = 0;
    const Excursion excursion(*this);
    walk(continuation, [&total_bits](double bits) { total_bits += bits; });
    return total_bits;
  }

  double known_bits(ByteView continuation) {
    if (continuation.empty()) return 0;
    const auto found = known_.find(std::string(as_text(continuation)));
    if (found != known_.end()) return found->second;
    const ByteView before = continuation.first(continuation.size() - 1);
    const double before_bits = known_bits(before);
    Distribution distribution;
    mix({&before, 1}, {&distribution, 1});
    remember(before, before_bits, distribution);
    return before_bits + distribution[continuation.back()];
  }

  void remember(ByteView before, double before_bits, const Distribution& distribution) {
    std::string key(as_text(before));
    key.push_back('\0');
    for (std::size_t value = 0; value < 256; ++value) {
      key.back() = static_cast<char>(value);
      known_[key] = before_bits + distribution[value];
    }
  }

  Settings settings_;
  std::function<bool()> cancelled_;
  Pixels pixels_;
  std::vector<Track<Engine>> tracks_;
  Bytes observed_;
  std::vector<double> cumulative_bits_ = {0};  // of each beginning of observed_, as far as known
  std::unordered_map<std::string, double> known_;  // of continuations, from where we are
  std::vector<double> lengths_;
  MarkStack<Saved> marks_;
};

template <typename Engine>
class PngModel final : public Model, public CompressorModel, public DrawingModel {
 public:
  PngModel(std::string spec, const Settings& settings, int filter, std::function<bool()> cancelled)
      : spec_(std::move(spec)),
        settings_(settings),
        filter_(filter),
        cancelled_(std::move(cancelled)) {}

  std::unique_ptr<State> start() const override {
    Settings all = settings_;
    all.wrap = true;
    return state(all);
  }
  std::unique_ptr<State> start_drawing() const override { return state(settings_); }
  const std::string& spec() const override { return spec_; }
  Granularity granularity() const override {
    return filter_ < 0 ? Granularity::fractional : Granularity::bit;
  }
  std::optional<std::uint64_t> window_bytes() const override {
    return std::uint64_t{1} << settings_.deflate.window_bits;
  }

 private:
  std::unique_ptr<State> state(const Settings& settings) const {
    if (filter_ < 0) return std::make_unique<MixState<Engine>>(settings, cancelled_);
    return std::make_unique<FilterState<Engine>>(settings, filter_);
  }

  std::string spec_;
  Settings settings_;
  int filter_;  // negative: all
  std::function<bool()> cancelled_;
};

deflate::Parameters deflate_parameters(const Arguments& arguments) {
  return {.level = static_cast<int>(arguments.integer("level"))};
}

std::string engine_for(const Arguments& arguments) {
  return deflate::engine_for(arguments, deflate_parameters(arguments));
}

// Negative: all of them.
int filter_number(const Arguments& arguments) {
  const auto choice = std::ranges::find(kFilterNames, arguments.text("filter"));
  return static_cast<int>(choice - kFilterNames.begin()) - kMeans;
}

std::shared_ptr<const Model> make_decoder_view(const Arguments& arguments) {
  ViewSettings view{.shape = shape_of(arguments), .deflate = {}};
  view.deflate.deflate = deflate_parameters(arguments);
  view.deflate.refresh_bytes = lz::refresh_bytes(arguments, view.deflate.refresh_bytes);
  const int filter = filter_number(arguments);
  if (filter >= 0) view.filter = filter;
  view.combined = arguments.text("filter") == "mix" ? Combined::mix : Combined::product;
  return std::make_shared<lz::ViewModel<DecoderView>>(
      arguments.spec(), std::uint64_t{1} << view.deflate.deflate.window_bits, DecoderView(view));
}

bool is_decoder_view(const Arguments& arguments) {
  return lz::is_decoder_view(arguments, {"engine", "wrap", "context", "dither"});
}

std::shared_ptr<const Model> make_png_model(const std::string& engine, const Arguments& arguments,
                                            const ModelOptions& options) {
  Settings settings;
  settings.shape = shape_of(arguments);
  settings.deflate = deflate_parameters(arguments);
  settings.wrap = arguments.on("wrap");
  const int filter = filter_number(arguments);
  if (arguments.text("filter") == "mix") settings.mean = Mean::arithmetic;
  if (engine == "twin")
    return std::make_shared<PngModel<deflate::Twin>>(arguments.spec(), settings, filter,
                                                     options.cancelled);
  return std::make_shared<PngModel<deflate::Clone>>(arguments.spec(), settings, filter,
                                                    options.cancelled);
}

void check_measuring(const Arguments& arguments) {
  if (is_decoder_view(arguments)) return;
  if (arguments.text("engine") != "auto") engine_for(arguments);
  for (const auto& given : Spec::parse(arguments.spec()).values) {
    if (given.first != "context" && given.first != "dither") continue;
    const std::string engine = engine_for(arguments);
    if (engine != "recompress")
      throw UsageError("png: " + given.first + " needs engine=recompress, not " + engine);
  }
}

}  // namespace
}  // namespace kraft::png

namespace kraft {

Backend png_backend() {
  Backend row = png::codec_row();
  std::vector<Parameter> measuring = {
      Parameter::on_off("wrap", "off", "whether what is drawn may have residuals that wrap around"),
      deflate::engine_parameter("how lengths are measured; recompress: whole files"),
  };
  for (Parameter& parameter : measured_context_parameters()) {
    parameter.meaning = "engine=recompress: " + parameter.meaning;
    measuring.push_back(std::move(parameter));
  }
  for (Parameter& parameter :
       lz::view_parameters("fractional", "codes of the last block of each filter",
                           deflate::ViewParameters{}.refresh_bytes))
    measuring.push_back(std::move(parameter));
  for (Parameter& parameter : measuring) {
    parameter.of_model = true;
    row.parameters.push_back(std::move(parameter));
  }
  row.granularity = Granularity::fractional;
  row.engine = [] { return deflate::usable_engine(); };
  // With engine=recompress each measurement compresses whole rows.
  row.trial_ms = [](const Arguments& arguments) {
    const auto row_bytes = static_cast<double>(shape_of(arguments).row_bytes());
    return 5 + (arguments.text("engine") == "recompress" ? row_bytes / 80 : 0);
  };
  row.check_model = [](const Arguments& arguments, const Geometry&) {
    png::check_measuring(arguments);
  };
  row.make_model = [make_codec = row.make_codec](const Arguments& arguments,
                                                 const ModelOptions& options) {
    if (png::is_decoder_view(arguments)) return png::make_decoder_view(arguments);
    const std::string engine = png::engine_for(arguments);
    if (engine == "recompress")
      return model_of(make_codec(arguments), arguments.spec(), measured_context(arguments),
                      options);
    return png::make_png_model(engine, arguments, options);
  };
  return row;
}

}  // namespace kraft
