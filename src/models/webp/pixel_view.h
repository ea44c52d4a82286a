// What the codes of one stream expect of the next coded pixel: the sum over all parses, and over
// the hypotheses of its square (decoder_view.h has the formulas).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kraft/bytes.h"
#include "models/lz/token_starts.h"
#include "models/webp/past.h"
#include "models/webp/prices.h"

namespace kraft::webp {

// Masses of the values of a channel are in no unit: only what they are of their sum counts. One
// thread at a time; copies are independent.
class PixelView {
 public:
  // After the pixels of the stream that the prices are of. The masses begin `run_in` pixels before.
  // `gray`: only pixels whose red, green and blue agree are meant; `opaque`: only those of alpha
  // 255.
  PixelView(std::shared_ptr<const Prices> prices, const Stream& stream, bool gray, bool opaque,
            std::size_t run_in);

  const Prices& prices() const { return *prices_; }
  std::size_t size() const { return pixels_.size(); }

  // Whether pixels differ in green alone: they are places in a palette, or gray.
  bool only_greens() const { return only_greens_; }
  // Then, what each green weighs.
  const std::array<double, 256>& greens();

  // Otherwise, what each value of the next channel weighs, where those before have these values:
  // red, green, blue, alpha; or gray, alpha.
  void channel_masses(std::span<const Byte> before, std::array<double, 256>& masses);

  // The pixel that came, before palette and green are undone.
  void push(Argb pixel);
  void pop();   // one that was pushed since the last trim()
  void trim();  // gives up the memory that only pop() needs

 private:
  struct Point {  // a residual that copies or the cache say
    Argb value;
    double mass;
  };
  struct Step {  // what a push has overwritten
    Argb cached;
    std::uint32_t column;
  };

  Argb prediction(unsigned mode) const;
  Argb residual(std::size_t shape, Argb pixel) const;
  Argb pixel_of(std::size_t shape, Argb residual) const;  // palette and green undone
  Argb of_green(std::size_t green) const;
  std::size_t column_at(std::size_t x) const { return x >> prices_->square_bits; }
  std::span<double> weights_in(std::size_t column);

  void run_in(const Stream& stream, std::size_t pixels);
  void arrive();
  void push_arrival(double mass);
  void predict_all();
  bool holds(std::size_t place) const;
  void weigh_tokens();
  void move_far(bool forth);
  void remember(Argb residual);
  double ended_copies();
  void push_start(double mass, double tokens, double copies);
  double tokens_of(std::size_t group) const;
  double literal(const GroupPrices& group, Argb residual) const;
  double cached(const GroupPrices& group, Argb residual) const;

  void prepare();
  void add_copies();
  void merge_points();
  double copied(Argb residual) const;
  void prepare_said();
  void say(Argb pixel, double mass);
  int channel_at(std::size_t index) const;
  double literal_mass(const Hypothesis& hypothesis) const;
  struct Literals;
  Literals literals_by(const Hypothesis& hypothesis) const;
  static int red_offset(const Literals& of);
  double literals_before(const Hypothesis& hypothesis, std::span<const Byte> before) const;
  void add_literals(const Hypothesis& hypothesis, double weight, std::span<const Byte> before,
                    std::array<double, 256>& masses) const;

  std::shared_ptr<const Prices> prices_;
  bool gray_, opaque_;
  bool only_greens_ = false;
  Past past_{kLongest};       // residuals
  std::vector<Argb> pixels_;  // what they are residuals of
  std::vector<Argb> cache_;
  std::size_t empty_places_ = 0;           // of it
  std::array<Prices::Weight, 256> far_{};  // of greens from far
  lz::TokenStarts starts_;
  std::vector<double> copies_;       // P(copy) at each of them
  std::vector<double> weights_;      // of hypotheses, in each column of squares
  std::vector<Step> steps_;          // since the last trim()
  std::vector<double> old_weights_;  // of the column, before each

  // At the next pixel:
  std::vector<double> now_;                      // weights of the hypotheses
  std::vector<Argb> predictions_;                // of each shape
  std::vector<std::array<double, 256>> tokens_;  // of each group, for each green
  bool prepared_ = false, greens_ready_ = false, said_ready_ = false;
  double token_ = 0;                  // A_t
  double as_literals_ = 0;            // A_t, and copies that come as literals do
  std::vector<double> open_;          // G_t(m) without k = 0
  std::array<double, 256> copied_{};  // what copies say, where only greens differ
  std::array<double, 256> greens_{};
  std::vector<Point> points_;  // sorted by value
  double points_mass_ = 0;
  std::vector<double> shape_weights_;
  std::vector<Point> said_;  // whole pixels that copies and the cache say
};

}  // namespace kraft::webp
