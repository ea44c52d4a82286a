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

// What a State is besides that may learn less from what is drawn than from what is given.
class DrawnState {
 public:
  virtual ~DrawnState() = default;

  // From here on, what is observed is drawn, or given as at the start. A mark comes back to what
  // held there.
  virtual void set_drawing(bool drawing) = 0;
  // Then that makes no difference.
  virtual bool learns_what_is_drawn() const = 0;
};

// The same of any state; most make no difference.
void set_drawing(State& state, bool drawing);
bool learns_what_is_drawn(const State& state);

// A fresh state of a DrawingModel for drawing, or model.start() of any other.
std::unique_ptr<State> start_drawing(const Model& model);

// The same after a context; what it observes from there on is taken to be drawn. Throws Cancelled
// as soon as `cancelled` says so.
std::unique_ptr<State> start_drawing(const Model& model, ByteView context,
                                     const std::function<bool()>& cancelled = {});

}  // namespace kraft
