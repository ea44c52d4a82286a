// Any program that compresses its standard input to its standard output.
//
// Every message starts the program anew, without a shell.
#include <signal.h>

#include <chrono>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/subprocess.h"
#include "base/text.h"
#include "codecs/decoding.h"
#include "kraft/error.h"
#include "registry/backends.h"

namespace kraft {
namespace {

// A command line and how it went.
class Program {
 public:
  Program(std::string command, std::chrono::milliseconds timeout)
      : command_(std::move(command)), timeout_(timeout) {
    try {
      words_ = split_words(command_);
    } catch (const UsageError& error) {
      throw UsageError(std::string("cmd: ") + error.what());
    }
  }

  Bytes run(ByteView input, std::size_t limit_bytes) const {
    ProcessResult result = start(input, limit_bytes);
    switch (result.end) {
      case ProcessEnd::exited:
        if (result.code != 0) fail("exited with status " + std::to_string(result.code), result);
        return std::move(result.output);
      case ProcessEnd::signalled:
        fail("was ended by signal " + signal_name(result.code), result);
      case ProcessEnd::timed_out:
        fail("did not end within " + seconds() + " seconds", result);
      case ProcessEnd::too_long:
        fail_too_long("cmd", limit_bytes);
    }
    return {};
  }

  std::string quoted() const { return "'" + printable(command_) + "'"; }

 private:
  ProcessResult start(ByteView input, std::size_t limit_bytes) const {
    try {
      return run_process(words_, input, {.timeout = timeout_, .limit_bytes = limit_bytes});
    } catch (const Error& error) {
      throw Error(std::string("cmd: ") + error.what());
    }
  }

  [[noreturn]] void fail(const std::string& how, const ProcessResult& result) const {
    throw Error("cmd: " + quoted() + " " + how +
                (result.complaint.empty() ? "" : ": " + result.complaint));
  }

  static std::string signal_name(int number) {
    const char* name = sigabbrev_np(number);
    return name ? std::string("SIG") + name : std::to_string(number);
  }

  std::string seconds() const { return shortest(static_cast<double>(timeout_.count()) / 1000); }

  std::string command_;
  std::chrono::milliseconds timeout_;
  std::vector<std::string> words_;
};

class CmdEncoder final : public Encoder {
 public:
  explicit CmdEncoder(const Program& program) : program_(program) {}

  void encode(ByteView message, Bytes& stream) override {
    // No code is that long; a program that writes without end must not take all the memory.
    constexpr std::size_t kMostBytes = std::size_t{64} << 20;
    stream = program_.run(message, kMostBytes + 16 * message.size());
    // Such a program is no code at all: every message would cost nothing.
    if (stream.empty() && !message.empty())
      throw Error("cmd: " + program_.quoted() + " wrote nothing for " +
                  std::to_string(message.size()) + " bytes");
  }

 private:
  Program program_;
};

class CmdCodec final : public Codec {
 public:
  CmdCodec(Program encoder, std::optional<Program> decoder)
      : encoder_(std::move(encoder)), decoder_(std::move(decoder)) {}

  std::unique_ptr<Encoder> encoder() const override {
    return std::make_unique<CmdEncoder>(encoder_);
  }

  Bytes decode(ByteView stream, std::size_t limit_bytes) const override {
    if (!decoder_)
      throw Error("cmd: " + encoder_.quoted() +
                  " cannot be undone without a second command: give decode=\"...\"");
    return decoder_->run(stream, limit_bytes);
  }

 private:
  Program encoder_;
  std::optional<Program> decoder_;
};

std::shared_ptr<const Codec> make_cmd(const Arguments& arguments) {
  const std::chrono::milliseconds timeout(std::llround(1000 * arguments.number("timeout")));
  std::optional<Program> decoder;
  if (arguments.has("decode")) decoder.emplace(arguments.text("decode"), timeout);
  return std::make_shared<CmdCodec>(Program(arguments.text("command"), timeout),
                                    std::move(decoder));
}

Parameter timeout_parameter() {
  Parameter timeout;
  timeout.name = "timeout";
  timeout.kind = Parameter::Kind::number;
  timeout.min = 0.001;
  timeout.max = 24 * 60 * 60;
  timeout.initial = "60";
  timeout.meaning = "seconds after which the program is killed";
  return timeout;
}

}  // namespace

Backend cmd_backend() {
  Backend row;
  row.name = "cmd";
  row.summary = "any program that compresses standard input to standard output";
  row.argument = Parameter::free_text("command", "", "the command line; no shell runs it");
  row.parameters = {
      Parameter::free_text("decode", "", "the command line that decompresses"),
      timeout_parameter(),
  };
  row.granularity = Granularity::byte;
  row.window = "the program's own";
  row.library = [] { return std::string("programs in PATH"); };
  row.make_codec = make_cmd;
  return row;
}

}  // namespace kraft
