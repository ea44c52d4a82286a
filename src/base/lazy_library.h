// A shared library that is loaded when it is first needed: for one whose loading takes longer than
// all the rest of a short command.
//
//     const LazyLibrary library("libjxl.so.0.7");
//     const auto version = library.find<decltype(&::JxlEncoderVersion)>("JxlEncoderVersion");
#pragma once

#include <string>

namespace kraft {

// Stays loaded until the program ends.
class LazyLibrary {
 public:
  // The file as dlopen() takes it. Throws Error.
  explicit LazyLibrary(const char* file);

  // Throws Error when the library has no such function.
  template <typename Function>
  Function find(const char* name) const {
    return reinterpret_cast<Function>(address_of(name));
  }

 private:
  void* address_of(const char* name) const;

  std::string file_;
  void* handle_;
};

}  // namespace kraft
