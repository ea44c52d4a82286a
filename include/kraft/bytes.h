// Bytes: what every codec, model and sampler in kraft reads and writes.
//
//     kraft::ByteView text = kraft::as_bytes("Call me Ishmael.");
//     kraft::Bytes copy(text.begin(), text.end());
//     std::string back(kraft::as_text(copy));
//
// A ByteView does not own what it shows; the caller keeps it alive for the length of the call.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace kraft {

using Byte = std::uint8_t;
using Bytes = std::vector<Byte>;
using ByteView = std::span<const Byte>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const Byte*>(text.data()), text.size()};
}

inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline void append(Bytes& to, ByteView bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

}  // namespace kraft
