// A State over the engine of a decoder's view.
//
// An engine is a sequential predictor whose numbers depend on the bytes that it has observed and on
// nothing else. It has
//
//     observe(byte), observe(bytes)  one by one; or at once, passing over what does not matter
//     bits_of(byte)                  -log2 P(byte)
//     next_byte(bits)                of all bytes, the same numbers
//     position_bytes()
//     rewind(position)               to where it has been since the last trim()
//     trim()                         gives up the memory that only rewinding needs
//     coin_flips(temperature)        as StockDecoder's; may be missing
//
// and a copy constructor. Strings are measured by the chain rule, in the order of their bytes, so
// that what they have in common is gone through once.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <numeric>
#include <span>
#include <vector>

#include "core/marks.h"
#include "core/observing.h"
#include "kraft/coinflips.h"
#include "kraft/error.h"
#include "kraft/model.h"

namespace kraft::lz {

// What was observed at once at the start, and what it costs, once that is asked for: a long context
// takes a second a megabyte or more. States share it.
template <typename Engine>
class UnpricedContext {
 public:
  UnpricedContext(const Engine& fresh, ByteView bytes)
      : fresh_(fresh), bytes_(bytes.begin(), bytes.end()) {}

  double bits() {
    std::call_once(once_, [this] {
      for (const Byte byte : bytes_) {
        bits_ += fresh_.bits_of(byte);
        fresh_.observe(byte);
        fresh_.trim();
      }
    });
    return bits_;
  }

 private:
  std::once_flag once_;
  Engine fresh_;
  Bytes bytes_;
  double bits_ = 0;
};

template <typename Engine>
class ViewState final : public State, public ReadsAtOnce, private StockDecoder {
 public:
  explicit ViewState(Engine engine) : engine_(std::move(engine)) {}

  void observe(ByteView bytes) override {
    constexpr std::size_t kLong = 16 << 10;
    if (engine_.position_bytes() == 0 && marks_.empty() && bytes.size() > kLong) {
      context_ = std::make_shared<UnpricedContext<Engine>>(engine_, bytes);
      engine_.observe(bytes);
    } else {
      for (const Byte byte : bytes) {
        bits_ += engine_.bits_of(byte);
        engine_.observe(byte);
        if (marks_.empty()) engine_.trim();
      }
    }
    if (marks_.empty()) engine_.trim();
  }

  std::uint64_t position_bytes() const override { return engine_.position_bytes(); }

  // The bits of all bytes, by the chain rule. After a long context O(context) the first time.
  double context_bits() override { return (context_ ? context_->bits() : 0) + bits_; }

  void measure(std::span<const ByteView> continuations, std::span<double> bits) override {
    const std::vector<std::size_t> order = sorted(continuations);
    Walk walk(engine_);
    for (std::size_t i = 0; i < order.size(); ++i) {
      const ByteView whole = continuations[order[i]];
      double& result = bits[order[i]];
      result = 0;
      if (whole.empty()) continue;
      const ByteView parent = whole.first(whole.size() - 1);
      walk.go_to(parent);
      const bool shared = i + 1 < order.size() && is_child(continuations[order[i + 1]], parent);
      result = walk.bits() + walk.bits_of(whole.back(), shared);
    }
    walk.go_to({});
  }

  void extend(std::span<const ByteView> prefixes, std::span<const Byte> alphabet,
              std::span<double> bits) override {
    Walk walk(engine_);
    for (const std::size_t p : sorted(prefixes)) {
      walk.go_to(prefixes[p]);
      for (std::size_t a = 0; a < alphabet.size(); ++a)
        bits[p * alphabet.size() + a] = walk.bits() + walk.bits_of(alphabet[a], true);
    }
    walk.go_to({});
  }

  const StockDecoder* stock_decoder() const override { return kHasDecoder ? this : nullptr; }
  std::unique_ptr<CoinFlips> coin_flips(double temperature) const override {
    if constexpr (kHasDecoder)
      return engine_.coin_flips(temperature);
    else
      throw Error("the stock decoder cannot be fed with coin flips");
  }

  Mark mark() override { return marks_.push({engine_.position_bytes(), bits_}); }

  void rewind(Mark mark) override {
    const Saved saved = marks_.back_to(mark);
    engine_.rewind(saved.position_bytes);
    bits_ = saved.bits;
  }

  void forget(Mark mark) override {
    marks_.forget(mark);
    if (marks_.empty()) engine_.trim();
  }

  std::unique_ptr<State> clone() const override {
    auto copy = std::make_unique<ViewState>(*this);
    copy->marks_.clear();
    copy->engine_.trim();
    return copy;
  }

 private:
  static constexpr bool kHasDecoder = requires(const Engine& e) { e.coin_flips(1.0); };

  struct Saved {
    std::uint64_t position_bytes;
    double bits;
  };

  // From one string of bytes after the context to the next, by what differs.
  class Walk {
   public:
    explicit Walk(Engine& engine) : engine_(engine), begin_(engine.position_bytes()) {}

    void go_to(ByteView path) {
      const auto differs = std::ranges::mismatch(path_, path).in1;
      const auto common = static_cast<std::size_t>(differs - path_.begin());
      if (common == path_.size() && common == path.size()) return;
      if (common < path_.size()) engine_.rewind(begin_ + common);
      path_.resize(common);
      sums_.resize(common + 1);
      for (const Byte byte : path.subspan(common)) {
        sums_.push_back(sums_.back() + engine_.bits_of(byte));
        engine_.observe(byte);
        path_.push_back(byte);
      }
      has_all_ = false;
    }

    // Of the path.
    double bits() const { return sums_.back(); }

    // Of a byte after it; `more` of them will be asked for.
    double bits_of(Byte byte, bool more) {
      if (more && !has_all_) {
        engine_.next_byte(all_);
        has_all_ = true;
      }
      return has_all_ ? all_[byte] : engine_.bits_of(byte);
    }

   private:
    Engine& engine_;
    std::uint64_t begin_;
    Bytes path_;
    std::vector<double> sums_ = {0};
    std::array<double, 256> all_;
    bool has_all_ = false;
  };

  static std::vector<std::size_t> sorted(std::span<const ByteView> strings) {
    std::vector<std::size_t> order(strings.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
      return std::ranges::lexicographical_compare(strings[a], strings[b]);
    });
    return order;
  }

  static bool is_child(ByteView string, ByteView parent) {
    return string.size() == parent.size() + 1 &&
           std::ranges::equal(string.first(parent.size()), parent);
  }

  Engine engine_;
  double bits_ = 0;  // of what was observed after context_
  std::shared_ptr<UnpricedContext<Engine>> context_;
  MarkStack<Saved> marks_;
};

}  // namespace kraft::lz
