#include "evaluate/classify.h"

#include <algorithm>

#include "base/parallel.h"
#include "base/text.h"
#include "evaluate/experiment.h"
#include "kraft/error.h"
#include "kraft/registry.h"

namespace kraft {

struct Classifier::Impl {
  std::string spec;
  std::vector<Corpus> corpora;
  unsigned threads;
  std::shared_ptr<const Codec> codec;
  std::shared_ptr<const Model> model;
  // Of each corpus.
  std::vector<double> corpus_bits;
  std::vector<std::unique_ptr<State>> states;  // of a predictor that has read it

  double bits_of(ByteView text) const {
    return codec ? codec->encoder()->code_length(text) : model->start(text)->context_bits();
  }

  // C(corpus text) - C(corpus).
  double further_bits(std::size_t corpus, ByteView text) const {
    if (!codec) {
      const auto state = states[corpus]->clone();
      double bits = 0;
      state->measure({&text, 1}, {&bits, 1});
      return bits;
    }
    Bytes both = corpora[corpus].bytes;
    append(both, text);
    return codec->encoder()->code_length(both) - corpus_bits[corpus];
  }
};

Classifier::Classifier(const std::string& spec, std::vector<Corpus> corpora, unsigned threads)
    : impl_(std::make_unique<Impl>()) {
  if (corpora.size() < 2) throw UsageError("a text is classified between two corpora at least");
  for (const Corpus& corpus : corpora) {
    if (corpus.bytes.empty()) throw Error("the corpus " + printable(corpus.name) + " is empty");
  }
  impl_->spec = canonical_spec(spec);
  impl_->corpora = std::move(corpora);
  impl_->threads = threads;
  if (is_codec(spec)) {
    impl_->codec = make_codec(spec);
  } else {
    impl_->model = make_model(spec, {.threads = threads});
    impl_->states.resize(impl_->corpora.size());
  }
  impl_->corpus_bits.resize(impl_->corpora.size());
  ThreadPool(threads).run(impl_->corpora.size(), [this](std::size_t i, unsigned) {
    const ByteView bytes = impl_->corpora[i].bytes;
    if (impl_->codec) {
      impl_->corpus_bits[i] = impl_->bits_of(bytes);
    } else {
      impl_->states[i] = impl_->model->start(bytes);
      impl_->corpus_bits[i] = impl_->states[i]->context_bits();
    }
  });
}

Classifier::~Classifier() = default;

std::vector<CorpusDistance> Classifier::distances(ByteView text) const {
  if (text.empty()) throw Error("there is no text to classify");
  const double text_bits = impl_->bits_of(text);
  std::vector<CorpusDistance> distances(impl_->corpora.size());
  ThreadPool(impl_->threads).run(distances.size(), [&](std::size_t i, unsigned) {
    const double corpus_bits = impl_->corpus_bits[i];
    const double further_bits = impl_->further_bits(i, text);
    const auto [least, most] = std::minmax(corpus_bits, text_bits);
    distances[i].conditional_bits_per_byte = further_bits / static_cast<double>(text.size());
    // A predictor that gives both probability 1 tells nothing apart.
    distances[i].ncd = most > 0 ? (corpus_bits + further_bits - least) / most : 0;
  });
  return distances;
}

const std::string& Classifier::spec() const { return impl_->spec; }

const std::vector<Classifier::Corpus>& Classifier::corpora() const { return impl_->corpora; }

const Model* Classifier::predictor() const { return impl_->model.get(); }

bool Classifier::reaches_back(std::size_t corpus) const {
  constexpr std::size_t kProbeBytes = 1024;
  const ByteView bytes = impl_->corpora[corpus].bytes;
  if (bytes.size() <= kProbeBytes) return true;  // so near that headers cost more than distance
  const ByteView probe = bytes.first(kProbeBytes);
  const Byte zero = 0;
  const double alone = impl_->bits_of(probe) - impl_->bits_of({&zero, 1});
  return impl_->further_bits(corpus, probe) < alone / 2;
}

}  // namespace kraft
