#ifdef KRAFT_HAVE_LLAMA

#include "models/llama/engine.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <optional>

#include "base/text.h"
#include "core/observing.h"
#include "kraft/error.h"
#include "models/llama/trial.h"
#include "models/llama/vocabulary.h"
#include "models/llama/weights.h"

namespace kraft {
namespace {

constexpr std::uint32_t kBatchTokens = 512;
constexpr std::uint64_t kCacheSizedBytes = std::uint64_t{64} << 20;
constexpr std::uint32_t kManySequences = 8;
// Vocabularies of more than bytes have coverings, whose sequences differ from a place long ago.
constexpr std::int32_t kMostByteTokens = 512;
// A sequence that lags behind another by more than this copies it instead of evaluating again.
constexpr std::size_t kCopyTokens = 16;
// A question that has a sequence forget more than this takes the place of an older one.
constexpr std::size_t kForgottenTokens = 8;
// An evaluation that has more than this to do takes a new context rather than another's place.
constexpr std::size_t kNewContextTokens = 64;

// What llama.cpp has to say goes to a callback of the whole process. Errors of this thread are
// kept.
thread_local std::string logged_error;

void keep_errors(ggml_log_level level, const char* text, void*) {
  static thread_local bool in_error = false;
  if (level != GGML_LOG_LEVEL_CONT) in_error = level == GGML_LOG_LEVEL_ERROR;
  if (in_error && logged_error.size() < 4096) logged_error += text;
}

void begin_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    llama_log_set(keep_errors, nullptr);
    llama_backend_init();
  });
}

// The first thing that went wrong is what the others follow from: "error loading model: ..."
std::string first_logged_error() {
  std::string text = logged_error.substr(0, logged_error.find('\n'));
  const std::size_t function_end = text.find(": ");
  if (function_end != text.npos && text.find(' ') > function_end) text.erase(0, function_end + 2);
  return printable(text);
}

// llama.cpp's kernels are compiled for a level of the processor that not every one has, and would
// end in an illegal instruction there.
void check_processor() {
#if defined(__x86_64__) && defined(__GNUC__)
  std::string missing;
  const auto need = [&missing](int compiled, bool there, const char* name) {
    if (compiled && !there) missing += std::string(missing.empty() ? "" : ", ") + name;
  };
  __builtin_cpu_init();
  need(ggml_cpu_has_avx(), __builtin_cpu_supports("avx"), "AVX");
  need(ggml_cpu_has_avx2(), __builtin_cpu_supports("avx2"), "AVX2");
  need(ggml_cpu_has_fma(), __builtin_cpu_supports("fma"), "FMA");
  // Whatever has AVX2 has F16C as well, for which compilers have no common name.
  need(ggml_cpu_has_bmi2(), __builtin_cpu_supports("bmi2"), "BMI2");
  need(ggml_cpu_has_avx512(), __builtin_cpu_supports("avx512f"), "AVX-512");
  if (!missing.empty())
    throw Error("llama: llama.cpp was built for a processor with " + missing +
                ", which this one has not: build it with -DGGML_AVX2=OFF and the like");
#endif
}

std::atomic<std::size_t> times_loaded{0};

llama_model* load(const LlamaOptions& options) {
  begin_library();
  llama_model_params params = llama_model_default_params();
  params.n_gpu_layers = static_cast<std::int32_t>(options.gpu_layers);
  ggml_backend_dev_t no_device = nullptr;
  if (options.gpu_layers == 0) params.devices = &no_device;
  params.use_extra_bufts = false;  // repacked weights are summed in an order of their own
  params.progress_callback = [](float, void*) { return true; };  // instead of dots on stderr
  logged_error.clear();
  llama_model* model = llama_model_load_from_file(options.file.c_str(), params);
  if (model == nullptr)
    throw Error("llama: cannot load " + printable(options.file) + ": " + first_logged_error());
  ++times_loaded;
  return model;
}

// The weights of a file, which all engines of the process that need them share. They stay when the
// last engine has gone, for commands make a model to learn what it is and again to use it: mapped
// from their file they take no memory that others could need. On a GPU they would, and only the
// latest stay.
std::shared_ptr<llama_model> shared_weights(const LlamaOptions& options,
                                            const std::function<void()>& try_out) {
  static std::mutex mutex;
  static std::map<std::pair<FileState, std::uint32_t>, std::weak_ptr<llama_model>> loaded;
  // Never destroyed: llama.cpp's own globals may go first.
  static auto& mapped = *new std::vector<std::shared_ptr<llama_model>>;
  static auto& latest = *new std::shared_ptr<llama_model>;
  const auto load_new = [&] {
    check_processor();
    check_weights_file(options.file);  // llama.cpp says "failed to open" and little more
    expect_sound_weights(options.file, try_out);
    return std::shared_ptr<llama_model>(load(options), llama_model_free);
  };
  const std::optional<FileState> state = state_of_file(options.file);
  if (!state) return load_new();
  const std::lock_guard lock(mutex);
  std::erase_if(loaded, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<llama_model>& kept = loaded[{*state, options.gpu_layers}];
  std::shared_ptr<llama_model> weights = kept.lock();
  if (weights) return weights;
  kept = weights = load_new();
  if (options.gpu_layers == 0) {
    mapped.push_back(weights);
  } else {
    latest = weights;
  }
  return weights;
}

bool predicts_next_token(const llama_model* model) {
  return llama_model_has_decoder(model) && !llama_model_has_encoder(model) &&
         !llama_model_is_diffusion(model);
}

std::size_t common_tokens(std::span<const Token> a, std::span<const Token> b) {
  const std::size_t size = std::min(a.size(), b.size());
  return static_cast<std::size_t>(
      std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(size), b.begin()).first -
      a.begin());
}

}  // namespace

std::size_t weights_loaded() { return times_loaded; }

std::string llama_library() { return std::string("llama.cpp ") + llama_version(); }

// One llama_context, and which tokens lie in the cache of each of its sequences.
class LlamaEngine::Context {
 public:
  Context(llama_model* model, const LlamaOptions& options)
      : cancelled_(options.cancelled), vocabulary_size_(vocabulary_size(model)) {
    llama_context_params params = llama_context_default_params();
    params.n_ctx = options.context * options.sequences;
    params.n_seq_max = options.sequences;
    params.n_batch = params.n_ubatch = kBatchTokens;
    // The logits of a whole batch are a matter of some KiB for bytes, of much more for words.
    most_outputs_ = std::max<std::size_t>(
        options.sequences, std::min<std::size_t>(kBatchTokens, (1 << 20) / vocabulary_size_));
    params.n_outputs_max = static_cast<std::uint32_t>(most_outputs_);
    params.n_threads = params.n_threads_batch = static_cast<std::int32_t>(options.threads);
    params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
    params.type_k = params.type_v = GGML_TYPE_F32;
    params.kv_unified = false;
    params.swa_full = true;  // so that it can be rewound
    params.no_perf = true;
    params.pooling_type = LLAMA_POOLING_TYPE_NONE;  // hidden states of tokens, not of texts
    params.offload_kqv = params.op_offload = options.gpu_layers > 0;
    logged_error.clear();
    context_.reset(llama_init_from_model(model, params));
    if (!context_)
      throw Error("llama: no memory for a context of " + std::to_string(options.context) +
                  " tokens: " + first_logged_error());
    if (options.threads > 1) attach_threads(static_cast<int>(options.threads));
    cached_.resize(options.sequences);
    used_.resize(options.sequences);
    batch_ = llama_batch_init(static_cast<std::int32_t>(kBatchTokens), 0, 1);
  }

  ~Context() {
    llama_batch_free(batch_);
    context_.reset();
    if (threads_ != nullptr) ggml_threadpool_free(threads_);
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // How many of the tokens need no evaluation.
  std::size_t known_tokens(std::span<const Token> tokens) const {
    std::size_t most = 0;
    for (const auto& cached : cached_) most = std::max(most, common_tokens(cached, tokens));
    return most;
  }

  // Returns the number of tokens that this took.
  std::size_t evaluate(std::span<const TokenPath> paths, const Receive& receive) {
    receive_ = &receive;
    evaluated_ = 0;
    or_forget([&] {
      const std::size_t streams = std::min(cached_.size(), paths.size());
      const auto begin = [&](std::size_t s) { return s * paths.size() / streams; };
      const std::size_t rounds = (paths.size() + streams - 1) / streams;
      std::vector<std::size_t> sequence_of(streams);
      std::vector<bool> taken(cached_.size());
      for (std::size_t round = 0; round < rounds; ++round) {
        for (std::size_t s = 0; s < streams; ++s) {
          const std::size_t path = begin(s) + round;
          if (path >= begin(s + 1)) continue;
          if (round == 0) sequence_of[s] = take_sequence(paths[path].tokens, taken);
          add_path(sequence_of[s], paths[path], path);
        }
        flush();
      }
    });
    return evaluated_;
  }

  // In embeddings mode llama.cpp puts out every token of a batch: the last one has its own.
  std::vector<float> hidden_state(const std::vector<Token>& tokens) {
    const std::size_t last = tokens.size() - 1;
    std::vector<float> hidden;
    or_forget([&] {
      add_path(0, {{tokens.begin(), tokens.end() - 1}, last}, 0);
      flush();
      const EmbeddingsMode mode(context_.get());
      add_token(tokens[last], last, 0, true);
      cached_[0].push_back(tokens[last]);
      flush();
      const float* numbers = llama_get_embeddings_ith(context_.get(), 0);
      if (numbers == nullptr) throw Error("llama: llama.cpp shows no hidden state of this model");
      const llama_model* model = llama_get_model(context_.get());
      hidden.assign(numbers, numbers + llama_model_n_embd_out(model));
    });
    return hidden;
  }

 private:
  struct EmbeddingsMode {
    explicit EmbeddingsMode(llama_context* of) : context(of) {
      llama_set_embeddings(context, true);
    }
    ~EmbeddingsMode() { llama_set_embeddings(context, false); }
    EmbeddingsMode(const EmbeddingsMode&) = delete;
    EmbeddingsMode& operator=(const EmbeddingsMode&) = delete;
    llama_context* context;
  };

  template <typename Work>
  void or_forget(const Work& work) {
    try {
      work();
    } catch (...) {  // what the caches hold now is anyone's guess
      llama_memory_clear(llama_get_memory(context_.get()), false);
      for (auto& cached : cached_) cached.clear();
      batch_.n_tokens = 0;
      outputs_.clear();
      throw;
    }
  }

  struct FreeContext {
    void operator()(llama_context* context) const { llama_free(context); }
  };
  struct Output {
    std::int32_t slot;  // in the batch
    std::size_t path, index;
  };

  static std::size_t vocabulary_size(const llama_model* model) {
    return static_cast<std::size_t>(llama_vocab_n_tokens(llama_model_get_vocab(model)));
  }

  // Otherwise llama.cpp starts its threads anew for every evaluation.
  void attach_threads(int count) {
    ggml_threadpool_params params = ggml_threadpool_params_default(count);
    threads_ = ggml_threadpool_new(&params);
    if (threads_ == nullptr)
      throw Error("llama: cannot start " + std::to_string(count) + " threads");
    llama_attach_threadpool(context_.get(), threads_, threads_);
  }

  // The sequence that knows the most of the tokens, unless it would have to forget much for them or
  // lags far behind one that is taken: then the one that has not been used for longest.
  std::size_t take_sequence(const std::vector<Token>& tokens, std::vector<bool>& taken) {
    std::size_t best = cached_.size(), oldest = cached_.size();
    std::size_t best_known = 0, most_known = 0;
    for (std::size_t s = 0; s < cached_.size(); ++s) {
      const std::size_t known = common_tokens(cached_[s], tokens);
      most_known = std::max(most_known, known);
      if (taken[s]) continue;
      if (best == cached_.size() || known > best_known) {
        best = s;
        best_known = known;
      }
      if (oldest == cached_.size() || used_[s] < used_[oldest]) oldest = s;
    }
    const bool forgets = cached_[best].size() - best_known > kForgottenTokens;
    const std::size_t sequence = forgets || best_known + kCopyTokens < most_known ? oldest : best;
    taken[sequence] = true;
    used_[sequence] = ++uses_;
    return sequence;
  }

  void add_path(std::size_t sequence, const TokenPath& path, std::size_t path_index) {
    const std::vector<Token>& tokens = path.tokens;
    std::size_t known = std::min(common_tokens(cached_[sequence], tokens), path.first_wanted);
    known = copy_from_another(sequence, tokens, known, path.first_wanted);
    known = rewind(sequence, known);
    for (std::size_t i = known; i < tokens.size(); ++i) {
      const bool wanted = i >= path.first_wanted;
      if (batch_.n_tokens == static_cast<std::int32_t>(kBatchTokens) ||
          (wanted && outputs_.size() == most_outputs_))
        flush();
      if (wanted) outputs_.push_back({batch_.n_tokens, path_index, i});
      add_token(tokens[i], i, sequence, wanted);
      cached_[sequence].push_back(tokens[i]);
    }
  }

  // Returns how many tokens are known after that.
  std::size_t copy_from_another(std::size_t sequence, const std::vector<Token>& tokens,
                                std::size_t known, std::size_t most) {
    std::size_t best = sequence, best_known = known + kCopyTokens;
    for (std::size_t other = 0; other < cached_.size(); ++other) {
      const std::size_t theirs = std::min(common_tokens(cached_[other], tokens), most);
      if (other == sequence || theirs <= best_known) continue;
      best = other;
      best_known = theirs;
    }
    if (best == sequence) return known;
    flush();  // the other one may be in the batch
    llama_memory_seq_cp(llama_get_memory(context_.get()), static_cast<llama_seq_id>(best),
                        static_cast<llama_seq_id>(sequence), -1, -1);
    cached_[sequence] = cached_[best];
    return best_known;
  }

  // Keeps the first tokens of a sequence. A model with a recurrent state may have to begin anew;
  // returns how many are left.
  std::size_t rewind(std::size_t sequence, std::size_t tokens) {
    std::vector<Token>& cached = cached_[sequence];
    if (tokens >= cached.size()) return tokens;
    const auto id = static_cast<llama_seq_id>(sequence);
    llama_memory_t memory = llama_get_memory(context_.get());
    if (tokens == 0 || !llama_memory_seq_rm(memory, id, static_cast<llama_pos>(tokens), -1)) {
      llama_memory_seq_rm(memory, id, -1, -1);
      tokens = 0;
    }
    cached.resize(tokens);
    return tokens;
  }

  void add_token(Token token, std::size_t position, std::size_t sequence, bool wanted) {
    const std::int32_t slot = batch_.n_tokens++;
    batch_.token[slot] = token;
    batch_.pos[slot] = static_cast<llama_pos>(position);
    batch_.n_seq_id[slot] = 1;
    batch_.seq_id[slot][0] = static_cast<llama_seq_id>(sequence);
    batch_.logits[slot] = wanted ? 1 : 0;
  }

  void flush() {
    if (batch_.n_tokens == 0) return;
    stop_if(cancelled_);
    logged_error.clear();
    const int status = llama_decode(context_.get(), batch_);
    if (status != 0)
      throw Error("llama: evaluating " + std::to_string(batch_.n_tokens) +
                  " tokens failed with status " + std::to_string(status) + ": " +
                  first_logged_error());
    evaluated_ += static_cast<std::size_t>(batch_.n_tokens);
    batch_.n_tokens = 0;
    for (const Output& output : outputs_) {
      const float* logits = llama_get_logits_ith(context_.get(), output.slot);
      (*receive_)(output.path, output.index, {logits, vocabulary_size_});
    }
    outputs_.clear();
  }

  std::function<bool()> cancelled_;
  std::size_t vocabulary_size_;
  std::size_t most_outputs_ = 0;
  std::unique_ptr<llama_context, FreeContext> context_;
  ggml_threadpool_t threads_ = nullptr;
  std::vector<std::vector<Token>> cached_;  // by sequence; what waits in the batch included
  std::vector<std::uint64_t> used_;         // by sequence: when it was last taken
  std::uint64_t uses_ = 0;
  llama_batch batch_;
  std::vector<Output> outputs_;  // of the batch
  std::size_t evaluated_ = 0;    // tokens, for the question at hand
  const Receive* receive_ = nullptr;
};

// A context for the length of an evaluation.
class LlamaEngine::Lease {
 public:
  Lease(const LlamaEngine& engine, const std::vector<Token>& tokens)
      : engine_(engine), context_(engine.acquire(tokens)) {}
  ~Lease() { engine_.release(context_); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  Context* operator->() const { return context_; }

 private:
  const LlamaEngine& engine_;
  Context* context_;
};

LlamaEngine::LlamaEngine(LlamaOptions options)
    : options_(std::move(options)),
      model_(shared_weights(options_, [this] { try_out(options_); })) {
  if (!predicts_next_token(model()))
    throw Error("llama: " + printable(options_.file) + " does not predict the next token");
  const auto trained = static_cast<std::uint32_t>(llama_model_n_ctx_train(model()));
  if (options_.context > trained)
    throw UsageError("llama: ctx " + std::to_string(options_.context) +
                     " is out of range: the model was trained with " + std::to_string(trained) +
                     " tokens");
  if (options_.context == 0) options_.context = std::min(trained, kLongestWindow);
  if (options_.sequences == 0) {
    const bool few = llama_model_size(model()) <= kCacheSizedBytes &&
                     llama_vocab_n_tokens(vocabulary()) <= kMostByteTokens;
    options_.sequences = few ? 1 : kManySequences;
  }
}

LlamaEngine::~LlamaEngine() = default;

// In a copy of the process: nothing here may wait for another thread.
void LlamaEngine::try_out(LlamaOptions options) {
  options.threads = 1;
  options.gpu_layers = 0;
  options.sequences = std::max(options.sequences, 1U);
  options.cancelled = {};
  const std::unique_ptr<llama_model, decltype(&llama_model_free)> model(load(options),
                                                                        llama_model_free);
  if (!predicts_next_token(model.get())) return;
  const auto trained = static_cast<std::uint32_t>(llama_model_n_ctx_train(model.get()));
  options.context = std::min(options.context == 0 ? kLongestWindow : options.context, trained);
  const LlamaVocabulary vocabulary(llama_model_get_vocab(model.get()), false, 256);
  const TokenPath path = {.tokens = {vocabulary.start(), vocabulary.token(0)}, .first_wanted = 0};
  Context context(model.get(), options);
  context.evaluate({&path, 1}, [](std::size_t, std::size_t, std::span<const float>) {});
}

void LlamaEngine::evaluate(std::span<const TokenPath> paths, const Receive& receive) const {
  if (paths.empty()) return;
  const Lease context(*this, paths[0].tokens);
  evaluated_tokens_ += context->evaluate(paths, receive);
}

std::vector<float> LlamaEngine::hidden_state(const std::vector<Token>& tokens) const {
  const Lease context(*this, tokens);
  return context->hidden_state(tokens);
}

LlamaEngine::Context* LlamaEngine::acquire(const std::vector<Token>& tokens) const {
  std::unique_lock lock(mutex_);
  const auto may_make_one = [&] { return contexts_.size() < options_.contexts; };
  released_.wait(lock, [&] { return !idle_.empty() || may_make_one(); });
  auto best = idle_.end();
  std::size_t best_known = 0;
  for (auto i = idle_.begin(); i != idle_.end(); ++i) {  // of equals the one unused for longest
    const std::size_t known = (*i)->known_tokens(tokens);
    if (best != idle_.end() && known <= best_known) continue;
    best = i;
    best_known = known;
  }
  // A second one lets two states take turns; more are for more threads.
  const bool worth_one = contexts_.size() < 2 && tokens.size() - best_known > kNewContextTokens;
  if (best == idle_.end() || (may_make_one() && worth_one)) {
    contexts_.push_back(std::make_unique<Context>(model_.get(), options_));
    return contexts_.back().get();
  }
  Context* context = *best;
  idle_.erase(best);
  return context;
}

void LlamaEngine::release(Context* context) const {
  {
    const std::lock_guard lock(mutex_);
    idle_.push_back(context);
  }
  released_.notify_one();
}

}  // namespace kraft

#endif  // KRAFT_HAVE_LLAMA
