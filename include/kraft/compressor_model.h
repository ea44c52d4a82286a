// A capability of models: those that measure a compressor.
//
//     auto model = kraft::make_model("gzip");
//     kraft::measures_compressor(*model);                           // true; of "ngram", false
//
// A model of your own says so by its type:
//
//     class MyModel final : public kraft::Model, public kraft::CompressorModel { ... };
#pragma once

#include "kraft/model.h"

namespace kraft {

// The bits of such a model are lengths of what a compressor writes. It knows strings better than
// single bytes: it compares candidates of several bytes best.
class CompressorModel {
 protected:
  ~CompressorModel() = default;
};

inline bool measures_compressor(const Model& model) {
  return dynamic_cast<const CompressorModel*>(&model) != nullptr;
}

}  // namespace kraft
