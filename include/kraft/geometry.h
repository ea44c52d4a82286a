// The shape of the samples that a model is to see, as far as it is known.
//
//     kraft::Geometry gray{.width = 128, .channels = 1, .depth = 8};
//     auto png = kraft::make_model("png", {.geometry = gray});    // png,width=128,channels=1,depth=8
//     auto gzip = kraft::make_model("gzip", {.geometry = gray});  // gzip:6
//
// A backend for images or sound has parameters of these names. Where the specification does not set
// one of them, it gets the value from here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kraft {

struct Geometry {
  std::optional<std::int64_t> width = {};     // pixels of a row
  std::optional<std::int64_t> rate = {};      // frames of sound in a second
  std::optional<std::int64_t> channels = {};  // samples of a pixel or a frame
  std::optional<std::int64_t> depth = {};     // bits of a sample

  // Those that are set, by their names.
  std::vector<std::pair<std::string, std::int64_t>> values() const;
};

}  // namespace kraft
