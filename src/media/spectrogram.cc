#include "media/spectrogram.h"

#include <kiss_fftr.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <memory>
#include <new>
#include <numbers>

#include "media/panel.h"
#include "media/readers.h"

namespace kraft {
namespace {

constexpr double kWindowSeconds = 0.032;
constexpr float kFloorDb = -90;
constexpr double kStepDb = 2;  // between colours: finer ones only make the file larger

constexpr std::size_t kPlotWidth = 900;
constexpr std::size_t kPlotHeight = 192;
constexpr std::size_t kLeft = 120;  // room for the labels of the frequency axis
constexpr std::size_t kRight = 60;  // and for half of the last label of the time axis
constexpr std::size_t kBelow = 68;  // ticks, their labels, and the axis's name
constexpr std::size_t kTick = 6;
constexpr std::size_t kPanelWidth = kLeft + kPlotWidth + kRight;
constexpr std::size_t kClipHeight = kLineHeight + kPlotHeight + kBelow;

// Black, violet, orange, yellow, white, evenly spaced: dark is quiet.
Colour heat(double share) {
  static constexpr double kStops[5][3] = {
      {0, 0, 8}, {90, 20, 110}, {215, 70, 60}, {250, 170, 30}, {255, 255, 225}};
  const double at = std::clamp(share, 0.0, 1.0) * 4;
  const auto stop = std::min<std::size_t>(3, static_cast<std::size_t>(at));
  Colour colour{};
  for (std::size_t i = 0; i < 3; ++i) {
    const double value = kStops[stop][i] +
                         (at - static_cast<double>(stop)) * (kStops[stop + 1][i] - kStops[stop][i]);
    colour[i] = static_cast<Byte>(value);
  }
  return colour;
}

std::vector<float> mono(const Audio& audio) {
  const std::vector<float> all = to_floats(audio);
  std::vector<float> mean(audio.frames());
  for (std::size_t i = 0; i < mean.size(); ++i) {
    for (std::size_t c = 0; c < audio.channels; ++c) mean[i] += all[i * audio.channels + c];
    mean[i] /= static_cast<float>(audio.channels);
  }
  return mean;
}

double duration_seconds(const Audio& audio) {
  return static_cast<double>(audio.frames()) / audio.rate_hz;
}

// 1, 2 or 5 times a power of ten, for about `wanted` ticks.
double tick_step(double range, double wanted) {
  const double magnitude = std::pow(10, std::floor(std::log10(range / wanted)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (range / (magnitude * factor) <= wanted) return magnitude * factor;
  }
  return 10 * magnitude;
}

// In decimals, as many as the step has: "0.2", not "2e-01".
std::string tick_label(double value, double step) {
  const double decimals = std::clamp(std::ceil(-std::log10(step) - 1e-9), 0.0, 9.0);
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", static_cast<int>(decimals), value);
  return text;
}

Unit frequency_unit(double hz) { return hz < 1000 ? Unit{"Hz", 1} : Unit{"kHz", 1000}; }

struct Axes {
  std::size_t x, y;  // the plot's upper left corner
  double seconds, top_hz;
};

void draw_frequency_axis(Canvas& canvas, const Axes& axes) {
  const Unit unit = frequency_unit(axes.top_hz);
  for (const Tick& tick : ticks(axes.top_hz, unit.size, 5)) {
    const auto up = static_cast<std::size_t>(tick.share * (kPlotHeight - 1));
    const std::size_t y = axes.y + kPlotHeight - 1 - up;
    canvas.fill(axes.x - kTick, y, kTick, 1, kBlack);
    const std::size_t width = std::min(text_width(tick.label), axes.x - 2 * kTick);
    canvas.write(tick.label, axes.x - 2 * kTick - width, y - std::min(y, kLineHeight / 3));
  }
  canvas.write(unit.name, 4, axes.y + kPlotHeight / 2 - kLineHeight / 2);
}

void draw_time_axis(Canvas& canvas, const Axes& axes) {
  const Unit unit = time_unit(axes.seconds);
  const std::size_t y = axes.y + kPlotHeight;
  for (const Tick& tick : ticks(axes.seconds, unit.size, 8)) {
    const std::size_t x = axes.x + static_cast<std::size_t>(tick.share * (kPlotWidth - 1));
    canvas.fill(x, y, 1, kTick, kBlack);
    canvas.write(tick.label, x - text_width(tick.label) / 2, y + kTick + 4);
  }
  const std::string name = unit.name;
  canvas.write(name, axes.x + (kPlotWidth - text_width(name)) / 2, y + kTick + 4 + kLineHeight);
}

void draw_clip(Canvas& canvas, const Clip& clip, const Axes& axes) {
  canvas.fill(axes.x, axes.y, kPlotWidth, kPlotHeight, {225, 225, 225});  // where there is no sound
  const double share = duration_seconds(clip.audio) / axes.seconds;
  const auto width = std::min<std::size_t>(
      kPlotWidth, static_cast<std::size_t>(std::lround(share * static_cast<double>(kPlotWidth))));
  if (width == 0) return;
  const Spectrogram s = spectrogram(clip.audio, width);
  for (std::size_t x = 0; x < width; ++x) {
    const std::size_t frame = x * s.frames / width;
    for (std::size_t y = 0; y < kPlotHeight; ++y) {
      const double clip_hz = clip.audio.rate_hz / 2.0;
      const double hz = static_cast<double>(kPlotHeight - 1 - y) / (kPlotHeight - 1) * axes.top_hz;
      if (hz > clip_hz) continue;
      const auto bin = static_cast<std::size_t>(hz / clip_hz * static_cast<double>(s.bins - 1));
      const double level = kStepDb * std::round(s.power_db[frame * s.bins + bin] / kStepDb);
      canvas.set(axes.x + x, axes.y + y, heat(1 - level / kFloorDb));
    }
  }
  if (clip.mark_seconds < 0) return;
  const auto mark = static_cast<std::size_t>(clip.mark_seconds / axes.seconds * (kPlotWidth - 1));
  canvas.fill(axes.x + mark, axes.y, 2, kPlotHeight, {0, 255, 255});
}

}  // namespace

Unit time_unit(double seconds) {
  return seconds < 0.1 ? Unit{"time in ms", 1e-3} : Unit{"time in seconds", 1};
}

std::vector<Tick> ticks(double range, double unit, double wanted) {
  const double most = range / unit, step = tick_step(most, wanted);
  std::vector<Tick> result;
  for (int i = 0; i * step <= most * 1.0001; ++i)
    result.push_back({std::min(1.0, i * step / most), tick_label(i * step, step)});
  return result;
}

Spectrogram spectrogram(const Audio& audio, std::size_t frames_wanted) {
  const std::vector<float> sound = mono(audio);
  const auto wanted = static_cast<std::size_t>(audio.rate_hz * kWindowSeconds);
  const std::size_t window = std::max<std::size_t>(64, std::bit_floor(wanted + 1));
  Spectrogram result;
  result.bins = window / 2 + 1;
  result.hop = std::max<std::size_t>(1, sound.size() / std::max<std::size_t>(1, frames_wanted));
  result.frames = std::max<std::size_t>(1, (sound.size() + result.hop - 1) / result.hop);

  const std::unique_ptr<kiss_fftr_state, decltype(&kiss_fftr_free)> fft(
      kiss_fftr_alloc(static_cast<int>(window), 0, nullptr, nullptr), &kiss_fftr_free);
  if (!fft) throw std::bad_alloc();
  std::vector<float> piece(window);
  std::vector<kiss_fft_cpx> spectrum(result.bins);
  for (std::size_t frame = 0; frame < result.frames; ++frame) {
    for (std::size_t i = 0; i < window; ++i) {
      const std::size_t at = frame * result.hop + i;
      const double hann = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(i) /
                                               static_cast<double>(window));
      const bool inside = at >= window / 2 && at - window / 2 < sound.size();
      piece[i] = inside ? sound[at - window / 2] * static_cast<float>(hann) : 0.0F;
    }
    kiss_fftr(fft.get(), piece.data(), spectrum.data());
    for (const kiss_fft_cpx& c : spectrum) {
      // A sine of amplitude 1 has a peak of window / 4 under the Hann window.
      const float amplitude = std::hypot(c.r, c.i) * 4 / static_cast<float>(window);
      result.power_db.push_back(std::max(kFloorDb, 20 * std::log10(amplitude + 1e-9F)));
    }
  }
  return result;
}

Image spectrogram_picture(const Audio& audio, std::size_t width, std::size_t height) {
  Canvas canvas(width, height);
  const Spectrogram s = spectrogram(audio, width);
  for (std::size_t x = 0; x < width; ++x) {
    const std::size_t frame = x * s.frames / width;
    for (std::size_t y = 0; y < height; ++y) {
      const std::size_t bin = (height - 1 - y) * s.bins / height;
      const double level = kStepDb * std::round(s.power_db[frame * s.bins + bin] / kStepDb);
      canvas.set(x, y, heat(1 - level / kFloorDb));
    }
  }
  return canvas.image();
}

Image spectrogram_panel(const std::vector<Clip>& clips) {
  Axes axes{kLeft, 0, 0, 1};
  for (const Clip& clip : clips) {
    axes.seconds = std::max(axes.seconds, duration_seconds(clip.audio));
    axes.top_hz = std::max(axes.top_hz, clip.audio.rate_hz / 2.0);
  }
  if (axes.seconds == 0) axes.seconds = 1;  // nothing but silence of no length
  Canvas canvas(kPanelWidth, clips.size() * kClipHeight);
  for (std::size_t i = 0; i < clips.size(); ++i) {
    axes.y = i * kClipHeight + kLineHeight;
    canvas.write(broken(clips[i].label, kPlotWidth)[0], axes.x, axes.y - kLineHeight + 2);
    draw_clip(canvas, clips[i], axes);
    draw_frequency_axis(canvas, axes);
    draw_time_axis(canvas, axes);
  }
  return canvas.image();
}

void expect_clips_fit(std::size_t clips) {
  check_size("panel", kPanelWidth, clips * kClipHeight, 3, 8);
}

}  // namespace kraft
