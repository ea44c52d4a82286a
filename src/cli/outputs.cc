#include "cli/outputs.h"

#include "base/text.h"
#include "cli/terminal.h"
#include "kraft/error.h"

namespace kraft::cli {

void Outputs::open(const std::string& path) {
  if (!path.empty() && path != "-") files_[path] = std::make_unique<OutputFile>(path);
}

void Outputs::write(const std::string& path, const std::function<Bytes()>& contents) {
  if (path.empty()) return;
  attempt([&] {
    const Bytes bytes = contents();
    if (path == "-") return write_out(as_text(bytes));
    if (!files_.contains(path)) open(path);
    const auto file = files_.extract(path);
    file.mapped()->write(bytes);
    file.mapped()->commit();
  });
}

void Outputs::write_text(const std::string& path, const std::function<std::string()>& contents) {
  write(path, [&] {
    const std::string text = contents();
    return Bytes(text.begin(), text.end());
  });
}

void Outputs::attempt(const std::function<void()>& work) {
  try {
    work();
  } catch (const Cancelled&) {
    throw;
  } catch (const std::exception&) {
    if (!first_error_) first_error_ = std::current_exception();
  }
}

void Outputs::finish() const {
  if (first_error_) std::rethrow_exception(first_error_);
}

}  // namespace kraft::cli
