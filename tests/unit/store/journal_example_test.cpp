// FORMAT.md's worked example, byte for byte. With RAMPA_PRINT_EXAMPLE=1 it prints the blocks instead of comparing them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <deque>
#include <fstream>
#include <sstream>

#include "edge/store/blob_manifest.hpp"
#include "edge/store/durable_file.hpp"
#include "edge/store/journal.hpp"
#include "edge/store/seal_log.hpp"
#include "tests/unit/store/crash_disk.hpp"

namespace rampa::tests {
namespace {

/// The hex block that follows the line "**NAME**" in FORMAT.md, as bytes.
Bytes block(const std::string& name) {
  std::ifstream in("edge/store/FORMAT.md");
  std::string line, hex;
  bool found = false;
  while (std::getline(in, line)) {
    if (line == "**" + name + "**") found = true;
    else if (found && line.starts_with("    ")) {
      for (char c : line)
        if (c != ' ') hex += c;
    } else if (found && !hex.empty()) break;
  }
  return store::from_hex(hex).value_or(Bytes{});
}

void compare(const std::string& name, ByteView bytes) {
  if (std::getenv("RAMPA_PRINT_EXAMPLE")) {
    std::ostringstream out;
    out << "**" << name << "**\n\n";
    for (std::size_t at = 0; at < bytes.size(); at += 32) {
      out << "    ";
      const std::string hex = store::to_hex(bytes.subspan(at, std::min<std::size_t>(32, bytes.size() - at)));
      for (std::size_t i = 0; i < hex.size(); i += 8) out << (i ? " " : "") << hex.substr(i, 8);
      out << "\n";
    }
    std::printf("%s\n", out.str().c_str());
    return;
  }
  EXPECT_EQ(store::to_hex(block(name)), store::to_hex(bytes)) << name;
}

TEST(JournalExample, IsWhatFormatMdSays) {
  CrashDisk disk;
  const store::Layout layout{"/s"};
  for (const std::string& d : {layout.root, layout.journal(), layout.seals(), layout.blobs(), layout.keys(), layout.day_keys()})
    ASSERT_TRUE(disk.make_directory(d));

  Bytes secrets(64);
  for (std::size_t i = 0; i < secrets.size(); ++i) secrets[i] = static_cast<std::uint8_t>(i);
  std::deque<Bytes> random{secrets, Bytes(24, 0x11), Bytes(32, 0x22), Bytes(24, 0x33)};
  auto entropy = [&](std::span<std::uint8_t> out) {
    ASSERT_FALSE(random.empty());
    ASSERT_EQ(random.front().size(), out.size());
    std::copy(random.front().begin(), random.front().end(), out.begin());
    random.pop_front();
  };
  const PostId post{"RS-TEST"};
  const Stamp at{MonoTime{5'000'000'000}, WallTime{1'784'000'000'000}};
  auto keys = store::KeyRing::open(disk, layout, entropy, true);
  ASSERT_TRUE(keys) << keys.error().what;
  auto seals = store::SealLog::open(disk, layout, post, keys->signing_seed(), at.wall, true);
  ASSERT_TRUE(seals) << seals.error().what;
  store::Journal::Settings settings{post, 4096, {}};
  const Bytes boot = *store::from_hex("00112233445566778899aabbccddeeff");
  std::copy(boot.begin(), boot.end(), settings.boot.begin());
  store::Journal::Opened opened;
  auto journal = store::Journal::open(disk, layout, *keys, settings, at.wall, 0, 0, opened);
  ASSERT_TRUE(journal) << journal.error().what;

  const Bytes frame{'a', 'b', 'c'};
  store::PlainRecord first{at, "crossing_opened", "L1", "L1-7-12", {}, R"({"direction":"entry","kind":"crossing_opened"})", ""};
  store::PlainRecord second{at, "capture", "L1", "L1-7-12", {{"raw-frame", "text/plain", store::to_hex(store::sha256(frame)), 3}},
                            R"({"kind":"capture","role":"plate_front"})", R"({"text":"BG100AA"})"};
  for (const auto& record : {first, second}) {
    ASSERT_TRUE((*journal)->add({record}));
    ASSERT_TRUE((*journal)->commit(at.wall));
  }
  ASSERT_TRUE(seals->seal(2, (*journal)->head(), at.wall, true));

  const auto written = (*journal)->take_written();
  const Bytes segment = *store::read_file(disk, layout.journal() + "/00000000000000000001.seg");
  EXPECT_EQ(segment.size(), 4096u);
  compare("segment head", ByteView(segment).first(96));
  compare("record 1", ByteView(segment).subspan(written[0].offset, written[0].length));
  compare("record 2", ByteView(segment).subspan(written[1].offset, written[1].length));
  compare("day key", *store::read_file(disk, layout.day_keys() + "/20260714.1.key"));
  compare("device.pub", *store::read_file(disk, layout.keys() + "/device.pub"));
  const Bytes heads = *store::read_file(disk, layout.heads_log());
  compare("seal of record 2", ByteView(heads).subspan(160));
  compare("manifest of 131073 bytes of zero", encode(store::manifest_of(Bytes(131073, 0))));
}

}  // namespace
}  // namespace rampa::tests
