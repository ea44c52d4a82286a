// To which corpus does a text belong? By code lengths alone.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kraft/bytes.h"
#include "kraft/codec.h"
#include "kraft/model.h"

namespace kraft {

// How far a text x is from a corpus k.
struct CorpusDistance {
  // (C(kx) - min(C(k), C(x))) / max(C(k), C(x)): Cilibrasi and Vitanyi, "Clustering by Compression"
  // (2005). Between near 0, the same, and near 1, unrelated; dominated by the corpus's size where
  // that is much larger than the text.
  double ncd = 0;
  // (C(kx) - C(k)) / |x|, in bits per byte: the cost of the text given the corpus.
  double conditional_bits_per_byte = 0;
};

// Code lengths C of a codec are those of its whole streams (Encoder::code_length()); of a
// predictor, the bits of its predictions. All of it throws Cancelled once `cancelled` says so.
class Classifier {
 public:
  struct Corpus {
    std::string name;
    Bytes bytes;
  };

  // Throws UsageError for a specification that is none, a parameter that only measuring reads (a
  // codec compresses whole corpora here), or fewer than two corpora; Error for an empty one.
  Classifier(const std::string& spec, std::vector<Corpus> corpora, unsigned threads = 0,
             std::function<bool()> cancelled = {});
  ~Classifier();

  // Of each text one for each corpus, in their order. A predictor reads each corpus once in a call,
  // and each thread keeps the state after one of them. Throws Error for an empty text. `progress`
  // hears how many of all these distances are known, from one thread at a time.
  std::vector<std::vector<CorpusDistance>> all_distances(
      std::span<const ByteView> texts,
      const std::function<void(std::uint64_t)>& progress = {}) const;
  std::vector<CorpusDistance> distances(ByteView text) const {
    return all_distances({&text, 1})[0];
  }

  const std::string& spec() const;
  const std::vector<Corpus>& corpora() const;

  // The predictor; null for a codec.
  const Model* predictor() const;

  // Whether what stands at the beginning of the corpus still helps at its end: its first bytes are
  // appended to it, and must cost less than half of what they cost alone. Of a short one it does.
  // Of codecs only.
  bool reaches_back(std::size_t corpus) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kraft
