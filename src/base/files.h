// Files: read from beginning to end, and written so that they appear whole or not at all.
//
//     kraft::Bytes bytes = kraft::read_input("book.txt");     // or "-"
//     kraft::OutputFile file("copy.txt");                     // throws before any work is done
//     file.write(bytes);
//     file.commit();                                          // now it is there
//
// What goes wrong is an Error that names the file.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kraft/bytes.h"

namespace kraft {

// Reads a whole file, or standard input for "-". Throws Error when it is missing, unreadable, a
// directory, or (files only) empty where it may not be; also when a signal comes while it waits and
// `cancelled` (which may be empty) says that this was the end.
Bytes read_input(const std::string& path, const std::function<bool()>& cancelled = {},
                 bool may_be_empty = false);

// Who may read a file, as far as modes say.
struct FileAccess {
  std::uint32_t mode = 0;  // its permissions
  std::uint32_t group = 0;
};

// Whether both are there and are one regular file or one folder, by whatever names.
bool is_same_file(const std::string& one, const std::string& other);

// Whether what is written to both is written to one file, be it there already or not; or to
// standard output, "-".
bool would_be_one_file(const std::string& one, const std::string& other);

// A file that is read from its beginning to its end, or standard input for "-".
class InputFile {
 public:
  explicit InputFile(const std::string& path);  // throws Error
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  // How long it is, where that can be known.
  std::optional<std::uint64_t> size_bytes() const;

  // Nothing for pipes and devices.
  std::optional<FileAccess> access() const;

  // Fills as much of `to` as there is at the moment; 0 at the end. Throws Error.
  std::size_t read(std::span<Byte> to);

  const std::string& name() const { return name_; }  // for messages

 private:
  std::string name_;
  int descriptor_ = -1;
};

// What is written appears at `path` only when commit() is called; until then, and for ever if it is
// not, what was there stays. Pipes and devices are written to directly. Throws Error, and that as
// early as possible: the constructor finds out whether the file can be written.
//
// A file that was there keeps its owner and its permissions, as far as that is allowed: bits that
// lend the owner's rights (set-uid) never pass to another owner. With `no_wider_than`, the access
// to some input, nobody may read the file who may not read that.
//
// In a folder where no file can be made, a file that is there and writable is written over, at the
// end and from a copy elsewhere.
class OutputFile {
 public:
  explicit OutputFile(const std::string& path,
                      const std::optional<FileAccess>& no_wider_than = std::nullopt);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(ByteView bytes);
  void commit();

 private:
  void begin_beside(bool exists);
  void set_permissions() const;
  void write_over(int from) const;

  std::string path_;
  std::optional<FileAccess> no_wider_than_;
  // Of the file that was there.
  struct Before {
    std::uint32_t mode, owner, group;
  };
  std::optional<Before> before_;
  std::string temporary_path_;  // what takes the file's place; empty when nothing does
  bool direct_ = false;
  int descriptor_ = -1;
};

// Writes all of it, or throws an Error that says `name`.
void write_all(int descriptor, ByteView bytes, const std::string& name);

// The first of the files that is there, as seen from the program's folder; empty: none is.
std::string first_beside_program(const std::vector<std::string>& paths);

// Removes what uncommitted OutputFiles have written so far, for a program that is about to end. May
// be called from a signal handler.
void remove_unfinished_files() noexcept;

}  // namespace kraft
