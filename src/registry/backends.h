// The table of backends. A new backend is a file that defines NAME_backend() and NAME's line here.
#pragma once

#include "kraft/registry.h"

// clang-format off
#define KRAFT_BACKENDS(row) \
  row(gzip)                 \
  row(zlib)                 \
  row(deflate)              \
  row(zstd)                 \
  row(xz)                   \
  row(lzma)                 \
  row(bzip2)                \
  row(bzip3)                \
  row(brotli)               \
  row(lz4)                  \
  row(png)                  \
  row(jpegls)               \
  row(webp)                 \
  row(jxl)                  \
  row(flac)                 \
  row(wavpack)              \
  row(cmd)                  \
  row(llama)                \
  row(bytelm)               \
  row(ngram)                \
  row(ppmd)                 \
  row(lz78)                 \
  row(cm)                   \
  row(uniform)              \
  row(filtered)             \
  row(product)              \
  row(mix)                  \
  row(blend)
// clang-format on

namespace kraft {

#define KRAFT_DECLARE_BACKEND(name) Backend name##_backend();
KRAFT_BACKENDS(KRAFT_DECLARE_BACKEND)
#undef KRAFT_DECLARE_BACKEND

}  // namespace kraft
