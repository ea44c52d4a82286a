// Ogg: pages, each with its length and a checksum.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "kraft/error.h"
#include "media/containers.h"
#include "media/file_reader.h"

namespace kraft {
namespace {

constexpr std::size_t kChecksumAt = 22;

// The checksum of RFC 3533: 0x04c11db7, highest bit first, its own place taken as zeros.
std::uint32_t page_checksum(ByteView page) {
  static const std::array<std::uint32_t, 256> table = [] {
    std::array<std::uint32_t, 256> entries{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t value = i << 24;
      for (int bit = 0; bit < 8; ++bit) value = value << 1 ^ (value >> 31 ? 0x04c11db7 : 0);
      entries[i] = value;
    }
    return entries;
  }();
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < page.size(); ++i) {
    const Byte byte = i >= kChecksumAt && i < kChecksumAt + 4 ? Byte{0} : page[i];
    sum = sum << 8 ^ table[sum >> 24 ^ byte];
  }
  return sum;
}

}  // namespace

void check_ogg(ByteView file, std::vector<std::string>& warnings) {
  FileReader in("audio", file);
  bool ended = false;
  while (in.left() > 0) {
    const std::size_t begin = in.at();
    if (in.left() < 4 || as_text(file.subspan(begin, 4)) != "OggS") {
      warnings.push_back("audio: the last " + grouped(in.left()) +
                         " bytes belong to no page of Ogg");
      break;
    }
    in.skip(5);
    ended = (in.u8() & 4) != 0;
    in.skip(16);
    const std::uint32_t checksum = in.u32();
    std::size_t bytes = 0;
    for (const Byte segment : in.take(in.u8())) bytes += segment;
    in.skip(bytes);
    if (page_checksum(file.subspan(begin, in.at() - begin)) != checksum)
      throw Error("audio: the file is damaged: the checksum of the page of Ogg at byte " +
                  grouped(begin) + " is wrong");
  }
  if (!ended) warnings.emplace_back("audio: the stream has no end: it may be cut short");
}

}  // namespace kraft
