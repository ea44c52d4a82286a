// Media as experiments see them: one channel of 8 bits.
#pragma once

#include "kraft/media.h"

namespace kraft {

// Without colours, and of 16 bits the upper ones.
Image gray_8_bit(const Image& image);

// The first channel, which stands for all.
Audio first_channel(Audio audio);

}  // namespace kraft
