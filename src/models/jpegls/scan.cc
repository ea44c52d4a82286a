#include "models/jpegls/scan.h"

#include <algorithm>
#include <cstdlib>

#include "models/lz/powers.h"

namespace kraft::jpegls {
namespace {

constexpr int kReset = 64;  // errors after which a context halves what it has learnt
constexpr int kLeastCorrection = -128, kMostCorrection = 127;

// The length of a run's piece, as a power of two, by the run index.
constexpr std::array<std::uint8_t, 32> kRunBits = {0, 0, 0, 0, 1,  1,  1,  1,  2,  2, 2,
                                                   2, 3, 3, 3, 3,  4,  4,  5,  5,  6, 6,
                                                   7, 7, 8, 9, 10, 11, 12, 13, 14, 15};

double two_to_minus(int bits) { return lz::power_of_two(-bits); }

// The least k for which count * 2^k reaches the magnitude.
int golomb_parameter(int count, std::int64_t magnitude) {
  int k = 0;
  while (std::int64_t{count} << k < magnitude) ++k;
  return k;
}

}  // namespace

// ---- The words of a place --------------------------------------------------------------------

int Code::error(int value) const {
  const int half = 1 << (depth_bits - 1);
  const int e = sign * (value - expected);
  return e < -half ? e + 2 * half : e >= half ? e - 2 * half : e;
}

int Code::folded(int error) const {
  if (error == 0) return of_zero;
  return 2 * (std::abs(error) - 1) + (error > 0 ? after_positive : after_negative);
}

int Code::word_bits(int folded) const {
  const int ones = folded >> k;
  return ones < limit - depth_bits - 1 ? ones + 1 + k : limit;
}

double Code::word_share(int value) const { return two_to_minus(word_bits(folded(error(value)))); }

double Code::share(int value) const {
  if (!is_run) return word_share(value);
  return value == repeated ? repeated_share : others * word_share(value);
}

// Of the numbers 2 i + offset for i from `first` to `last`.
double Code::sum_of_words(int offset, int first, int last) const {
  if (first > last) return 0;
  const int escape = limit - depth_bits - 1;  // from so many ones on, all words are the longest
  double sum = 0;
  // Numbers whose words are equally long lie side by side.
  for (int i = first; i <= last;) {
    const int ones = (2 * i + offset) >> k;
    if (ones >= escape) return sum + (last - i + 1) * two_to_minus(limit);
    const int end = std::min(last, (((ones + 1) << k) - 1 - offset) >> 1);
    sum += (end - i + 1) * two_to_minus(ones + 1 + k);
    i = end + 1;
  }
  return sum;
}

double Code::sum_of_errors(int first, int last) const {
  if (first > last) return 0;
  double sum = sum_of_words(after_negative, std::max(0, -last - 1), -first - 1);
  if (first <= 0 && last >= 0) sum += two_to_minus(word_bits(of_zero));
  return sum + sum_of_words(after_positive, std::max(0, first - 1), last - 1);
}

double Code::share(int first, int last) const {
  const int half = 1 << (depth_bits - 1);
  int from = sign * (first - expected), to = sign * (last - expected);
  if (from > to) std::swap(from, to);
  double sum = sum_of_errors(std::max(from, -half), std::min(to, half - 1));
  sum += sum_of_errors(from + 2 * half, std::min(to, -half - 1) + 2 * half);
  sum += sum_of_errors(std::max(from, half) - 2 * half, to - 2 * half);
  if (!is_run) return sum;
  if (repeated < first || repeated > last) return others * sum;
  return others * (sum - word_share(repeated)) + repeated_share;
}

// ---- Contexts --------------------------------------------------------------------------------

Scan::Scan(std::size_t width, int depth_bits)
    : width_(width),
      depth_bits_(depth_bits),
      limit_(2 * (depth_bits + std::max(8, depth_bits))),
      thresholds_() {
  // Clause C.2.4.1.1.1, where nothing is lost.
  const int largest = (1 << depth_bits) - 1;
  const int factor = (std::min(largest, 4095) + 128) / 256;
  thresholds_ = {factor * (3 - 2) + 2, factor * (7 - 3) + 3, factor * (21 - 4) + 4};
  Context fresh;
  fresh.magnitude = std::max(2, ((1 << depth_bits) + 32) / 64);
  contexts_.fill(fresh);
}

int Scan::back(std::size_t samples) const {
  return samples > samples_.size() ? 0 : samples_[samples_.size() - samples];
}

Scan::Neighbours Scan::neighbours() const {
  Neighbours near;
  near.above = back(width_);
  near.left = column_ > 0 ? back(1) : near.above;
  near.above_left = column_ > 0 ? back(width_ + 1) : back(2 * width_);
  near.above_right = column_ + 1 < width_ ? back(width_ - 1) : near.above;
  return near;
}

int Scan::quantised(int gradient) const {
  const int size = std::abs(gradient);
  int region = size == 0 ? 0 : 1;
  for (const int threshold : thresholds_) region += size >= threshold;
  return gradient < 0 ? -region : region;
}

Scan::Place Scan::place(const Neighbours& near) const {
  const int number =
      (quantised(near.above_right - near.above) * 9 + quantised(near.above - near.above_left)) * 9 +
      quantised(near.above_left - near.left);
  // Numbers in balanced notation have the sign of their first digit that is not zero.
  return {std::abs(number), number < 0 ? -1 : 1};
}

Code Scan::code() const {
  const Neighbours near = neighbours();
  return in_run(near) ? run_code(near) : regular_code(near);
}

Code Scan::regular_code(const Neighbours& near) const {
  const auto [number, sign] = place(near);
  const Context& context = contexts_[static_cast<std::size_t>(number)];
  const auto [lower, upper] = std::minmax(near.left, near.above);
  const int median = near.above_left >= upper   ? lower
                     : near.above_left <= lower ? upper
                                                : near.left + near.above - near.above_left;
  Code code;
  code.depth_bits = depth_bits_;
  code.limit = limit_;
  code.k = golomb_parameter(context.count, context.magnitude);
  code.expected = std::clamp(median + sign * context.correction, 0, (1 << depth_bits_) - 1);
  code.sign = sign;
  if (code.k == 0 && 2 * context.bias <= -context.count) {  // errors below zero are likelier
    code.of_zero = 1;
    code.after_positive = 3;
    code.after_negative = 0;
  }
  return code;
}

Code Scan::run_code(const Neighbours& near) const {
  const bool alike = near.left == near.above;
  const Context& context = contexts_[static_cast<std::size_t>(kContexts + alike)];
  const int run_bits = kRunBits[run_index_];
  Code code;
  code.depth_bits = depth_bits_;
  code.limit = limit_ - run_bits - 1;
  code.k = golomb_parameter(context.count, context.magnitude + (alike ? context.count >> 1 : 0));
  code.expected = near.above;
  code.sign = near.left > near.above ? -1 : 1;
  const bool mostly_negative = 2 * context.negative >= context.count;
  code.after_positive = 2 - alike - (code.k == 0 && !mostly_negative);
  code.after_negative = 2 - alike - (code.k != 0 || mostly_negative);

  const int left_in_row = static_cast<int>(width_ - column_);
  const int fitting = std::min(1 << run_bits, run_begun_ + left_in_row);
  const double piece = two_to_minus(run_bits + 1);
  code.is_run = true;
  code.repeated = near.left;
  code.repeated_share = 0.5 + (fitting - run_begun_ - 1) * piece;
  code.others = piece;
  code.whole = run_begun_ == 0 ? 1 : 0.5 + (fitting - run_begun_) * piece;
  return code;
}

// ---- Going on and back -----------------------------------------------------------------------

Scan::Undo Scan::push(int sample) {
  const Neighbours near = neighbours();
  Undo undo{{}, kNoContext, run_begun_, run_index_, run_goes_on_};
  const auto save = [&](int context) {
    undo.context = static_cast<std::uint16_t>(context);
    undo.before = contexts_[undo.context];
  };
  if (!in_run(near)) {
    const Code code = regular_code(near);
    save(place(near).context);
    adapt(undo.context, code.error(sample));
  } else if (sample == near.left) {
    prolong_run();
  } else {
    save(kContexts + (near.left == near.above));
    end_run(near, run_code(near), sample);
  }
  samples_.push_back(static_cast<std::uint16_t>(sample));
  if (++column_ == width_) {
    column_ = 0;
    run_goes_on_ = false;
    run_begun_ = 0;
  }
  return undo;
}

void Scan::adapt(int number, int error) {
  Context& c = contexts_[static_cast<std::size_t>(number)];
  c.magnitude += std::abs(error);
  c.bias += error;
  if (c.count == kReset) {
    c.magnitude >>= 1;
    c.bias >>= 1;
    c.count >>= 1;
  }
  ++c.count;
  if (c.bias <= -c.count) {
    c.bias = std::max(c.bias + c.count, 1 - c.count);
    if (c.correction > kLeastCorrection) --c.correction;
  } else if (c.bias > 0) {
    c.bias = std::min(c.bias - c.count, 0);
    if (c.correction < kMostCorrection) ++c.correction;
  }
}

void Scan::prolong_run() {
  run_goes_on_ = true;
  if (++run_begun_ < 1 << kRunBits[run_index_]) return;
  run_begun_ = 0;
  if (run_index_ + 1u < kRunBits.size()) ++run_index_;
}

void Scan::end_run(const Neighbours& near, const Code& code, int sample) {
  const bool alike = near.left == near.above;
  Context& c = contexts_[static_cast<std::size_t>(kContexts + alike)];
  const int error = code.error(sample);
  if (error < 0) ++c.negative;
  c.magnitude += (code.folded(error) + 1 - alike) >> 1;
  if (c.count == kReset) {
    c.magnitude >>= 1;
    c.count >>= 1;
    c.negative >>= 1;
  }
  ++c.count;
  run_goes_on_ = false;
  run_begun_ = 0;
  if (run_index_ > 0) --run_index_;
}

void Scan::pop(const Undo& undo) {
  column_ = (column_ > 0 ? column_ : width_) - 1;
  samples_.pop_back();
  if (undo.context != kNoContext) contexts_[undo.context] = undo.before;
  run_goes_on_ = undo.run_goes_on;
  run_begun_ = undo.run_begun;
  run_index_ = undo.run_index;
}

void Scan::trim() {
  const std::size_t needed = 2 * width_ + 1;
  if (samples_.size() > 2 * needed + 1024)
    samples_.erase(samples_.begin(), samples_.end() - static_cast<std::ptrdiff_t>(needed));
}

}  // namespace kraft::jpegls
