// What codecs pay beside what their two views expect (docs/views.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evaluate/experiment.h"
#include "kraft/figures.h"
#include "kraft/media.h"

namespace kraft {

struct ViewsData {
  Medium medium = Medium::text;
  std::string source;  // in words
  Bytes bytes;
  Geometry geometry;
  std::size_t row_bytes = 1;  // contexts and truths are whole rows
};

// A codec and its views: "gzip:9", "gzip:9", "gzip:9,view=decoder".
struct ViewedCodec {
  std::string codec, encoder;
  std::optional<std::string> decoder;
};

// In bits per byte of what really follows; each is the jackknife's over the places.
struct ViewRates {
  Estimate own;                     // by how much the codec's stream grows
  Estimate encoder;                 // -log2 p of the encoder's view, at a few bytes of each truth
  std::optional<Estimate> decoder;  // the same of the decoder's view, over all of them
  std::optional<Estimate> ratio;    // decoder over own rate, of all bytes of all places
};

// At places that are evenly spread over the data: a context of 32 KiB, or half of the data where
// they are shorter, then a truth of 4,000 bytes, or an eighth. The encoder's view is asked at four
// positions of each truth, one in each quarter, of pictures in columns that follow the golden
// ratio: where it recompresses, each takes 256 times the codec's time for the context.
class ViewsExperiment {
 public:
  // Throws Error where the data have less than kLeastBytes or less than 16 rows.
  ViewsExperiment(ViewsData data, std::vector<ViewedCodec> codecs, std::size_t places,
                  ExperimentSettings settings);

  static constexpr std::size_t kContextBytes = 32768, kTruthBytes = 4000, kPositions = 4;
  static constexpr std::size_t kLeastBytes = 2048;

  std::vector<ExperimentCell> cells() const;
  ViewRates rates(const ViewedCodec& codec, const CellResults& results) const;

  const ViewsData& data() const { return data_; }
  const std::vector<ViewedCodec>& codecs() const { return codecs_; }
  std::size_t context_bytes() const;
  std::size_t truth_bytes() const;

 private:
  std::string key(const ViewedCodec& codec, std::size_t place) const;
  std::vector<std::size_t> positions(std::size_t place) const;
  Cell compute(const ViewedCodec& codec, std::size_t place) const;

  ViewsData data_;
  std::vector<ViewedCodec> codecs_;
  std::size_t places_;
  ExperimentSettings settings_;
};

}  // namespace kraft
