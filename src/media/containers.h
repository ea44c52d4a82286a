// The files that recordings come in: whether a file is one, and what libsndfile is to read of it.
//
// A header says how long the samples are, but not always truly. A program that writes to a pipe
// does not know it yet and writes a number that stands for "to the end"; others count a header in,
// or leave out a byte of padding. Such files are read as far as they go. A file that ends before
// its samples do is an error, though libsndfile would read what there is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kraft/bytes.h"

namespace kraft {

// Sound files that agree with themselves: a header of ours, if the file needs one, and what follows
// it. Does not own the file.
struct Container {
  std::string_view name = "audio";
  Bytes head;
  ByteView body;
  std::uint32_t speakers = 0;      // of WAVE_EXTENSIBLE
  bool counts_frames = true;       // libsndfile knows how many frames there must be
  std::size_t samples_before = 0;  // that the header adds to each channel: silence to pass over
  std::vector<std::string> warnings = {};
};

// Throws Error where the file is truncated.
Container opened_container(ByteView file);

// Whether a header that makes sense says that the file is a recording.
bool has_audio_header(ByteView file);

// Whether it begins like one, be it damaged or truncated. For long signatures only.
bool has_audio_signature(ByteView file);

// MPEG audio layers I to III (ISO/IEC 11172-3, 13818-3), behind tags or not.
bool has_mpeg_frames(ByteView file);
// Counts frames; throws Error where the last one is cut off, or the first one says that there were
// more.
Container opened_mpeg(ByteView file);

// What libmpg123 has said of the frames, as warnings: no more than a few, each once, and none of
// tags.
std::vector<std::string> mpeg_warnings(std::string_view said);

// Ogg (RFC 3533). Throws Error where a page is damaged or cut off.
void check_ogg(ByteView file, std::vector<std::string>& warnings);

// FLAC (RFC 9639), for a file that libsndfile does not read: throws Error where the file is
// truncated or damaged, and tells one from the other.
void check_flac(ByteView file);

// How many bytes of the file's beginning are an ID3v2 tag.
std::size_t id3_bytes(ByteView file);

}  // namespace kraft
