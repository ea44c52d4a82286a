#include "evaluate/paper_data.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "kraft/error.h"
#include "kraft/random.h"

namespace kraft {

namespace {

struct PaperRow {
  Medium medium;
  const char* name;
  Geometry geometry;
};

const PaperRow& paper_row(Medium medium) {
  static const PaperRow rows[] = {
      {Medium::text, "text", {}},
      {Medium::image,
       "images",
       {.width = static_cast<std::int64_t>(kPaperPatchWidth), .channels = 1, .depth = 8}},
      {Medium::audio, "audio", {.rate = std::int64_t{kPaperRateHz}, .channels = 1, .depth = 8}},
      {Medium::bytes, "random", {}}};
  return *std::ranges::find(rows, medium, &PaperRow::medium);
}

}  // namespace

const char* paper_name(Medium medium) { return paper_row(medium).name; }

const char* name_of(Experiment experiment) {
  switch (experiment) {
    case Experiment::table1:
      return "table1";
    case Experiment::fig2:
      return "fig2";
    case Experiment::fig3:
      return "fig3";
    case Experiment::fig4:
      return "fig4";
    case Experiment::table2:
      return "table2";
    case Experiment::league:
      return "league";
    case Experiment::views:
      return "views";
  }
  throw Error("no such experiment");
}

const char* name_of(Layout layout) { return layout == Layout::chunked ? "chunked" : "unchunked"; }

Geometry PaperData::geometry() const { return paper_row(medium).geometry; }

PaperData paper_data(Medium medium, std::string source, Bytes bytes, std::uint64_t most_bytes) {
  const std::size_t available = std::min<std::uint64_t>(bytes.size(), most_bytes);
  bytes.resize(available / kPaperChunkBytes * kPaperChunkBytes);
  if (bytes.empty())
    throw Error(std::string(paper_name(medium)) + ": " + grouped(available) +
                " bytes are not one chunk of " + grouped(kPaperChunkBytes));
  return {medium, std::move(source), std::move(bytes)};
}

void append_patches(const Image& gray, Bytes& to) {
  if (gray.channels != 1 || gray.depth_bits != 8) throw Error("patches are taken from 8-bit gray");
  for (std::size_t y = 0; y + kPaperPatchHeight <= gray.height; y += kPaperPatchHeight) {
    for (std::size_t x = 0; x + kPaperPatchWidth <= gray.width; x += kPaperPatchWidth) {
      for (std::size_t row = y; row < y + kPaperPatchHeight; ++row)
        append(to, ByteView(gray.samples).subspan(row * gray.width + x, kPaperPatchWidth));
    }
  }
}

Bytes noise_bytes(std::uint64_t seed, std::size_t size) {
  Random random(seed);
  Bytes bytes(size);
  for (Byte& byte : bytes) byte = static_cast<Byte>(random.below(256));
  return bytes;
}

std::size_t near_square_width(std::size_t bytes) {
  if (bytes == 0) return 1;
  auto root = static_cast<std::size_t>(std::sqrt(static_cast<double>(bytes)));
  while (root * root > bytes) --root;
  std::size_t height = root;
  while (bytes % height != 0) --height;
  const std::size_t width = bytes / height;
  if (width <= 4 * height) return width;
  return root * root == bytes ? root : root + 1;
}

}  // namespace kraft
