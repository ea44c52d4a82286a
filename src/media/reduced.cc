#include "media/reduced.h"

namespace kraft {

Image gray_8_bit(const Image& image) {
  Image gray = to_gray(image);
  if (gray.depth_bits == 8) return gray;
  Bytes high;
  for (std::size_t at = 0; at < gray.samples.size(); at += 2) high.push_back(gray.samples[at]);
  gray.samples = std::move(high);
  gray.depth_bits = 8;
  return gray;
}

Audio first_channel(Audio audio) {
  if (audio.channels == 1) return audio;
  const std::size_t frame_bytes = audio.channels;
  Bytes first;
  for (std::size_t at = 0; at < audio.samples.size(); at += frame_bytes)
    first.push_back(audio.samples[at]);
  audio.samples = std::move(first);
  audio.channels = 1;
  return audio;
}

}  // namespace kraft
