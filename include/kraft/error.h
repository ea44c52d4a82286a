// Errors: everything that kraft throws is a kraft::Error.
//
//     try {
//       auto model = kraft::make_model("gzip:12");
//     } catch (const kraft::UsageError& error) {
//       // "gzip: level 12 is out of range: 0..9"
//     }
//
// A message is one line that names the offending fragment, what was expected and what was found.
#pragma once

#include <stdexcept>
#include <string>

namespace kraft {

// Something in the world is not as it must be: a file, a stream, a program.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Something in the request is wrong: a specification, an option, a combination of them.
class UsageError : public Error {
 public:
  using Error::Error;
};

// The work was given up because the caller asked for it (ModelOptions::cancelled).
class Cancelled : public Error {
 public:
  using Error::Error;
};

}  // namespace kraft
