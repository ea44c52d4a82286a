#include "evaluate/score.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "core/observing.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "kraft/views.h"

namespace kraft {
namespace {

constexpr std::size_t kMeasuredTogether = 256;  // bytes of one question to a predictor

std::uint64_t effective_chunk(ByteView data, std::uint64_t chunk_bytes) {
  return chunk_bytes == 0 ? data.size() : std::min<std::uint64_t>(chunk_bytes, data.size());
}

std::vector<ByteView> chunks_of(ByteView data, std::uint64_t chunk_bytes) {
  std::vector<ByteView> chunks;
  for (const std::uint64_t size = effective_chunk(data, chunk_bytes); !data.empty();) {
    const std::size_t here = std::min<std::size_t>(size, data.size());
    chunks.push_back(data.first(here));
    data = data.subspan(here);
  }
  return chunks;
}

// The sum of bits(chunk, worker) over all chunks, on so many threads.
template <typename Bits>
double sum_over(const std::vector<ByteView>& chunks, ThreadPool& pool, Bits bits) {
  std::vector<double> of(chunks.size());
  pool.run(chunks.size(), [&](std::size_t i, unsigned worker) { of[i] = bits(chunks[i], worker); });
  return std::accumulate(of.begin(), of.end(), 0.0);
}

}  // namespace

Scorer::Scorer(std::shared_ptr<const Model> model, ByteView context, unsigned threads,
               std::function<bool()> cancelled)
    : model_(std::move(model)),
      context_(context),
      threads_(threads),
      cancelled_(std::move(cancelled)) {
  const std::string& spec = model_->spec();
  if (!measures_codec(spec)) return;
  codec_ = make_codec(codec_spec(spec));
  if (!context_.empty()) context_bits_ = codec_->encoder()->code_length(context_);
}

Scorer::~Scorer() = default;

std::unique_ptr<State> Scorer::start() const {
  if (context_.empty()) return model_->start();
  const std::lock_guard lock(mutex_);
  if (!primed_) primed_ = kraft::start(*model_, context_, cancelled_);
  return primed_->clone();
}

CodeLength Scorer::code_length(ByteView data, std::uint64_t chunk_bytes) const {
  CodeLength length;
  if (codec_ && context_.empty()) {
    length.compressed_bytes = compressed_bytes(data, chunk_bytes);
    length.bits = 8 * static_cast<double>(length.compressed_bytes);
    return length;
  }
  length.by_prediction = by_prediction();
  length.bits = codec_ ? further_bits(data, chunk_bytes) : predicted_bits(data, chunk_bytes);
  length.compressed_bytes = static_cast<std::int64_t>(std::ceil(length.bits / 8));
  return length;
}

std::int64_t Scorer::compressed_bytes(ByteView data, std::uint64_t chunk_bytes) const {
  const auto encoder = codec_->encoder();
  Bytes stream;
  const Byte zero = 0;
  encoder->encode({&zero, 1}, stream);
  const std::uint64_t header_bytes = stream.size();
  std::uint64_t sum = header_bytes;
  for (const ByteView chunk : chunks_of(data, chunk_bytes)) {
    stop_if(cancelled_);
    encoder->encode(chunk, stream);
    sum += stream.size() - std::min<std::uint64_t>(header_bytes, stream.size());
  }
  return static_cast<std::int64_t>(sum);
}

double Scorer::further_bits(ByteView data, std::uint64_t chunk_bytes) const {
  ThreadPool pool(threads_);
  std::vector<std::unique_ptr<Encoder>> encoders(pool.size());
  return sum_over(chunks_of(data, chunk_bytes), pool, [&](ByteView chunk, unsigned worker) {
    stop_if(cancelled_);
    if (!encoders[worker]) encoders[worker] = codec_->encoder();
    Bytes both(context_.begin(), context_.end());
    append(both, chunk);
    return encoders[worker]->code_length(both) - context_bits_;
  });
}

double Scorer::predicted_bits(ByteView data, std::uint64_t chunk_bytes) const {
  ThreadPool pool(threads_);
  const auto chunks = chunks_of(data, chunk_bytes);
  if (context_.empty())
    return sum_over(chunks, pool, [&](ByteView chunk, unsigned) {
      stop_if(cancelled_);
      return kraft::start(*model_, chunk, cancelled_)->context_bits();
    });
  return sum_over(chunks, pool, [&](ByteView chunk, unsigned) {
    const auto state = start();
    double sum_bits = 0;
    for (const ByteView some : chunks_of(chunk, kMeasuredTogether)) {
      stop_if(cancelled_);
      double bits = 0;
      state->measure({&some, 1}, {&bits, 1});
      sum_bits += bits;
      state->observe(some);
    }
    return sum_bits;
  });
}

Prequential Scorer::prequential(ByteView data, std::uint64_t chunk_bytes,
                                const StratifiedPlaces& sample,
                                const std::function<void(std::uint64_t)>& progress) const {
  if (data.empty()) throw Error("nothing to predict");
  const std::uint64_t chunk = effective_chunk(data, chunk_bytes);
  std::unique_ptr<State> state;
  std::uint64_t state_chunk = 0, observed = 0;
  std::vector<double> costs;
  std::array<double, 256> bits;
  for (const std::uint64_t at : sample.places) {
    const std::uint64_t begin = at / chunk * chunk;
    if (!state || begin != state_chunk) {
      state = start();
      state_chunk = observed = begin;
    }
    observe(*state, data.subspan(observed, at - observed), cancelled_);
    observed = at;
    state->next_byte(bits);
    costs.push_back(surprisal_bits(bits, data[at]));
    if (progress) progress(costs.size());
  }
  const StratifiedMean mean = stratified_mean(sample, costs);
  return {
      .bits_per_byte = mean.mean, .standard_error = mean.standard_error, .positions = costs.size()};
}

}  // namespace kraft
