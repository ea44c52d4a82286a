#pragma once

namespace kraft::cm {

enum class Effort { normal, max };

}  // namespace kraft::cm
