// What the decoder's views said in their first version: their arithmetic and their readers may
// never change, or the .kraft files of before are not read any more. No library has a say in it:
// streams of the stock encoders are recorded ones, and the files are of views that need none.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/wire.h"
#include "kraft/container.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "models/brotli/decoder_view.h"
#include "models/bwt/bzip2_view.h"
#include "models/bwt/bzip3_view.h"
#include "models/deflate/decoder_view.h"
#include "models/deflate/header.h"
#include "models/lz4/decoder_view.h"
#include "models/lzma/decoder_view.h"
#include "models/webp/decoder_view.h"
#include "models/zstd/decoder_view.h"

namespace kraft {
namespace {

Bytes from_hex(std::string_view digits) {
  Bytes bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2)
    bytes.push_back(static_cast<Byte>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16)));
  return bytes;
}

// Words that come back, numbers that do not.
Bytes golden_text(std::size_t size) {
  constexpr std::array<std::string_view, 8> kWords = {"the ", "whale ", "of ", "sea ",
                                                      "and ", "then ",  "in ", "white "};
  Bytes text;
  std::uint32_t seed = 1;
  while (text.size() < size) {
    seed = seed * 1664525 + 1013904223;
    append(text, as_bytes(kWords[seed >> 29]));
    if (seed % 11 == 0) append(text, as_bytes(std::to_string(seed >> 12) + ".\n"));
  }
  text.resize(size);
  return text;
}

// Rows of 20 coloured pixels: slopes, with some noise.
Bytes golden_picture(std::size_t size) {
  Bytes samples;
  std::uint32_t seed = 1;
  for (std::size_t i = 0; samples.size() < size; ++i) {
    seed = seed * 1664525 + 1013904223;
    const std::size_t x = i % 20, y = i / 20, gray = 60 + x * x / 4 + 3 * y + (seed >> 30);
    for (std::size_t c = 0; c < 3; ++c)
      samples.push_back(static_cast<Byte>(gray + c * (20 - x + (seed >> 20) % 3)));
  }
  samples.resize(size);
  return samples;
}

// An encoder that has been recorded: by the sizes of the messages.
class Recorded final : public Codec {
 public:
  explicit Recorded(std::map<std::size_t, std::string_view> streams)
      : streams_(std::move(streams)) {}

  std::unique_ptr<Encoder> encoder() const override { return std::make_unique<Player>(streams_); }
  Bytes decode(ByteView, std::size_t) const override { throw Error("not recorded"); }

 private:
  class Player final : public Encoder {
   public:
    explicit Player(const std::map<std::size_t, std::string_view>& streams) : streams_(streams) {}
    void encode(ByteView message, Bytes& stream) override {
      const auto found = streams_.find(message.size());
      if (found == streams_.end())
        throw Error(std::to_string(message.size()) + " bytes were not recorded");
      stream = from_hex(found->second);
    }

   private:
    const std::map<std::size_t, std::string_view>& streams_;
  };

  std::map<std::size_t, std::string_view> streams_;
};

constexpr std::size_t kTextBytes = 600;

// The checksum of distributions, bit by bit.
class Said {
 public:
  template <class View>
  void ask(View& view) {
    std::array<double, 256> bits;
    view.next_byte(bits);
    for (const double b : bits) put_u64(bytes_, std::bit_cast<std::uint64_t>(b));
  }
  std::uint64_t value() const { return checksum(bytes_); }

 private:
  Bytes bytes_;
};

// After every byte of the text, and after a rewind.
template <class View>
std::uint64_t said_by(View view, const Bytes& text = golden_text(kTextBytes)) {
  Said said;
  for (const Byte byte : text) {
    said.ask(view);
    view.observe(byte);
  }
  said.ask(view);
  view.rewind(text.size() / 2);
  said.ask(view);
  return said.value();
}

// ---- Views of recorded encoders --------------------------------------------------------------

const std::map<std::size_t, std::string_view> kZstdStreams = {
    {256,
     "28b52ffd60000085040092051215b0251d00e04b0426244d630e304b5a4b4ad991033a4e940b4d96aa7c02320"
     "ce4d0fc81b7795e0ed9256011c9c6b21e93c18f2945bd6927c8f81617ffcd7b3935f82e32940b5d8a1d003d19"
     "165c000f83e76b4e59c1d4c36a01c23ca083b9f425b41830b0813002b27017b4e289d0940160dde8042c040ed"
     "56099a0053ce3e7b94de39ad6da249c192182b204"},
    {512,
     "28b52ffd60000135070092c7161590251e00e9e44b66a5cc4cd033b28c646cee129b01bec4b7afd3825eaa064"
     "83d6b612e068bf9946cac122c98aa7c810d3449349fe06d5efbb2715916d10659d663a47a251fc4a7d3820dbe"
     "c5c5fff4ed4b00fe08a444078e0f013c2020422415de01661283465e6432ea64c4d9808425e01981cb77045a4"
     "068b85a3834700d5e11c1c33a30f0794b2215784b60f700943d24f6c22e008fe79a01760a10296859400b0030"
     "201e48ffc272011c07d3b3620b6c047b000404a8834b95d03460c0404840a6efd28a83d0840158374ec01e387"
     "4b014b4f08cf7dc342ead3509c71122704b"},
};

const std::map<std::size_t, std::string_view> kBrotliStreams = {
    {256,
     "1bff0000c4665ba72442621c3ca02d7ec0e9e6def041f8cf5b0d4248defdbbdb4459a91a36b9e2dca42328ea0"
     "a15e7f1c4ceff9e6ff377f1df92b626d8dd21d7b6a83a7e969628a1dd931fcf620bb303f20e278fc585a85421"
     "a5d66696c321e4895a64014f98aa2a159441d69972f1503f4c888a20bc43cc9d4e54847b5e647af901e9bb01"},
    {512,
     "1bff010044d5cdcfa80bb57cddbafd4e22209090232001fe8d9b4200d4dbdf7617c6511e66d56dc0116571a9c"
     "ec58344a397aca374e53678fdcfeddedb73b46f4ba6d588f51d72ed12341e7f48a495cabb6ff872ad46617484"
     "7c87938fd5ca58d95532759e800c37154eb2050eccd3d0352b334883a853e5c1d97d40050a21bc4732cf6e5a9"
     "1ced9c0e4f29b8808e8794d4ae9a35e11e84c953f69a5f5226eae45258ea8372d5a4760e863cc16554143ab5e"
     "eb122fbc154ca36279c209e5c93a5347e861926e34cdfdcd859dbf13"},
};

const std::map<std::size_t, std::string_view> kBzip2Streams = {
    {16,
     "425a68393141592653598d422ab8000003118040002745848020003100d34d04003d404057326d369c9e2ee48"
     "a70a1211a845570"},
    {32,
     "425a6839314159265359c8ab25d900000091804000276584802000212a64d07a6840d0342db172a18fc4c022b"
     "728a2c7ac177245385090c8ab25d9"},
    {64,
     "425a6839314159265359b2ea846000001f598000104001318027658c802000544021a034c0c821347a478a4f5"
     "ca3415b6ef6fa881a88b3cb42a888368640560b25c0a2d201e2a177245385090b2ea84600"},
    {128,
     "425a68393141592653597dab126f000022d980001040017f8027658c802000486a353f2a3d469a6d41b5044a8"
     "00034d0b672d3e902458b16aa2828d593d380b0f14eb08c18abed20772112c8421cc388355b291bda5c150c07"
     "d4b7e5913f1772453850907dab126f"},
    {256,
     "425a683931415926535930a30e54000044d980001040017fe027658c8020008421909949ea68f4d40fd5044a8"
     "000003f78162d9ac9faf002c264265f0c4e3654813cf1c318347a043e5179a0062b44f5a0911b6d3d5499adca"
     "4098ac3da2fa44b5508d12108c03475942be09c94c24848495872b52f83609e814a7c24582fe2ee48a70a1206"
     "1461ca8"},
    {512,
     "425a6839314159265359511e48450000a0d980001040017fe027658c803000d2c114fc94f4ca1934da800d54f"
     "f69124d1e8801a0855269b50006869fb77c3e0f82cddf184e485a1619513285702c4c852caa58ce31420a343c"
     "c6e26e099beb35a574d1a35ce78ba961a5558d9324be2a403aec49bcc8152eeab8cc088d1cd19a05134ad38f0"
     "318cb2df8e1bb433c6996ca7b17606532a228a98aaa47b8b02fd04f31a99d30c533116f13557307ea9844fc8e"
     "e1765495947f8bb9229c2848288f242280"},
};

// Rows of 20 gray pixels, and of 8 coloured ones.
const std::map<std::size_t, std::string_view> kWebpGrayStreams = {
    {260,
     "5249464696000000574542505650384c8a0000002f1300030085ab489214eb7f55ac026639c7fc18fcdff4bc67"
     "21a2ff0adcb651068799e819dfb9d907791d6573e9e56b1e2e27077fcb853b3c90bbe492cd4a3c8786b2108f9f"
     "df79790d72a157c4b38d391925ce33e39d4bc15b255ef3c068865a9fac338062a2e7d0605a96e3c7647c34be38"
     "25f08165a504b0f184d5e6183d3e23fabf7e0ac558bcce00"},
    {520,
     "52494646e4000000574542505650384cd70000002f1340060085ebd8b695e6ff5541056f784ecac1dd25fdf3ce"
     "bd490911fd67e0b66da3dbe7aa70d62bbe5d3ed5c9da24f9522557572f2f076bfd426f10e2adbdf62a4871d679"
     "74893c2e7ebbfeaa933eaa8807e5824fa578bf09afb5b74649f1ca8426a8325ee91450343aeb1c6d89075319e3"
     "529369295020aed1005ed4f0a38273066544f9f86965706ffcc508481d31ac5f916aab53e7a5e8b125679dff2a"
     "5cbffc113ea1b0c66c5b32ab3367b0713604eb82144466630599dbc0a3b439642498ea13626db076b405ce19e5"
     "d846d19e5e1d2bc375020000"},
};

const std::map<std::size_t, std::string_view> kWebpColourStreams = {
    {264,
     "52494646ea000000574542505650384cdd0000002f0780020097c12a92a45643866f94200115484323025e0e6b"
     "835124498a6a990e4c9c03947f7ef67bcc8c22495254cb4f9281be57201cdffc476b7b2bf109d85b72120ee9ff"
     "25f30b3fd2cf4f06e13eac4e4380df217c983354020202f0038d1fbca0041cfaf5f2481e4bf5c4fb403d6256cc"
     "24797e0665c33a0119958b78cdc603658c835740431256400665050fc03000c022d96e66b6ff3faf2322fadf03"
     "7dde4dffa97618ab43d1348a97e27af5299ff75679604d88259e31d7c7adcfd05ef958eef72b1f7dde8ebb09b0"
     "371d165064be397ff2f9a10803bb3e010000"},
    {528,
     "5249464652010000574542505650384c460100002f074005004fc22a92642773810c6290804a34f29be3bd6783"
     "7124b9514692b9210b5e7c099e9c48c0b7c538921c2723e9dc8f3c6c18a44c5cde83e63fc6b72fa2e8307e0a08"
     "c82040088aae0c955c898b844ab86c0afd997f54c5f280f04380676c0e1cb14603a140802710e00081000c0e14"
     "54c0071c17e005c554368e7212cb13c595abd80f60af68b050441f494572c8000d7fc70008906fe038c1185849"
     "6ec08f1a74dc0cfc7ce6bb02060e03004c121b3b119b6ed8467737ffbfe41111fdef811578288fcdb4ace8d054"
     "eee745fff6132b70dcc4339f8775cd69f86ed232a16705c7d9a05754e4258e6b05de663b02324299005840ecb1"
     "3676dc3f4c5523232b40659ab380d5f0e9aac9c9c84c0b586682f6f213c73573167c1e27acbf5d97bda817461e"
     "db99a0b180d1f318557468571cf87d151e109779676452e499796cca915da600"},
};

// Rows of 20 coloured pixels of golden_picture().
const std::map<std::size_t, std::string_view> kWebpPictureStreams = {
    {300,
     "5249464686000000574542505650384c7a0000002f13000100cd1421a2ffb1898247ff030a1a496ae02ac51dfe"
     "b5a0c340da366defdfe84d6c0222defb0718fa218c91a980929c82ea5950ee34043905438141a84e8dab446e6a"
     "2c1c26962e4d7520048d4b9adda452230a0395c04c49b62b7b166d3388f62c7616e2dd430e14920414abba5091"
     "746449aa966b0500"},
    {540,
     "52494646c8000000574542505650384cbc0000002f13000200cdf420a2ffb1898257bfff01076d234952d7db2d"
     "1dbbe38f658706e3b66d0345746fff7def350111ffdf37cce44349065084c92c623f87e7c73e0afb6080a3301c"
     "6f9d35d118e7583c018362db0797260e10e7b8a36673a256c119a414d0a708d76aafb6467373d1c1fa4c298958"
     "2d5334b95c2b76bbd6e3bc3c1489280c082ed71b44d9f55ebcc39c443e9574a83a92eb36d9c4bb6a767b2672cc"
     "05434c1899f5d18a64e1d66660200f16bb85d57a7db26ed7a66b9fbe00"},
};

constexpr std::string_view kLzmaStream =
    "e0025700dc5d003b9a0847c85440ba2ecfe9b4c5e1a01fcbbca2406f8f732203866d70177820f3f61f9a790eba"
    "81fb0fe3258ae66bb61da1bc14aeff8d271b05cf14b04244aaf3611c22e3c17535b9fbfdcfa1e045ec5594973b"
    "3f01cd56022460d004941634af3297407c465983fc73e0759e2523773f9ec86fc8a5081feb65c3ecc81710816b"
    "20ad08d88e1e6856ef07e07fee76ea640bebe04e28fda5794942414c7bf77eacca28a5240d44b95d176592e315"
    "cd1c3a86eb354f3bb94c6042763e56d5ac3e81d4a02ffa95cf5f06173dc754e26c1e56d58348d6bf7d7806cd61"
    "fff000";

// A dynamic block's codes: of bytes as often as in the text, short copies and near ones.
deflate::BlockHeader golden_header(ByteView text) {
  std::vector<double> literals(286, 1), distances(30);
  for (const Byte byte : text) literals[byte] += 4;
  for (std::size_t i = 257; i < literals.size(); ++i)
    literals[i] = static_cast<double>(2 * (286 - i));
  for (std::size_t i = 0; i < distances.size(); ++i)
    distances[i] = static_cast<double>(1 + i * (29 - i));
  deflate::CodeLengths lengths;
  std::ranges::copy(deflate::limited_code(literals, 15), lengths.literals.begin());
  std::ranges::copy(deflate::limited_code(distances, 15), lengths.distances.begin());
  return deflate::make_header(lengths);
}

TEST(ViewGoldens, DeflateSaysWhatItSaid) {
  deflate::ViewParameters parameters;
  parameters.header_after = golden_header;
  EXPECT_EQ(said_by(deflate::DecoderView(parameters)), 16631237440461369049U);
}

TEST(ViewGoldens, ZstdSaysWhatItSaid) {
  zstd::ViewParameters parameters;
  parameters.codec = std::make_shared<Recorded>(kZstdStreams);
  EXPECT_EQ(said_by(zstd::DecoderView(parameters)), 7044974338927829656U);
}

TEST(ViewGoldens, BrotliSaysWhatItSaid) {
  brotli::ViewParameters parameters;
  parameters.codec = std::make_shared<Recorded>(kBrotliStreams);
  EXPECT_EQ(said_by(brotli::DecoderView(parameters)), 4094239762691863678U);
}

TEST(ViewGoldens, Bzip2SaysWhatItSaid) {
  bwt::Bzip2ViewParameters parameters;
  parameters.codec = std::make_shared<Recorded>(kBzip2Streams);
  EXPECT_EQ(said_by(bwt::Bzip2View(parameters)), 9498634164007782199U);
}

TEST(ViewGoldens, WebpSaysWhatItSaid) {
  webp::ViewParameters parameters;
  parameters.shape = {.width = 20, .channels = 1, .depth_bits = 8};
  parameters.codec = std::make_shared<Recorded>(kWebpGrayStreams);
  EXPECT_EQ(said_by(webp::DecoderView(parameters)), 15742879532123972213U);
  parameters.shape = {.width = 8, .channels = 3, .depth_bits = 8};
  parameters.codec = std::make_shared<Recorded>(kWebpColourStreams);
  EXPECT_EQ(said_by(webp::DecoderView(parameters)), 11098205179141014868U);
  parameters.shape = {.width = 20, .channels = 3, .depth_bits = 8};
  parameters.codec = std::make_shared<Recorded>(kWebpPictureStreams);
  EXPECT_EQ(said_by(webp::DecoderView(parameters), golden_picture(900)), 14477361154373215190U);
}

TEST(ViewGoldens, Bzip3SaysWhatItSaid) {
  EXPECT_EQ(said_by(bwt::Bzip3View(1 << 20, 16384)), 14358957200887067154U);
}

TEST(ViewGoldens, Lz4SaysWhatItSaid) {
  EXPECT_EQ(said_by(lz4::DecoderView()), 5419504904881401914U);
}

// Its probabilities come from a recorded stream of the whole text; the linked encoder reads the
// beginning too, which is forgotten where the token begins.
TEST(ViewGoldens, LzmaSaysWhatItSaid) {
  const Bytes text = golden_text(kTextBytes);
  lzma_options_lzma options;
  ASSERT_FALSE(lzma_lzma_preset(&options, 6));
  options.dict_size = 1 << 16;
  lzma::Reader reader(options.lc, options.lp, options.pb);
  reader.read(from_hex(kLzmaStream), {.begin = 0, .context = text});
  const auto prices = std::make_shared<const lzma::Prices>(
      reader.probabilities(), options.lc, options.lp, options.pb, options.dict_size);
  lzma::DecoderView view({.options = options, .refresh_bytes = 1 << 16},
                         std::make_shared<lzma::Engine>(options, 1, nullptr));
  constexpr std::size_t kBegin = 520;  // the next refresh is at 1024
  view.observe(ByteView(text).first(kBegin));
  view.begin_token({kBegin, reader.boundary().state, reader.boundary().distances}, prices, 16);
  Said said;
  for (std::size_t at = kBegin; at < text.size(); ++at) {
    said.ask(view);
    view.observe(text[at]);
  }
  said.ask(view);
  EXPECT_EQ(said.value(), 6520109814406489436U);
}

// ---- Files -----------------------------------------------------------------------------------

// Of views that have nothing from a library: fixed codes, nothing that is learned, and learning of
// our own. The versions that their headers name do not matter.
constexpr std::string_view kDeflateFile =
    "8b6b726166741a0a013f22677a69703a392c73747261746567793d66697865642c766965773d6465636f646572"
    "0b7a6c696220312e322e313300b8591da0e417a8300300808040ad027cf2c2b1cae58e66ac0290014c557d5e3c"
    "b2eb3f98fbb864c0208d6146a35795f20aef88d1ceaedd5ee3b24ef60254d3e307efe412e3c75719710c00d5bc"
    "23526f679f0871b1b08b75d9564fee81c0419921f1f0131074d09beb46b045c35cf7211e8e10305e154b17b40a"
    "7d93f9355ec050adb01a8019a92a7e3ddd7c6d99942f5104849a0699d641b9901af6da270f8fbc32b92f6196be"
    "2638ee0000b0b3441fb76cb800ac02b219569d0ca26fc5";

constexpr std::string_view kLz4File =
    "8b6b726166741a0a0130126c7a343a302c766965773d6465636f6465720c6c69626c7a3420312e392e3400865a"
    "497a372d773e0300808040ad02b1e2d76ec21be951ac0290014c557d5e3cb2eb3f776165843768c76c6bde9539"
    "6f5487bbe1b745e8819ec50842dcbb95eba936d7c262d0e6edcb5462bd154b421d164968ea30566fcbe52e0aa7"
    "5429b694759ed891360fa9575a22828fbab0de14f2b1552ad2b3af33aa117dfbd5829212ca8a2a1b1e13fe7d57"
    "cc1d7f3a3e970a9407b6627febbb6dc93d9a2dbedc6c53df359928918b92a7dfac8b99da5c099118a48600ac02"
    "0394418ce71652a0";

constexpr std::string_view kBzip3File =
    "8b6b726166741a0a013212627a6970332c766965773d6465636f6465720e6c6962627a69703320312e322e3200"
    "7e81ef124e309bef0300808040ad02dcdb0bad0910d7eaac029e014c557d5e3cb2eb3f776c0358aa28119fb3c7"
    "4393fcd636a7f5f350b3d5f77394adb74f726b2a72b4da36e5b4cd60dba36ee6ed4370dfc9766b73f44fe9bd0e"
    "75782415064e4ae865ec1e6e693f84f3c06889733bfa12914c89654faad177b2f3f16c9c7fad495822bb49395c"
    "0b52237143fced3f9bf4b8cd4d485eec84c49c126761b5ce1858b0f3722ee0b8916f723613637f108d43e5b5f5"
    "a250206d533f9a81cd75908e7b00ac02c9cf862b8dd54aa9";

TEST(ViewGoldens, FilesOfTheFirstVersionAreReadForEver) {
  for (const std::string_view file : {kDeflateFile, kLz4File, kBzip3File})
    EXPECT_EQ(decompress(from_hex(file)), golden_text(300));
}

}  // namespace
}  // namespace kraft
