// States to draw from, where those are not the states to predict with.
//
// A model predicts whatever its codec can encode. Of some of that, nobody would want to see any
// drawn: a photograph's pixels where PNG's residuals wrap around, say. A model that knows such
// things leaves them out of the states that it gives for drawing, and only there.
#pragma once

#include <functional>
#include <memory>

#include "kraft/model.h"

namespace kraft {

// What such a model is besides a Model.
class DrawingModel {
 public:
  virtual ~DrawingModel() = default;

  // A fresh state, in which what is not to be drawn is impossible.
  virtual std::unique_ptr<State> start_drawing() const = 0;
};

// That state of a DrawingModel after a context, or model.start(context) of any other. Throws
// Cancelled as soon as `cancelled` says so.
std::unique_ptr<State> start_drawing(const Model& model, ByteView context = {},
                                     const std::function<bool()>& cancelled = {});

}  // namespace kraft
