// The reader of LZMA2's chunks on any bytes, with the message that the stock decoder makes of them,
// or of those before the damage: it reads what one encoder may have written, and refuses every
// other message. Everything else it reads or refuses, and does not crash.
#include <lzma.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "models/lzma/reader.h"
#include "stock_decoder.h"

namespace kraft {
namespace {

constexpr std::size_t kFirstStored = 1, kFirstCoded = 0x80, kFirstWithProperties = 0xC0,
                      kFirstWithDictionary = 0xE0;
constexpr Byte kUsualProperties = 93;  // lc=3, lp=0, pb=2

struct Decoded {
  Bytes message;
  bool whole = false;
};

Decoded decode(ByteView stream) {
  static lzma_stream lzma = LZMA_STREAM_INIT;
  lzma_options_lzma options = {};
  options.dict_size = kMostFuzzedBytes;
  const lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, nullptr}};
  if (lzma_raw_decoder(&lzma, filters) != LZMA_OK) std::abort();
  static Bytes room(kMostFuzzedBytes);
  lzma.next_in = stream.data();
  lzma.avail_in = stream.size();
  lzma.next_out = room.data();
  lzma.avail_out = room.size();
  const lzma_ret result = lzma_code(&lzma, LZMA_FINISH);
  const ByteView message = ByteView(room).first(room.size() - lzma.avail_out);
  return {Bytes(message.begin(), message.end()), result == LZMA_STREAM_END && lzma.avail_in == 0};
}

Byte properties_of(ByteView stream) {
  const bool given = stream.size() > 5 && stream[0] >= kFirstWithProperties;
  return given ? stream[5] : kUsualProperties;
}

// Whether the chunks of a whole stream keep to its properties and its dictionary.
bool from_one_encoder(ByteView stream, Byte properties) {
  for (bool first = true; stream[0] != 0; first = false) {
    const bool coded = stream[0] >= kFirstCoded, given = stream[0] >= kFirstWithProperties;
    if (!first && (stream[0] == kFirstStored || stream[0] >= kFirstWithDictionary)) return false;
    if (given && stream[5] != properties) return false;
    const std::size_t size_at = coded ? 3 : 1, header = coded ? (given ? 6 : 5) : 3;
    stream = stream.subspan(header + (stream[size_at] << 8 | stream[size_at + 1]) + 1);
  }
  return true;
}

// The encoder ends each chunk with its interval's lower end, on which the reader insists.
bool is_about_the_end_of_a_chunk(const Error& error) {
  return std::string_view(error.what()).ends_with("does not end with its interval's lower end");
}

lzma::Reader reader_of(Byte properties) {
  return {properties % 9u, properties / 9u % 5, properties / 45u};
}

void check_read(const lzma::Reader& reader, ByteView stream) {
  if (reader.stored_bytes() > reader.position_bytes()) std::abort();
  if (!(reader.bits() >= 0 && reader.bits() <= 8.0 * static_cast<double>(stream.size())))
    std::abort();
  for (const std::uint16_t probability : reader.probabilities()) {
    if (probability < 31 || probability > 2048 - 31) std::abort();
  }
}

// Of a message that differs in one byte.
void check_that_it_refuses(Byte properties, ByteView stream, Bytes message, std::size_t read) {
  message[stream.size() % read] ^= 1;
  lzma::Reader reader = reader_of(properties);
  try {
    reader.read(stream, {.begin = 0, .context = message});
  } catch (const Error&) {
    return;
  }
  std::abort();
}

void run(ByteView stream) {
  const Decoded decoded = decode(stream);
  const Byte properties = properties_of(stream);
  if (properties >= 5 * 45 || properties % 9 + properties / 9 % 5 > 4) return;
  const ByteView message = decoded.message;
  const std::size_t split = message.size() / 2;
  lzma::Reader reader = reader_of(properties);
  try {
    reader.read(stream, {0, message.first(split), message.subspan(split)});
  } catch (const Error& error) {
    if (decoded.whole && from_one_encoder(stream, properties) &&
        !is_about_the_end_of_a_chunk(error))
      std::abort();
    return;
  }
  const std::size_t read = reader.position_bytes();
  if (decoded.whole ? read != message.size() : read > message.size()) std::abort();
  check_read(reader, stream);
  if (read > 0) check_that_it_refuses(properties, stream, decoded.message, read);
}

}  // namespace
}  // namespace kraft

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kraft::run(kraft::ByteView(data, size));
  return 0;
}
