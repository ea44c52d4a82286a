// Every sampler by its name: a new one is its file and one line here.
#include "samplers/registry.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "kraft/error.h"
#include "samplers/options.h"

namespace kraft {
namespace {

template <class Row>
const Row& find_row(std::span<const Row> rows, std::string_view name, const std::string& kind) {
  std::vector<std::string> names;
  for (const Row& row : rows) {
    if (row.name == name) return row;
    names.push_back(row.name);
  }
  const std::string hint = did_you_mean(name, names);
  throw UsageError("unknown " + kind + " \"" + printable(name) + "\"" +
                   (hint.empty() ? ": expected " + join(names, ", ") : hint));
}

}  // namespace

std::span<const SamplerRow> samplers() {
#define KRAFT_MAKE_ROW(name) name##_row(),
  static const std::array rows = {KRAFT_SAMPLERS(KRAFT_MAKE_ROW)};
#undef KRAFT_MAKE_ROW
  return rows;
}

std::unique_ptr<Sampler> make_sampler(std::string_view name, const SamplerOptions& options) {
  const SamplerRow& row = find_row(samplers(), name, "sampler");
  check_options(options);
  check_read(row, options);
  return row.make(options);
}

std::span<const SamplerPreset> sampler_presets() {
  // The program gzipt with its defaults, but for the temperature: its
  // own is 0.5 with weights exp(-bytes / temperature), which is a temperature of 8 ln 2 * 0.5
  // = 2.77 here. At 0, where no random number is drawn, the outputs are equal byte for byte.
  static const std::array presets = {SamplerPreset{
      .name = "gzipt",
      .summary = "beam search on zlib's whole bytes, as the program gzipt does it",
      .model = "zlib:9",
      .sampler = "beam",
      .alphabet = "seen",
      .prime_bytes = 30000,
      .options = {.temperature = 0,
                  .whole_bytes = true,
                  .tail = 80,
                  .horizon = 24,
                  .beam_width = 32,
                  .commit = 0},
  }};
  return presets;
}

const SamplerPreset& sampler_preset(std::string_view name) {
  return find_row(sampler_presets(), name, "preset");
}

Bytes sample(const Sampler& sampler, State& state, const Candidates& candidates,
             const SampleRequest& request, Random& random) {
  Bytes drawn;
  sampler.sample(state, candidates, request, random, [&](ByteView bytes) {
    append(drawn, bytes);
    return true;
  });
  return drawn;
}

}  // namespace kraft
