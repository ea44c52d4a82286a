#include "kraft/granularity.h"

namespace kraft {

const char* name_of(Granularity granularity) {
  switch (granularity) {
    case Granularity::byte:
      return "byte";
    case Granularity::bit:
      return "bit";
    case Granularity::fractional:
      return "fractional";
  }
  return "?";
}

}  // namespace kraft
