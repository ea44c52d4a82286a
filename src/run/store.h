// Results of cells on disk, a line for each: what was computed once need not be again.
//
//     CellStore store("cells.jsonl", "compare", settings, say);
//     if (auto text = store.find("gzip:6 | window 0")) ...    // as it was added
//     store.add("gzip:6 | window 1", text_of(compute(1)));    // on disk when it returns
//
// The file is lines of JSON, each with a checksum of itself. The first one says which command it is
// of and what all results depend on.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kraft {

// Belongs to one thread. While it lives, other processes are refused the file.
class CellStore {
 public:
  using Notice = std::function<void(const std::string&)>;

  // Reads what is there, or begins a new file. A line that is not as it was written (a digit that
  // changed, an end that was cut off) is left out of the file and of what find() knows, and
  // `notice` is told; likewise all lines of an older version, which have no checksums.
  //
  // Throws Error for what is no regular file, for a file of anything else (of which no more than a
  // megabyte is read), for results of other settings, and when another process has it.
  CellStore(const std::string& path, const std::string& command, const std::string& settings,
            const Notice& notice);
  ~CellStore();
  CellStore(const CellStore&) = delete;
  CellStore& operator=(const CellStore&) = delete;

  // The JSON that was added under this key.
  std::optional<std::string> find(const std::string& key) const;

  // `json` is one value, without line feeds.
  void add(const std::string& key, const std::string& json);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// All that such a file holds, for who only reads it.
struct StoredResults {
  std::string settings;
  std::vector<std::pair<std::string, std::string>>
      lines;  // keys and JSON, in the order of the file
};

// The file stays as it is. Damaged lines are left out, and `notice` is told. Throws Error as
// CellStore does, but for settings, which are not known here; and for a file of an older version.
StoredResults read_results(const std::string& path, const std::string& command,
                           const CellStore::Notice& notice);

}  // namespace kraft
