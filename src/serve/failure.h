// What goes wrong with a request: the status of the response, and its body in the form of OpenAI's
// interface, which clients know.
//
//     throw Failure::invalid("max_tokens -1 is out of range: 0..65536", "max_tokens");
#pragma once

#include <exception>
#include <string>

#include "kraft/error.h"
#include "serve/json.h"

namespace kraft::serve {

class Failure : public Error {
 public:
  Failure(int status, std::string type, const std::string& message, std::string code = {},
          std::string param = {})
      : Error(message),
        status_(status),
        type_(std::move(type)),
        code_(std::move(code)),
        param_(std::move(param)) {}

  static Failure invalid(const std::string& message, std::string param = {});
  static Failure not_found(const std::string& message, std::string code = {},
                           std::string param = {});

  int status() const { return status_; }
  const std::string& type() const { return type_; }
  const std::string& code() const { return code_; }    // for programs; may be empty
  const std::string& param() const { return param_; }  // the field that it is about; may be empty

  // {"error": {"message", "type", "param", "code"}}
  Json json() const;

 private:
  int status_;
  std::string type_, code_, param_;
};

// What an exception means to a client. Names of options become those of fields. A Cancelled is
// whoever asked for the end to explain, and is not to come here.
Failure failure_of(const std::exception_ptr& error);

// The status that the log has for a request whose client has left: it is never sent.
inline constexpr int kClientLeft = 499;

}  // namespace kraft::serve
