#include "run/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "kraft/error.h"

namespace kraft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Store : public ::testing::Test {
 protected:
  Store() {
    char name[] = "/tmp/kraft-store-XXXXXX";
    folder_ = ::mkdtemp(name);
    path_ = folder_ + "/cells";
  }
  ~Store() override { std::filesystem::remove_all(folder_); }

  CellStore open(const std::string& settings = "seed 1") {
    return {path_, "compare", settings, [this](const std::string& text) { said_.push_back(text); }};
  }

  static std::string error(const std::string& path, const std::string& settings = "seed 1") {
    try {
      const CellStore store(path, "compare", settings, [](const std::string&) {});
    } catch (const Error& found) {
      return found.what();
    }
    return "none";
  }

  std::string text() const {
    std::ifstream file(path_);
    std::stringstream all;
    all << file.rdbuf();
    return all.str();
  }

  void write(const std::string& text) const { std::ofstream(path_) << text; }

  // Three results.
  std::string filled() {
    {
      CellStore store = open();
      store.add("one", R"({"bits":4.28})");
      store.add("two \"quoted\"", R"({"bits":null})");
      store.add("three", "[1,2.5]");
    }
    return text();
  }

  std::string folder_, path_;
  std::vector<std::string> said_;
};

TEST_F(Store, KeepsWhatWasAdded) {
  filled();
  const CellStore store = open();
  EXPECT_EQ(store.find("one"), R"({"bits":4.28})");
  EXPECT_EQ(store.find("two \"quoted\""), R"({"bits":null})");
  EXPECT_EQ(store.find("three"), "[1,2.5]");
  EXPECT_EQ(store.find("four"), std::nullopt);
  EXPECT_THAT(said_, IsEmpty());
}

TEST_F(Store, ADigitThatChangedIsNeverBelieved) {
  std::string changed = filled();
  changed.replace(changed.find("4.28"), 4, "6.78");
  write(changed);
  {
    CellStore store = open();
    EXPECT_EQ(store.find("one"), std::nullopt);
    EXPECT_EQ(store.find("three"), "[1,2.5]");
    store.add("one", R"({"bits":4.28})");
  }
  EXPECT_THAT(said_, ElementsAre(path_ + ": line 2 is damaged, and its cell is computed again"));
  EXPECT_EQ(text().find("6.78"), std::string::npos);
  said_.clear();
  EXPECT_EQ(open().find("one"), R"({"bits":4.28})");
  EXPECT_THAT(said_, IsEmpty());
}

TEST_F(Store, AnyChangedByteOfAResultIsNoticed) {
  const std::string good = filled();
  for (std::size_t at = good.find('\n') + 1; at < good.size(); ++at) {
    std::string changed = good;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    write(changed);
    said_.clear();
    std::size_t kept = 0;
    {
      const CellStore store = open();
      for (const char* key : {"one", "two \"quoted\"", "three"}) kept += store.find(key) ? 1 : 0;
    }
    EXPECT_LT(kept, 3U) << at;
    EXPECT_EQ(said_.size(), 1U) << at;
  }
}

TEST_F(Store, AnEndThatWasCutOffIsSaidAndLeftOut) {
  const std::string good = filled();
  const std::size_t last = good.rfind('\n', good.size() - 2) + 1;
  for (std::size_t size = last + 1; size < good.size(); size += 7) {
    write(good.substr(0, size));
    said_.clear();
    EXPECT_EQ(open().find("three"), std::nullopt);
    EXPECT_THAT(said_, ElementsAre(HasSubstr("line 4 is damaged")));
    EXPECT_EQ(text(), good.substr(0, last));
  }
}

TEST_F(Store, AFirstLineThatWasCutOffBeginsAnew) {
  const std::string good = filled();
  write(good.substr(0, good.find('\n') / 2));
  EXPECT_EQ(open().find("one"), std::nullopt);
  EXPECT_EQ(text(), good.substr(0, good.find('\n') + 1));
}

TEST_F(Store, AnOlderFileIsComputedAgain) {
  write("{\"kraft_compare\":\"seed 1\"}\n{\"key\":\"one\",\"cell\":{\"bits\":4.28}}\n");
  EXPECT_EQ(open().find("one"), std::nullopt);
  EXPECT_THAT(said_, ElementsAre(HasSubstr("is of an older kraft")));
  EXPECT_EQ(text().find("4.28"), std::string::npos);
}

TEST_F(Store, OtherSettingsAndOtherFilesAreErrorsThatChangeNothing) {
  const std::string good = filled();
  EXPECT_THAT(error(path_, "seed 2"),
              HasSubstr("results of other settings: expected seed 2, found seed 1"));
  std::string damaged = good;
  damaged.replace(damaged.find("seed 1"), 6, "seed 2");
  for (const std::string& other :
       {std::string("a text\n"), std::string("no line feed"), damaged, std::string("{}\n"),
        std::string("\n\n"), std::string(3 << 20, 'x'),
        std::string("{\"kraft_reproduce\":\"\"}\n")}) {
    write(other);
    EXPECT_NE(error(path_), "none") << other.substr(0, 60);
    EXPECT_EQ(text(), other);
  }
}

TEST_F(Store, WhatIsNoRegularFileIsRefusedAtOnce) {
  EXPECT_THAT(error("/dev/zero"), HasSubstr("it is a device, and no regular file"));
  EXPECT_THAT(error(folder_), HasSubstr("it is a folder, and no regular file"));
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THAT(error(path_), HasSubstr("it is a pipe, and no regular file"));
  EXPECT_THAT(error(folder_ + "/none/cells"), HasSubstr("cannot open"));
}

TEST_F(Store, OfAHugeFileOfAnotherKindLittleIsRead) {
  write("P5 ");
  ASSERT_EQ(::truncate(path_.c_str(), off_t{1} << 40), 0);  // a hole
  EXPECT_THAT(error(path_), HasSubstr("is no file of results"));
}

TEST_F(Store, TwoProcessesDoNotShareAFile) {
  const CellStore store = open();
  EXPECT_THAT(error(path_), HasSubstr("is in use by another kraft compare"));
}

class StoredRead : public Store {
 protected:
  StoredResults read() {
    return read_results(path_, "compare",
                        [this](const std::string& text) { said_.push_back(text); });
  }

  std::string refusal() {
    try {
      read();
    } catch (const Error& found) {
      return found.what();
    }
    return "none";
  }
};

TEST_F(StoredRead, HasAllLinesInTheirOrder) {
  const std::string before = filled();
  const StoredResults found = read();
  EXPECT_EQ(found.settings, "seed 1");
  ASSERT_EQ(found.lines.size(), 3U);
  EXPECT_EQ(found.lines[0], std::pair(std::string("one"), std::string(R"({"bits":4.28})")));
  EXPECT_EQ(found.lines[1].first, "two \"quoted\"");
  EXPECT_EQ(found.lines[2].second, "[1,2.5]");
  EXPECT_EQ(text(), before);
  EXPECT_THAT(said_, IsEmpty());
}

TEST_F(StoredRead, LeavesOutWhatIsDamagedAndTheFileAsItIs) {
  std::string changed = filled();
  changed[changed.find("4.28")] = '5';
  write(changed);
  EXPECT_EQ(read().lines.size(), 2U);
  EXPECT_THAT(said_, ElementsAre(path_ + ": line 2 is damaged, and left out"));
  EXPECT_EQ(text(), changed);
}

TEST_F(StoredRead, RefusesWhatIsNoFileOfResults) {
  EXPECT_THAT(refusal(), HasSubstr("cannot open " + path_));
  write("");
  EXPECT_THAT(refusal(), HasSubstr(path_ + " is empty"));
  write("some text\n");
  EXPECT_THAT(refusal(), HasSubstr(path_ + " is no file of results of kraft compare"));
  write("{\"kraft_compare\":\"seed 1\"}\n");
  EXPECT_THAT(refusal(), HasSubstr(path_ + " is of an older kraft"));
  path_ = folder_;
  EXPECT_THAT(refusal(), HasSubstr(path_ + " is a folder, and no file of results"));
}

}  // namespace
}  // namespace kraft
