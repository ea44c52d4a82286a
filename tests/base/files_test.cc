// Output files: who may read them, when they are noticed to be impossible, and what stays behind.
#include "base/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "kraft/error.h"

namespace kraft {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr uid_t kNobody = 65534;

class Files : public testing::Test {
 protected:
  Files() {
    std::string name = ::testing::TempDir() + "kraft-files-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    mask_ = ::umask(022);
  }
  ~Files() override {
    ::umask(mask_);
    fs::permissions(folder_, fs::perms::all);
    fs::remove_all(folder_);
  }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  std::string make(const std::string& name, mode_t mode, const std::string& content = "old") {
    std::ofstream(path(name)) << content;
    ::chmod(path(name).c_str(), mode);
    return path(name);
  }

  static struct stat status(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status;
  }
  static mode_t mode(const std::string& path) { return status(path).st_mode & 07777; }

  static std::string content(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  static void write(const std::string& path, const std::optional<FileAccess>& widest = {}) {
    OutputFile file(path, widest);
    file.write(as_bytes("new"));
    file.commit();
  }

  static std::string error_of(const std::string& path) {
    try {
      const OutputFile file(path);
      return "no error";
    } catch (const Error& error) {
      return error.what();
    }
  }

  std::string folder_;
  mode_t mask_ = 0;
};

// The rights of another user for a while, where this one may take them.
class AsNobody {
 public:
  AsNobody() : is_root_(::geteuid() == 0) {
    if (is_root_) {
      EXPECT_EQ(::setegid(kNobody) | ::seteuid(kNobody), 0);
    }
  }
  ~AsNobody() {
    if (is_root_) {
      EXPECT_EQ(::seteuid(0) | ::setegid(0), 0);
    }
  }

 private:
  bool is_root_;
};

TEST_F(Files, AFileKeepsItsPermissionsAndItsOwner) {
  for (const mode_t permissions : {0600u, 0640u, 0644u, 0755u, 0666u}) {
    const std::string file = make("out", permissions);
    write(file);
    EXPECT_EQ(content(file), "new");
    EXPECT_EQ(mode(file), permissions);
  }
  write(path("first"));
  EXPECT_EQ(mode(path("first")), 0644u);
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  const std::string file = make("theirs", 0644);
  ASSERT_EQ(::chown(file.c_str(), kNobody, kNobody), 0);
  write(file);
  EXPECT_EQ(status(file).st_uid, kNobody);
  EXPECT_EQ(status(file).st_gid, kNobody);
}

TEST_F(Files, RightsThatAFileLendsNeverPassToAnotherOwner) {
  const std::string file = make("out", 06777);
  ::chmod(folder_.c_str(), 0777);
  {
    const AsNobody nobody;
    write(file);
  }
  EXPECT_EQ(content(file), "new");
  if (::geteuid() == 0) {
    EXPECT_EQ(status(file).st_uid, kNobody);  // who could not keep root's
    EXPECT_EQ(mode(file), 0777u);
    const std::string other = make("other", 0644);
    ASSERT_EQ(::chown(other.c_str(), kNobody, kNobody), 0);
    ::chmod(other.c_str(), 04755);
    write(other);  // keeps its owner, so that it lends nobody's rights as before
    EXPECT_EQ(status(other).st_uid, kNobody);
    EXPECT_EQ(mode(other), 04755u);
  } else {
    EXPECT_EQ(mode(file), 06777u);
  }
}

TEST_F(Files, NobodyMayReadTheOutputWhoMayNotReadTheInput) {
  const std::string input = make("input", 0600);
  const InputFile secret(input);
  ASSERT_TRUE(secret.access());
  write(path("out"), secret.access());
  EXPECT_EQ(mode(path("out")), 0600u);
  const std::string open = make("open", 0666);
  write(open, secret.access());
  EXPECT_EQ(mode(open), 0600u);
  ::chmod(input.c_str(), 0640);
  write(path("group"), InputFile(input).access());
  EXPECT_EQ(mode(path("group")), 0640u);
  ::chmod(input.c_str(), 0644);
  write(path("all"), InputFile(input).access());
  EXPECT_EQ(mode(path("all")), 0644u);
  // The output's group is not the input's: its members may do what all may.
  const std::string shared = make("shared", 0664);
  write(shared, FileAccess{0640, status(shared).st_gid + 1});
  EXPECT_EQ(mode(shared), 0600u);
  EXPECT_FALSE(InputFile("/dev/null").access());
}

TEST_F(Files, NamesMayBeAsLongAsTheSystemAllows) {
  for (const std::size_t size : {248u, 249u, 254u, 255u}) {
    const std::string file = path(std::string(size, 'n'));
    write(file);
    write(file);
    EXPECT_EQ(content(file), "new");
  }
  EXPECT_EQ(files(), 4u);
  EXPECT_THAT(error_of(path(std::string(256, 'n'))), HasSubstr("File name too long"));
}

TEST_F(Files, WhatCannotBeWrittenIsNoticedAtOnce) {
  EXPECT_THAT(error_of(path("no/folder")), HasSubstr("No such file or directory"));
  EXPECT_THAT(error_of(folder_), HasSubstr("Is a directory"));
  EXPECT_THAT(error_of(path("new/")), HasSubstr("Is a directory"));
  EXPECT_THAT(error_of(make("file", 0644) + "/x"), HasSubstr("Not a directory"));
  EXPECT_THAT(error_of(""), HasSubstr("without a name"));
  fs::create_symlink("nothing", path("link"));
  EXPECT_THAT(error_of(path("link")), HasSubstr("a link to nothing"));
  ::chmod(folder_.c_str(), 0555);
  const AsNobody nobody;
  EXPECT_THAT(error_of(path("new")), HasSubstr("Permission denied"));
}

TEST_F(Files, AWritableFileInAReadOnlyFolderIsWrittenOver) {
  const std::string file = make("out", 0666, "what was there is longer");
  const auto inode = status(file).st_ino;
  ::chmod(folder_.c_str(), 0555);
  {
    const AsNobody nobody;
    {
      OutputFile abandoned(file);
      abandoned.write(as_bytes("lost"));
    }
    EXPECT_EQ(content(file), "what was there is longer");
    write(file);
  }
  EXPECT_EQ(content(file), "new");
  EXPECT_EQ(status(file).st_ino, inode);
  EXPECT_EQ(mode(file), 0666u);
  EXPECT_EQ(files(), 1u);
}

// Modes can be changed by the owner only, and need be only where others could read more.
TEST_F(Files, AFileOfAnotherUserThatCannotBeReplacedKeepsItsModeUnlessMoreCouldReadIt) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs two users";
  const std::string file = make("out", 0666);
  ::chmod(folder_.c_str(), 0555);
  {
    const AsNobody nobody;
    write(file, FileAccess{0644, status(file).st_gid});
    EXPECT_EQ(content(file), "new");
    EXPECT_THROW(write(file, FileAccess{0600, status(file).st_gid}), Error);
  }
  EXPECT_EQ(mode(file), 0666u);
}

TEST_F(Files, AFileOfAnotherUserInAStickyFolderIsWrittenOver) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs two users";
  const std::string file = make("out", 0666);
  ::chmod(folder_.c_str(), 01777);
  {
    const AsNobody nobody;
    write(file);
  }
  EXPECT_EQ(content(file), "new");
  EXPECT_EQ(status(file).st_uid, 0u);
  EXPECT_EQ(files(), 1u);
}

TEST_F(Files, NothingStaysBehind) {
  {
    OutputFile a(path("a")), b(path("b")), c(path("c"));
    a.write(as_bytes("a"));
    c.commit();
    EXPECT_EQ(files(), 3u);
    remove_unfinished_files();  // as a signal handler does
    EXPECT_EQ(files(), 1u);
  }
  { const OutputFile d(path("d")); }
  EXPECT_EQ(files(), 1u);
}

TEST_F(Files, KnowsOneFileByTwoNames) {
  const std::string file = make("a", 0644), other = make("b", 0644);
  fs::create_symlink("a", path("link"));
  EXPECT_TRUE(is_same_file(file, path("link")));
  EXPECT_TRUE(is_same_file(file, folder_ + "/./a"));
  EXPECT_FALSE(is_same_file(file, other));
  EXPECT_FALSE(is_same_file(file, path("nothing")));
  EXPECT_FALSE(is_same_file(path("nothing"), path("nothing")));
  EXPECT_TRUE(is_same_file(folder_, folder_ + "/."));
  EXPECT_FALSE(is_same_file("/dev/null", "/dev/null"));  // nothing there is overwritten
}

TEST_F(Files, KnowsOneFileToBeByTwoNames) {
  const std::string file = make("a", 0644), other = make("b", 0644);
  fs::create_symlink("a", path("link"));
  EXPECT_TRUE(would_be_one_file(file, path("link")));
  EXPECT_TRUE(would_be_one_file(path("new"), folder_ + "/./new"));
  EXPECT_TRUE(would_be_one_file("-", "-"));
  EXPECT_FALSE(would_be_one_file(file, other));
  EXPECT_FALSE(would_be_one_file(file, path("new")));
  EXPECT_FALSE(would_be_one_file(path("new"), path("newer")));
  EXPECT_FALSE(would_be_one_file("-", "./-"));
  EXPECT_FALSE(would_be_one_file("/dev/null", "/dev/null"));
}

}  // namespace
}  // namespace kraft
