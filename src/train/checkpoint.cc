#include "train/checkpoint.h"

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "kraft/error.h"

namespace kraft::train {
namespace {

// "kraftck1", then layers, width, heads, inner and the steps done, each in 8 bytes; then the
// parameters and the optimizer's two vectors, in floats as the machine writes them. "kraftck2" has
// the number of pairs after the steps, and the pairs, each two numbers of 4 bytes, after that.
constexpr std::int64_t kMagic = 0x316b637466617266;
constexpr std::int64_t kMagicOfPairs = 0x326b637466617266;
using Head = std::array<std::int64_t, 6>;

void read_floats(std::ifstream& in, std::vector<float>& values) {
  in.read(reinterpret_cast<char*>(values.data()),
          static_cast<std::streamsize>(values.size() * sizeof(float)));
}

void write_floats(std::ofstream& out, const std::vector<float>& values) {
  out.write(reinterpret_cast<const char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(float)));
}

BytePairs read_pairs(std::ifstream& in, const std::string& path) {
  std::int64_t count = 0;
  in.read(reinterpret_cast<char*>(&count), sizeof count);
  if (!in || count < 1 || count > std::int64_t{BytePairs::kMostTokens})
    throw Error(path + ": damaged");
  std::vector<BytePairs::Pair> pairs(static_cast<std::size_t>(count));
  for (auto& [left, right] : pairs) {
    in.read(reinterpret_cast<char*>(&left), sizeof left);
    in.read(reinterpret_cast<char*>(&right), sizeof right);
  }
  if (!in) throw Error(path + ": damaged");
  return BytePairs::from(pairs);
}

void write_pairs(std::ofstream& out, const std::vector<BytePairs::Pair>& pairs) {
  const auto count = static_cast<std::int64_t>(pairs.size());
  out.write(reinterpret_cast<const char*>(&count), sizeof count);
  for (const auto& [left, right] : pairs) {
    out.write(reinterpret_cast<const char*>(&left), sizeof left);
    out.write(reinterpret_cast<const char*>(&right), sizeof right);
  }
}

Config with_tokens_of(Config shape, const BytePairs& pairs) {
  shape.vocabulary = static_cast<std::int64_t>(pairs.size()) + 1;
  return shape;
}

}  // namespace

Bytes read_whole(const std::string& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) throw Error(path + ": cannot be read");
  Bytes bytes(static_cast<std::size_t>(in.tellg()));
  in.seekg(0);
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!in) throw Error(path + ": cannot be read");
  return bytes;
}

Checkpoint::Checkpoint(Config shape, BytePairs its_pairs, std::uint64_t seed)
    : config(with_tokens_of(shape, its_pairs)),
      pairs(std::move(its_pairs)),
      parameters(initial_parameters(config, seed)),
      optimizer(config) {}

void Checkpoint::save(const std::string& path) const {
  const std::string temporary = path + ".tmp";
  {
    std::ofstream out(temporary, std::ios::binary);
    const Head head = {pairs.joined().empty() ? kMagic : kMagicOfPairs,
                       config.layers,
                       config.width,
                       config.heads,
                       config.inner,
                       optimizer.steps};
    out.write(reinterpret_cast<const char*>(head.data()), sizeof head);
    if (!pairs.joined().empty()) write_pairs(out, pairs.joined());
    write_floats(out, parameters);
    write_floats(out, optimizer.first);
    write_floats(out, optimizer.second);
    out.close();
    if (!out) throw Error(temporary + ": cannot be written");
  }
  std::filesystem::rename(temporary, path);
}

Checkpoint Checkpoint::load(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Error(path + ": cannot be read");
  Head head{};
  in.read(reinterpret_cast<char*>(head.data()), sizeof head);
  if (!in || (head[0] != kMagic && head[0] != kMagicOfPairs))
    throw Error(path + ": not a checkpoint");
  for (const std::int64_t size : {head[1], head[2], head[3], head[4]})
    if (size < 1 || size > 65536) throw Error(path + ": damaged");
  const Config shape = {.layers = head[1], .width = head[2], .heads = head[3], .inner = head[4]};
  Checkpoint state(shape, head[0] == kMagic ? BytePairs() : read_pairs(in, path), 0);
  read_floats(in, state.parameters);
  read_floats(in, state.optimizer.first);
  read_floats(in, state.optimizer.second);
  if (!in || in.peek() != std::ifstream::traits_type::eof()) throw Error(path + ": damaged");
  state.optimizer.steps = head.back();
  return state;
}

}  // namespace kraft::train
