// At which temperature a model writes text best, one byte after the other.
//
//     double temperature = kraft::text_temperature(*model);   // 0.7 of ppmd, 1 of an n-gram
//
// Models differ in what they do with a temperature below 1, which leaves out what is improbable.
// What estimates how much it does not know (PPM's escapes, the weights of context mixing, a network
// that was trained) spreads probability over words that nobody writes: it writes better without
// them. What only counts takes the rest to be sure, and quotes. docs/samplers.md has the figures.
// A model of your own says so by its type: it is derived from Model and from WritesAtTemperature.
#pragma once

#include "kraft/model.h"

namespace kraft {

// A base of the models that know.
class WritesAtTemperature {
 public:
  virtual ~WritesAtTemperature() = default;
  virtual double text_temperature() const = 0;
};

inline constexpr double kHedgedTextTemperature = 0.7;  // of what estimates what it does not know

// Of the others, by whether they were trained.
inline double text_temperature(const Model& model) {
  if (const auto* knows = dynamic_cast<const WritesAtTemperature*>(&model))
    return knows->text_temperature();
  return model.parameters() > 0 ? kHedgedTextTemperature : 1;
}

}  // namespace kraft
