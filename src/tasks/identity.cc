#include "tasks/identity.h"

#include "base/numbers.h"
#include "kraft/container.h"

namespace kraft {

std::string identity_of(const Model& model) {
  const ModelIdentity identity = identify(model);
  return identity.spec + " (" + identity.library + ")" +
         (identity.fingerprint.empty() ? "" : " " + identity.fingerprint) + " " +
         hexadecimal(identity.probe);
}

}  // namespace kraft
