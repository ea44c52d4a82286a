#include "cli/context.h"

#include <algorithm>

#include "base/files.h"
#include "base/text.h"
#include "cli/terminal.h"
#include "kraft/error.h"
#include "run/interrupts.h"
#include "run/ranks.h"

namespace kraft::cli {

void ContextOptions::add_to(po::options_description& options) {
  // clang-format off
  options.add_options()
      ("prime", po::value<std::string>()->value_name("FILE")->notifier([this](const std::string& v) { prime = v; }),
       "corpus to imitate; comes first in the context")
      ("prime-first", po::value(&prime_first)->value_name("N")->default_value(prime_first),
       "let models observe only the first N bytes of the corpus (0: all)")
      ("prompt", po::value<std::string>()->value_name("TEXT")->notifier([this](const std::string& v) { prompt = v; }),
       "text to continue; comes last in the context")
      ("input", po::value<std::vector<std::string>>(&inputs)->value_name("FILE"),
       "file to continue (- is standard input); comes after the corpus and before the prompt");
  // clang-format on
}

void ThreadsOption::add_to(po::options_description& options) {
  options.add_options()("threads", po::value(&threads)->value_name("N")->default_value(threads),
                        "threads to measure with (0: one per processor)");
}

unsigned ThreadsOption::get() const {
  check_range("threads", threads, 0, 1024);
  return threads == 0 ? default_threads() : static_cast<unsigned>(threads);
}

void check_range(const char* name, std::int64_t value, std::int64_t min, std::int64_t max) {
  if (value >= min && value <= max) return;
  throw UsageError("--" + std::string(name) + " " + std::to_string(value) + " is out of range: " +
                   std::to_string(min) + ".." + (max == INT64_MAX ? "" : std::to_string(max)));
}

Context read_context(const ContextOptions& options) {
  if (options.prime == "-" && !options.inputs.empty() && options.inputs[0] == "-")
    throw UsageError("--prime - and the input - both read standard input");
  check_range("prime-first", options.prime_first, 0, INT64_MAX);
  if (options.prime_first > 0 && !options.prime) throw UsageError("--prime-first needs --prime");
  Context context;
  if (options.prime) context.bytes = read_input(*options.prime);
  context.prompt_begins = context.observed_corpus = context.bytes.size();
  if (options.prime_first > 0)
    context.observed_corpus =
        std::min(context.prompt_begins, static_cast<std::size_t>(options.prime_first));
  for (const std::string& input : options.inputs)
    append(context.bytes, options.input_bytes.empty() ? read_input(input) : options.input_bytes);
  if (options.prompt) append(context.bytes, as_bytes(*options.prompt));
  return context;
}

Bytes Context::observed() const {
  Bytes joined(corpus().begin(), corpus().end());
  append(joined, prompt());
  return joined;
}

void warn_if_cut(const Model& model, std::uint64_t context_bytes) {
  const auto window = model.window_bytes();
  if (!window || context_bytes <= *window) return;
  warn(model.spec() + " reaches back " + grouped(*window) +
       " bytes: it can copy nothing from the first " + grouped(context_bytes - *window) + " of " +
       grouped(context_bytes) + " bytes of context");
}

std::vector<std::shared_ptr<const Model>> make_models(const std::vector<std::string>& specs,
                                                      unsigned threads) {
  std::vector<std::shared_ptr<const Model>> models;
  for (const std::string& spec : specs)
    models.push_back(make_model(spec, {.threads = threads, .cancelled = interrupted}));
  return models;
}

}  // namespace kraft::cli
