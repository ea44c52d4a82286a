// The reader of GGUF headers: no file makes it crash, or take more memory than a few times its own
// size.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kraft/error.h"
#include "models/llama/gguf_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kraft::ByteView rest(data, size);
  const auto read = [&rest](std::span<kraft::Byte> to) {
    const std::size_t count = std::min(to.size(), rest.size());
    std::copy_n(rest.begin(), count, to.begin());
    rest = rest.subspan(count);
    return count;
  };
  try {
    const kraft::GgufFile file = kraft::parse_gguf(read, size);
    for (const kraft::GgufTensor& tensor : file.tensors) {
      if (tensor.bytes > size) __builtin_trap();
    }
  } catch (const kraft::Error&) {
  }
  return 0;
}
