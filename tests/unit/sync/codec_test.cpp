// Topics and payloads: what is encoded comes back, and nothing else is accepted.
#include <gtest/gtest.h>

#include <random>

#include "sync/day_keys.hpp"
#include "sync/envelope.hpp"
#include "sync/frame.hpp"
#include "sync/letters.hpp"
#include "sync/payloads.hpp"
#include "sync/topics.hpp"

using namespace rampa;
using namespace rampa::sync;

namespace {

constexpr int rounds = 300;

Bytes random_bytes(std::mt19937_64& random, std::size_t size_max) {
  Bytes bytes(random() % (size_max + 1));
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

struct Frame {
  FrameHead head;
  std::vector<Bytes> records;
  [[nodiscard]] Bytes encoded() const { return encode(head, std::vector<ByteView>(records.begin(), records.end())); }
};

Frame random_frame(std::mt19937_64& random) {
  Frame frame{{random() % 2 ? Stream::verdicts : Stream::events, {}, 1 + random() % 1'000'000, {}}, {}};
  for (auto& byte : frame.head.epoch) byte = static_cast<std::uint8_t>(random());
  for (auto& byte : frame.head.previous) byte = static_cast<std::uint8_t>(random());
  for (std::size_t i = 0, count = 1 + random() % 8; i < count; ++i) frame.records.push_back(random_bytes(random, 200));
  return frame;
}

Sha256 random_hash(std::mt19937_64& random) {
  Sha256 hash;
  for (auto& byte : hash) byte = static_cast<std::uint8_t>(random());
  return hash;
}

constexpr std::array<std::uint8_t, 32> seed{7};

std::string random_text(std::mt19937_64& random) {
  static const char* const words[] = {"", "RS-BATROVCI", "šljivovica \"x\"", "\n\t\\", "a long text of no meaning", "№7"};
  return words[random() % std::size(words)];
}

}  // namespace

TEST(Topics, RoundTripOfEveryLeaf) {
  for (const Leaf leaf : {Leaf::hello, Leaf::verdicts, Leaf::events, Leaf::manifest, Leaf::slice, Leaf::unavailable, Leaf::receipt,
                          Leaf::fetch, Leaf::day_keys, Leaf::ack, Leaf::want, Leaf::letters, Leaf::fetched, Leaf::not_there,
                          Leaf::day_keys_wanted}) {
    const Topic topic{PostId{"RS-BATROVCI"}, leaf};
    EXPECT_EQ(parse_topic(topic_text(topic)), topic) << topic_text(topic);
  }
  EXPECT_EQ(topic_text({PostId{"P1"}, Leaf::verdicts}), "rampa/2/P1/up/verdicts");
}

TEST(Topics, ForeignOnesAreRefused) {
  for (const char* text : {"", "rampa/2/P1/up", "rampa/1/P1/up/hello", "rampa/2//up/hello", "rampa/2/P1/dn/hello",
                           "rampa/2/P1/up/ack", "rampa/2/P1/up/hello/x", "rampa/2/P 1/up/hello", "rampa/2/hq/up/hello",
                           "rampa/2/+/up/hello", "rampa/2/../up/hello"})
    EXPECT_FALSE(parse_topic(text)) << text;
}

TEST(Envelopes, ComeBackPackedOrNot) {
  std::mt19937_64 random(8);
  const std::string topic = "rampa/2/P1/up/events";
  for (int i = 0; i < rounds; ++i) {
    Bytes body = random_bytes(random, 2000);
    if (random() % 2) body.insert(body.end(), random() % 5000, 'x');
    const Bytes sealed = seal(topic, body, signer_of(seed));
    const auto back = open(topic, sealed, public_key_of(seed));
    ASSERT_TRUE(back) << back.error().what;
    EXPECT_EQ(*back, body);
  }
  const Bytes plain(4000, 'x');
  EXPECT_LT(seal(topic, plain, signer_of(seed)).size(), 200u) << "packed where it helps";
}

TEST(Envelopes, AnyFlippedBitAndAnyCutIsNoticed) {
  const std::string topic = "rampa/2/P1/up/events";
  const Bytes good = seal(topic, Bytes(600, 'x'), signer_of(seed));
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    ASSERT_FALSE(open(topic, bad, public_key_of(seed))) << "bit " << bit;
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(open(topic, ByteView{good}.first(size), public_key_of(seed)));
    EXPECT_FALSE(peek(ByteView{good}.first(size)));
  }
}

TEST(Envelopes, BelongToOneTopicAndOneKey) {
  const Bytes sealed = seal("rampa/2/P1/up/events", Bytes{1}, signer_of(seed));
  EXPECT_TRUE(open("rampa/2/P1/up/events", sealed, public_key_of(seed)));
  EXPECT_FALSE(open("rampa/2/P2/up/events", sealed, public_key_of(seed)));
  EXPECT_FALSE(open("rampa/2/P1/up/verdicts", sealed, public_key_of(seed)));
  EXPECT_FALSE(open("rampa/2/P1/up/events", sealed, public_key_of({8})));
}

TEST(Envelopes, ALengthThatLiesIsRefusedBeforeItIsBelieved) {
  const std::string topic = "t";
  for (const std::uint8_t high : {std::uint8_t{1}, std::uint8_t{255}}) {
    Bytes sealed = seal(topic, Bytes(600, 'x'), signer_of(seed));
    sealed[11] = high;  // 16 MiB, 4 GiB
    sealed.erase(sealed.end() - 64, sealed.end());
    Bytes message = [] { const std::string head = "rampa 2\nt\n"; return Bytes(head.begin(), head.end()); }();
    const Sha256 hash = sha256(sealed);
    message.insert(message.end(), hash.begin(), hash.end());
    const Bytes signature = signer_of(seed)(message);
    sealed.insert(sealed.end(), signature.begin(), signature.end());
    EXPECT_FALSE(open(topic, sealed, public_key_of(seed)));
  }
}

TEST(RecordFrames, ComeBackAsTheyWere) {
  std::mt19937_64 random(1);
  for (int i = 0; i < rounds; ++i) {
    const Frame frame = random_frame(random);
    const Bytes bytes = frame.encoded();
    const auto back = decode_records(bytes);
    ASSERT_TRUE(back) << back.error().what;
    EXPECT_EQ(back->head, frame.head);
    ASSERT_EQ(back->records.size(), frame.records.size());
    for (std::size_t r = 0; r < frame.records.size(); ++r)
      EXPECT_TRUE(std::equal(back->records[r].begin(), back->records[r].end(), frame.records[r].begin(), frame.records[r].end()));
  }
}

TEST(RecordFrames, AnyCutIsNoticedAndNoiseNeverAccepted) {
  std::mt19937_64 random(2);
  const Bytes good = random_frame(random).encoded();
  for (std::size_t size = 0; size < good.size(); ++size) EXPECT_FALSE(decode_records(ByteView{good}.first(size)));
  for (int i = 0; i < rounds; ++i) {
    EXPECT_FALSE(decode_records(random_bytes(random, 200)));
    EXPECT_FALSE(decode_slice(random_bytes(random, 200)));
    EXPECT_FALSE(decode_manifest(random_bytes(random, 200)));
    Bytes bent = good;
    bent[random() % bent.size()] ^= static_cast<std::uint8_t>(1 + random() % 255);
    (void)decode_records(bent);  // whatever it says: nothing is read outside (ASan)
  }
}

TEST(RecordFrames, WholeButWrongIsTold) {
  const Bytes record{1};
  const auto code = [&](const FrameHead& head, std::size_t count) {
    const auto decoded = decode_records(encode(head, std::vector<ByteView>(count, record)));
    return decoded ? std::string("accepted") : decoded.error().what;
  };
  EXPECT_EQ(code({Stream::events, {}, 1, {}}, 1), "accepted");
  EXPECT_NE(code({Stream::events, {}, 0, {}}, 1).find("number 0"), std::string::npos);
  EXPECT_NE(code({Stream::events, {}, 1, {}}, 0).find("0 records"), std::string::npos);
  EXPECT_NE(code({Stream::events, {}, 1, {}}, frame_records_max + 1).find("1025 records"), std::string::npos);
  EXPECT_NE(code({Stream::events, {}, UINT64_MAX, {}}, 1).find("out of range"), std::string::npos);
  EXPECT_NE(code({static_cast<Stream>(2), {}, 1, {}}, 1).find("stream 2"), std::string::npos);
}

TEST(BlobSlices, ComeBackAndPastTheEndIsRefused) {
  std::mt19937_64 random(5);
  for (int i = 0; i < rounds; ++i) {
    const Bytes content = random_bytes(random, 300);
    BlobSlice slice{random_hash(random), random() % 100'000, 0, content};
    slice.size_bytes = slice.offset + content.size() + random() % 3;
    const Bytes bytes = encode(slice);
    const auto back = decode_slice(bytes);
    if (content.empty() && slice.size_bytes != 0) {
      EXPECT_FALSE(back);
      continue;
    }
    ASSERT_TRUE(back) << back.error().what;
    EXPECT_EQ(back->blob, slice.blob);
    EXPECT_EQ(back->offset, slice.offset);
    EXPECT_EQ(back->size_bytes, slice.size_bytes);
    EXPECT_TRUE(std::equal(back->bytes.begin(), back->bytes.end(), content.begin(), content.end()));
  }
  const Bytes three{1, 2, 3};
  EXPECT_EQ(decode_slice(encode({{}, 10, 12, three})).error().code, ErrorCode::invalid);
  EXPECT_EQ(decode_slice(encode({{}, UINT64_MAX, 12, three})).error().code, ErrorCode::invalid);
  EXPECT_EQ(decode_slice(encode({{}, chunk_bytes - 1, 3 * chunk_bytes, three})).error().code, ErrorCode::invalid) << "over a chunk's border";
}

TEST(Manifests, ComeBackAndTheirRootIsTheirChunks) {
  std::mt19937_64 random(6);
  for (std::size_t count = 2; count < 40; ++count) {
    Manifest manifest{random_hash(random), (count - 1) * chunk_bytes + 1 + random() % chunk_bytes, {}};
    for (std::size_t i = 0; i < count; ++i) manifest.chunks.push_back(random_hash(random));
    Bytes bytes = encode(manifest);
    EXPECT_EQ(decode_manifest(bytes), manifest);
    bytes[84 + random() % (count * 32)] ^= 1;
    EXPECT_FALSE(decode_manifest(bytes));
    manifest.size_bytes += chunk_bytes;
    EXPECT_FALSE(decode_manifest(encode(manifest)));
  }
}

TEST(Manifests, MerkleRootIsThatOfRfc9162) {
  const Sha256 a{1}, b{2}, c{3};
  const auto leaf = [](const Sha256& h) { Bytes x{0}; x.insert(x.end(), h.begin(), h.end()); return sha256(x); };
  const auto node = [](const Sha256& l, const Sha256& r) { Bytes x{1}; x.insert(x.end(), l.begin(), l.end()); x.insert(x.end(), r.begin(), r.end()); return sha256(x); };
  EXPECT_EQ(merkle_root(std::vector<Sha256>{}), sha256({}));
  EXPECT_EQ(merkle_root(std::vector{a}), leaf(a));
  EXPECT_EQ(merkle_root(std::vector{a, b, c}), node(node(leaf(a), leaf(b)), leaf(c)));
  EXPECT_EQ(merkle_root(std::vector{a, b, c, a, b}), node(node(node(leaf(a), leaf(b)), node(leaf(c), leaf(a))), leaf(b)));
}

TEST(Payloads, ComeBack) {
  std::mt19937_64 random(6);
  const std::string key(64, 'b');
  for (int i = 0; i < rounds; ++i) {
    Hello hello;
    hello.id = "h" + random_text(random);
    hello.epoch[3] = static_cast<std::uint8_t>(random());
    hello.key = key;
    hello.boot_id = random_text(random);
    hello.boot_number = random() >> 2;
    hello.software = random_text(random);
    hello.ends = {random() >> 3, random() >> 3};
    hello.last_sequence = hello.ends.verdicts + hello.ends.events;
    hello.last_hash = random_text(random);
    hello.letters_through = random() % 9;
    if (random() % 2) hello.desks = {{"", random() % 9}, {std::string(32, 'e'), random() % 9}};
    hello.sent = {MonoTime{static_cast<std::int64_t>(random() >> 2)}, WallTime{-static_cast<std::int64_t>(random() >> 2)}};
    hello.heard = MonoTime{static_cast<std::int64_t>(random() >> 2)};
    hello.heard_answered = WallTime{static_cast<std::int64_t>(random() >> 2)};
    hello.metered = random() % 2;
    EXPECT_EQ(decode_hello(encode(hello)), hello);
    Ack ack;
    ack.session = random_text(random);
    ack.answers = random() % 2;
    ack.incarnation = random_text(random);
    ack.epoch = hello.epoch;
    ack.key = key;
    for (StreamAck& s : ack.streams) {
      s.through = random() % 1000;
      for (std::uint64_t at = s.through + 2; random() % 3; at += 10) s.ranges.push_back({at, at + random() % 8});
    }
    ack.cursor = random() >> 2;
    ack.hash = random_text(random);
    ack.durability = "disk";
    ack.credit_bytes = random() >> 2;
    ack.letters_last = random() % 99;
    for (std::size_t q = random() % 3; q > 0; --q) ack.quarantined.push_back({random() >> 2, random_text(random), q == 1 ? Stream::verdicts : Stream::events});
    for (std::size_t r = random() % 3; r > 0; --r) ack.refused.push_back({Stream::verdicts, random() >> 2, random_text(random)});
    ack.hello_mono_ns = static_cast<std::int64_t>(random() >> 2);
    ack.hello_received = WallTime{12};
    ack.answered = WallTime{13};
    ack.held = std::chrono::microseconds(random() % 3'000'000);
    EXPECT_EQ(decode_ack(encode(ack)), ack);
    Want want{{}, {random_text(random)}};
    for (std::size_t b = random() % 3; b > 0; --b)
      want.blobs.push_back({std::string(64, 'a'), 5 * chunk_bytes, b == 2, {{0, 1}, {3, 4}}, b, b == 1, b == 2});
    want.held = ack.held;
    EXPECT_EQ(decode_want(encode(want)), want);
    const Letters letters{{{1 + random() % 9, "declarations", random_text(random)}}, random() % 2 ? "" : std::string(32, 'd')};
    EXPECT_EQ(decode_letters(encode(letters)), letters);
    const Lost lost{{{Stream::verdicts, {3, 3 + random() % 9}, random_text(random)}, {Stream::events, {1, 1}, "damaged"}}};
    EXPECT_EQ(decode_lost(encode(lost)), lost);
    const Receipt receipt{random() % 9, {{1 + random() % 9, random_text(random)}}, {{1 + random() % 9, random_text(random)}}};
    EXPECT_EQ(decode_receipt(encode(receipt)), receipt);
  }
  const Unavailable gone{std::string(64, '0'), "erased"};
  EXPECT_EQ(decode_unavailable(encode(gone)), gone);
  const Fetch fetch{std::string(64, '0'), 7, 9};
  EXPECT_EQ(decode_fetch(encode(fetch)), fetch);
  const WatchListLetter list{"stolen", {"BG123AA", "NS1"}, {}};
  EXPECT_EQ(decode_watch_list(encode(list)), list);
  const WatchListLetter built{"operators-1", {}, WatchListLetter::File{std::string(64, 'a'), 77}};
  EXPECT_EQ(decode_watch_list(encode(built)), built);
}

TEST(Payloads, AWatchListLetterIsPlatesOrABuiltListAndSaysWhatIsWrong) {
  const auto what = [](const std::string& json) {
    const auto read = decode_watch_list(as_bytes(R"({"v":2,)" + json + "}"));
    return read ? std::string("accepted") : read.error().what;
  };
  const std::string sha = R"("sha256":")" + std::string(64, 'a') + '"';
  EXPECT_EQ(what(R"("name":"stolen","plates":[])"), "accepted");
  EXPECT_EQ(what(R"("name":"stolen",)" + sha + R"(,"size_bytes":1)"), "accepted");
  EXPECT_EQ(what(R"("name":"stolen")"), "watch_list: plates is missing");
  EXPECT_EQ(what(R"("name":"stolen","plates":[],)" + sha + R"(,"size_bytes":1)"), "watch_list: it has plates and a built list (sha256); send one of them");
  EXPECT_EQ(what(R"("name":"stolen","sha256":"AB","size_bytes":1)"), "watch_list: sha256 is not 64 lower-case hex digits");
  EXPECT_EQ(what(R"("name":"stolen",)" + sha), "watch_list: size_bytes is missing");
  EXPECT_EQ(what(R"("name":"stolen",)" + sha + R"(,"size_bytes":0)"), "watch_list: size_bytes is 0; a built list has 1 to 1073741824");
  for (const std::string name : {"", "two\\nlines", "a (b)"})
    EXPECT_EQ(what("\"name\":\"" + name + R"(","plates":[])"), "watch_list: name is not 1 to 200 bytes on one line, without brackets");
}

TEST(Payloads, AnOlderHqDoesNotSayHowLongItKeptAMessage) {
  Ack ack;
  ack.key = std::string(64, 'a');
  ack.held = 5ms;
  const Want want{{}, {}, {}, 7ms};
  const auto without = [](const Bytes& payload, const std::string& field) {
    std::string text(payload.begin(), payload.end());
    const std::size_t at = text.find(field);
    EXPECT_NE(at, std::string::npos) << text;
    return Bytes(as_bytes(text.erase(at, field.size())).begin(), as_bytes(text).end());
  };
  EXPECT_EQ(decode_ack(without(encode(ack), R"("held_us":5000,)"))->held, 0ns);
  EXPECT_EQ(decode_want(without(encode(want), R"("held_us":7000,)"))->held, 0ns);
  EXPECT_EQ(decode_want(as_bytes(R"({"v":2,"blobs":[],"done":[],"dropped":[],"held_us":9223372036854775807})"))->held, 1h);
  EXPECT_FALSE(decode_want(as_bytes(R"({"v":2,"blobs":[],"done":[],"dropped":[],"held_us":-1})")));
}

TEST(Payloads, DeclarationsComeBack) {
  Declaration d;
  d.reference = "26RS0001";
  d.kind = "transit";
  d.plate = "BG123AA";
  d.gross_kg = 24'500;
  d.driver_name = "Đorđe";
  d.goods.push_back({"870323", "DE", 12'000, 9'000, "cars"});
  d.goods.push_back({"870323", "DE", {}, {}, ""});  // not declared is not 0
  d.goods.push_back({"870323", "DE", 0, 0, ""});
  d.more = {{"sealed", true}, {"packages", std::int64_t{12}}, {"route", std::string("E70")},
            {"countries", std::vector<std::string>{"HR", "RS"}}};
  d.valid_until = WallTime{1'784'000'000'000};
  const auto back = decode_declarations(encode(DeclarationsLetter{{d}}));
  ASSERT_TRUE(back) << back.error().what;
  ASSERT_EQ(back->declarations.size(), 1u);
  EXPECT_EQ(back->declarations[0].valid_until, d.valid_until);
  EXPECT_EQ(back->declarations[0].reference, d.reference);
  EXPECT_EQ(back->declarations[0].driver_name, d.driver_name);
  EXPECT_EQ(back->declarations[0].goods.at(0).description, "cars");
  EXPECT_EQ(back->declarations[0].goods.at(0).value_eur, 9'000);
  EXPECT_EQ(back->declarations[0].goods.at(1).gross_kg, std::nullopt);
  EXPECT_EQ(back->declarations[0].goods.at(1).value_eur, std::nullopt);
  EXPECT_EQ(back->declarations[0].goods.at(2).gross_kg, 0);
  EXPECT_EQ(back->declarations[0].goods.at(2).value_eur, 0);
  EXPECT_EQ(back->declarations[0].more, d.more);
}

TEST(Payloads, ADeclarationWithTooMuchInItIsRefusedWithPlaceAndLimit) {
  Declaration full;
  full.reference = "26RS0001";
  full.goods.resize(declaration_goods_max, {"870323", "DE", {}, {}, ""});
  full.more = {{"route", std::vector<std::string>(declaration_values_max - 1, "RS")}};
  full.carrier = std::string(declaration_text_bytes_max, 'x');
  EXPECT_TRUE(decode_declarations(encode(DeclarationsLetter{{full}})));
  const auto what = [&](const auto& spoil) {
    Declaration d = full;
    spoil(d);
    const auto read = decode_declarations(encode(DeclarationsLetter{{full, d}}));
    return read ? std::string("accepted") : read.error().what;
  };
  EXPECT_EQ(what([](Declaration& d) { d.goods.resize(20'000); }), "declarations[1]: goods has 20000 items; at most 9999 are taken");
  EXPECT_EQ(what([](Declaration& d) { d.more["seals"] = true; }), "declarations[1]: more has 10001 fields and values; at most 10000 are taken");
  EXPECT_EQ(what([](Declaration& d) { d.goods[7].description = std::string(2001, 'x'); }), "declarations[1]: goods[7].description has 2001 bytes; at most 2000 are taken");
  EXPECT_EQ(what([](Declaration& d) { std::get<std::vector<std::string>>(d.more["route"])[5] = std::string(2001, 'x'); }), "declarations[1]: more.route has 2001 bytes; at most 2000 are taken");
  EXPECT_EQ(what([](Declaration& d) { for (auto& item : d.goods) item.description = std::string(2000, 'x'); }),
            "declarations[1]: it has " + std::to_string(8 + 2000 + 5 + 9'999 * 2'008 + 9'999 * 2) + " bytes of text in all; at most 2000000 are taken");
}

TEST(Payloads, ANumberOfMoreThan64BitsWithASignIsRefusedAndNotMinusOne) {
  const auto what = [](const std::string& text) { return decode_declarations(as_bytes(R"({"v":2,"declarations":[{"reference":"A",)" + text + "}]}")).error().what; };
  EXPECT_EQ(what(R"("more":{"seals":18446744073709551615})"), "declarations[0]: more.seals is neither true/false, a whole number (of 64 bits), a text nor a list of texts");
  EXPECT_EQ(what(R"("gross_kg":18446744073709551615)"), "declarations[0]: gross_kg is not a whole number (of 64 bits)");
  EXPECT_EQ(what(R"("goods":[{"hs_code":"1","origin":"DE"},{"hs_code":"1","origin":"DE","value_eur":9223372036854775808}])"),
            "declaration A, goods[1]: value_eur is not a whole number (of 64 bits)");
}

TEST(Payloads, ErrorsNameTheKey) {
  const auto what = [](const auto& result) { return result ? std::string("accepted") : result.error().what; };
  EXPECT_EQ(what(decode_ack(as_bytes("nonsense"))), "ack: not JSON");
  EXPECT_EQ(what(decode_ack(as_bytes("[]"))), "ack: is not an object");
  EXPECT_EQ(what(decode_ack(as_bytes(R"({"v":1})"))), "ack: v is not 2 (other version?)");
  EXPECT_EQ(what(decode_ack(as_bytes(R"({"v":2})"))), "ack: session is missing");
  EXPECT_EQ(what(decode_receipt(as_bytes(R"({"v":2,"through":-1})"))), "receipt: through is not a whole number of 0 or more");
  EXPECT_EQ(what(decode_want(as_bytes(R"({"v":2,"blobs":[{"sha256":"xy"}],"done":[]})"))),
            "want, blobs: sha256 is not 64 lower-case hex digits");
  EXPECT_EQ(what(decode_letters(as_bytes(R"({"v":2,"letters":[{"number":0,"kind":"x","body":""}]})"))), "letters: number is 0");
  EXPECT_EQ(what(decode_letters(as_bytes(R"({"v":2,"letters":[],"desk":"A"})"))), "letters: desk is not 32 lower-case hex digits");
  EXPECT_EQ(what(decode_declarations(as_bytes(R"({"v":2,"declarations":[{"reference":""}]})"))),
            "declarations[0]: reference is empty");
}

TEST(Digest, OfKnownTextAndInPieces) {
  EXPECT_EQ(hex(sha256(as_bytes("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");  // FIPS 180-2
  Digest digest;
  digest.add(as_bytes("a"));
  digest.add(as_bytes("bc"));
  EXPECT_EQ(digest.finish(), sha256(as_bytes("abc")));
  EXPECT_EQ(parse_sha256(hex(sha256(as_bytes("abc")))), sha256(as_bytes("abc")));
  EXPECT_FALSE(parse_sha256("BA"));
}

TEST(DayKeys, OnlyWhoTheyAreSealedForOpensThem) {
  const store::format::DayKey key{3, 1, 4};
  constexpr std::array<std::uint8_t, 32> hq{9}, other{8};
  const auto sealed = seal_day_key(public_key_of(hq), key);
  ASSERT_TRUE(sealed) << sealed.error().what;
  EXPECT_EQ(unseal_day_key(hq, *sealed).value(), key);
  EXPECT_EQ(unseal_day_key(other, *sealed).error().code, ErrorCode::bad_reply);
  for (std::size_t i = 0; i < sealed->size(); ++i) {
    Bytes damaged = *sealed;
    damaged[i] ^= 1;
    EXPECT_FALSE(unseal_day_key(hq, damaged)) << i;
  }
  EXPECT_FALSE(unseal_day_key(hq, ByteView(*sealed).first(79)));
}

TEST(DayKeys, RoundTripAndWhatIsRefused) {
  const Bytes sealed(80, 7);
  const DayKeys keys{{{{20260714, 1}, sealed}, {{20260715, 2}, sealed}}, {{{20260701, 1}, true, "destroyed"}, {{20260702, 1}, false, "the disk says no"}}};
  EXPECT_EQ(decode_day_keys(encode(keys)).value(), keys);
  const DayKeysWanted wanted{{{20260714, 1}, {20260101, 3}}};
  EXPECT_EQ(decode_day_keys_wanted(encode(wanted)).value(), wanted);
  EXPECT_FALSE(decode_day_keys_wanted(encode(DayKeysWanted{{{20260714, 0}}})));
  EXPECT_FALSE(decode_day_keys_wanted(encode(DayKeysWanted{{{7, 1}}})));
  EXPECT_FALSE(decode_day_keys_wanted(encode(DayKeysWanted{std::vector<DayKeyName>(day_keys_max + 1, {20260714, 1})})));
  EXPECT_FALSE(decode_day_keys(encode(DayKeys{{{{20260714, 1}, Bytes(79, 7)}}, {}})));
}

TEST(Payloads, ACommandSaysWhoWantsIt) {
  const CommandLetter command{"look_for_image", std::string(64, 'a'), "M. Petrovic"};
  EXPECT_EQ(decode_command(encode(command)), command);
  EXPECT_FALSE(decode_command(encode(CommandLetter{"look_for_image", "scan.png", "M. Petrovic"})));
  EXPECT_FALSE(decode_command(encode(CommandLetter{"say_status", "", ""})));
  EXPECT_FALSE(decode_command(encode(CommandLetter{"say_status", "", "two\nlines"})));
  EXPECT_TRUE(decode_command(encode(CommandLetter{"of_a_newer_version", "", "x"}))) << "refused by who carries it out";
  EXPECT_EQ(decode_receipt(as_bytes(std::string_view(R"({"v":2,"through":3,"refused":[]})"))), (Receipt{3, {}, {}})) << "of an older post";
}

TEST(Payloads, AnAnswerToAReferralIsOneOfThreeAndSomebodys) {
  const ReferralAnswerLetter answer{CrossingId{"L1-7-12"}, "control", "Open the trailer.\nThen call.", "M. Petrovic"};
  EXPECT_EQ(decode_referral_answer(encode(answer)), answer);
  for (const auto& wrong : {ReferralAnswerLetter{CrossingId{"L1-7-12"}, "open the boom", "", "x"}, ReferralAnswerLetter{CrossingId{""}, "hold", "", "x"},
                            ReferralAnswerLetter{CrossingId{"L1-7-12"}, "hold", "", ""}, ReferralAnswerLetter{CrossingId{"L1-7-12"}, "hold", std::string(1001, 'x'), "x"}})
    EXPECT_FALSE(decode_referral_answer(encode(wrong)));
}

TEST(Payloads, AReferenceImageIsAPictureForOneThingAndSomebodys) {
  ReferenceImageLetter scan;
  scan.name = "scan of L1-7-12 at RS-BATROVCI";
  scan.sha256 = std::string(64, 'a');
  scan.size_bytes = 2400;
  scan.media_type = scan_type;
  scan.width_px = 30;
  scan.height_px = 40;
  scan.container = "CSQU 305438-3";
  scan.note = "Empty then.\nCompare the front wall.";
  scan.by = "M. Petrovic";
  EXPECT_EQ(decode_reference_image(encode(scan)), scan);
  ReferenceImageLetter photograph = scan;
  photograph.media_type = png_type;
  photograph.width_px = photograph.height_px = 0;
  photograph.container.clear();
  photograph.plate = "BG123AA";
  EXPECT_EQ(decode_reference_image(encode(photograph)), photograph);
  const auto refusal = [](ReferenceImageLetter wrong, const auto& change) {
    change(wrong);
    const auto read = decode_reference_image(encode(wrong));
    return read ? std::string() : read.error().what;
  };
  EXPECT_NE(refusal(scan, [](auto& l) { l.height_px = 41; }).find("30 x 41 pixels"), std::string::npos);
  EXPECT_NE(refusal(scan, [](auto& l) { l.width_px = l.height_px = 0; }).find("0 x 0 pixels"), std::string::npos);
  EXPECT_NE(refusal(scan, [](auto& l) { l.plate = "BG123AA"; }).find("it names 2 of them"), std::string::npos);
  EXPECT_NE(refusal(scan, [](auto& l) { l.container.clear(); }).find("it names 0 of them"), std::string::npos);
  EXPECT_NE(refusal(photograph, [](auto& l) { l.media_type = "image/svg+xml"; }).find("media_type is image/svg+xml"), std::string::npos);
  EXPECT_NE(refusal(photograph, [](auto& l) { l.size_bytes = reference_image_bytes_max + 1; }).find("a post takes 1 to"), std::string::npos);
  EXPECT_NE(refusal(photograph, [](auto& l) { l.size_bytes = 0; }).find("a post takes 1 to"), std::string::npos);
  EXPECT_NE(refusal(photograph, [](auto& l) { l.by.clear(); }).find("name or by"), std::string::npos);
  EXPECT_NE(refusal(photograph, [](auto& l) { l.note = std::string(1001, 'x'); }).find("note is longer"), std::string::npos);
  EXPECT_NE(refusal(photograph, [](auto& l) { l.plate = "two\nlines"; }).find("plate is not 1 to 200"), std::string::npos);
  EXPECT_EQ(picture_type_of(Bytes{0xff, 0xd8, 0xff, 0xe0}), jpeg_type);
  EXPECT_EQ(picture_type_of(as_bytes(std::string_view("<svg xmlns"))), "");
  EXPECT_EQ(picture_type_of({}), "");
}

TEST(Payloads, ACodeListComesBackAndSaysWhatIsWrong) {
  const CodeListLetter list{"offices", 7, {{"RS11011", {{"en", "Batrovci"}, {"sr-Latn", "Batrovci"}}}, {"RS11012", {}}}};
  EXPECT_EQ(decode_code_list(encode(list)), list);
  EXPECT_EQ(decode_code_list(encode(CodeListLetter{"empty", 1, {}})), (CodeListLetter{"empty", 1, {}}));
  const auto refusal = [](const CodeListLetter& wrong) {
    const auto read = decode_code_list(encode(wrong));
    return read ? std::string() : read.error().what;
  };
  EXPECT_NE(refusal({"../offices", 7, {}}).find("name"), std::string::npos);
  EXPECT_NE(refusal({"offices", 0, {}}).find("version"), std::string::npos);
  EXPECT_NE(refusal({"offices", 1, {{"A", {}}, {"A", {}}}}).find("codes[1]: code A stands twice"), std::string::npos);
  EXPECT_NE(refusal({"offices", 1, {{"", {}}}}).find("codes[0]"), std::string::npos);
  EXPECT_FALSE(decode_code_list(as_bytes(std::string_view(R"({"v":2,"name":"a","version":1,"codes":[{"code":"A","texts":{"en":1}}]})"))));
}
