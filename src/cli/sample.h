// What kraft sample's media have in common: the options, and the entry of each medium.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/context.h"
#include "cli/media_input.h"
#include "kraft/media.h"
#include "kraft/sampler.h"

namespace kraft::cli {

// The options of images and of recordings.
struct MediaOptions : MediaInputOptions {
  std::int64_t rows = 0;
  std::int64_t right_from = 0;
  std::string rows_context = "none";
  std::string box, mask;

  double seconds = 0, context_seconds = 0;
  std::int64_t samples = 0;
  std::string gap;

  std::string candidate = "byte";
  std::string panel;

  void add_to(po::options_description& options);
};

// The options of samplers that draw spans jointly.
struct JointOptions {
  std::string proposal;
  std::optional<std::string> suffix, suffix_file, hole;
  std::int64_t suffix_first = 1024;
  std::string trace;

  void add_to(po::options_description& options);
};

// Chosen by what is drawn from what: see chosen_for().
inline constexpr const char* kAutoSampler = "auto";

struct SampleOptions {
  std::vector<std::string> models;
  ContextOptions context;
  std::string sampler = kAutoSampler;
  std::string preset;
  SamplerOptions sampling;
  std::string alphabet = "auto";
  std::string units;
  std::int64_t length_bytes = 200;
  int count = 1;
  std::int64_t seed = 1;
  ThreadsOption threads;
  std::string output;
  MediaOptions media;
  JointOptions joint;

  const SamplerRow& sampler_row() const;  // throws UsageError
  ByteView shortened_suffix(ByteView suffix) const;
};

// --as, or else what the input's content says. Throws UsageError when options were given that have
// no meaning for that medium.
Medium medium_of(const po::variables_map& values, const SampleOptions& options, ByteView input);

// What --sampler auto stands for when a model (null: any) continues a text after so many bytes;
// other samplers stay as they are. A codec chooses between strings that the text has, which writes
// best without quoting much (the table of docs/samplers.md); what predicts, and what has next to no
// text to take strings from, draws by its own distribution.
SampleOptions chosen_for(const Model* model, std::uint64_t history_bytes,
                         const SampleOptions& options, const po::variables_map& values);

// A sentence on what is known of these options, such as that they quote; empty if nothing is.
std::string caution(const std::string& model, const SampleOptions& options);

// Throws UsageError for an option that the sampler does not read: also at its initial value.
void refuse_unread_options(const po::variables_map& values, const SampleOptions& options);

// Throws UsageError when options of joint samplers were given to another one.
void check_joint(const po::variables_map& values, const SampleOptions& options);

// Cuts the context at the hole, or reads the suffix; returns what follows what is to be drawn.
Bytes take_suffix(const JointOptions& options, Context& context);

// make_sampler(), whose errors name options as on the command line.
std::unique_ptr<Sampler> make_sampler(const SampleOptions& options);

// Draw the parts that the options name, write the whole; each is the command's exit status.
int sample_image(const SampleOptions& options, const po::variables_map& values, ByteView file);
int sample_audio(const SampleOptions& options, const po::variables_map& values, ByteView file);

}  // namespace kraft::cli
