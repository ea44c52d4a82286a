// Samples of pictures: what their neighbours let expect of them.
//
// A hashed context knows only values that have occurred in it. Here the statistics are of where the
// expected value lies between the values that the known bits leave: they hold for all values alike,
// so that a picture's first rows are predicted well.

#include <algorithm>
#include <cstdlib>

#include "models/cm/logistic.h"
#include "models/cm/predictor.h"

namespace kraft::cm {
namespace {

constexpr int kRate = 64;  // of the least mean squares, in units of 2^-13

int clipped(int value) { return std::clamp(value, 0, 255); }

// A distance in eighths, the coarser the farther it is.
constexpr unsigned kSteps = 96;
unsigned step_of(int distance) {
  const int size = std::abs(distance);
  int step = std::min(40 + (size - 512) / 128, 47);
  if (size < 32) {
    step = size / 2;
  } else if (size < 128) {
    step = 16 + (size - 32) / 8;
  } else if (size < 512) {
    step = 28 + (size - 128) / 32;
  }
  return static_cast<unsigned>(distance < 0 ? 47 - step : 48 + step);
}

}  // namespace

// An uncompressed Windows bitmap says its shape itself.
void Predictor::look_for_picture() {
  constexpr std::uint64_t kHeaderBytes = 54;
  Registers& r = at_;
  if (r.position != kHeaderBytes || in_picture()) return;
  const auto number = [this](std::uint64_t at, unsigned bytes) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < bytes; ++i) value |= std::uint32_t{history_at(at + i)} << 8 * i;
    return value;
  };
  const std::uint32_t width = number(18, 4), depth = number(28, 2);
  if (number(0, 2) != 0x4d42 || number(14, 4) < 40 || number(30, 4) != 0 || width == 0 ||
      width > 65535 || (depth != 8 && depth != 24 && depth != 32))
    return;
  r.shape = {(width * depth / 8 + 3) / 4 * 4, depth / 8};
}

void Predictor::set_pixel_contexts() {
  Registers& r = at_;
  Pixel& pixel = r.pixel;
  const std::uint32_t row = r.shape.row_bytes, channels = r.shape.channels;
  const bool gray = channels == 1;
  const int w = back(channels), n = back(row), nw = back(row + channels), ne = back(row - channels),
            ww = back(2 * channels), nn = back(2 * row), nne = back(2 * row - channels);
  // Around the samples before, which are of the same pixel but for the first.
  const int p = back(1), pw = back(channels + 1), pn = back(row + 1),
            pnw = back(row + channels + 1), pne = back(row - channels + 1);
  const int q = back(2), qw = back(channels + 2), qn = back(row + 2),
            qnw = back(row + channels + 2);
  const int base = (w + n) / 2, p_base = (pw + pn) / 2, q_base = (qw + qn) / 2;
  pixel.color = static_cast<unsigned>(r.position % channels);
  const unsigned color = pixel.color;
  pixel.near = {w - base, n - base, nw - base, ne - base, ww - base, nn - base, nne - base, 0};
  if (gray) {
    pixel.near[8] = back(row - 2) - base;
    pixel.near[9] = back(row + 2) - base;
    pixel.near[10] = back(2 * row + 1) - base;
    pixel.near[11] = back(3) - base;
  } else {
    std::copy_n(std::array{p - p_base, pw - p_base, pn - p_base, pnw - p_base, q - q_base,
                           qw - q_base, qn - q_base, qnw - q_base}
                    .begin(),
                8, pixel.near.begin() + 8);
  }
  std::int64_t sum = 0;
  pixel.energy = 0;
  for (std::size_t i = 0; i < pixel.near.size(); ++i) {
    sum += std::int64_t{pixel.near[i]} * pixel.weights[color][i];
    pixel.energy += pixel.near[i] * pixel.near[i];
  }
  const int fitted = std::clamp(base * 8 + static_cast<int>(sum >> 13), 0, 255 * 8);
  const int plane = clipped(w + n - nw);
  const int by_n = clipped(gray ? 2 * n - nn : n + p - pn),
            by_w = clipped(gray ? 2 * w - ww : w + p - pw),
            by_both = clipped(gray ? n + ne - nne : base + p - p_base);
  pixel.expected = {fitted,   plane * 8,   by_n * 8,
                    by_w * 8, by_both * 8, clipped((3 * (w + n) - 2 * nw) / 4) * 8};
  const int roughness =
      std::abs(w - nw) + std::abs(n - nw) + std::abs(n - ne) + pixel.error[color] / 2;
  pixel.texture = 0;
  for (const int bound : {4, 8, 14, 22, 34, 52, 90}) pixel.texture += roughness > bound;

  std::size_t context = 0;
  const auto add = [&](int a, int b = 0, int c = 0, int d = 0) {
    const std::uint64_t all = static_cast<std::uint64_t>(a) << 36 |
                              static_cast<std::uint64_t>(b) << 24 |
                              static_cast<std::uint64_t>(c) << 12 | static_cast<std::uint64_t>(d);
    r.contexts[context] = hash_of(all, context * 4 + color + (std::uint64_t{1} << 41));
    ++context;
  };
  const int best = fitted / 8, texture = static_cast<int>(pixel.texture);
  const int ahead = clipped(n + ne - nne);
  add(best / 2);
  add(plane);
  add(fitted / 4, texture);
  add(by_n, texture / 2);
  add(by_w, texture / 2);
  add(by_both, texture);
  add(w, n / 4);
  add(w, p);
  add(n, p);
  add(best, p / 4);
  add(best, w / 4, n / 4);
  if (effort_ == Effort::normal) return;
  add(best, w);
  add(best, n);
  add(by_n, by_w);
  add(ahead);
  add(clipped(2 * n - nn));
  add(clipped(2 * w - ww));
  add(clipped(w + ne - n));
  add(clipped(w + ne - n), plane);
  add(w / 4, n / 4, nw / 4, ne / 4);
  add(p, q);
  add(p / 2, q / 2, w / 2);
  add(p / 2, q / 2, n / 2);
  add(clipped(p + (w + n - pw - pn) / 2), clipped(q + (w + n - qw - qn) / 2));
  add(fitted / 2);
  add(fitted, texture);
  add(nw, ne);
  add(ww, w);
  add(nn, n);
  add(by_both, plane);
  add(best, pixel.error[color] / 8);
  add(pne, p, n / 4);
}

// Sign of the error and size of the inputs move the weights: normalised least mean squares.
void Predictor::learn_pixel(Byte byte) {
  Pixel& pixel = at_.pixel;
  const int error = byte * 8 - pixel.expected[0];
  const int scale = (kRate << 13) / (pixel.energy + 64);
  for (std::size_t i = 0; at_.learns && i < pixel.near.size(); ++i)
    pixel.weights[pixel.color][i] +=
        static_cast<std::int32_t>(std::int64_t{pixel.near[i]} * error * scale >> 13);
  int& mean = pixel.error[pixel.color];
  mean += (std::abs(error) * 2 - mean) / 8;
}

std::size_t Predictor::predict_pixels(const Node& node, Prediction& out, std::size_t n) const {
  const Pixel& pixel = at_.pixel;
  // The least of the values with a 1.
  const int middle = static_cast<int>((node.known * 2 + 1) << (7 - node.depth) & 255) * 8;
  for (std::size_t i = 0; i < kExpected; ++i) {
    const auto row =
        (static_cast<Address>(i * kMostChannels + pixel.color) * 8 + pixel.texture) * 8 +
        static_cast<unsigned>(node.depth);
    out.pixels[i] = pixels_ + (row * kSteps + step_of(pixel.expected[i] - middle)) * 4;
    const int p = memory_.read<Adaptive>(out.pixels[i])->p();
    out.inputs[n++] = stretch(p);
    out.inputs[n++] = (p - kOne / 2) >> 5;
  }
  return n;
}

}  // namespace kraft::cm
