// FLAC files (RFC 9639) that cannot be read: libsndfile does not say why, libFLAC does.
#include <FLAC/stream_decoder.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>

#include "base/text.h"
#include "kraft/error.h"
#include "media/containers.h"

namespace kraft {
namespace {

struct Delete {
  void operator()(FLAC__StreamDecoder* decoder) const { FLAC__stream_decoder_delete(decoder); }
};

// Decodes until the file ends or is wrong, and keeps no samples.
class Decoding {
 public:
  explicit Decoding(ByteView file) : file_(file), decoder_(FLAC__stream_decoder_new()) {
    if (!decoder_) throw Error("audio: out of memory");
    const auto status =
        FLAC__stream_decoder_init_stream(decoder_.get(), on_read, nullptr, on_tell, nullptr,
                                         nullptr, on_frame, on_metadata, on_error, this);
    if (status != FLAC__STREAM_DECODER_INIT_STATUS_OK) throw Error("audio: out of memory");
    while (!wrong_ && FLAC__stream_decoder_process_single(decoder_.get())) {
      const auto state = FLAC__stream_decoder_get_state(decoder_.get());
      if (state >= FLAC__STREAM_DECODER_END_OF_STREAM) break;
      has_all_metadata_ |= state == FLAC__STREAM_DECODER_SEARCH_FOR_FRAME_SYNC;
      FLAC__stream_decoder_get_decode_position(decoder_.get(), &whole_bytes_);
    }
  }

  bool has_header() const { return has_header_; }
  bool has_all_metadata() const { return has_all_metadata_; }
  bool wrong() const { return wrong_; }
  std::uint64_t frames() const { return frames_; }
  std::uint64_t promised_frames() const { return promised_frames_; }  // 0: not said
  std::uint64_t whole_bytes() const { return whole_bytes_; }          // blocks and frames

 private:
  static FLAC__StreamDecoderReadStatus on_read(const FLAC__StreamDecoder*, FLAC__byte* to,
                                               std::size_t* bytes, void* user) {
    auto* self = static_cast<Decoding*>(user);
    *bytes = std::min(*bytes, self->file_.size() - self->at_);
    if (*bytes == 0) {
      self->ended_ = true;
      return FLAC__STREAM_DECODER_READ_STATUS_END_OF_STREAM;
    }
    std::memcpy(to, self->file_.data() + self->at_, *bytes);
    self->at_ += *bytes;
    return FLAC__STREAM_DECODER_READ_STATUS_CONTINUE;
  }

  static FLAC__StreamDecoderTellStatus on_tell(const FLAC__StreamDecoder*, FLAC__uint64* at,
                                               void* user) {
    *at = static_cast<Decoding*>(user)->at_;
    return FLAC__STREAM_DECODER_TELL_STATUS_OK;
  }

  static FLAC__StreamDecoderWriteStatus on_frame(const FLAC__StreamDecoder*,
                                                 const FLAC__Frame* frame,
                                                 const FLAC__int32* const*, void* user) {
    auto* self = static_cast<Decoding*>(user);
    if (!self->wrong_ && !self->ended_) self->frames_ += frame->header.blocksize;
    return FLAC__STREAM_DECODER_WRITE_STATUS_CONTINUE;
  }

  static void on_metadata(const FLAC__StreamDecoder*, const FLAC__StreamMetadata* block,
                          void* user) {
    auto* self = static_cast<Decoding*>(user);
    if (block->type != FLAC__METADATA_TYPE_STREAMINFO) return;
    self->has_header_ = true;
    self->promised_frames_ = block->data.stream_info.total_samples;
  }

  static void on_error(const FLAC__StreamDecoder*, FLAC__StreamDecoderErrorStatus, void* user) {
    auto* self = static_cast<Decoding*>(user);
    if (!self->ended_) self->wrong_ = true;  // a frame that lacks its end is an error as well
  }

  ByteView file_;
  std::size_t at_ = 0;
  bool has_header_ = false, has_all_metadata_ = false, ended_ = false, wrong_ = false;
  std::uint64_t frames_ = 0, promised_frames_ = 0;
  FLAC__uint64 whole_bytes_ = 0;
  std::unique_ptr<FLAC__StreamDecoder, Delete> decoder_;
};

}  // namespace

void check_flac(ByteView file) {
  const Decoding found(file);
  const std::string truncated = "audio: the file is truncated: ";
  if (found.wrong()) {
    if (!found.has_header()) return;  // no FLAC then
    throw Error("audio: the file is damaged after " + grouped(found.frames()) + " frames");
  }
  if (!found.has_all_metadata())
    throw Error(truncated + "its header is cut off after " + grouped(file.size()) + " bytes");
  if (found.frames() < found.promised_frames())
    throw Error(truncated + grouped(found.frames()) + " of " + grouped(found.promised_frames()) +
                " frames");
  if (found.whole_bytes() < file.size()) throw Error(truncated + "its last frame is cut off");
}

}  // namespace kraft
