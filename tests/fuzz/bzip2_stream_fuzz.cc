// The reader of bzip2's streams on any bytes: what the stock decoder decodes, it decodes to the
// same; everything else it decodes or refuses, and does not crash.
#include "models/bwt/bzip2_stream.h"

#include <cstdint>
#include <cstdlib>

#include "stock_decoder.h"

namespace kraft {
namespace {

Bytes own(ByteView stream) {
  Bytes message;
  const bwt::Bzip2Tables read = bwt::read_bzip2(stream, kMostFuzzedBytes, message);
  if (read.table_of.size() != message.size()) std::abort();
  for (const std::uint8_t table : read.table_of) {
    if (table >= read.tables.size()) std::abort();
  }
  return message;
}

}  // namespace
}  // namespace kraft

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto codec = kraft::make_codec("bzip2");
  const kraft::ByteView stream(data, size);
  kraft::expect_what_the_stock_decoder_makes(*codec, stream, [&] { return kraft::own(stream); });
  return 0;
}
