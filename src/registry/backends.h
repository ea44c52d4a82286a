// One function for each backend's row of the registry. A new backend is a file that defines such a
// function, its line here, and its line in the table of src/registry.cc.
#pragma once

#include "kraft/registry.h"

namespace kraft {

Backend gzip_backend();     // src/codecs/deflate.cc
Backend zlib_backend();     // src/codecs/deflate.cc
Backend deflate_backend();  // src/codecs/deflate.cc
Backend zstd_backend();
Backend xz_backend();    // src/codecs/xz.cc
Backend lzma_backend();  // src/codecs/xz.cc
Backend bzip2_backend();
Backend brotli_backend();
Backend lz4_backend();
Backend png_backend();
Backend webp_backend();
Backend jxl_backend();
Backend flac_backend();
Backend cmd_backend();
Backend filtered_backend();  // src/models/filtered.cc
Backend uniform_backend();   // src/models/uniform.cc
Backend ngram_backend();     // src/models/ngram.cc
Backend llama_backend();     // src/models/llama.cc
Backend product_backend();   // src/models/pool.cc
Backend mix_backend();       // src/models/pool.cc

}  // namespace kraft
