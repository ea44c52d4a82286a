// A Model over the engine of a decoder's view.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "kraft/context_bits.h"
#include "kraft/model.h"
#include "models/lz/view_state.h"

namespace kraft::lz {

template <typename Engine>
class ViewModel final : public Model, public PricesContextWhenAsked {
 public:
  // `fresh` has observed nothing. No window: it looks back without end.
  ViewModel(std::string spec, std::optional<std::uint64_t> window_bytes, Engine fresh)
      : spec_(std::move(spec)), window_bytes_(window_bytes), fresh_(std::move(fresh)) {}

  std::unique_ptr<State> start() const override {
    return std::make_unique<ViewState<Engine>>(fresh_);
  }
  const std::string& spec() const override { return spec_; }
  Granularity granularity() const override { return Granularity::fractional; }
  std::optional<std::uint64_t> window_bytes() const override { return window_bytes_; }

 private:
  std::string spec_;
  std::optional<std::uint64_t> window_bytes_;
  Engine fresh_;
};

}  // namespace kraft::lz
