// What a library of others writes to standard error by itself, though no library should.
//
//     kraft::StderrCapture capture;
//     decode();
//     const std::string said = capture.end();
//
// Standard error is the whole process's: what other threads write meanwhile is taken as well, so
// the stretch should be short. One capture at a time; others wait for it.
#pragma once

#include <mutex>
#include <string>

namespace kraft {

class StderrCapture {
 public:
  // Captures nothing where there is no file in memory to be had.
  StderrCapture();
  ~StderrCapture();
  StderrCapture(const StderrCapture&) = delete;
  StderrCapture& operator=(const StderrCapture&) = delete;

  // From now on, standard error is what it was. What was written, its first megabyte.
  std::string end();

 private:
  std::unique_lock<std::mutex> alone_;
  int before_ = -1, memory_ = -1;
};

}  // namespace kraft
