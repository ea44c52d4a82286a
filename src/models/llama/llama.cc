// llama: language models in GGUF files, through llama.cpp.

#include "base/text.h"
#include "kraft/context_bits.h"
#include "kraft/error.h"
#include "models/llama/weights.h"
#include "registry/backends.h"

#ifdef KRAFT_HAVE_LLAMA
#include <algorithm>

#include "base/parallel.h"
#include "models/llama/states.h"
#endif

namespace kraft {

#ifdef KRAFT_HAVE_LLAMA

namespace {

// The value of a key of the file, if it is there.
std::string metadata(const llama_model* model, const char* key) {
  char text[64];
  return llama_model_meta_val_str(model, key, text, sizeof text) < 0 ? "" : text;
}

// SentencePiece's models were trained with a space before every text unless their file denies it.
bool has_space_prefix(const llama_model* model) {
  const std::string stated = metadata(model, "tokenizer.ggml.add_space_prefix");
  if (!stated.empty()) return stated == "true";
  return llama_vocab_type(llama_model_get_vocab(model)) == LLAMA_VOCAB_TYPE_SPM;
}

}  // namespace

LlamaCore::LlamaCore(LlamaOptions options, bool ascii7_bytes, std::size_t beam_coverings)
    : engine(std::move(options)),
      ascii7(ascii7_bytes),
      vocabulary(engine.vocabulary(), has_space_prefix(engine.model()), ascii7_bytes ? 128 : 256),
      beam(beam_coverings) {}

namespace {

class LlamaModel final : public Model, public PricesContextWhenAsked {
 public:
  LlamaModel(std::string spec, std::string file, std::shared_ptr<const LlamaCore> core)
      : spec_(std::move(spec)), file_(std::move(file)), core_(std::move(core)) {}

  using Model::start;
  std::unique_ptr<State> start() const override {
    return core_->vocabulary.is_bytes() ? make_llama_byte_state(core_)
                                        : make_llama_covering_state(core_);
  }
  const std::string& spec() const override { return spec_; }
  Granularity granularity() const override { return Granularity::fractional; }

  std::optional<std::uint64_t> window_bytes() const override {
    return std::uint64_t{core_->window_tokens()} * core_->vocabulary.longest_unit_bytes();
  }

  std::string fingerprint() const override { return hash_of_file(file_); }
  // Coverings are followed through all of the context in any case.
  bool context_bits_cost_more() const override { return core_->vocabulary.is_bytes(); }

  std::uint64_t parameters() const override { return llama_model_n_params(core_->engine.model()); }

  // Under ascii7, bytes are pairs of what the model knows, and no units of its own.
  std::span<const Bytes> units() const override {
    return core_->ascii7 ? std::span<const Bytes>() : core_->vocabulary.units();
  }

 private:
  std::string spec_;
  std::string file_;
  std::shared_ptr<const LlamaCore> core_;
};

void check_llama(const Arguments& arguments, const Geometry&) {
  check_weights_file(weights_file(arguments.text("file")));
}

std::shared_ptr<const Model> make_llama(const Arguments& arguments, const ModelOptions& options) {
  const std::string file = weights_file(arguments.text("file"));
  const unsigned threads = options.threads == 0 ? hardware_threads() : options.threads;
  auto core = std::make_shared<const LlamaCore>(
      LlamaOptions{.file = file,
                   .context = static_cast<std::uint32_t>(arguments.integer_or("ctx", 0)),
                   .threads = static_cast<std::uint32_t>(arguments.integer("threads")),
                   .gpu_layers = static_cast<std::uint32_t>(arguments.integer("gpu_layers")),
                   .sequences = static_cast<std::uint32_t>(arguments.integer_or("sequences", 0)),
                   .contexts = std::max<std::size_t>(2, threads),
                   .cancelled = options.cancelled},
      arguments.text("bytes") == "ascii7", static_cast<std::size_t>(arguments.integer("beam")));
  return std::make_shared<LlamaModel>(arguments.spec(), file, std::move(core));
}

}  // namespace

#else  // no llama.cpp

namespace {

void check_llama(const Arguments&, const Geometry&) {
  throw Error(
      "llama: kraft was built without llama.cpp (-DKRAFT_LLAMA=npm builds it in), which all but "
      "text, image and audio run on");
}

std::shared_ptr<const Model> make_llama(const Arguments&, const ModelOptions&) { return nullptr; }

}  // namespace

#endif  // KRAFT_HAVE_LLAMA

namespace {

Parameter of_speed(Parameter parameter) {
  parameter.of_speed = true;
  return parameter;
}

// Those that kraft comes with.
bool is_bundled(const Spec& spec) {
  const std::string name = spec.argument.value_or("default");
  return name == "default" || is_weights_name(name);
}

// Since the second revision they are computed by kraft itself.
void become_bytelm(Spec& spec) {
  for (const auto& [key, value] : spec.values) {
    if (key != "ctx")
      throw UsageError("llama: " + *spec.argument + " is bytelm:" + *spec.argument +
                       ", which has no parameter '" + printable(key) +
                       "'; llama#1:" + *spec.argument + " runs on llama.cpp");
  }
  spec.name = "bytelm";
  spec.revision.reset();
}

}  // namespace

Backend llama_backend() {
  Backend row;
  row.name = "llama";
  row.summary = "language models in GGUF files, by token or by byte";
  row.argument = weights_argument();
  row.argument->meaning =
      "a GGUF file; text, image, audio and default are those of bytelm: llama#1:text runs on "
      "llama.cpp";
  row.parameters = {
      window_parameter(),
      of_speed(Parameter::integer("threads", 1, 512, "1",
                                  "of one evaluation; the results are the same")),
      Parameter::integer("gpu_layers", 0, 100000, "0",
                         "layers on a GPU, if llama.cpp was built for one; results may vary then")
          .up_to_from_file(0),
      Parameter::choice("bytes", {"auto", "ascii7"}, "auto",
                        "bytes from tokens: auto sums over the tokens that cover them; ascii7 "
                        "shows the model byte >> 1 as ASCII and adds the lost bit"),
      Parameter::integer("beam", 1, 4096, "8",
                         "coverings by tokens that are kept for the sum; more is more exact")
          .up_to_from_file(64),
      of_speed(Parameter::integer("sequences", 1, 64, "",
                                  "continuations evaluated at once, each with the memory of a "
                                  "window (default: 1 up to 64 MiB of weights and 512 tokens, "
                                  "else 8)")),
  };
  row.granularity = Granularity::fractional;
  row.window = "the model's, or by ctx=";
#ifdef KRAFT_HAVE_LLAMA
  row.library = llama_library;
  row.engine = [] { return std::string("own"); };
#else
  row.library = [] { return std::string("built without llama.cpp"); };
  row.engine = [] { return std::string("none"); };
#endif
  row.revision = 2;
  row.revised = is_bundled;
  row.complete = [](Spec& spec, const Geometry& geometry) {
    if (spec.argument.value_or("default") == "default") spec.argument = default_medium(geometry);
    if (is_bundled(spec) && spec.revision.value_or(2) == 2) become_bytelm(spec);
  };
  row.check_model = check_llama;
  row.make_model = make_llama;
  return row;
}

}  // namespace kraft
