// The context that next and sample start from: a corpus, then a file, then a prompt.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "kraft/bytes.h"
#include "kraft/registry.h"

namespace kraft::cli {

struct ContextOptions {
  std::optional<std::string> prime;
  std::int64_t prime_first = 0;
  std::optional<std::string> prompt;
  std::vector<std::string> inputs;  // at most one: FILE or -
  Bytes input_bytes;                // what it holds, if it was read already

  void add_to(po::options_description& options);
};

// --threads, as every command that measures has it.
struct ThreadsOption {
  int threads = 0;

  void add_to(po::options_description& options);
  unsigned get() const;  // throws UsageError; 0: one per processor. Under mpirun never 0
};

struct Context {
  Bytes bytes;                      // all of it
  std::size_t prompt_begins = 0;    // what stands before is the corpus
  std::size_t observed_corpus = 0;  // as much of the corpus as models observe, from its beginning

  ByteView corpus() const { return ByteView(bytes).first(observed_corpus); }
  ByteView prompt() const { return ByteView(bytes).subspan(prompt_begins); }
  Bytes observed() const;  // corpus and prompt
};

Context read_context(const ContextOptions& options);

// Throws UsageError when the value of --name is outside its range.
void check_range(const char* name, std::int64_t value, std::int64_t min, std::int64_t max);

// Warns when the model does not reach back to the beginning of the context.
void warn_if_cut(const Model& model, std::uint64_t context_bytes);

// The models of all --model options. Throws UsageError.
std::vector<std::shared_ptr<const Model>> make_models(const std::vector<std::string>& specs,
                                                      unsigned threads);

}  // namespace kraft::cli
