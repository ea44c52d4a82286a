#include "models/llama/gguf_file.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <unordered_set>

#include "base/files.h"
#include "base/text.h"
#include "kraft/error.h"

namespace kraft {
namespace {

constexpr std::string_view kMagic = "GGUF";
constexpr std::uint64_t kMostKeyBytes = 65535;
constexpr std::uint64_t kMostTensorNameBytes = 63;
constexpr std::uint32_t kMostDimensions = 4;
constexpr std::uint64_t kDefaultAlignment = 32;
constexpr std::uint64_t kLeastKeyedBytes = 8 + 4 + 1;       // a key, a type and a value
constexpr std::uint64_t kLeastTensorBytes = 8 + 4 + 4 + 8;  // a name, a shape, a type, a place

// Counts and positions as text.
std::string text_of(std::uint64_t number) { return grouped(number); }

std::string shown(std::string_view name) {
  constexpr std::size_t kShownBytes = 80;
  return "'" + printable(name.substr(0, kShownBytes)) + (name.size() > kShownBytes ? "...'" : "'");
}

std::uint64_t bytes_of(GgufType type) {
  switch (type) {
    case GgufType::u8:
    case GgufType::i8:
    case GgufType::boolean:
      return 1;
    case GgufType::u16:
    case GgufType::i16:
      return 2;
    case GgufType::u32:
    case GgufType::i32:
    case GgufType::f32:
      return 4;
    case GgufType::u64:
    case GgufType::i64:
    case GgufType::f64:
    case GgufType::text:  // its length at least
    case GgufType::array:
      return 8;
  }
  return 8;
}

class Parser {
 public:
  Parser(const std::function<std::size_t(std::span<Byte>)>& read, std::uint64_t file_bytes)
      : read_(read), file_bytes_(file_bytes), buffer_(64 << 10) {}

  GgufFile parse() {
    for (const char expected : kMagic) {
      if (position_ == file_bytes_ || byte() != static_cast<Byte>(expected))
        throw Error("it is not a GGUF file");
    }
    const std::uint32_t version = u32();
    if (version != 2 && version != 3)
      throw Error("its version is " + std::to_string(version) + ", expected 2 or 3");
    const std::uint64_t tensors = count("tensors", kLeastTensorBytes);
    const std::uint64_t keys = count("keys", kLeastKeyedBytes);
    for (std::uint64_t i = 0; i < keys; ++i) add_value();
    for (std::uint64_t i = 0; i < tensors; ++i) add_tensor();
    place_tensors();
    return std::move(file_);
  }

 private:
  std::uint64_t left() const { return file_bytes_ - position_; }

  void need(std::uint64_t bytes) const {
    if (bytes > left()) throw Error("it is truncated: it ends at byte " + text_of(file_bytes_));
  }

  Byte byte() {
    need(1);
    if (begin_ == end_) {
      begin_ = 0;
      end_ = read_(buffer_);
      if (end_ == 0) throw Error("it is truncated: it ends at byte " + text_of(position_));
    }
    ++position_;
    return buffer_[begin_++];
  }

  std::uint64_t number(std::uint64_t bytes) {
    std::uint64_t value = 0;
    for (std::uint64_t i = 0; i < bytes; ++i) value |= std::uint64_t{byte()} << 8 * i;
    return value;
  }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }

  // How many of something follow that takes so many bytes each, at least.
  std::uint64_t count(const char* what, std::uint64_t least_bytes) {
    const std::uint64_t value = u64();
    if (value > left() / least_bytes)
      throw Error("it has no room for its " + text_of(value) + " " + what);
    return value;
  }

  std::string text(std::uint64_t most_bytes) {
    const std::uint64_t size = u64();
    need(size);
    if (size > most_bytes) throw Error("it has a name of " + text_of(size) + " bytes");
    std::string text;
    for (std::uint64_t i = 0; i < size; ++i) text.push_back(static_cast<char>(byte()));
    return text;
  }

  GgufType type(const std::string& key) {
    const std::uint32_t number = u32();
    if (number > static_cast<std::uint32_t>(GgufType::f64))
      throw Error("the value of " + shown(key) + " is of the unknown type " +
                  std::to_string(number));
    return static_cast<GgufType>(number);
  }

  void add_value() {
    std::string key = text(kMostKeyBytes);
    const GgufType what = type(key);
    GgufFile::Value value = what == GgufType::array ? array(key) : scalar(what, key);
    if (key.empty() || !file_.values.emplace(key, std::move(value)).second)
      throw Error("it has the key " + shown(key) + (key.empty() ? "" : " twice"));
  }

  GgufFile::Value scalar(GgufType what, const std::string& key) {
    const std::uint64_t bytes = bytes_of(what);
    switch (what) {
      case GgufType::text:
        return text(std::numeric_limits<std::uint64_t>::max());
      case GgufType::f32:
        return double{std::bit_cast<float>(u32())};
      case GgufType::f64:
        return std::bit_cast<double>(u64());
      case GgufType::boolean: {
        const Byte truth = byte();
        if (truth > 1)
          throw Error("the value of " + shown(key) +
                      " is neither true nor false: " + std::to_string(truth));
        return GgufFile::Integer{truth, false};
      }
      case GgufType::i8:
      case GgufType::i16:
      case GgufType::i32:
      case GgufType::i64: {
        const std::uint64_t value = number(bytes);
        const bool negative = (value >> (8 * bytes - 1) & 1) != 0;
        return GgufFile::Integer{value, negative};
      }
      default:
        return GgufFile::Integer{number(bytes), false};
    }
  }

  GgufFile::Value array(const std::string& key) {
    GgufArray array;
    array.type = type(key);
    if (array.type == GgufType::array) throw Error(shown(key) + " is an array of arrays");
    array.count = u64();
    if (array.count > left() / bytes_of(array.type))
      throw Error("it has no room for the " + text_of(array.count) + " elements of " + shown(key));
    if (array.type == GgufType::text) {
      for (std::uint64_t i = 0; i < array.count; ++i)
        array.texts.push_back(text(std::numeric_limits<std::uint64_t>::max()));
    } else {
      for (std::uint64_t i = 0; i < array.count * bytes_of(array.type); ++i) {
        if (byte() > 1 && array.type == GgufType::boolean)
          throw Error("an element of " + shown(key) + " is neither true nor false");
      }
    }
    return array;
  }

  void add_tensor() {
    GgufTensor tensor;
    tensor.name = text(kMostTensorNameBytes);
    if (!names_.insert(tensor.name).second)
      throw Error("it has the tensor " + shown(tensor.name) + " twice");
    const std::uint32_t dimensions = u32();
    if (dimensions > kMostDimensions)
      throw Error("the tensor " + shown(tensor.name) + " has " + std::to_string(dimensions) +
                  " dimensions, expected at most " + std::to_string(kMostDimensions));
    std::uint64_t values = 1;
    for (std::uint32_t i = 0; i < dimensions; ++i) {
      const std::uint64_t size = u64();
      constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
      if (size == 0 || size > kMost / values)
        throw Error("the tensor " + shown(tensor.name) + " is of impossible size");
      values *= size;
      tensor.shape.push_back(size);
    }
    tensor.type = u32();
    const auto block = gguf_block(tensor.type);
    if (!block)
      throw Error("the tensor " + shown(tensor.name) + " is of the unknown type " +
                  std::to_string(tensor.type));
    const std::uint64_t row = tensor.shape.empty() ? 1 : tensor.shape[0];
    if (row % block->values != 0)
      throw Error("the tensor " + shown(tensor.name) + " has rows of " + text_of(row) +
                  ", no multiple of " + text_of(block->values));
    if (values / block->values > std::numeric_limits<std::int64_t>::max() / block->bytes)
      throw Error("the tensor " + shown(tensor.name) + " is of impossible size");
    tensor.bytes = values / block->values * block->bytes;
    offsets_.push_back(u64());
    file_.tensors.push_back(std::move(tensor));
  }

  // Tensors lie one behind the other, each at a multiple of the alignment.
  void place_tensors() {
    const std::uint64_t alignment = file_.integer("general.alignment").value_or(kDefaultAlignment);
    if (!std::has_single_bit(alignment) || alignment > (std::uint64_t{1} << 20))
      throw Error("general.alignment is " + text_of(alignment) + ", no power of two");
    const auto aligned = [&](std::uint64_t at) { return (at + alignment - 1) & ~(alignment - 1); };
    const std::uint64_t begin = aligned(position_);
    std::uint64_t expected = 0;
    for (std::size_t i = 0; i < offsets_.size(); ++i) {
      GgufTensor& tensor = file_.tensors[i];
      if (offsets_[i] != expected)
        throw Error("the tensor " + shown(tensor.name) + " lies at " + text_of(offsets_[i]) +
                    ", expected " + text_of(expected));
      const std::uint64_t room = file_bytes_ < begin ? 0 : file_bytes_ - begin;
      if (expected > room || tensor.bytes > room - expected)
        throw Error("it is truncated: its " + text_of(file_bytes_) +
                    " bytes end before the tensor " + shown(tensor.name) + " does");
      tensor.begin = begin + expected;
      expected = aligned(expected + tensor.bytes);
    }
  }

  const std::function<std::size_t(std::span<Byte>)>& read_;
  std::uint64_t file_bytes_;
  std::uint64_t position_ = 0;
  Bytes buffer_;
  std::size_t begin_ = 0, end_ = 0;
  GgufFile file_;
  std::unordered_set<std::string> names_;
  std::vector<std::uint64_t> offsets_;  // of the tensors
};

// What llama.cpp takes for granted of a model.
void check_model(const GgufFile& file) {
  const std::string* architecture = file.text("general.architecture");
  if (architecture == nullptr || architecture->empty())
    throw Error("it has no general.architecture");
  const auto in_range = [&](const char* name, std::uint64_t least, std::uint64_t most) {
    const std::string key = *architecture + "." + name;
    const auto found = file.values.find(key);
    if (found == file.values.end() || std::holds_alternative<GgufArray>(found->second)) return;
    const std::uint64_t value = *file.integer(key);
    if (value < least || value > most)
      throw Error(shown(key) + " is " + text_of(value) +
                  ", out of range: " + std::to_string(least) + ".." + std::to_string(most));
  };
  constexpr std::uint64_t kMany = 1 << 20;
  in_range("context_length", 2, std::numeric_limits<std::int32_t>::max());
  in_range("embedding_length", 1, kMany);
  in_range("feed_forward_length", 0, 64 * kMany);
  in_range("block_count", 1, 512);
  in_range("vocab_size", 1, std::numeric_limits<std::int32_t>::max());
  in_range("attention.head_count", 0, kMany);  // 0: a model that has no attention
  in_range("attention.head_count_kv", 0, kMany);
  in_range("attention.key_length", 1, kMany);
  in_range("attention.value_length", 1, kMany);
  in_range("rope.dimension_count", 0, kMany);
  in_range("expert_count", 0, kMany);
  in_range("expert_used_count", 0, kMany);
}

void check_vocabulary(const GgufFile& file) {
  const GgufArray* tokens = file.array("tokenizer.ggml.tokens");
  if (tokens == nullptr) return;  // one without a vocabulary
  if (tokens->type != GgufType::text) throw Error("its tokens are no texts");
  if (tokens->count > static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max()))
    throw Error("it has " + text_of(tokens->count) + " tokens");
  std::unordered_set<std::string_view> known;
  for (const std::string& token : tokens->texts) {
    if (!token.empty() && !known.insert(token).second)
      throw Error("it has the token " + shown(token) + " twice");
  }
  // llama.cpp reads as many of these as there are tokens.
  const auto one_each = [&](const char* key, GgufType type) {
    const GgufArray* array = file.array(key);
    if (array == nullptr) return;
    if (array->type != type) throw Error(std::string(key) + " has elements of another type");
    if (array->count != tokens->count)
      throw Error(std::string(key) + " has " + text_of(array->count) + " elements, expected " +
                  text_of(tokens->count) + ", one for each token");
  };
  one_each("tokenizer.ggml.scores", GgufType::f32);
  one_each("tokenizer.ggml.token_type", GgufType::i32);
  const GgufArray* merges = file.array("tokenizer.ggml.merges");
  if (merges != nullptr && merges->type != GgufType::text) throw Error("its merges are no texts");
}

}  // namespace

std::optional<std::uint64_t> GgufFile::integer(std::string_view key) const {
  const auto found = values.find(key);
  if (found == values.end()) return std::nullopt;
  const auto* value = std::get_if<Integer>(&found->second);
  if (value == nullptr) throw Error(shown(key) + " is no integer");
  if (value->negative) throw Error(shown(key) + " is negative");
  return value->value;
}

const std::string* GgufFile::text(std::string_view key) const {
  const auto found = values.find(key);
  if (found == values.end()) return nullptr;
  const auto* value = std::get_if<std::string>(&found->second);
  if (value == nullptr) throw Error(shown(key) + " is no text");
  return value;
}

const GgufArray* GgufFile::array(std::string_view key) const {
  const auto found = values.find(key);
  if (found == values.end()) return nullptr;
  const auto* value = std::get_if<GgufArray>(&found->second);
  if (value == nullptr) throw Error(shown(key) + " is no array");
  return value;
}

std::optional<GgufBlock> gguf_block(std::uint32_t type) {
  struct Row {
    std::uint32_t type;
    GgufBlock block;
  };
  static constexpr std::array kRows = {
      Row{0, {1, 4}},       // F32
      Row{1, {1, 2}},       // F16
      Row{2, {32, 18}},     // Q4_0
      Row{3, {32, 20}},     // Q4_1
      Row{6, {32, 22}},     // Q5_0
      Row{7, {32, 24}},     // Q5_1
      Row{8, {32, 34}},     // Q8_0
      Row{9, {32, 36}},     // Q8_1
      Row{10, {256, 84}},   // Q2_K
      Row{11, {256, 110}},  // Q3_K
      Row{12, {256, 144}},  // Q4_K
      Row{13, {256, 176}},  // Q5_K
      Row{14, {256, 210}},  // Q6_K
      Row{15, {256, 292}},  // Q8_K
      Row{16, {256, 66}},   // IQ2_XXS
      Row{17, {256, 74}},   // IQ2_XS
      Row{18, {256, 98}},   // IQ3_XXS
      Row{19, {256, 50}},   // IQ1_S
      Row{20, {32, 18}},    // IQ4_NL
      Row{21, {256, 110}},  // IQ3_S
      Row{22, {256, 82}},   // IQ2_S
      Row{23, {256, 136}},  // IQ4_XS
      Row{24, {1, 1}},      // I8
      Row{25, {1, 2}},      // I16
      Row{26, {1, 4}},      // I32
      Row{27, {1, 8}},      // I64
      Row{28, {1, 8}},      // F64
      Row{29, {256, 56}},   // IQ1_M
      Row{30, {1, 2}},      // BF16
      Row{34, {256, 54}},   // TQ1_0
      Row{35, {256, 66}},   // TQ2_0
      Row{39, {32, 17}},    // MXFP4
      Row{40, {64, 36}},    // NVFP4
      Row{41, {128, 18}},   // Q1_0
      Row{42, {64, 18}},    // Q2_0
  };
  const auto found = std::ranges::find(kRows, type, &Row::type);
  return found == kRows.end() ? std::nullopt : std::optional(found->block);
}

GgufFile parse_gguf(const std::function<std::size_t(std::span<Byte>)>& read,
                    std::uint64_t file_bytes) {
  GgufFile file = Parser(read, file_bytes).parse();
  check_model(file);
  check_vocabulary(file);
  return file;
}

GgufFile read_gguf(const std::string& path) {
  InputFile input(path);
  const auto size = input.size_bytes();
  if (!size) throw Error("llama: cannot load " + printable(path) + ": it is no regular file");
  try {
    return parse_gguf([&](std::span<Byte> to) { return input.read(to); }, *size);
  } catch (const Error& error) {
    throw Error("llama: cannot load " + printable(path) + ": " + error.what());
  }
}

}  // namespace kraft
