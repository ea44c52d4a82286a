#include "evaluate/window.h"

#include <algorithm>

#include "base/text.h"
#include "kraft/error.h"
#include "kraft/random.h"

namespace kraft {
namespace {

constexpr std::uint64_t kWindowStream = std::uint64_t{1} << 62;  // of the seed, samples' are below
constexpr std::uint64_t kLeastRateBytes = 16;  // of context, for the curve of rates

}  // namespace

std::vector<Window> windows_of_bytes(ByteView input, const std::string& name, std::uint64_t seed,
                                     std::size_t count, std::size_t context_bytes,
                                     std::size_t truth_bytes) {
  const std::size_t size = context_bytes + truth_bytes;
  if (input.size() / 2 < size)
    throw Error(printable(name) + ": " + grouped(input.size()) +
                " bytes are too few for windows of " + grouped(size) +
                ": expected twice as many at least");
  const std::size_t places = input.size() - size + 1;
  std::vector<Window> windows;
  Random random(seed, kWindowStream);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t from = places * i / count;
    const std::size_t room = std::max<std::size_t>(1, places * (i + 1) / count - from);
    const std::size_t begin = from + random.below(room);
    const auto at = input.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto middle = at + static_cast<std::ptrdiff_t>(context_bytes);
    windows.push_back({begin, Bytes(at, middle),
                       Bytes(middle, middle + static_cast<std::ptrdiff_t>(truth_bytes))});
  }
  return windows;
}

std::vector<Window> windows_of_image(const Image& image, const std::string& name,
                                     std::uint64_t seed, std::size_t count, std::size_t width,
                                     std::size_t height, std::size_t truth_rows) {
  if (image.width < width || image.height < height)
    throw Error(printable(name) + ": " + std::to_string(image.width) + " x " +
                std::to_string(image.height) + " pixels are too few for patches of " +
                std::to_string(width) + " x " + std::to_string(height));
  std::vector<Window> windows;
  Random random(seed, kWindowStream);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t x = random.below(image.width - width + 1);
    const std::size_t y = random.below(image.height - height + 1);
    const Image patch = cropped(image, {x, y, width, height});
    const auto middle =
        patch.samples.begin() + static_cast<std::ptrdiff_t>((height - truth_rows) * width);
    windows.push_back({y * image.width + x, Bytes(patch.samples.begin(), middle),
                       Bytes(middle, patch.samples.end())});
  }
  return windows;
}

Bytes held_out(const ComparedInput& input, const Window& window) {
  const ByteView all(input.bytes);
  const std::size_t end = window.begin + window.context.size() + window.truth.size();
  const ByteView after = all.subspan(std::min(end, all.size()));
  const ByteView before = all.first(std::min<std::size_t>(window.begin, all.size()));
  Bytes rest(after.begin(), after.end());
  append(rest, before);
  return rest;
}

std::vector<std::uint64_t> rate_contexts(std::uint64_t context_bytes, std::uint64_t row_bytes) {
  std::vector<std::uint64_t> sizes;
  for (std::uint64_t bytes = context_bytes; bytes >= kLeastRateBytes; bytes /= 4) {
    const std::uint64_t whole = bytes / row_bytes * row_bytes;
    if (whole > 0 && (sizes.empty() || whole < sizes.back())) sizes.push_back(whole);
  }
  std::ranges::reverse(sizes);
  return sizes;
}

}  // namespace kraft
