// Spectrograms: how strong each frequency is at each time.
#pragma once

#include <string>
#include <vector>

#include "kraft/media.h"

namespace kraft {

// Power in dB below the strongest possible sine, of one channel's average over all channels:
// power_db[frame * bins + bin], bin k at k * rate / (2 * (bins - 1)) Hz. Frames are windows of
// 2 * (bins - 1) samples under a Hann window, `hop` samples apart; a window that reaches beyond
// the sound sees silence there.
struct Spectrogram {
  std::size_t bins = 0;
  std::size_t frames = 0;
  std::size_t hop = 0;
  std::vector<float> power_db;
};
Spectrogram spectrogram(const Audio& audio, std::size_t frames_wanted);

// The same as a picture without axes: time to the right, frequency upwards, dark is quiet.
Image spectrogram_picture(const Audio& audio, std::size_t width, std::size_t height);

// What an axis counts in, so that its labels are short: short clips in milliseconds.
struct Unit {
  const char* name;  // of the axis
  double size;
};
Unit time_unit(double seconds);

// About `wanted` round numbers from 0 to the range, and where on the axis they stand (0..1).
struct Tick {
  double share = 0;
  std::string label;
};
std::vector<Tick> ticks(double range, double unit, double wanted);

struct Clip {
  std::string label;
  Audio audio;
  double mark_seconds = -1;  // where a line is drawn: what comes after it was drawn by a model
};

// One spectrogram below the other, time and frequency on labelled axes, all to the same scales.
Image spectrogram_panel(const std::vector<Clip>& clips);

// Throws Error when the panel of so many clips would be larger than an image may be.
void expect_clips_fit(std::size_t clips);

}  // namespace kraft
