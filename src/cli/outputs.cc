#include "cli/outputs.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/text.h"
#include "cli/terminal.h"
#include "kraft/error.h"
#include "kraft/report.h"
#include "media/names.h"

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

void make_folder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error || !std::filesystem::is_directory(folder, error))
    throw Error("cannot make the folder " + printable(folder) + ": " + error.message());
  if (::access(folder.c_str(), W_OK | X_OK) != 0)
    throw Error("cannot write to the folder " + printable(folder) + ": " + std::strerror(errno));
}

void expect_ending(const char* option, const std::string& path, const char* written,
                   std::initializer_list<std::string_view> endings) {
  const std::string extension = std::filesystem::path(path).extension().string();
  const auto is_it = [&](std::string_view ending) { return has_ending(extension, ending); };
  if (extension.empty() || std::ranges::any_of(endings, is_it)) return;
  throw UsageError("--" + std::string(option) + " " + printable(path) + ": it is " + written +
                   ": expected a name that ends in " + std::string(*endings.begin()));
}

void expect_page(const std::optional<std::string>& path) {
  if (!path) return;
  if (!has_compare_page())
    throw Error(
        "--html: kraft was built without Chart.js (apt-get install libjs-chart.js, and build "
        "again)");
  expect_ending("html", *path, "a page in HTML", {".html", ".htm"});
}

}  // namespace kraft::cli
