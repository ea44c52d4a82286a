// What SamplerOptions::max_copy did, as reports say it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "kraft/tasks/sample.h"

namespace kraft {

nlohmann::ordered_json copy_limit_json(int max_copy_bytes, const CopyLimitReport& report);

// Empty where there is no limit (0).
std::string copy_limit_text(int max_copy_bytes, const CopyLimitReport& report);

}  // namespace kraft
