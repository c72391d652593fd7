// Planted bugs for the exam of the tests (tests/kills/PLANTS.md): each is off unless this build was configured with
// -DRAMPA_PLANT=name. Compile-time only: a product build cannot be switched.
#pragma once

namespace rampa::store::plant {

#ifdef RAMPA_PLANT_no_fdatasync
inline constexpr bool no_fdatasync = true;  ///< files are never synced
#else
inline constexpr bool no_fdatasync = false;
#endif
#ifdef RAMPA_PLANT_no_dir_fsync
inline constexpr bool no_dir_fsync = true;  ///< directories are never synced
#else
inline constexpr bool no_dir_fsync = false;
#endif
#ifdef RAMPA_PLANT_ack_before_sync
inline constexpr bool ack_before_sync = true;  ///< answers go out before the group is durable
#else
inline constexpr bool ack_before_sync = false;
#endif
#ifdef RAMPA_PLANT_ignore_eio
inline constexpr bool ignore_eio = true;  ///< a failed sync counts as done
#else
inline constexpr bool ignore_eio = false;
#endif
#ifdef RAMPA_PLANT_blob_after_record
inline constexpr bool blob_after_record = true;  ///< the record is durable before the blob it names
#else
inline constexpr bool blob_after_record = false;
#endif
#ifdef RAMPA_PLANT_blob_before_tombstone
inline constexpr bool blob_before_tombstone = true;  ///< an evicted blob goes before its tombstone is durable
#else
inline constexpr bool blob_before_tombstone = false;
#endif

}  // namespace rampa::store::plant
