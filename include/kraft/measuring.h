// Measuring: any codec as a model.
//
//     auto codec = kraft::make_codec("zstd:19");               // or one of your own
//     auto model = kraft::model_of(codec, "zstd:19");
//     auto state = model->start(kraft::as_bytes("to be or not to "));
//
//     std::array<double, 256> bits;
//     state->next_byte(bits);                                  // 257 compressions
//
// The increment of a continuation is the difference of the lengths of two whole streams. This is
// the truth that every faster engine is tested against.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kraft/codec.h"
#include "kraft/model.h"
#include "kraft/spec.h"

namespace kraft {

// What of the context each measurement of model_of() compresses.
struct MeasuredContext {
  std::uint64_t bytes = 0;  // the last so many (default 0: all), as far as they begin where a
                            // message of the codec may (Codec::alignment_bytes())

  // Dithering (default 1: none). Whole bytes hide most of what a codec knows of the next byte. The
  // same context without its first byte, without its first two, ... ends elsewhere within a byte:
  // the mean of the increments after so many such contexts tells more than each of them. They
  // differ by whole pieces of Codec::alignment_bytes() and keep half of the bytes at least, so that
  // after a short context there are fewer. Sizes that are a power of two from 256 on are passed
  // over, since some codecs change their parameters there.
  std::uint64_t dither = 1;
};

// The codec as a model that is called `spec`. Every distinct continuation costs one compression of
// the context (with dithering, of each context), spread over `options.threads` threads.
std::shared_ptr<const Model> model_of(std::shared_ptr<const Codec> codec, std::string spec,
                                      const MeasuredContext& context = {},
                                      const ModelOptions& options = {});

// The parameters `context` and `dither` of a specification, for a backend of whatever engine that
// measures by model_of().
std::vector<Parameter> measured_context_parameters();
MeasuredContext measured_context(const Arguments& arguments);

}  // namespace kraft
