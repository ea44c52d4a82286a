// A capability of models: those that measure a compressor.
//
//     bool compares_strings = kraft::measures_compressor(*model);   // of gzip; not of an n-gram
//
// A model of your own says so by its type: it is derived from Model and from CompressorModel.
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
