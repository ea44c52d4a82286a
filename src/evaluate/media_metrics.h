// How near a drawn picture or sound comes to the real one. docs/compare.md defines every figure.
#pragma once

#include <cstddef>
#include <optional>

#include "kraft/media.h"

namespace kraft {

// Root of the mean squared difference of 8-bit samples; both views have the same size, not 0.
double root_mean_square_error(ByteView a, ByteView b);

// Mean structural similarity over the rows from `first_row` on of two gray 8-bit images of the same
// size: windows of 11 x 11 pixels with Gaussian weights of standard deviation 1.5 around each pixel
// (Wang, Bovik, Sheikh and Simoncelli, "Image Quality Assessment", IEEE Transactions on Image
// Processing 13(4), 2004). Windows that reach beyond the edge are cut there. O(121 pixels).
double structural_similarity(const Image& a, const Image& b, std::size_t first_row);

// Earth mover's distance, in gray levels, between the histograms of the magnitudes of the gradient
// (differences to the pixel on the left and to the one above) over those rows: whether there are as
// many edges, and as sharp ones, wherever they lie.
double gradient_distance(const Image& a, const Image& b, std::size_t first_row);

// Signal-to-noise ratio in dB of `drawn` against `truth`, each of the same shape and not empty;
// infinity when they agree; nothing where the truth is silence.
std::optional<double> signal_to_noise_db(const Audio& truth, const Audio& drawn);

// Log-spectral distance in dB: the root of the mean squared difference of the levels of all
// frequencies, averaged over windows of 32 ms that overlap by three quarters (Gray and Markel,
// "Distance Measures for Speech Processing", IEEE Transactions on Acoustics, Speech, and Signal
// Processing 24(5), 1976). Levels below -90 dB count as that.
double log_spectral_distance_db(const Audio& truth, const Audio& drawn);

}  // namespace kraft
