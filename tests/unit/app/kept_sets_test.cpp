// Sets at rest: whoever reads blobs reads no criterion; the post and the risk unit read all.
#include "edge/app/kept_sets.hpp"

#include <sodium.h>

#include <fstream>
#include <iterator>

#include "edge/app/profiles_file.hpp"
#include "edge/store/blob_reader.hpp"
#include "sync/bundle/bundle.hpp"
#include "tests/unit/store/live_store.hpp"

namespace rampa::tests {
namespace {

struct SealKeys {
  std::string open_key, secret_key;
};
SealKeys make_seal_keys() {
  EXPECT_GE(sodium_init(), 0);
  Bytes open_key(crypto_box_PUBLICKEYBYTES), secret(crypto_box_SECRETKEYBYTES);
  crypto_box_keypair(open_key.data(), secret.data());
  return {store::to_hex(open_key), store::to_hex(secret)};
}

std::string file_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class KeptSets : public StoreTest {
 protected:
  KeptSets() {
    start();
    text = R"({"format":2,"version":"v1","policy":{"risk_unit_key":")" + keys.open_key + R"("},"profiles":[{"id":"A","title":"t","channel":"red","instruction":"i",)"
           R"("when":{"field":"vehicle.plate","op":"eq","value":"CANARY1"}}]})";
    hash = bundle::hex(bundle::sha256(text));
  }
  Attachment sealed(const std::string& key) {
    auto attachment = app::seal_set(settings.directory, hash, as_bytes(text), key);
    EXPECT_TRUE(attachment) << attachment.error().what;
    return attachment.value_or(Attachment{});
  }
  /// Kept, and how its blob reads.
  std::string keep() {
    auto attachment = sealed(keys.open_key);
    std::string blob(attachment.bytes->begin(), attachment.bytes->end());
    EXPECT_TRUE(put({Record{{}, {}, clock.now(), AuditNote{"profile_set_kept", "rampa", "v1 " + hash}, {std::move(attachment)}}}));
    return blob;
  }
  std::string file_of(const std::string& blob) {
    const auto address = bundle::hex(bundle::sha256(blob));
    return path("blobs/" + address.substr(0, 2) + "/" + address);
  }
  const SealKeys keys = make_seal_keys();
  std::string text, hash;
};

TEST_F(KeptSets, NothingOfTheSetLiesInTheOpenAndThePostHasItBack) {
  EXPECT_FALSE(app::keeps_set(settings.directory, hash));
  EXPECT_EQ(app::kept_set(settings.directory, hash).error().code, ErrorCode::not_found);
  const auto attachment = sealed(keys.open_key);
  EXPECT_FALSE(app::keeps_set(settings.directory, hash)) << "noted, and its record never came to pass";
  const auto blob = keep();
  EXPECT_TRUE(app::keeps_set(settings.directory, hash));
  const auto back = app::kept_set(settings.directory, hash);
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ(*back, text);
  EXPECT_EQ((*app::stored_profiles(settings.directory, hash))->sha256(), hash);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(settings.directory)) {
    if (!entry.is_regular_file()) continue;
    for (const char* part : {"CANARY1", "vehicle.plate", keys.open_key.c_str()}) EXPECT_EQ(file_text(entry.path()).find(part), std::string::npos) << entry.path();
  }
  EXPECT_EQ(verify_finding(), "");
}

TEST_F(KeptSets, OneThatANewerRuleWouldRefuseIsReadAsItWasMeant) {
  text = file_text("tests/golden/kept_sets/weekly_days_empty.json");
  hash = bundle::hex(bundle::sha256(text));
  keep();
  const auto back = app::stored_profiles(settings.directory, hash);
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ((*back)->size(), 2u);
}

TEST_F(KeptSets, WhereTheNoteIsLostTheBlobsAreLookedThrough) {
  keep();
  std::filesystem::remove_all(path("sets"));
  const auto back = app::kept_set(settings.directory, hash);
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ(*back, text);
}

TEST_F(KeptSets, TheRiskUnitOpensWhatLiesAtHqAndNobodyElse) {
  const auto blob = keep();
  ASSERT_TRUE(app::is_sealed_set(blob));
  EXPECT_EQ(*app::open_sealed_set(blob, keys.secret_key), text);
  EXPECT_EQ(app::open_sealed_set(blob, make_seal_keys().secret_key).error().code, ErrorCode::refused);
  EXPECT_EQ(app::open_sealed_set(blob, "no key").error().code, ErrorCode::invalid);
  EXPECT_EQ(app::open_sealed_set("RMPS", keys.secret_key).error().code, ErrorCode::bad_reply);
  for (std::size_t i = 0; i < blob.size(); i += 3) {
    auto changed = blob;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(app::open_sealed_set(changed, keys.secret_key)) << "byte " << i;
  }
  // A set without a key of the risk unit: the post alone.
  const auto own = sealed("");
  EXPECT_FALSE(app::open_sealed_set({reinterpret_cast<const char*>(own.bytes->data()), own.bytes->size()}, keys.secret_key));
}

TEST_F(KeptSets, AnotherDeviceSaysSo) {
  keep();
  stop();
  const auto other = scratch.path() + "/other";
  {
    auto second = store::open(small_settings(other), clock);
    ASSERT_TRUE(second);
  }
  std::filesystem::copy_file(other + "/keys/device.key", path("keys/device.key"), std::filesystem::copy_options::overwrite_existing);
  const auto back = app::kept_set(settings.directory, hash);
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, ErrorCode::invalid);
  EXPECT_NE(back.error().what.find("another device's"), std::string::npos) << back.error().what;
}

TEST_F(KeptSets, OneThatAPostOfBeforeKeptInTheOpenIsReadAsEver) {
  ASSERT_TRUE(put({Record{{}, {}, clock.now(), Booted{"0.1.0", "v1", true}, {{"profiles.json", "application/json", std::make_shared<const Bytes>(text.begin(), text.end())}}}}));
  EXPECT_TRUE(app::keeps_set(settings.directory, hash));
  const auto back = app::kept_set(settings.directory, hash);
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ(*back, text);
}

}  // namespace
}  // namespace rampa::tests
