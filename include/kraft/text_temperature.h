// At which temperature a model writes text best, one byte after the other.
//
//     double temperature = kraft::text_temperature(*model);   // 0.7 of ppmd, 1 of a product
//
// Models differ in what they do at a temperature below 1, which leaves out what is improbable. What
// allows for all that it has not seen (escapes and backing off to short contexts, context mixing, a
// network that was trained) leaves probability to words that nobody writes: it writes better
// without them. What continues long strings of its context, as decoders of LZ and n-grams of a high
// order do, quotes. docs/samplers.md has the figures. A model of your own says so by its type: it
// is derived from Model and from WritesAtTemperature.
#pragma once

#include "kraft/model.h"

namespace kraft {

// A base of the models that know.
class WritesAtTemperature {
 public:
  virtual ~WritesAtTemperature() = default;
  virtual double text_temperature() const = 0;
};

inline constexpr double kHedgedTextTemperature = 0.7;  // of what allows for what it has not seen

// Of the others, by whether they were trained.
inline double text_temperature(const Model& model) {
  if (const auto* knows = dynamic_cast<const WritesAtTemperature*>(&model))
    return knows->text_temperature();
  return model.parameters() > 0 ? kHedgedTextTemperature : 1;
}

}  // namespace kraft
