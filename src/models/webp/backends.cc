// webp: the compressor with the models of its two views.
#include "codecs/webp.h"
#include "registry/backends.h"

namespace kraft {

Backend webp_backend() { return webp::codec_row(); }

}  // namespace kraft
