#include "evaluate/score.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "kraft/error.h"
#include "kraft/registry.h"

namespace kraft {
namespace {

std::uint64_t effective_chunk(ByteView data, std::uint64_t chunk_bytes) {
  return chunk_bytes == 0 ? data.size() : std::min<std::uint64_t>(chunk_bytes, data.size());
}

template <typename Visit>
void for_each_chunk(ByteView data, std::uint64_t chunk_bytes, Visit visit) {
  const std::uint64_t size = effective_chunk(data, chunk_bytes);
  for (; !data.empty(); data = data.subspan(std::min<std::size_t>(size, data.size())))
    visit(data.first(std::min<std::size_t>(size, data.size())));
}

std::uint64_t compressed_bytes(const Codec& codec, ByteView data, std::uint64_t chunk_bytes) {
  const auto encoder = codec.encoder();
  Bytes stream;
  const Byte zero = 0;
  encoder->encode({&zero, 1}, stream);
  const std::uint64_t header_bytes = stream.size();
  std::uint64_t sum = header_bytes;
  for_each_chunk(data, chunk_bytes, [&](ByteView chunk) {
    encoder->encode(chunk, stream);
    sum += stream.size() - std::min<std::uint64_t>(header_bytes, stream.size());
  });
  return sum;
}

double predicted_bits(const Model& model, ByteView data, std::uint64_t chunk_bytes,
                      unsigned threads) {
  std::vector<ByteView> chunks;
  for_each_chunk(data, chunk_bytes, [&](ByteView chunk) { chunks.push_back(chunk); });
  std::vector<double> bits(chunks.size());
  ThreadPool(threads).run(chunks.size(), [&](std::size_t i, unsigned) {
    bits[i] = model.start(chunks[i])->context_bits();
  });
  return std::accumulate(bits.begin(), bits.end(), 0.0);
}

}  // namespace

CodeLength code_length(const Model& model, ByteView data, std::uint64_t chunk_bytes,
                       unsigned threads) {
  const std::string& spec = model.spec();
  CodeLength length;
  const Backend* backend = backend_of(spec);
  if (backend != nullptr && backend->make_codec) {
    length.compressed_bytes = compressed_bytes(*make_codec(codec_spec(spec)), data, chunk_bytes);
    length.bits = 8 * static_cast<double>(length.compressed_bytes);
  } else {
    length.by_prediction = true;
    length.bits = predicted_bits(model, data, chunk_bytes, threads);
    length.compressed_bytes = static_cast<std::uint64_t>(std::ceil(length.bits / 8));
  }
  return length;
}

Prequential prequential(const Model& model, ByteView data, std::uint64_t chunk_bytes,
                        std::uint64_t positions,
                        const std::function<void(std::uint64_t)>& progress) {
  if (data.empty()) throw Error("nothing to predict");
  const std::uint64_t count = std::min<std::uint64_t>(positions, data.size());
  const std::uint64_t chunk = effective_chunk(data, chunk_bytes);
  std::unique_ptr<State> state;
  std::uint64_t state_chunk = 0, observed = 0;
  double sum = 0, sum_of_squares = 0;
  std::array<double, 256> bits;
  for (std::uint64_t i = 0; i < count; ++i) {
    // The middle of each of `count` equal stretches.
    const auto at =
        static_cast<std::uint64_t>((static_cast<double>(i) + 0.5) *
                                   static_cast<double>(data.size()) / static_cast<double>(count));
    const std::uint64_t begin = at / chunk * chunk;
    if (!state || begin != state_chunk) {
      state = model.start();
      state_chunk = observed = begin;
    }
    state->observe(data.subspan(observed, at - observed));
    observed = at;
    state->next_byte(bits);
    const double cost = surprisal_bits(bits, data[at]);
    sum += cost;
    sum_of_squares += cost * cost;
    if (progress) progress(i + 1);
  }
  Prequential result;
  const auto n = static_cast<double>(count);
  result.positions = count;
  result.bits_per_byte = sum / n;
  if (count > 1) {
    const double variance =
        std::max(0.0, (sum_of_squares - n * result.bits_per_byte * result.bits_per_byte) / (n - 1));
    result.standard_error = std::sqrt(variance / n);
  }
  return result;
}

}  // namespace kraft
