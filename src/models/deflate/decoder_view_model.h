// The decoder's view of DEFLATE as a Model.
#pragma once

#include <memory>

#include "codecs/deflate.h"
#include "kraft/model.h"

namespace kraft::deflate {

// The arguments are those of gzip, zlib or deflate, with view=decoder. A container plays no part.
std::shared_ptr<const Model> make_decoder_view(const Parameters& parameters,
                                               const Arguments& arguments);

}  // namespace kraft::deflate
