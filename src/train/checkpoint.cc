#include "train/checkpoint.h"

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "kraft/error.h"

namespace kraft::train {
namespace {

// "kraftck1", then layers, width, heads, inner and the steps done, each in 8 bytes; then the
// parameters and the optimizer's two vectors, in floats as the machine writes them.
constexpr std::int64_t kMagic = 0x316b637466617266;
using Head = std::array<std::int64_t, 6>;

Head head_of(const Checkpoint& state) {
  const Config& c = state.config;
  return {kMagic, c.layers, c.width, c.heads, c.inner, state.optimizer.steps};
}

void read_floats(std::ifstream& in, std::vector<float>& values) {
  in.read(reinterpret_cast<char*>(values.data()),
          static_cast<std::streamsize>(values.size() * sizeof(float)));
}

void write_floats(std::ofstream& out, const std::vector<float>& values) {
  out.write(reinterpret_cast<const char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(float)));
}

Head read_head(std::ifstream& in, const std::string& path) {
  Head head{};
  in.read(reinterpret_cast<char*>(head.data()), sizeof head);
  if (!in || head[0] != kMagic) throw Error(path + ": not a checkpoint");
  return head;
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

void Checkpoint::load_if_there(const std::string& path, std::uint64_t seed) {
  parameters = initial_parameters(config, seed);
  std::ifstream in(path, std::ios::binary);
  if (!in) return;
  const Head head = read_head(in, path);
  Head expected = head_of(*this);
  expected.back() = head.back();
  if (head != expected) throw Error(path + ": holds a model of another shape");
  read_floats(in, parameters);
  read_floats(in, optimizer.first);
  read_floats(in, optimizer.second);
  if (!in || in.peek() != std::ifstream::traits_type::eof()) throw Error(path + ": damaged");
  optimizer.steps = head.back();
}

void Checkpoint::save(const std::string& path) const {
  const std::string temporary = path + ".tmp";
  {
    std::ofstream out(temporary, std::ios::binary);
    const Head head = head_of(*this);
    out.write(reinterpret_cast<const char*>(head.data()), sizeof head);
    write_floats(out, parameters);
    write_floats(out, optimizer.first);
    write_floats(out, optimizer.second);
    out.close();
    if (!out) throw Error(temporary + ": cannot be written");
  }
  std::filesystem::rename(temporary, path);
}

Checkpoint Checkpoint::load(const std::string& path) {
  Config config;
  {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw Error(path + ": cannot be read");
    const Head head = read_head(in, path);
    for (const std::int64_t size : {head[1], head[2], head[3], head[4]})
      if (size < 1 || size > 65536) throw Error(path + ": damaged");
    config.layers = head[1];
    config.width = head[2];
    config.heads = head[3];
    config.inner = head[4];
  }
  Checkpoint state(config);
  state.load_if_there(path, 0);
  return state;
}

}  // namespace kraft::train
