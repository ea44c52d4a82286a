// What reads .kraft files and coded streams gives an Error or what was written, whatever it is
// given; and what was written is read back. The first byte chooses between five tests, the second
// the model, the rest is the file, the stream or the original.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "base/wire.h"
#include "kraft/coder.h"
#include "kraft/container.h"
#include "kraft/error.h"
#include "kraft/registry.h"

namespace {

using kraft::Byte;
using kraft::Bytes;
using kraft::ByteView;

constexpr std::size_t kMostBytes = 600;  // more only takes longer

const std::shared_ptr<const kraft::Model>& model_of_byte(Byte byte) {
  static const std::array models = {kraft::make_model("ngram:1"), kraft::make_model("uniform"),
                                    kraft::make_model("ngram:3"),
                                    kraft::make_model("png,width=3,channels=1,filter=sub")};
  return models[byte % models.size()];
}

kraft::Reader reader_of(ByteView& bytes) {
  return [&bytes](std::span<Byte> to) {
    const std::size_t count = std::min({to.size(), bytes.size(), std::size_t{7}});
    std::copy_n(bytes.begin(), count, to.begin());
    bytes = bytes.subspan(count);
    return count;
  };
}

void check_file(Byte choice, ByteView file) {
  try {
    ByteView rest = file;
    const kraft::ContainerInfo info = kraft::inspect(reader_of(rest));
    if (info.file_bytes != file.size()) std::abort();
  } catch (const kraft::Error&) {
  }
  try {
    std::uint64_t size_bytes = 0;
    ByteView rest = file;
    kraft::decompress(reader_of(rest), [&](ByteView bytes) { size_bytes += bytes.size(); },
                      {.model = model_of_byte(choice), .threads = 1, .limit_bytes = kMostBytes});
    if (size_bytes > kMostBytes || !rest.empty()) std::abort();
  } catch (const kraft::Error&) {
  }
}

// Puts the header's checksum right, so that what it says is believed.
void check_header(Byte choice, ByteView file) {
  constexpr std::size_t kLengthAt = 9;
  try {
    kraft::Pieces pieces(file);
    pieces.bytes(kLengthAt);
    pieces.bytes(pieces.varint());
    const std::size_t end = file.size() - pieces.rest().size();
    pieces.u64();
    Bytes corrected(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(end));
    kraft::put_u64(corrected, kraft::checksum(corrected));
    kraft::append(corrected, pieces.rest());
    check_file(choice, corrected);
  } catch (const kraft::Error&) {
  }
}

void check_there_and_back(Byte choice, ByteView original) {
  original = original.first(std::min(original.size(), kMostBytes));
  const auto& model = model_of_byte(choice);
  const auto layout = kraft::raw_layout(original).value_or(kraft::RawLayout{});
  if (layout.head_bytes > original.size()) std::abort();
  const std::uint64_t block_bytes = std::uint64_t{1} + choice;
  if (layout.row_bytes > block_bytes) return;
  const Bytes file = kraft::compress(*model, original,
                                     {.block_bytes = block_bytes, .threads = 1, .layout = layout});
  const Bytes back = kraft::decompress(file, {.model = model, .threads = 1});
  if (!std::ranges::equal(back, original)) std::abort();
}

// A stream that is accepted is the one that is written.
void check_stream(Byte choice, ByteView stream) {
  const auto codec = kraft::codec_of(model_of_byte(choice));
  try {
    const Bytes message = codec->decode(stream, kMostBytes);
    if (!std::ranges::equal(codec->encode(message), stream)) std::abort();
  } catch (const kraft::Error&) {
  }
}

// The same without a checksum in between: each byte of the first half is a code length.
void check_coder(Byte choice, ByteView bytes) {
  std::vector<double> bits;
  for (const Byte& byte : bytes.first(bytes.size() / 2))
    bits.push_back(static_cast<double>(byte) * (choice % 16 + 1) / 16);
  const ByteView stream = bytes.subspan(bytes.size() / 2);
  kraft::IntegerDistribution distribution;
  try {
    distribution.assign(bits);
    kraft::RangeDecoder decoder(stream);
    kraft::RangeEncoder encoder;
    for (Byte count = choice; count > 0; --count)
      encoder.encode(distribution, decoder.decode(distribution));
    decoder.finish();
    if (!std::ranges::equal(encoder.finish(), stream)) std::abort();
  } catch (const kraft::Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const ByteView rest(data + 2, size - 2);
  constexpr std::array kTests = {check_file, check_header, check_there_and_back, check_stream,
                                 check_coder};
  kTests[data[0] % kTests.size()](data[1], rest);
  return 0;
}
