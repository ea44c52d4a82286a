#include "evaluate/own_rate.h"

#include "kraft/registry.h"
#include "registry/model_list.h"

namespace kraft {

// One that is made of another model has a codec if that has.
bool has_own_codec(const std::string& spec) {
  const Backend* const backend = backend_of(spec);
  if (backend == nullptr || !backend->make_codec) return false;
  return !names_model(*backend) ||
         has_own_codec(Spec::parse(spec).argument.value_or(backend->argument->initial));
}

std::shared_ptr<const Codec> own_codec(const std::string& spec, const Geometry& geometry) {
  return has_own_codec(spec) ? make_codec(codec_spec(spec), geometry) : nullptr;
}

double further_bits(const Codec& codec, ByteView context, ByteView data) {
  const auto encoder = codec.encoder();
  Bytes both(context.begin(), context.end());
  append(both, data);
  const double all = encoder->code_length(both);
  return context.empty() ? all : all - encoder->code_length(context);
}

}  // namespace kraft
