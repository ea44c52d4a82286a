#include "serve/failure.h"

#include <algorithm>
#include <new>

#include "base/text.h"
#include "kraft/option_error.h"

namespace kraft::serve {
namespace {

Json or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

std::string keyword_of(std::string name) {
  std::ranges::replace(name, '-', '_');
  return name;
}

}  // namespace

Failure Failure::invalid(const std::string& message, std::string param) {
  return {400, "invalid_request_error", message, {}, std::move(param)};
}

Failure Failure::not_found(const std::string& message, std::string code, std::string param) {
  return {404, "not_found_error", message, std::move(code), std::move(param)};
}

Json Failure::json() const {
  return {{"error",
           {{"message", printable(what())},
            {"type", type_},
            {"param", or_null(param_)},
            {"code", or_null(code_)}}}};
}

Failure failure_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Failure& failure) {
    return failure;
  } catch (const OptionError& option_error) {
    std::string param;
    const std::string text = option_error.text([&param](const std::string& name) {
      if (param.empty()) param = keyword_of(name);
      return keyword_of(name);
    });
    return Failure::invalid(text, param);
  } catch (const Error& kraft_error) {
    return Failure::invalid(kraft_error.what());
  } catch (const std::bad_alloc&) {
    return {500, "server_error", "out of memory"};
  } catch (const std::exception& other) {
    return {500, "server_error", other.what()};
  }
}

}  // namespace kraft::serve
