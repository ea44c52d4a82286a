// Uses the installed library alone: a codec, a model, a sampler and a .kraft file.
#include <kraft/bytes.h>
#include <kraft/candidates.h>
#include <kraft/codec.h>
#include <kraft/container.h>
#include <kraft/model.h>
#include <kraft/random.h>
#include <kraft/registry.h>
#include <kraft/sampler.h>

#include <cstdio>

int main() {
  const kraft::ByteView text = kraft::as_bytes("to be or not to be, that is the ");
  const auto codec = kraft::make_codec("zstd:19");
  const kraft::Bytes back = codec->decode(codec->encode(text));
  if (kraft::as_text(back) != kraft::as_text(text)) return 1;

  const auto state = kraft::make_model("gzip")->start(text);
  const auto sampler = kraft::make_sampler("ancestral", {.temperature = 0.5});
  kraft::Random random(1);
  const kraft::Bytes drawn = kraft::sample(*sampler, *state, kraft::Candidates::seen(text),
                                           {.length_bytes = 10, .history = text}, random);
  const kraft::Bytes file = kraft::compress(*kraft::make_model("ngram:2"), text);
  if (kraft::as_text(kraft::decompress(file)) != kraft::as_text(text)) return 1;

  std::printf("%zu bytes drawn\n", drawn.size());
  return drawn.size() == 10 ? 0 : 1;
}
