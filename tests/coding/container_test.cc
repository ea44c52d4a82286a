// .kraft files: there and back with every model, and nothing but what was written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <utility>
#include <vector>

#include "base/wire.h"
#include "codecs/messages.h"
#include "coding/container_format.h"
#include "kraft/coder.h"
#include "kraft/container.h"
#include "kraft/error.h"
#include "models/tiny_weights.h"
#include "sanitized.h"

namespace kraft {

namespace testing {
using namespace ::testing;
}

namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

template <class Work>
std::string error_of(Work&& work) {
  try {
    work();
    return "no error";
  } catch (const Error& error) {
    return error.what();
  }
}

// A part of the photograph as a PNM file, and of the recording as the WAV file that it is.
Bytes small_image() {
  const Image image = cropped(read_image(real_file("astronaut.png")),
                              {.x = 200, .y = 100, .width = 12, .height = 9});
  Bytes pnm = bytes_of("P6\n12 9\n255\n");
  append(pnm, image.samples);
  return pnm;
}

Bytes small_recording() {
  const Bytes file = real_file("speech.wav");
  return Bytes(file.begin(), file.begin() + 44 + 300);
}

// One specification of every backend; `slow` models get less to do.
struct Case {
  std::string spec;
  bool slow = false;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const Backend& backend : backends()) {
    if (backend.argument && backend.argument->kind == Parameter::Kind::models) {
      all.push_back({backend.name + ":gzip,ngram:2"});
    } else if (backend.name == "cmd") {
      all.push_back({"cmd:\"gzip -9\"", true});
    } else if (!backend.argument || !backend.argument->initial.empty()) {
      const bool compresses_anew = std::ranges::find(backend.parameters, "context",
                                                     &Parameter::name) != backend.parameters.end();
      const bool fast = !compresses_anew && backend.name != "filtered" && backend.name != "llama" &&
                        backend.name != "bytelm";
      // The fastest level: what each byte costs is 256 compressions.
      const bool has_levels =
          backend.argument && backend.argument->kind == Parameter::Kind::integer;
      const std::string level =
          std::to_string(has_levels ? std::max(0, static_cast<int>(backend.argument->min)) : 0);
      // libwebp asks for megabytes with each compression, which takes a sanitizer minutes.
      if (kSanitized && backend.name == "webp")
        all.push_back({"webp:0,view=decoder"});
      else
        all.push_back({has_levels && !fast ? backend.name + ":" + level : backend.name, !fast});
    }
  }
  return all;
}

class EveryModelCompresses : public testing::TestWithParam<Case> {};

INSTANTIATE_TEST_SUITE_P(Registry, EveryModelCompresses, testing::ValuesIn(cases()),
                         [](const auto& instance) {
                           std::string name;
                           for (char c : instance.param.spec)
                             name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
                           return name;
                         });

// Sum of -log2 of the normalised probability of each byte, from a fresh state for each block.
double own_bits(const Model& model, ByteView samples, std::size_t block_bytes) {
  double total_bits = 0;
  for (; !samples.empty(); samples = samples.subspan(std::min(block_bytes, samples.size()))) {
    const auto state = model.start();
    std::array<double, 256> bits;
    for (const Byte& byte : samples.first(std::min(block_bytes, samples.size()))) {
      state->next_byte(bits);
      // The least mass is that of 48 bits.
      total_bits += std::isfinite(bits[byte]) ? std::min(48.0, surprisal_bits(bits, byte)) : 48;
      state->observe({&byte, 1});
    }
  }
  return total_bits;
}

TEST_P(EveryModelCompresses, AndDecompressesWhatItIsTold) {
  const auto [spec, slow] = GetParam();
  if (spec.starts_with("llama") && !testing::kHaveLlama) GTEST_SKIP() << "built without llama.cpp";
  // Each byte of these costs 256 images or recordings, and so does each file's probe of the model.
  const bool dear = slow && is_for_samples(spec);
  const std::size_t most_bytes = dear || spec.starts_with("cmd") ? (kSanitized ? 1 : 2)
                                 : slow                          ? 12
                                                                 : 400;
  std::vector<Bytes> originals = {small_image(), small_recording()};
  if (spec.starts_with("cmd"))
    originals.back() = real_text(400);  // each compression starts a program: so fewer of them
  else if (!dear)
    originals.insert(originals.end(), {real_text(400), random_bytes(40, 4)});
  for (Bytes& original : originals) {
    RawLayout layout = raw_layout(original).value_or(RawLayout{});
    original.resize(std::min(original.size(), layout.head_bytes + most_bytes));
    if (spec.starts_with("webp") && layout.geometry.depth == 16) layout = {};  // it has none
    const auto model = make_model(spec, {.threads = 2, .geometry = layout.geometry});
    const CompressOptions options{.layout = layout};
    const Bytes file = compress(*model, original, options);
    EXPECT_EQ(decompress(file, {.model = model}), original);

    // The same number of bits as the model counts by itself, and a little.
    const ContainerInfo info = inspect([rest = ByteView(file)](std::span<Byte> to) mutable {
      const std::size_t count = std::min(to.size(), rest.size());
      std::copy_n(rest.begin(), count, to.begin());
      rest = rest.subspan(count);
      return count;
    });
    const double bytes =
        own_bits(*model, ByteView(original).subspan(layout.head_bytes), info.header.block_bytes) /
        8;
    EXPECT_LE(static_cast<double>(info.code_bytes), bytes * 1.001 + 16);
    EXPECT_GE(static_cast<double>(info.code_bytes), bytes * 0.999 - 1);
    EXPECT_EQ(info.size_bytes, original.size());
    EXPECT_EQ(info.file_bytes, file.size());
    EXPECT_EQ(info.header.model.spec, model->spec());
  }
}

// What is read and written in small pieces.
struct Streams {
  ByteView input;
  Bytes output = {};
  std::size_t piece_bytes = SIZE_MAX;

  Reader reader() {
    return [this](std::span<Byte> to) {
      const std::size_t count = std::min({to.size(), input.size(), piece_bytes});
      std::copy_n(input.begin(), count, to.begin());
      input = input.subspan(count);
      return count;
    };
  }
  Writer writer() {
    return [this](ByteView bytes) { append(output, bytes); };
  }
};

TEST(Container, BlocksThreadsAndPiecesDoNotChangeWhatComesBack) {
  const auto model = make_model("ngram:2");
  const Bytes original = real_text(kSanitized ? 1500 : 5000);
  for (std::uint64_t block_bytes : {1u, 7u, 1000u, 1024u, 5000u, 5001u}) {
    Bytes first;
    for (unsigned threads : {1u, 2u, 5u}) {
      for (std::size_t piece_bytes : {std::size_t{1}, std::size_t{999}, SIZE_MAX}) {
        if (block_bytes < 100 && piece_bytes != 999) continue;
        Streams pack{original, {}, piece_bytes};
        compress(*model, pack.reader(), pack.writer(),
                 {.block_bytes = block_bytes, .threads = threads});
        if (first.empty()) first = pack.output;
        EXPECT_EQ(pack.output, first);
        Streams unpack{pack.output, {}, piece_bytes};
        decompress(unpack.reader(), unpack.writer(), {.threads = threads});
        EXPECT_EQ(unpack.output, original);
        Streams look{pack.output, {}, piece_bytes};
        const ContainerInfo info = inspect(look.reader());
        EXPECT_EQ(info.blocks, (original.size() + block_bytes - 1) / block_bytes);
        EXPECT_FALSE(info.header.size_bytes);
      }
    }
  }
}

TEST(Container, HoldsNothingAtAll) {
  for (const char* spec : {"ngram", "gzip"}) {
    const Bytes file = compress(*make_model(spec), {});
    EXPECT_EQ(decompress(file), Bytes{});
    EXPECT_LT(file.size(), 80u);
  }
}

TEST(Container, ReportsEveryByteOnce) {
  const auto model = make_model("ngram:1");
  const Bytes original = real_text(3001);
  std::uint64_t last = 0;
  const auto follow = [&](std::uint64_t done) {
    EXPECT_GT(done, last);
    last = done;
  };
  const Bytes file =
      compress(*model, original, {.block_bytes = 500, .threads = 3, .progress = follow});
  EXPECT_EQ(last, original.size());
  last = 0;
  decompress(file, {.threads = 3, .progress = follow});
  EXPECT_EQ(last, original.size());
}

TEST(Container, GivesTheModelTheShapeOfSamples) {
  const Bytes image = small_image();
  const auto layout = raw_layout(image);
  ASSERT_TRUE(layout);
  EXPECT_EQ(layout->medium, Medium::image);
  const auto model = make_model("png,filter=up", {.geometry = layout->geometry});
  EXPECT_THAT(model->spec(), HasSubstr("width=12,channels=3,depth=8"));
  const Bytes file = compress(*model, image, {.block_bytes = 100, .layout = *layout});
  EXPECT_EQ(decompress(file), image);  // the specification says it all
  Streams look{file, {}};
  const ContainerInfo info = inspect(look.reader());
  EXPECT_EQ(info.header.medium, Medium::image);
  EXPECT_EQ(info.header.block_bytes, 72u);  // two rows
  EXPECT_EQ(info.header.head, bytes_of("P6\n12 9\n255\n"));

  const Bytes wav = small_recording();
  const auto sound = raw_layout(wav);
  ASSERT_TRUE(sound);
  EXPECT_EQ(sound->medium, Medium::audio);
  EXPECT_EQ(sound->head_bytes, 44u);
  EXPECT_EQ(sound->row_bytes, 2u);
  EXPECT_EQ(*sound->geometry.depth, 16);
}

TEST(Container, TakesAnythingElseForBytes) {
  const Bytes wav = small_recording();
  const auto changed = [&](std::size_t at, Byte to) {
    Bytes copy = wav;
    copy[at] = to;
    return copy;
  };
  for (const Bytes& file :
       {Bytes{}, bytes_of("P6"), bytes_of("P6\n12"), bytes_of("P3\n1 1\n255\n1 2 3\n"),
        bytes_of("P4\n8 1\n\xff"), bytes_of("P5\n0 3\n255\n"), bytes_of("P5 1 1 70000\n"),
        bytes_of("P5\n99999999999 1\n255\n"), Bytes(wav.begin(), wav.begin() + 30), real_text(100),
        changed(20, 3), changed(22, 0), changed(34, 24), changed(32, 3), changed(16, 0xff)})
    EXPECT_FALSE(raw_layout(file)) << as_text(file).substr(0, 12);
}

TEST(Container, RefusesWhatCannotBeMeant) {
  const auto model = make_model("ngram:1");
  const Bytes text = real_text(100);
  EXPECT_THROW(compress(*model, text, {.block_bytes = 0}), UsageError);
  EXPECT_THROW(compress(*model, text, {.block_bytes = kMostBlockBytes + 1}), UsageError);
  EXPECT_THROW(compress(*model, text, {.block_bytes = 9, .layout = {.row_bytes = 10}}), UsageError);
  EXPECT_THROW(compress(*model, text, {.layout = {.head_bytes = 101}}), Error);
  Streams pack{text, {}};
  EXPECT_THAT(error_of([&] { compress(*model, pack.reader(), pack.writer(), {.size_bytes = 99}); }),
              HasSubstr("expected 99 bytes, found 100"));
}

TEST(Container, EveryFlippedBitIsDetected) {
  const auto model = make_model("ngram:1");
  const Bytes original = real_text(60);
  const Bytes known = compress(*model, original, {.block_bytes = 25});
  Streams pack{original, {}};
  compress(*model, pack.reader(), pack.writer(), {.block_bytes = 60});
  for (const Bytes& file : {known, pack.output}) {
    ASSERT_EQ(decompress(file), original);
    for (std::size_t bit = 0; bit < 8 * file.size(); ++bit) {
      Bytes flipped = file;
      flipped[bit / 8] ^= static_cast<Byte>(1 << bit % 8);
      EXPECT_THROW(decompress(flipped), Error) << "byte " << bit / 8 << " bit " << bit % 8;
    }
  }
}

TEST(Container, EveryTruncationAndEveryAdditionIsDetected) {
  const Bytes file = compress(*make_model("ngram:1"), real_text(60), {.block_bytes = 25});
  for (std::size_t size = 0; size < file.size(); ++size) {
    EXPECT_THROW(decompress(ByteView(file).first(size)), Error) << size;
    Streams look{ByteView(file).first(size), {}};
    EXPECT_THROW(inspect(look.reader()), Error) << size;
  }
  for (Byte more : {0, 1, 255}) {
    Bytes longer = file;
    longer.push_back(more);
    EXPECT_THAT(error_of([&] { decompress(longer); }), HasSubstr("followed by other bytes"));
  }
}

TEST(Container, NamesTheBlockThatIsDamagedAndKeepsThoseBefore) {
  const Bytes original = real_text(3000);
  Bytes file = compress(*make_model("ngram:1"), original, {.block_bytes = 1000});
  file[file.size() - 200] ^= 1;
  Streams unpack{file, {}};
  EXPECT_THAT(error_of([&] { decompress(unpack.reader(), unpack.writer(), {.threads = 1}); }),
              HasSubstr("block 3 of the .kraft file (bytes 2,000 to 2,999 of the original)"));
  EXPECT_EQ(unpack.output, Bytes(original.begin(), original.begin() + 2000));
}

// Blocks and their order are part of what is checked.
TEST(Container, SwappedAndMissingBlocksAreDetected) {
  const Bytes a = bytes_of("aaaaaaaaaabbbbbbbbbb"), b = bytes_of("bbbbbbbbbbaaaaaaaaaa");
  const auto model = make_model("uniform");
  const Bytes ab = compress(*model, a, {.block_bytes = 10});
  const Bytes ba = compress(*model, b, {.block_bytes = 10});
  ASSERT_EQ(ab.size(), ba.size());
  // All but the checksum at the end, of each the other's.
  Bytes mixed(ab.begin(), ab.end() - 8);
  mixed.insert(mixed.end(), ba.end() - 8, ba.end());
  EXPECT_THAT(error_of([&] { decompress(mixed); }), HasSubstr("checksum at its end"));
}

// A header with a right checksum, however wrong what it says.
struct Forged {
  std::string spec = "uniform";
  std::string library = "kraft";
  std::string fingerprint = {};
  std::optional<std::uint64_t> probe = {};
  Byte medium = 3;
  std::uint64_t block_bytes = 100, size = 0;
  Byte version = 1;
  std::optional<Bytes> after = {};  // (default: an empty file's end)

  Bytes file() const {
    Bytes body;
    for (const std::string* text : {&spec, &library, &fingerprint})
      put_string(body, as_bytes(*text));
    put_u64(body, probe ? *probe : identify(*make_model("uniform")).probe);
    body.push_back(medium);
    put_string(body, {});
    put_varint(body, block_bytes);
    put_varint(body, size);
    Bytes bytes = {0x8b, 'k', 'r', 'a', 'f', 't', 0x1a, '\n', version};
    put_varint(bytes, body.size());
    append(bytes, body);
    const std::uint64_t sum = checksum(bytes);
    put_u64(bytes, sum);
    append(bytes, after.value_or(end(sum)));
    return bytes;
  }
  static Bytes end(std::uint64_t header_checksum) {
    Bytes summary, bytes;
    put_u64(summary, header_checksum);
    put_u64(summary, 0);
    put_varint(bytes, 0);
    put_varint(bytes, 0);
    put_u64(bytes, checksum(summary));
    return bytes;
  }
  std::string error(const DecompressOptions& options = {}) const {
    return error_of([&] { decompress(file(), options); });
  }
};

TEST(Container, RefusesAnotherModelThanTheFilesOwn) {
  const std::uint64_t probe = identify(*make_model("uniform")).probe;
  EXPECT_THAT(Forged{.probe = probe + 1}.error(),
              HasSubstr("uniform gives other probabilities here than where the file was written"));
  EXPECT_THAT((Forged{.library = "kraft 77", .probe = 1}.error()), HasSubstr("kraft 77"));
  EXPECT_THAT(Forged{.fingerprint = "abc"}.error(),
              HasSubstr("expected fingerprint abc, found none"));
  EXPECT_THAT((Forged{.spec = "ngram:5"}.error({.model = make_model("uniform")})),
              HasSubstr("with the model ngram#1:5, not with uniform"));
  EXPECT_THAT(Forged{.spec = "nothing:5"}.error(), HasSubstr("not known here: unknown model"));
  EXPECT_THAT(Forged{.spec = "ngram:99"}.error(), HasSubstr("not known here: ngram: order 99"));
}

TEST(Container, WarnsOfAnotherLibraryThatAgrees) {
  const Bytes original = real_text(50);
  const auto model = make_model("uniform");
  ASSERT_EQ(identify(*model).library.substr(0, 6), "kraft ");
  std::string warning;
  EXPECT_EQ(Forged().error({.warn = [&](const std::string& text) { warning = text; }}), "no error");
  EXPECT_THAT(warning, HasSubstr("the file was written with kraft, here is kraft "));
}

TEST(Container, RunsNoCommandThatAFileNames) {
  for (const char* spec : {
           "cmd:\"touch forged-by-a-file\"",
           "cmd:\"cat\",decode=\"touch forged-by-a-file\"",
           "mix:uniform,\"cmd:\\\"touch forged-by-a-file\\\"\"",
           "product:ngram:1,\"mix:uniform,cmd:touch forged-by-a-file\"^2",
       })
    EXPECT_THAT(Forged{.spec = spec}.error(),
                AllOf(HasSubstr("touch forged-by-a-file"), HasSubstr("to trust it")));
  EXPECT_FALSE(std::ifstream("forged-by-a-file").good());
}

TEST(Container, MakesNoEndlessModelThatAFileNames) {
  std::string deep, wide = "mix:uniform";
  for (int i = 0; i < 10'000; ++i) deep += "mix:";
  for (int i = 0; i < 5000; ++i) wide += ",uniform";
  EXPECT_THAT(Forged{.spec = deep + "uniform"}.error(), HasSubstr("to trust it"));
  EXPECT_THAT(Forged{.spec = wide}.error(), HasSubstr("to trust it"));
}

TEST(Container, NamesTheLibrariesOfCombinedModels) {
  const Bytes original = real_text(40);
  const auto model = make_model("mix:gzip@0.5,\"product:lz4,ngram:2\"");
  const ModelIdentity identity = identify(*model);
  for (const char* spec : {"gzip", "lz4", "ngram"})
    EXPECT_THAT(identity.library, HasSubstr(identify(*make_model(spec)).library));
  EXPECT_EQ(identity.fingerprint, "");
  EXPECT_EQ(decompress(compress(*model, original)), original);
}

TEST(Container, TakesNoMemoryOnAFilesWord) {
  EXPECT_THAT((Forged{.block_bytes = kMostBlockBytes + 1}.error()), HasSubstr("blocks are of"));
  EXPECT_THAT((Forged{.block_bytes = 0}.error()), HasSubstr("blocks are of"));
  EXPECT_THAT((Forged{.version = 2}.error()), HasSubstr("version is 2"));
  EXPECT_THAT((Forged{.medium = 4}.error()), HasSubstr("medium"));
  Bytes block;  // 2^30 bytes in a code of 7 * 2^30, of which there are two bytes
  put_varint(block, kMostBlockBytes);
  put_varint(block, 7 * kMostBlockBytes);
  put_u64(block, 0);
  append(block, bytes_of("xy"));
  EXPECT_THAT((Forged{.block_bytes = kMostBlockBytes, .after = block}.error()),
              HasSubstr("truncated"));
  Bytes too_long;
  put_varint(too_long, 10);
  put_varint(too_long, 79);
  EXPECT_THAT((Forged{.after = too_long}.error()), HasSubstr("code of block 1 is too long"));
  Bytes bomb;
  put_varint(bomb, 100);
  put_varint(bomb, 0);
  put_u64(bomb, 0);
  EXPECT_THAT((Forged{.after = bomb}.error({.limit_bytes = 99})), HasSubstr("more than 99 bytes"));
  EXPECT_THAT((Forged{.after = bomb}.error({.threads = 1})),
              HasSubstr("block 1 of the .kraft file"));
}

// All models and combinations of the manual, and the levels and parameters that people give.
TEST(Container, DecompressesByItselfWhateverCompressAccepts) {
  const Bytes original = bytes_of("the whale");
  for (const char* spec : {"gzip:9",
                           "zlib",
                           "deflate:1",
                           "zstd:3",
                           "zstd:19,window=17",
                           "zstd:3,context=2KiB",
                           "zstd,dither=16",
                           "xz:0",
                           "xz:6,lc=4",
                           "xz:9e",
                           "lzma:1",
                           "bzip2:1",
                           "brotli:5",
                           "lz4",
                           "png,filter=paeth",
                           "png",
                           "png,filter=mix",
                           "webp:0",
                           "jxl:1",
                           "flac:8,context=2048",
                           "filtered:gzip:9",
                           "filtered:gzip,filter=average",
                           "filtered",
                           "filtered:ngram:3,width=9",
                           "filtered:\"zstd:3,context=1KiB,dither=8\",filter=average",
                           "uniform",
                           "ngram:5",
                           "product:gzip:9^0.5,ngram:5",
                           "mix:gzip@0.3,xz@0.7",
                           "mix:png,\"filtered:lz4:1\"",
                           "product:\"mix:gzip,xz:0\"^0.5,ngram:3",
                           "llama#1",
                           "llama#1:text,threads=2",
                           "mix:\"llama#1:text,threads=2,sequences=3\",ngram"}) {
    if (!testing::kHaveLlama && std::string(spec).find("llama") != std::string::npos) continue;
    if (kSanitized && std::string_view(spec) == "webp:0") continue;  // see above
    const auto model = make_model(spec);
    EXPECT_EQ(objection_to(model->spec()), "") << spec;
    EXPECT_EQ(decompress(compress(*model, original)), original) << spec;
  }
}

TEST(Container, RecordsTheLibraryOfTheInnerModel) {
  const std::string zlib = identify(*make_model("gzip")).library;
  EXPECT_THAT(identify(*make_model("filtered:gzip:9")).library, HasSubstr(zlib));
  EXPECT_THAT(identify(*make_model("mix:ngram,\"filtered:gzip:9,filter=up\"")).library,
              HasSubstr(zlib));
}

// What changes no result is not in the file, and no reason to refuse one.
TEST(Container, TheNumberOfThreadsIsNoPartOfTheModel) {
  if (!testing::kHaveLlama) GTEST_SKIP() << "built without llama.cpp";
  const auto two = make_model("llama#1:text,threads=2,ctx=64");
  const auto one = make_model("llama#1:text,ctx=64");
  EXPECT_EQ(identify(*two).spec, "llama#1:text,ctx=64");
  const Bytes original = bytes_of("a whale");
  EXPECT_EQ(decompress(compress(*two, original), {.model = one}), original);
  EXPECT_EQ(decompress(compress(*one, original), {.model = two}), original);
  EXPECT_EQ(decompress(compress(*two, original)), original);
}

// What `llama:text` was before kraft computed it itself: a file that names it is read by llama.cpp,
// or says that it needs that.
TEST(Container, ReadsFilesOfTheFirstLlama) {
  EXPECT_EQ(spec_for_file("llama#1:text,ctx=64"), "llama:text,ctx=64");
  EXPECT_EQ(spec_from_file("llama:text,ctx=64"), "llama#1:text,ctx=64");
  EXPECT_EQ(spec_from_file("mix:llama:image,uniform"), "mix:llama#1:image,uniform");
  // Other weights have been coded alike ever since.
  EXPECT_EQ(spec_for_file("llama:words.gguf"), "llama:words.gguf");
  EXPECT_EQ(spec_from_file("llama:words.gguf"), "llama:words.gguf");
  const std::string error = Forged{.spec = "llama:text"}.error();
  if (testing::kHaveLlama) {
    EXPECT_THAT(error, HasSubstr("other weights of llama#1:text"));
  } else {
    EXPECT_THAT(error, HasSubstr("kraft was built without llama.cpp"));
  }
}

TEST(Container, TakesNoDearModelFromAFile) {
  for (const auto& [spec, why] : std::vector<std::pair<std::string, std::string>>{
           {"xz:9e,dict=1610612736,bits=byte,context=0", "whose dict is more than 1048576"},
           {"lzma:0,dict=2MiB", "whose dict is more than"},
           {"zstd:1,dither=64", "whose dither is more than 16"},
           {"webp:0,width=16383", "whose width is more than"},
           {"jxl:1,width=262144", "whose width is more than"},
           {"filtered:\"xz:1,dict=1GiB\"", "whose dict is more than"},
           {"mix:gzip,\"filtered:\\\"xz:1,dict=1GiB\\\"\"", "whose dict is more than"},
           {"llama:text,gpu_layers=99", "whose gpu_layers is more than 0"},
           {"llama:text,beam=4096", "whose beam is more than"},
           {"webp:9", "which takes too long to be tried"},
           {"jxl:7,width=4096,channels=4,depth=16", "which takes too long to be tried"},
           {"jxl,width=4096", "which takes too long to be tried"},
           {"png,engine=recompress,width=1000000", "which takes too long to be tried"},
           {"brotli:11,dither=16", "which takes too long to be tried"},
           {"xz:9e,bits=byte", "which takes too long to be tried"},
           {"xz:9e,dict=1048576", "which takes too long to be tried"},
           {"mix:brotli:11,brotli:11,brotli:11", "which takes too long to be tried"},
           {"mix:cm,cm,cm,cm", "which takes too much memory to be tried"},
           {"mix:llama:text,llama:image,llama:audio", "which loads too many files"},
           {"llama:/etc/passwd", "a command or a path"},
           {"filtered:llama:/etc/passwd", "a command or a path"},
           {"filtered:cmd:cat", "a command or a path"}}) {
    const std::string error = Forged{.spec = spec}.error();
    EXPECT_THAT(error, AllOf(HasSubstr(why), HasSubstr("to trust it")));
    EXPECT_THAT(objection_to(spec), HasSubstr(why));
  }
}

// In a process that may take no more than another 100 MB: whatever a file names ends in an Error.
TEST(Container, NoFileTakesMuchMemoryBeforeItIsChecked) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer takes address space of its own";
  std::vector<std::string> specs = {"llama:text,sequences=64",
                                    "llama:text,ctx=16777216",
                                    "xz:9e,dict=1610612736,bits=byte",
                                    "zstd:22,window=27,long=on",
                                    "brotli:11,window=30,large=on",
                                    "ngram:16",
                                    "bzip2:9",
                                    "lz4:12,block=4MiB",
                                    "png,width=1000000,channels=4,depth=16",
                                    "filtered:xz:9e,width=1000000",
                                    "mix:xz:9e,xz:8e,xz:7e,xz:6e",
                                    "cm:max,mem=1073741824",
                                    "mix:cm:max,cm:max"};
  for (const std::string part : {"ngram:16", "cm", "\"xz:6,view=decoder\"",
                                 "\"brotli:11,view=decoder\"", "\"zstd:19,view=decoder\""}) {
    for (const int count : {3, 10, 31}) {
      std::string wide = "mix:" + part;
      for (int i = 1; i < count; ++i) wide += "," + part;
      specs.push_back(wide);
    }
  }
  for (const std::string& spec : specs) {
    const pid_t pid = fork();
    if (pid == 0) {
      std::ifstream status("/proc/self/statm");
      std::uint64_t pages = 0;
      status >> pages;
      const rlim_t most = pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + 100'000'000;
      const rlimit limit = {most, most};
      setrlimit(RLIMIT_AS, &limit);
      try {
        decompress(Forged{.spec = spec, .probe = 1}.file(), {.threads = 1});
      } catch (const Error&) {
        _exit(0);
      } catch (...) {  // no memory
      }
      _exit(1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(pid, &status, 0), pid);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << spec << ": " << status;
  }
}

// A model is dear to make: none is for a file that is damaged anyway.
TEST(Container, LooksAtTheBlocksBeforeItMakesTheModel) {
  const auto error_after = [](std::initializer_list<std::uint64_t> numbers) {
    Forged forged{.spec = "ngram:2", .after = Bytes()};  // whose probe is another's
    for (const std::uint64_t number : numbers) put_varint(*forged.after, number);
    return forged.error();
  };
  constexpr std::uint64_t kHuge = std::uint64_t{1} << 60;
  EXPECT_THAT((Forged{.spec = "ngram:2"}.error()), HasSubstr("gives other probabilities"));
  EXPECT_THAT(error_after({}), HasSubstr("it is truncated"));
  EXPECT_THAT(error_after({0, 0}), HasSubstr("it is truncated"));
  EXPECT_THAT(error_after({0, kHuge}), HasSubstr("it holds 0 bytes"));
  EXPECT_THAT(error_after({0, 0, 1, 2, 3, 4, 5, 6, 7, 8}), HasSubstr("the checksum at its end"));
  EXPECT_THAT(error_after({kHuge}), HasSubstr("block 1 is too long"));
  EXPECT_THAT(error_after({100, kHuge}), HasSubstr("the code of block 1 is too long"));
  EXPECT_THAT(error_after({100, 700}), HasSubstr("it is truncated"));
}

// The weights of a model, as its state knows them.
class Weighted final : public Model {
 public:
  Weighted(std::string spec, std::string fingerprint)
      : spec_(std::move(spec)), fingerprint_(std::move(fingerprint)) {}
  std::unique_ptr<State> start() const override { return make_model("ngram:1")->start(); }
  const std::string& spec() const override { return spec_; }
  Granularity granularity() const override { return Granularity::fractional; }
  std::optional<std::uint64_t> window_bytes() const override { return {}; }
  std::string fingerprint() const override { return fingerprint_; }

 private:
  std::string spec_, fingerprint_;
};

TEST(Container, KnowsWeightsByTheirFingerprintWhereverTheyLie) {
  const Bytes original = real_text(50);
  const auto weights = [](const char* spec, const char* fingerprint) {
    return std::make_shared<Weighted>(spec, fingerprint);
  };
  // `cmd` stands for a backend whose argument is free text.
  const Bytes file = compress(*weights("cmd:/here/w.bin,timeout=5", "f1"), original);
  EXPECT_EQ(decompress(file, {.model = weights("cmd:/there/v.bin,timeout=5", "f1")}), original);
  const auto error = [&](const char* spec, const char* fingerprint) {
    return error_of([&] { decompress(file, {.model = weights(spec, fingerprint)}); });
  };
  EXPECT_THAT(error("cmd:/here/w.bin,timeout=5", "f2"), HasSubstr("other weights"));
  EXPECT_THAT(error("cmd:/here/w.bin,timeout=6", "f1"), HasSubstr("not with"));
  EXPECT_THAT(error("other:/here/w.bin,timeout=5", "f1"), HasSubstr("not with"));
  EXPECT_THAT(error_of([&] { decompress(file); }), HasSubstr("to trust it"));
}

TEST(Container, SavesAsMuchAsTheModelKnows) {
  const Bytes original = real_text(sized(60'000));
  const Bytes file = compress(*make_model("ngram:5"), original);
  const double ideal_bytes = make_model("ngram:5")->start(original)->context_bits() / 8;
  EXPECT_LE(static_cast<double>(file.size()), ideal_bytes * 1.0001 + 100);
  EXPECT_EQ(decompress(file), original);
}

}  // namespace
}  // namespace kraft
