// The two views of a codec (docs/views.md): is there a decoder's, and which is meant?
//
//     kraft::has_decoder_view(kraft::find_backend("gzip"));            // true
//     auto model = kraft::make_model("gzip:9,view=decoder");
//
// The encoder's view takes the increments of what the compressor writes. The decoder's view takes
// what the decompressor makes of fair coin flips; it is fractional.
#pragma once

#include <string>
#include <string_view>

#include "kraft/registry.h"

namespace kraft {

// Whether its parameter `view` may be `decoder`.
bool has_decoder_view(const Backend& backend);

// Whether the bits of the model are the lengths of its codec's streams: not where there is no
// codec, and not in the decoder's view of one. Throws UsageError on bad syntax.
bool measures_codec(std::string_view spec);

// Which views a task looks at. Models that have but one are asked for that, unless the decoder's
// alone is wanted; `given` takes the specifications as they are.
enum class ChosenView { given, encoder, decoder, both };

std::string name_of(ChosenView view);

}  // namespace kraft
