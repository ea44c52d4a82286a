// How many bits a model needs for data: by compressing, and by predicting; from nothing, or after
// a context.
//
//     const Scorer scorer(model, corpus);
//     const CodeLength code = scorer.code_length(text, /*chunk_bytes=*/0);
//     const Prequential found = scorer.prequential(text, 0, stratified_places(text.size(), 64, 1));
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "evaluate/stratified.h"
#include "kraft/bytes.h"
#include "kraft/codec.h"
#include "kraft/model.h"

namespace kraft {

struct CodeLength {
  std::int64_t compressed_bytes = 0;  // of real codecs, an increment can be negative
  double bits = 0;
  bool by_prediction = false;  // no codec of its own: the sum of its predictions, rounded up
};

struct Prequential {
  double bits_per_byte = 0;
  std::optional<double> standard_error;  // of that mean: see StratifiedMean
  std::uint64_t positions = 0;
};

// A model, and what it has seen before the data: with chunks, before each of them. May be used by
// several threads at once. All of it throws Cancelled once `cancelled` says so.
class Scorer {
 public:
  // The context lives as long as the scorer. Threads: 0 is one per processor.
  Scorer(std::shared_ptr<const Model> model, ByteView context, unsigned threads = 0,
         std::function<bool()> cancelled = {});
  ~Scorer();

  // Compresses chunk by chunk (0: the whole) with the codec of the model.
  //
  // Without a context the codec's header is counted once: the sum of the sizes less (chunks - 1)
  // times the size of one compressed zero byte (Deletang et al. 2024, section 3.2). With one, a
  // chunk c costs C(context c) - C(context), where C is Encoder::code_length().
  //
  // Pure predictors sum their bits, each chunk from a fresh start, or from the context.
  CodeLength code_length(ByteView data, std::uint64_t chunk_bytes) const;

  // The mean of -log2 p(byte | the context, the bytes of its chunk before it) over those places of
  // the data, where p is the normalised distribution over all 256 bytes.
  Prequential prequential(ByteView data, std::uint64_t chunk_bytes, const StratifiedPlaces& sample,
                          const std::function<void(std::uint64_t)>& progress = {}) const;

  const Model& model() const { return *model_; }
  bool by_prediction() const { return !codec_; }

 private:
  std::unique_ptr<State> start() const;  // that has seen the context
  std::int64_t compressed_bytes(ByteView data, std::uint64_t chunk_bytes) const;
  double further_bits(ByteView data, std::uint64_t chunk_bytes) const;
  double predicted_bits(ByteView data, std::uint64_t chunk_bytes) const;

  std::shared_ptr<const Model> model_;
  ByteView context_;
  unsigned threads_;
  std::function<bool()> cancelled_;
  std::shared_ptr<const Codec> codec_;  // null for a predictor
  double context_bits_ = 0;             // of the codec
  mutable std::mutex mutex_;
  mutable std::unique_ptr<State> primed_;  // once somebody needs it
};

}  // namespace kraft
