// The model that knows nothing: every byte costs 8 bits.

#include <array>

#include "core/marks.h"
#include "kraft/coder.h"
#include "kraft/registry.h"
#include "registry/backends.h"

namespace kraft {
namespace {

class UniformState final : public State {
 public:
  void observe(ByteView bytes) override { position_bytes_ += bytes.size(); }
  std::uint64_t position_bytes() const override { return position_bytes_; }
  double context_bits() override { return 8.0 * static_cast<double>(position_bytes_); }
  void measure(std::span<const ByteView> continuations, std::span<double> bits) override {
    for (std::size_t i = 0; i < continuations.size(); ++i)
      bits[i] = 8.0 * static_cast<double>(continuations[i].size());
  }
  void next_distribution(IntegerDistribution& distribution) override {
    constexpr std::array<std::uint64_t, 256> kAlike = {};
    distribution.assign(kAlike);
  }
  Mark mark() override { return marks_.push(position_bytes_); }
  void rewind(Mark mark) override { position_bytes_ = marks_.back_to(mark); }
  void forget(Mark mark) override { marks_.forget(mark); }
  std::unique_ptr<State> clone() const override {
    auto copy = std::make_unique<UniformState>(*this);
    copy->marks_.clear();
    return copy;
  }

 private:
  std::uint64_t position_bytes_ = 0;
  MarkStack<std::uint64_t> marks_;
};

class UniformModel final : public Model {
 public:
  explicit UniformModel(std::string spec) : spec_(std::move(spec)) {}
  std::unique_ptr<State> start() const override { return std::make_unique<UniformState>(); }
  const std::string& spec() const override { return spec_; }
  Granularity granularity() const override { return Granularity::fractional; }
  std::optional<std::uint64_t> window_bytes() const override { return std::nullopt; }
  bool portable() const override { return true; }

 private:
  std::string spec_;
};

}  // namespace

Backend uniform_backend() {
  Backend row;
  row.name = "uniform";
  row.summary = "every byte costs 8 bits; the upper baseline";
  row.granularity = Granularity::fractional;
  row.window = "none";
  row.library = [] { return std::string("kraft"); };
  row.make_model = [](const Arguments& arguments, const ModelOptions&) {
    return std::make_shared<UniformModel>(arguments.spec());
  };
  return row;
}

}  // namespace kraft
