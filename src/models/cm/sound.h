// What the samples of a recording so far let expect of the next byte.
//
// A cascade, as in OptimFROG and Monkey's Audio: least squares over the last samples of this
// channel and of the one before it, then ever shorter adaptive filters on what that leaves. A last,
// small least squares puts their predictions together. Each stage is a prediction of its own, whose
// distribution is as wide as its errors were of late.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "kraft/bytes.h"
#include "models/cm/least_squares.h"
#include "models/cm/samples.h"
#include "models/cm/sign_lms.h"
#include "models/journaled_memory.h"

namespace kraft::cm {

struct SoundShape {
  std::uint32_t channels = 1;
  std::uint32_t sample_bytes = 2;  // 2: signed, the low byte first; 1: unsigned
};

class SoundFront {
 public:
  SoundFront(SoundShape shape, Effort effort);

  // Takes memory from an address on and returns where it ends: none.
  std::size_t lay_out(std::size_t begin) { return begin; }
  void look_ahead(const JournaledMemory& memory, Outlook& outlook);
  // The filters move only if it learns.
  void observe(JournaledMemory& memory, Byte byte, bool learns);

 private:
  static constexpr std::size_t kStages = 9;
  static constexpr std::size_t kPast = 32;
  using Inputs = std::array<std::int32_t, kPast>;

  // Means of the errors of a stage: of late, of longer ago, of long ago.
  struct Errors {
    std::array<std::int32_t, 3> means = {4096, 4096, 4096};  // in units of 2^-8 of a sample
    std::int32_t last = 0;                                   // in sixteenths

    void add(std::int32_t error);
    std::int32_t scale(std::size_t which) const;  // of a Spread
    std::int32_t mean_scale() const { return (scale(0) + scale(1) * 2 + scale(2)) / 4; }
  };

  struct Channel {
    LeastSquares<kPast> squares;
    LeastSquares<20> quick;
    LeastSquares<8> last;
    SignLms<1024> farthest;
    SignLms<256> far;
    SignLms<32> middle;
    SignLms<16> near;
    std::array<std::int32_t, kPast> past{};  // the latest sample first
    std::array<Errors, kStages> errors{};
  };

  void fill_inputs(std::size_t own, std::size_t others, Inputs& inputs) const;
  void expect();
  void observe_sample(std::int32_t sample, bool learns);
  void add_spreads(Outlook& outlook) const;
  void add_contexts(Outlook& outlook) const;
  unsigned apart(std::size_t a, std::size_t b) const;

  SoundShape shape_;
  Effort effort_;
  LeastSquaresSettings squares_, quick_;
  std::size_t own_, others_, quick_own_, quick_others_;  // samples of which channel
  std::vector<Channel> channels_;
  std::uint32_t channel_ = 0;
  bool high_ = false;  // the high byte of a sample comes next
  unsigned low_ = 0;

  // Of the next sample.
  Inputs inputs_{}, quick_inputs_{}, last_inputs_{};
  std::array<std::int32_t, kStages> expected_{};                 // in sixteenths
  std::int32_t farthest_ = 0, far_ = 0, middle_ = 0, near_ = 0;  // in quarters
};

}  // namespace kraft::cm
