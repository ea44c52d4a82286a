// The rows of codecs that are measured as they are, and have a decoder's view beside that.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "kraft/registry.h"

namespace kraft::lz {

// Makes the model of the decoder's view.
using MakeView =
    std::function<std::shared_ptr<const Model>(std::shared_ptr<const Codec>, const Arguments&)>;

// The codec's row with the models of both views. `parameters` are those of lz/view_parameters.h;
// `check_view` throws UsageError for what view=decoder cannot have, and may be empty.
Backend with_views(Backend row, std::vector<Parameter> parameters, MakeView make_view,
                   std::function<void(const Arguments&)> check_view = {});

}  // namespace kraft::lz
