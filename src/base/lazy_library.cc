#include "base/lazy_library.h"

#include <dlfcn.h>

#include "base/text.h"
#include "kraft/error.h"

namespace kraft {

LazyLibrary::LazyLibrary(const char* file)
    : file_(file), handle_(::dlopen(file, RTLD_NOW | RTLD_LOCAL)) {
  if (handle_ == nullptr) throw Error("cannot load " + file_ + ": " + printable(::dlerror()));
}

void* LazyLibrary::address_of(const char* name) const {
  void* address = ::dlsym(handle_, name);
  if (address == nullptr) throw Error(file_ + " has no " + name);
  return address;
}

}  // namespace kraft
