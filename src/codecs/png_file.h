// Whole PNG files in memory, read and written row by row through libpng. Of the library's own
// conventions (callbacks, longjmp) nothing shows here: errors are exceptions.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kraft/bytes.h"
#include "kraft/error.h"

namespace kraft {

struct PngHeader {
  std::size_t width = 0, height = 0;
  std::size_t channels = 1;    // gray, gray and alpha, RGB, RGB and alpha
  std::size_t depth_bits = 8;  // 8 or 16; the high byte first

  std::size_t row_bytes() const { return width * channels * depth_bits / 8; }
  bool operator==(const PngHeader&) const = default;
};

class PngError : public Error {
 public:
  PngError(const std::string& what, bool is_truncated) : Error(what), truncated(is_truncated) {}
  bool truncated;
};

// One thread at a time.
class PngReader {
 public:
  // With `expand`, palettes and small depths become 8-bit channels and a transparent colour becomes
  // alpha; header() is that of the pixels as they are delivered, and chunks that say nothing about
  // their values are skipped unread. Without, such files are errors. So are rows of more bytes than
  // `most_row_bytes`, for which no memory is taken.
  PngReader(ByteView file, bool expand, std::size_t most_row_bytes);
  ~PngReader();

  const PngHeader& header() const;
  bool interlaced() const;

  void read_row(Byte* to);                     // not of interlaced files
  void read_all(Byte* to, std::size_t bytes);  // all rows at once
  ByteView finish();                           // checks the file's end; returns what follows it
  const std::vector<std::string>& warnings() const;  // of the library, each once

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The filters that a writer may choose from, row by row, by libpng's heuristic (least sum of
// absolute residuals).
enum class PngFilter { adaptive, none, sub, up, average, paeth };

// Keeps the library's memory from one file to the next. One thread at a time.
class PngWriter {
 public:
  PngWriter();
  ~PngWriter();

  // Replaces `file`; `rows` holds header.height rows. `level` is zlib's. Throws Cancelled as soon
  // as `cancelled` says so.
  void write(const PngHeader& header, ByteView rows, int level, PngFilter filter, Bytes& file,
             const std::function<bool()>& cancelled = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

std::string png_library();

}  // namespace kraft
