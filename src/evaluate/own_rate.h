// What a codec pays for data by itself, whichever of its views is looked at.
//
//     kraft::own_codec("gzip:9,view=decoder");                    // gzip:9
//     kraft::own_codec("ngram:3");                                // null: it has none
//     kraft::further_bits(*codec, context, truth);                // bits of both less the context's
#pragma once

#include <memory>
#include <string>

#include "kraft/bytes.h"
#include "kraft/codec.h"
#include "kraft/geometry.h"

namespace kraft {

// Whether a model of this specification is a view of a codec.
bool has_own_codec(const std::string& spec);

// That codec; null for a predictor. Throws UsageError where its parameters are wrong.
std::shared_ptr<const Codec> own_codec(const std::string& spec, const Geometry& geometry = {});

// By how many bits Encoder::code_length() of the context grows with the data after it. What `kraft
// score --prime` says; negative where a codec pays less for more.
double further_bits(const Codec& codec, ByteView context, ByteView data);

}  // namespace kraft
