// The header of a GGUF file, read before llama.cpp sees it: what does not add up is an Error here,
// where llama.cpp would read past an array or end the process.
//
//     const GgufFile file = read_gguf("weights.gguf");
//     file.integer("llama.context_length");         // 2048, say
//
// The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 2 and 3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kraft/bytes.h"

namespace kraft {

// The types of values, by their numbers in a file.
enum class GgufType : std::uint32_t {
  u8,
  i8,
  u16,
  i16,
  u32,
  i32,
  f32,
  boolean,
  text,
  array,
  u64,
  i64,
  f64,
};

struct GgufArray {
  GgufType type = GgufType::u8;
  std::uint64_t count = 0;
  std::vector<std::string> texts;  // of an array of texts; other elements are not kept
};

struct GgufTensor {
  std::string name;
  std::vector<std::uint64_t> shape;  // of the innermost dimension first
  std::uint32_t type = 0;            // by ggml's numbers
  std::uint64_t begin = 0;           // of its values, in the file
  std::uint64_t bytes = 0;
};

struct GgufFile {
  // Integers and truth values have one alternative: what is negative is stored as its complement.
  struct Integer {
    std::uint64_t value = 0;
    bool negative = false;
  };
  using Value = std::variant<Integer, double, std::string, GgufArray>;

  std::map<std::string, Value, std::less<>> values;
  std::vector<GgufTensor> tensors;

  // Nothing where there is no such key. Throw Error where it is of another type, or negative.
  std::optional<std::uint64_t> integer(std::string_view key) const;
  const std::string* text(std::string_view key) const;
  const GgufArray* array(std::string_view key) const;
};

// How many values of a type of ggml's make one block, and the bytes of that. Nothing for a type
// that does not exist.
struct GgufBlock {
  std::uint64_t values = 0, bytes = 0;
};
std::optional<GgufBlock> gguf_block(std::uint32_t type);

// Reads and checks. `read` fills as much of a buffer as it likes, and at least a byte until the
// file ends. Memory grows with what is there, never with what a count says. Throws Error.
GgufFile parse_gguf(const std::function<std::size_t(std::span<Byte>)>& read,
                    std::uint64_t file_bytes);

// Throws Error that names the file.
GgufFile read_gguf(const std::string& path);

}  // namespace kraft
