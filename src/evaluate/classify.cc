#include "evaluate/classify.h"

#include <algorithm>
#include <mutex>

#include "base/parallel.h"
#include "base/text.h"
#include "core/observing.h"
#include "evaluate/experiment.h"
#include "kraft/error.h"
#include "kraft/registry.h"

namespace kraft {

struct Classifier::Impl {
  std::string spec;
  std::vector<Corpus> corpora;
  unsigned threads;
  std::function<bool()> cancelled;
  std::shared_ptr<const Codec> codec;
  std::shared_ptr<const Model> model;
  std::vector<double> corpus_bits;  // of a codec

  double bits_of(ByteView text) const {
    stop_if(cancelled);
    return codec ? codec->encoder()->code_length(text)
                 : start(*model, text, cancelled)->context_bits();
  }

  // C(corpus text) - C(corpus), of a codec.
  double further_bits(std::size_t corpus, ByteView text) const {
    stop_if(cancelled);
    Bytes both = corpora[corpus].bytes;
    append(both, text);
    return codec->encoder()->code_length(both) - corpus_bits[corpus];
  }

  // C(corpus); and visits C(corpus text) - C(corpus) of each text.
  template <class Visit>
  double visit_further_bits(std::size_t corpus, std::span<const ByteView> texts,
                            const Visit& visit) const {
    if (codec) {
      for (std::size_t i = 0; i < texts.size(); ++i) visit(i, further_bits(corpus, texts[i]));
      return corpus_bits[corpus];
    }
    const auto state = start(*model, corpora[corpus].bytes, cancelled);
    const double bits = state->context_bits();
    for (std::size_t i = 0; i < texts.size(); ++i) {
      stop_if(cancelled);
      double further_bits = 0;
      state->clone()->measure({&texts[i], 1}, {&further_bits, 1});
      visit(i, further_bits);
    }
    return bits;
  }
};

Classifier::Classifier(const std::string& spec, std::vector<Corpus> corpora, unsigned threads,
                       std::function<bool()> cancelled)
    : impl_(std::make_unique<Impl>()) {
  if (corpora.size() < 2) throw UsageError("a text is classified between two corpora at least");
  for (const Corpus& corpus : corpora) {
    if (corpus.bytes.empty()) throw Error("the corpus " + printable(corpus.name) + " is empty");
  }
  impl_->spec = canonical_spec(spec);
  impl_->corpora = std::move(corpora);
  impl_->threads = threads;
  impl_->cancelled = std::move(cancelled);
  if (!is_codec(spec)) {
    impl_->model = make_model(spec, {.threads = threads, .cancelled = impl_->cancelled});
    return;
  }
  impl_->codec = make_codec(spec);
  impl_->corpus_bits.resize(impl_->corpora.size());
  ThreadPool(threads).run(impl_->corpora.size(), [this](std::size_t i, unsigned) {
    impl_->corpus_bits[i] = impl_->bits_of(impl_->corpora[i].bytes);
  });
}

Classifier::~Classifier() = default;

std::vector<std::vector<CorpusDistance>> Classifier::all_distances(
    std::span<const ByteView> texts, const std::function<void(std::uint64_t)>& progress) const {
  if (std::ranges::any_of(texts, [](ByteView text) { return text.empty(); }))
    throw Error("there is no text to classify");
  const std::size_t corpora = impl_->corpora.size();
  std::vector<double> text_bits(texts.size()), corpus_bits(corpora);
  std::vector<std::vector<double>> further_bits(corpora, std::vector<double>(texts.size()));
  std::mutex mutex;
  std::uint64_t known = 0;
  ThreadPool pool(impl_->threads);
  pool.run(texts.size(), [&](std::size_t i, unsigned) { text_bits[i] = impl_->bits_of(texts[i]); });
  pool.run(corpora, [&](std::size_t corpus, unsigned) {
    const auto visit = [&](std::size_t text, double bits) {
      further_bits[corpus][text] = bits;
      const std::lock_guard lock(mutex);
      ++known;
      if (progress) progress(known);
    };
    corpus_bits[corpus] = impl_->visit_further_bits(corpus, texts, visit);
  });

  std::vector<std::vector<CorpusDistance>> distances(texts.size());
  for (std::size_t text = 0; text < texts.size(); ++text) {
    for (std::size_t corpus = 0; corpus < corpora; ++corpus) {
      const double further = further_bits[corpus][text];
      const auto [least, most] = std::minmax(corpus_bits[corpus], text_bits[text]);
      CorpusDistance& distance = distances[text].emplace_back();
      distance.conditional_bits_per_byte = further / static_cast<double>(texts[text].size());
      // A predictor that gives both probability 1 tells nothing apart.
      distance.ncd = most > 0 ? (corpus_bits[corpus] + further - least) / most : 0;
    }
  }
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
