// Why a bundle is refused: one named reason per rule, so that a test, a log line and an administrator mean the same thing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "firmware-interfaces/result.hpp"

namespace rampa::bundle {

// name, remedy. The order is of no meaning; names are printed and tested, so they stay.
#define RAMPA_BUNDLE_REASONS(X)                                                                                          \
  /* container */                                                                                                        \
  X(not_a_bundle, "fetch the bundle again; it begins with \"rampa-bundle 1\"")                                           \
  X(too_large, "split the set or raise the limit in a new version of Rampa; limits are in BUNDLES.md")                   \
  X(truncated, "fetch the bundle again, it is not all there")                                                            \
  X(bad_part_name, "make the bundle with `rampa profiles sign`; names are fixed in BUNDLES.md")                          \
  X(part_out_of_order, "make the bundle with `rampa profiles sign`; every part stands once, in the order of BUNDLES.md") \
  X(part_missing, "publish the bundle with all its roles signed")                                                        \
  X(trailing_bytes, "fetch the bundle again; nothing may follow the end")                                                \
  /* JSON */                                                                                                             \
  X(not_json, "make the bundle with `rampa profiles sign`")                                                              \
  X(duplicate_key, "make the bundle with `rampa profiles sign`; a key stands once in an object")                         \
  X(not_canonical, "write the JSON canonically (RFC 8785) before signing it")                                            \
  X(too_deep, "make the bundle with `rampa profiles sign`")                                                              \
  X(missing_field, "make the metadata with `rampa profiles sign`; fields are in BUNDLES.md")                             \
  X(unknown_field, "make the metadata with `rampa profiles sign`; fields are in BUNDLES.md")                             \
  X(bad_field, "make the metadata with `rampa profiles sign`; fields are in BUNDLES.md")                                 \
  X(wrong_type, "put each role's metadata under its own name")                                                           \
  X(unsupported_version, "use specification version 1.0.x of TUF")                                                       \
  /* keys, signatures */                                                                                                 \
  X(unknown_algorithm, "use ed25519 keys made by `rampa profiles keys`")                                                 \
  X(key_id_mismatch, "a key's id is the SHA-256 of its canonical JSON; make the root with `rampa profiles keys`")        \
  X(same_key_twice, "give every person a key of their own")                                                              \
  X(unknown_key_in_role, "list every key that a role names under `keys`")                                                \
  X(threshold_too_low, "two persons have to sign root, targets and break-glass records: set the threshold to 2 or more") \
  X(threshold_unreachable, "name as many persons in the role as its threshold asks for")                                 \
  X(signature_repeated, "a key signs once; signatures stand in ascending order of key ids")                              \
  X(unknown_signer, "sign with keys that the root names for this role, and with no other")                               \
  X(bad_signature, "sign again: the metadata was changed after it was signed, or with another key")                      \
  X(too_few_signatures, "have as many persons sign as the role's threshold asks for")                                    \
  X(same_person_twice, "the second signature has to be another person's")                                                \
  /* versions, time */                                                                                                   \
  X(root_skipped, "put every root since the trusted one into the bundle")                                                \
  X(root_differs, "this is another root under a number that is already trusted: ask headquarters which is theirs")       \
  X(root_not_signed_by_old, "have the new root signed by the old root's keys too")                                       \
  X(root_not_signed_by_new, "have the new root signed by its own keys too")                                              \
  X(expired, "fetch a newer bundle; headquarters signs again before the metadata expires")                               \
  X(rolled_back, "fetch the newest bundle; this one is older than what this post has already trusted")                   \
  X(changed_without_version, "raise the version whenever the metadata changes")                                          \
  X(version_mismatch, "take all metadata of a bundle from one publication")                                              \
  X(length_mismatch, "take all parts of a bundle from one publication")                                                  \
  X(hash_mismatch, "take all parts of a bundle from one publication")                                                    \
  X(clock_set_back, "correct the post's clock, it is earlier than when the last bundle was installed")                   \
  /* targets */                                                                                                          \
  X(bad_target_name, "name targets with letters, digits, dot, dash and underscore")                                      \
  X(target_not_listed, "a bundle carries only what its targets metadata lists")                                          \
  X(wrong_post, "fetch this post's own bundle")                                                                          \
  X(bad_compression, "compress with zstd as one frame that states its size")                                             \
  X(expands_too_far, "state the true size; limits are in BUNDLES.md")                                                    \
  X(bad_set, "make the set with `rampa profiles sign`; its form is in BUNDLES.md")                                       \
  X(too_many_profiles, "split the set; limits are in BUNDLES.md")                                                        \
  X(ids_not_ascending, "order profiles by ascending id, each id once")                                                   \
  X(set_hash_mismatch, "sign the set again; it is not the one that the targets metadata names")                          \
  X(set_rolled_back, "a lower release needs a break-glass record signed by two persons")                                 \
  X(already_installed, "nothing to do: this release is active")                                                          \
  /* deltas */                                                                                                           \
  X(bad_delta, "make the delta with `rampa profiles sign --base`")                                                       \
  X(delta_wrong_base, "fetch the whole set, or the deltas that lead from the active set to this one")                    \
  X(delta_does_not_fit, "make the delta from the set that the post has")                                                 \
  X(delta_result_mismatch, "make the delta from the set that the post has")                                              \
  /* break-glass */                                                                                                      \
  X(no_breakglass_keys, "name break-glass keys in the root")                                                             \
  X(breakglass_wrong_post, "the record names another post")                                                              \
  X(breakglass_wrong_release, "the record has to name the active release and the one to go back to")                     \
  X(breakglass_used, "a record counts once; have a new one signed")                                                      \
  X(breakglass_not_needed, "leave the record away: this release is not a lower one")                                     \
  X(nothing_to_go_back_to, "this post keeps no earlier set; send a bundle with a break-glass record")                    \
  /* the post's own folder */                                                                                            \
  X(no_trust_yet, "begin the trust with the administration's first root: `rampa profiles install --root FILE`")          \
  X(trust_exists, "the folder already trusts a root; later roots come in bundles")                                       \
  X(trust_damaged, "restore profiles/trusted from a backup, or begin the trust anew by hand")                            \
  X(set_damaged, "send the whole set again")                                                                             \
  X(state_changed, "somebody else installed meanwhile: open the folder again and verify again")                          \
  X(disk_failed, "look at the disk; the old set is still active")

enum class Reason : std::uint8_t {
#define RAMPA_X(name, remedy) name,
  RAMPA_BUNDLE_REASONS(RAMPA_X)
#undef RAMPA_X
};

[[nodiscard]] std::string_view name_of(Reason reason);
[[nodiscard]] std::string_view remedy_of(Reason reason);

struct Refusal {
  Reason reason = Reason::not_a_bundle;
  std::string where;  ///< role or part: "root", "targets", "snapshot", "timestamp", "breakglass", "target", "bundle", "state"
  std::string what;   ///< for people: what was found, where, what had been expected
  ErrorCode code = ErrorCode::refused;  ///< no_space and io only with `disk_failed`
};

template <class T = void>
using Checked = tl::expected<T, Refusal>;

[[nodiscard]] inline tl::unexpected<Refusal> refuse(Reason reason, std::string where, std::string what) {
  return tl::unexpected<Refusal>(Refusal{reason, std::move(where), std::move(what)});
}

/// One line: "expired (timestamp): expired on ...; fetch a newer bundle...".
[[nodiscard]] std::string text_of(const Refusal& refusal);
[[nodiscard]] Error to_error(const Refusal& refusal);

}  // namespace rampa::bundle
