#include "train/matmul.h"

#include <omp.h>

#include <array>
#include <bit>
#include <map>
#include <oneapi/dnnl/dnnl.hpp>
#include <vector>

namespace kraft::train {
namespace {

using dnnl::memory;

const dnnl::engine& processor() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

memory::desc matrix(std::int64_t rows, std::int64_t columns, Turn turn, memory::data_type type) {
  return {
      {rows, columns}, type, turn == Turn::yes ? memory::format_tag::ba : memory::format_tag::ab};
}

bool bfloat16 = dnnl::get_effective_cpu_isa() >= dnnl::cpu_isa::avx512_core_bf16;

// Rounds to nearest, ties to even.
void narrow(const float* from, std::int64_t count, std::uint16_t* to) {
  for (std::int64_t i = 0; i < count; ++i) {
    const auto bits = std::bit_cast<std::uint32_t>(from[i]);
    to[i] = static_cast<std::uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
  }
}

// What one thread keeps between products.
struct Worker {
  dnnl::stream stream{processor()};
  std::map<std::array<std::int64_t, 6>, dnnl::matmul> products;
  std::vector<std::uint16_t> a, b;

  Worker() { omp_set_num_threads(1); }

  const dnnl::matmul& product(Turn turn_a, Turn turn_b, std::int64_t rows, std::int64_t columns,
                              std::int64_t inner, memory::data_type type) {
    const std::array<std::int64_t, 6> key = {turn_a == Turn::yes,
                                             turn_b == Turn::yes,
                                             rows,
                                             columns,
                                             inner,
                                             static_cast<std::int64_t>(type)};
    const auto known = products.find(key);
    if (known != products.end()) return known->second;
    const dnnl::matmul::desc desc(matrix(rows, inner, turn_a, type),
                                  matrix(inner, columns, turn_b, type),
                                  matrix(rows, columns, Turn::no, memory::data_type::f32));
    return products.emplace(key, dnnl::matmul({desc, processor()})).first->second;
  }
};

Worker& worker() {
  thread_local Worker worker;
  return worker;
}

}  // namespace

void allow_bfloat16(bool allowed) {
  bfloat16 = allowed && dnnl::get_effective_cpu_isa() >= dnnl::cpu_isa::avx512_core_bf16;
}

void matmul(Turn turn_a, Turn turn_b, std::int64_t rows, std::int64_t columns, std::int64_t inner,
            const float* a, const float* b, float* c) {
  Worker& mine = worker();
  const auto type = bfloat16 ? memory::data_type::bf16 : memory::data_type::f32;
  void* from_a = const_cast<float*>(a);  // oneDNN reads it only
  void* from_b = const_cast<float*>(b);
  if (bfloat16) {
    mine.a.resize(static_cast<std::size_t>(rows * inner));
    mine.b.resize(static_cast<std::size_t>(inner * columns));
    narrow(a, rows * inner, mine.a.data());
    narrow(b, inner * columns, mine.b.data());
    from_a = mine.a.data();
    from_b = mine.b.data();
  }
  const memory left(matrix(rows, inner, turn_a, type), processor(), from_a);
  const memory right(matrix(inner, columns, turn_b, type), processor(), from_b);
  const memory out(matrix(rows, columns, Turn::no, memory::data_type::f32), processor(), c);
  mine.product(turn_a, turn_b, rows, columns, inner, type)
      .execute(mine.stream, {{DNNL_ARG_SRC, left}, {DNNL_ARG_WEIGHTS, right}, {DNNL_ARG_DST, out}});
  mine.stream.wait();
}

void block_matmul(std::int64_t rows, std::int64_t columns, std::int64_t inner, float alpha, Block a,
                  Block b, float beta, float* c, std::int64_t c_stride) {
  worker();
  dnnl::sgemm(a.turn == Turn::yes ? 'T' : 'N', b.turn == Turn::yes ? 'T' : 'N', rows, columns,
              inner, alpha, a.data, a.stride, b.data, b.stride, beta, c, c_stride);
}

}  // namespace kraft::train
