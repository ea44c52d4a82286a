#include <gtest/gtest.h>
#include <lzma.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "codecs/messages.h"
#include "evaluate/context_experiment.h"
#include "evaluate/generation_experiment.h"
#include "evaluate/rate_experiment.h"
#include "evaluate/token_experiment.h"
#include "evaluate/views_experiment.h"
#include "kraft/error.h"
#include "kraft/model.h"
#include "sanitized.h"

namespace kraft {
namespace {

// So many bytes of a real file, which begins again where it ends.
Bytes real_bytes(const char* name, std::size_t size) {
  Bytes bytes = real_file(name);
  for (std::size_t i = 0; bytes.size() < size; ++i) bytes.push_back(bytes[i]);
  bytes.resize(size);
  return bytes;
}

// What gzip.compress(message, 9) returns in Python, by the stock library.
std::size_t gzip_bytes(ByteView message) {
  z_stream z = {};
  EXPECT_EQ(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  Bytes stream(deflateBound(&z, message.size()));
  z.next_in = const_cast<Bytef*>(message.data());
  z.avail_in = static_cast<uInt>(message.size());
  z.next_out = stream.data();
  z.avail_out = static_cast<uInt>(stream.size());
  EXPECT_EQ(::deflate(&z, Z_FINISH), Z_STREAM_END);
  const std::size_t size = z.total_out;
  deflateEnd(&z);
  return size;
}

// What lzma.compress(message) returns in Python.
std::size_t lzma_bytes(ByteView message) {
  lzma_stream z = LZMA_STREAM_INIT;
  EXPECT_EQ(lzma_easy_encoder(&z, LZMA_PRESET_DEFAULT, LZMA_CHECK_CRC64), LZMA_OK);
  Bytes stream(lzma_stream_buffer_bound(message.size()) + 1024);
  z.next_in = message.data();
  z.avail_in = message.size();
  z.next_out = stream.data();
  z.avail_out = stream.size();
  EXPECT_EQ(lzma_code(&z, LZMA_FINISH), LZMA_STREAM_END);
  const auto size = static_cast<std::size_t>(z.total_out);
  lzma_end(&z);
  return size;
}

// The paper's script: chunk by chunk, then less the header of all chunks but one.
double script_percent(std::size_t (*compressed_bytes)(ByteView), ByteView data) {
  std::size_t sum = 0, chunks = 0;
  for (std::size_t at = 0; at < data.size(); at += 2048, ++chunks)
    sum += compressed_bytes(data.subspan(at, 2048));
  const Byte zero = 0;
  sum -= (chunks - 1) * compressed_bytes({&zero, 1});
  return 100 * static_cast<double>(sum) / static_cast<double>(data.size());
}

CellResults compute(std::vector<ExperimentCell> cells, bool backwards = false) {
  if (backwards) std::ranges::reverse(cells);
  CellResults results;
  for (const ExperimentCell& cell : cells) {
    EXPECT_TRUE(results.emplace(cell.key, cell.compute()).second) << cell.key << " is there twice";
  }
  return results;
}

TEST(Reproduce, RatesOfGzipAndLzmaAreThoseOfThePapersScript) {
  constexpr std::size_t kBytes = sized(200000);
  const std::vector<PaperData> data = {
      paper_data(Medium::text, "a book", real_bytes("mobydick.txt", kBytes), kBytes),
      paper_data(Medium::audio, "speech", real_bytes("speech.wav", kBytes), kBytes),
      paper_data(Medium::bytes, "noise", noise_bytes(7, kBytes), kBytes)};
  const RateExperiment experiment(data, {"gzip:9", "xz"}, {Layout::chunked, Layout::unchunked}, {});
  const CellResults results = compute(experiment.cells());
  for (std::size_t i = 0; i < data.size(); ++i) {
    const ByteView bytes = data[i].bytes;
    ASSERT_EQ(bytes.size(), kBytes / 2048 * 2048);
    const auto percent = [&](const char* model, Layout layout) {
      return experiment.rate(i, model, layout, results)->percent;
    };
    EXPECT_NEAR(percent("gzip:9", Layout::chunked), script_percent(gzip_bytes, bytes), 1e-9);
    EXPECT_NEAR(percent("xz:6", Layout::chunked), script_percent(lzma_bytes, bytes), 1e-9);
    const double whole = 100 / static_cast<double>(bytes.size());
    EXPECT_NEAR(percent("gzip:9", Layout::unchunked),
                whole * static_cast<double>(gzip_bytes(bytes)), 1e-9);
    EXPECT_NEAR(percent("xz:6", Layout::unchunked), whole * static_cast<double>(lzma_bytes(bytes)),
                1e-9);
  }
}

TEST(Reproduce, NoiseStaysAsItIs) {
  constexpr std::size_t kBytes = std::size_t{1} << 20;
  const std::vector<PaperData> data = {
      paper_data(Medium::bytes, "noise", noise_bytes(1, kBytes), kBytes)};
  const RateExperiment experiment(data, {"gzip:9", "xz:6", "uniform"}, {Layout::unchunked}, {});
  const CellResults results = compute(experiment.cells());
  for (const std::string& model : experiment.models())
    EXPECT_NEAR(experiment.rate(0, model, Layout::unchunked, results)->percent, 100, 0.2) << model;
}

TEST(Reproduce, PredictorsBeginEachChunkAfresh) {
  const std::vector<PaperData> data = {
      paper_data(Medium::text, "a book", real_bytes("mobydick.txt", 20480), 20480)};
  const RateExperiment experiment(data, {"ngram:3"}, {Layout::chunked, Layout::unchunked}, {});
  const CellResults forwards = compute(experiment.cells());
  const CellResults backwards = compute(experiment.cells(), true);
  const std::string model = experiment.models()[0];
  const auto ngram = make_model(model);
  double bits = 0;
  for (std::size_t i = 0; i < 10; ++i) bits += ngram->start(data[0].chunk(i))->context_bits();
  const auto chunked = experiment.rate(0, model, Layout::chunked, forwards);
  EXPECT_NEAR(chunked->percent, 100 * bits / (8 * 20480), 1e-9);
  EXPECT_EQ(chunked->percent, experiment.rate(0, model, Layout::chunked, backwards)->percent);
  EXPECT_EQ(chunked->standard_error, 0);  // nothing was left out
  EXPECT_EQ(chunked->adjusted_percent, chunked->percent);
  const double whole = ngram->start(data[0].bytes)->context_bits();
  EXPECT_NEAR(experiment.rate(0, model, Layout::unchunked, forwards)->percent,
              100 * whole / (8 * 20480), 1e-9);
}

TEST(Reproduce, ModelsPredictAFewChunksAndTheirSizeIsAdded) {
  const std::vector<PaperData> data = {
      paper_data(Medium::text, "a book", real_bytes("mobydick.txt", 81920), 81920)};
  const RateExperiment experiment(data, {"bytelm:text"}, {Layout::chunked, Layout::unchunked},
                                  {.chunks = 2});
  const CellResults results = compute(experiment.cells());
  EXPECT_FALSE(experiment.rate(0, "bytelm:text", Layout::unchunked, results));  // it has a window
  const auto rate = experiment.rate(0, "bytelm:text", Layout::chunked, results);
  const auto model = make_model("bytelm:text");
  const double first = model->start(data[0].chunk(10))->context_bits() / (8 * 2048);
  const double second = model->start(data[0].chunk(30))->context_bits() / (8 * 2048);
  EXPECT_NEAR(rate->percent, 50 * (first + second), 1e-9);
  EXPECT_NEAR(rate->standard_error, 50 * std::abs(first - second), 1e-6);
  EXPECT_EQ(rate->measured_bytes, 4096U);
  EXPECT_EQ(rate->parameters, model->parameters());
  EXPECT_NEAR(rate->adjusted_percent,
              rate->percent + 100 * 2 * static_cast<double>(model->parameters()) / 81920, 1e-9);
}

TEST(Reproduce, ContextsAreBeginningsOfChunks) {
  const PaperData text =
      paper_data(Medium::text, "a book", real_bytes("mobydick.txt", 40960), 40960);
  const ContextExperiment experiment(text, {"gzip:9", "uniform"}, {.chunks = 5});
  const CellResults results = compute(experiment.cells());
  const auto curve = experiment.curve("gzip:9", results);
  ASSERT_EQ(curve.size(), 12U);
  const Byte zero = 0;
  const double header = static_cast<double>(gzip_bytes({&zero, 1})) - 1;
  for (const auto& [size, percent] : curve) {
    double sum = 0;
    for (const std::size_t chunk : {2, 6, 10, 14, 18})
      sum += static_cast<double>(gzip_bytes(text.chunk(chunk).first(size))) - header;
    EXPECT_NEAR(percent, 100 * sum / (5 * static_cast<double>(size)), 1e-9) << size;
  }
  for (const auto& [size, percent] : experiment.curve("uniform", results))
    EXPECT_NEAR(percent, 100, 1e-9) << size;
}

// By hand: the stream with the truth less that without it, and the views byte by byte.
TEST(Reproduce, ViewsAreMeasuredAgainstWhatTheCodecPays) {
  const Bytes text = real_bytes("mobydick.txt", 12000);
  const ViewedCodec gzip{"gzip:9", "gzip:9", "gzip:9,view=decoder"};
  const ViewsExperiment experiment({Medium::text, "a book", text, {}}, {gzip}, 2, {});
  ASSERT_EQ(experiment.context_bytes(), 6000U);
  ASSERT_EQ(experiment.truth_bytes(), 1500U);
  const ViewRates rates = experiment.rates(gzip, compute(experiment.cells()));
  std::vector<double> own, encoder, decoder;
  for (const std::size_t begin : {0, 4500}) {
    const ByteView all = ByteView(text).subspan(begin, 7500);
    own.push_back(8.0 * static_cast<double>(gzip_bytes(all) - gzip_bytes(all.first(6000))) / 1500);
    double asked = 0, all_bits = 0;
    std::array<double, 256> bits;
    for (const std::size_t at : {0, 375, 750, 1125}) {
      make_model("gzip:9")->start(all.first(6000 + at))->next_byte(bits);
      asked += surprisal_bits(bits, all[6000 + at]) / 4;
    }
    encoder.push_back(asked);
    const auto state = make_model("gzip:9,view=decoder")->start(all.first(6000));
    for (std::size_t at = 6000; at < 7500; ++at) {
      state->next_byte(bits);
      all_bits += surprisal_bits(bits, all[at]);
      state->observe(all.subspan(at, 1));
    }
    decoder.push_back(all_bits / 1500);
  }
  EXPECT_NEAR(rates.own.mean, (own[0] + own[1]) / 2, 8.0 / 1500) << "which counts bits, not bytes";
  EXPECT_NEAR(rates.encoder.mean, (encoder[0] + encoder[1]) / 2, 1e-9);
  EXPECT_NEAR(rates.decoder->mean, (decoder[0] + decoder[1]) / 2, 1e-9);
  EXPECT_NEAR(rates.ratio->mean, rates.decoder->mean / rates.own.mean, 1e-12);
  EXPECT_NEAR(rates.own.standard_error, std::abs(own[0] - own[1]) / 2, 8.0 / 1500);
  EXPECT_LT(rates.ratio->mean, 1);
}

// In a picture contexts and truths are whole rows, and the encoder's view is asked in many columns.
TEST(Reproduce, ViewsOfAPictureAreOfWholeRows) {
  Bytes pixels;
  for (std::size_t y = 0; y < 100; ++y) {
    for (std::size_t x = 0; x < 48; ++x) pixels.push_back(static_cast<Byte>(2 * x + y % 7));
  }
  const ViewedCodec jpegls{"jpegls", "jpegls", "jpegls,view=decoder"};
  ViewsData picture{
      Medium::image, "a picture", pixels, {.width = 48, .channels = 1, .depth = 8}, 48};
  const ViewsExperiment experiment(picture, {jpegls}, 3, {});
  EXPECT_EQ(experiment.context_bytes(), 2400U);
  EXPECT_EQ(experiment.truth_bytes(), 576U);
  const CellResults results = compute(experiment.cells());
  EXPECT_EQ(results.size(), 3U);
  const CellResults backwards = compute(experiment.cells(), true);
  EXPECT_EQ(experiment.rates(jpegls, results).decoder->mean,
            experiment.rates(jpegls, backwards).decoder->mean);
  picture.bytes.resize(15 * 48);
  EXPECT_THROW(ViewsExperiment(picture, {jpegls}, 3, {}), Error);
}

TEST(Reproduce, ImagesAreCutIntoPatches) {
  Image image{.width = 130, .height = 70, .channels = 1, .depth_bits = 8, .samples = {}};
  for (std::size_t y = 0; y < 70; ++y) {
    for (std::size_t x = 0; x < 130; ++x)
      image.samples.push_back(static_cast<Byte>(x / 64 * 100 + y));
  }
  Bytes patches;
  append_patches(image, patches);
  ASSERT_EQ(patches.size(), 4 * kPaperChunkBytes);
  EXPECT_EQ(patches[0], 0);
  EXPECT_EQ(patches[64], 1);                          // the second row
  EXPECT_EQ(patches[kPaperChunkBytes], 100);          // the patch at the right
  EXPECT_EQ(patches[2 * kPaperChunkBytes], 32);       // and the one below
  EXPECT_EQ(patches[4 * kPaperChunkBytes - 1], 163);  // its last pixel
  image.channels = 2;
  EXPECT_THROW(append_patches(image, patches), Error);
}

TEST(Reproduce, ShapesAreNearSquare) {
  EXPECT_EQ(near_square_width(2048), 64U);
  EXPECT_EQ(near_square_width(72500), 290U);
  EXPECT_EQ(near_square_width(1 << 20), 1024U);
  EXPECT_EQ(near_square_width(1009), 32U);  // a prime: the last row is not full
  EXPECT_EQ(near_square_width(1), 1U);
  EXPECT_EQ(near_square_width(0), 1U);
}

TEST(Reproduce, ChosenChunksAreSpread) {
  EXPECT_EQ(evenly_spread(10, 2), (std::vector<std::size_t>{2, 7}));
  EXPECT_EQ(evenly_spread(3, 0), (std::vector<std::size_t>{0, 1, 2}));
  EXPECT_EQ(evenly_spread(3, 5), (std::vector<std::size_t>{0, 1, 2}));
  EXPECT_EQ(evenly_spread(3, 1), (std::vector<std::size_t>{1}));
}

TEST(Reproduce, LessThanAChunkIsAnError) {
  EXPECT_THROW(paper_data(Medium::text, "", Bytes(2047), 4096), Error);
  EXPECT_THROW(paper_data(Medium::text, "", Bytes(4096), 2047), Error);
  EXPECT_EQ(paper_data(Medium::text, "", Bytes(5000), 1 << 20).chunks(), 2U);
}

TEST(Reproduce, SamplesContinueWhatIsGiven) {
  const PaperData text = paper_data(Medium::text, "a book", real_bytes("mobydick.txt", 8192), 8192);
  const GenerationTask task = text_task(text);
  ASSERT_EQ(task.given.size(), 1U);
  EXPECT_EQ(task.given[0].size(), 1948U);
  EXPECT_EQ(task.truth[0].size(), 100U);
  EXPECT_TRUE(std::ranges::equal(task.truth[0], text.chunk(2).subspan(1948)));

  GenerationTask sound = audio_task({.rate_hz = 16000,
                                     .channels = 1,
                                     .encoding = Encoding::u8,
                                     .samples = real_bytes("speech.wav", 600)},
                                    "speech");
  EXPECT_EQ(sound.given[0].size(), 300U);
  EXPECT_EQ(sound.truth[0].size(), 300U);

  const auto generated = [&](std::uint64_t seed, bool backwards) {
    const GenerationExperiment experiment({task, sound}, {{"ngram:2", "gzip:9"}, {"uniform"}},
                                          {.seed = seed});
    const CellResults results = compute(experiment.cells(), backwards);
    std::vector<Bytes> rows;
    for (const auto& [of, model] : {std::pair{0, 0}, {0, 1}, {1, 0}}) {
      const auto drawn = experiment.generated(
          static_cast<std::size_t>(of),
          experiment.models(static_cast<std::size_t>(of))[static_cast<std::size_t>(model)],
          results);
      EXPECT_GT(drawn.bits, 0);
      rows.insert(rows.end(), drawn.rows.begin(), drawn.rows.end());
    }
    return rows;
  };
  const std::vector<Bytes> rows = generated(1, false);
  EXPECT_EQ(rows, generated(1, true));
  EXPECT_NE(rows, generated(2, false));
  ASSERT_EQ(rows.size(), 3U);
  const std::set<Byte> known(task.given[0].begin(), task.given[0].end());
  for (const std::size_t row : {0, 1}) {
    EXPECT_EQ(rows[row].size(), 100U);
    for (const Byte byte : rows[row]) EXPECT_TRUE(known.contains(byte)) << int{byte};
  }
  EXPECT_EQ(rows[2].size(), 300U);
}

TEST(Reproduce, ImagesAreContinuedAtTheRight) {
  Image image{.width = 10, .height = 8, .channels = 1, .depth_bits = 8, .samples = Bytes(80)};
  const GenerationTask task = image_task(image, "black");
  ASSERT_EQ(task.given.size(), kPaperImageHeight);
  ASSERT_EQ(task.truth.size(), kPaperImageHeight);
  for (const Bytes& row : task.given) EXPECT_EQ(row, Bytes(kPaperImageWidth / 2));
}

TEST(Reproduce, LargerVocabulariesMakeFewerTokens) {
  const PaperData text =
      paper_data(Medium::text, "a book", real_bytes("mobydick.txt", 40960), 40960);
  const TokenExperiment experiment(text, {}, {});
  const CellResults results = compute(experiment.cells());
  EXPECT_EQ(experiment.learnt_bytes() + experiment.measured_bytes(), 40960U);
  double length = 0;
  for (const std::size_t vocabulary : TokenExperiment::vocabularies()) {
    const auto entry = experiment.ngram(1, vocabulary, results);
    EXPECT_GE(entry.bytes_per_token, length);
    EXPECT_LE(entry.vocabulary, vocabulary);
    EXPECT_GT(entry.percent, 0);
    EXPECT_LT(entry.percent, 100);
    length = entry.bytes_per_token;
  }
  EXPECT_GT(length, 1.2);
  // A context helps bytes; and so do longer tokens that model without any.
  const std::size_t least = TokenExperiment::vocabularies().front();
  EXPECT_LT(experiment.ngram(2, least, results).percent,
            experiment.ngram(1, least, results).percent);
}

}  // namespace
}  // namespace kraft
