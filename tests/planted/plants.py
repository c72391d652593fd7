"""The known bugs, and the test that must notice each. An edit is (file, exact text, text with the bug); the text must be
there exactly once. A plant must compile without a warning, since warnings are errors here."""

# The days at random and the table of all moves are left out: long, and every bug below has a test of its own that says
# what is wrong.
LANE = {"targets": ["lane_test"], "test": ["lane_test", "--gtest_filter=-*Days*:Moves.*"]}
OFFICER = {"targets": ["lane_test"], "test": ["lane_test", "--gtest_filter=Officer.*"]}
GUARD = {"targets": ["guard_test"], "test": ["guard_test"]}
IO = {"targets": ["digital_io_test"], "test": ["digital_io_test"]}
CRASH = {"targets": ["store_crash_test"], "test": ["store_crash_test", "--gtest_filter=*.PowerCutAtEveryCallLosesAllUnsynced"]}
IO_ERROR = {"targets": ["store_crash_test"], "test": ["store_crash_test", "--gtest_filter=*.IoErrorAtEveryCall*"]}
RECEIVER = {"targets": ["sync_receiver_test"], "test": ["sync_receiver_test"]}
DRAIN = {"targets": ["sync_drain_test"], "test": ["sync_drain_test"]}
CAMERA = {"targets": ["plate_camera_test"], "test": ["plate_camera_test"]}
BUNDLE = {"targets": ["bundle_vectors_test"], "test": ["bundle_vectors_test", "--gtest_filter=BundleVectors.*"]}
BUNDLE_KILL = {"targets": ["bundle_kill_test"], "test": ["bundle_kill_test", "--gtest_filter=*.AtEveryStepLeavesTheOldSetOrTheNewOne"]}

RISK = {"targets": ["risk_test"], "test": ["risk_test"]}
LEARNING = {"targets": ["effectiveness_test"], "test": ["effectiveness_test"]}
SIMULATE = {"targets": ["learning_test"], "test": ["learning_test"]}
PROFILE_TOOLS = {"targets": ["profiles_tools_test"], "test": ["profiles_tools_test"]}
CONVERT = {"targets": ["profiles_convert_test"], "test": ["profiles_convert_test"]}
API = {"targets": ["api_server_test"], "test": ["api_server_test", "--gtest_filter=Criteria.*:OpenChecks.*"]}
DOWNLINK = {"targets": ["app_test"], "test": ["app_test", "--gtest_filter=DownlinkTest.*:RecentCrossings.*"]}
URGENT = {"targets": ["urgent_test"], "test": ["urgent_test"]}
URGENT_API = {"targets": ["api_server_test"], "test": ["api_server_test", "--gtest_filter=UrgentApi.*"]}
WATCH = {"targets": ["app_test"], "test": ["app_test", "--gtest_filter=ProfilesWatch.*:LanesFirst.*"]}
RISK_FUZZ = {"targets": ["risk_fuzz"], "test": ["risk_fuzz", "1", "60"]}


def plant(name, removes, test, *edits):
    return {"name": name, "removes": removes, "edits": list(edits), **test}


def switch(name, word):
    """One of the store's compile-time plants, edge/store/plant.hpp."""
    return ("edge/store/plant.hpp", f"inline constexpr bool {word} = false;", f"inline constexpr bool {word} = true;")


OPEN_BEFORE_COMMIT = ("edge/lane/deciding.cpp", "s.verdict.reset();  // from here until Committed nothing releases", "s.verdict = verdict;")
NO_FEEDBACK = ("edge/lane/boom.cpp", "  if (is == wanted(m)) {", "  if (m.outcome == device::Outcome::done) return true;\n  if (is == wanted(m)) {")
FROZEN_IGNORED = ("drivers/register_map/register_map.cpp", "if (beating.heartbeat.state(now) == Heartbeat::State::frozen)",
                  "if (beating.heartbeat.state(now) == Heartbeat::State::frozen && beating.name.empty())")
STALE_ZONE = ("edge/lane/inputs.cpp", "  return zone(state, config, boom, now) == Sense::free;",
              "  Config any_age = config;\n  any_age.input_age_max = std::chrono::hours(24);\n"
              "  return zone(state, any_age, boom, now) == Sense::free;")
REPLAY_UNSEEN = ("edge/lane/evidence.cpp", "if (std::find(s.seen_reads.begin(), s.seen_reads.end(), key) != s.seen_reads.end()) return true;",
                 "if (role.empty() && std::find(s.seen_reads.begin(), s.seen_reads.end(), key) != s.seen_reads.end()) return true;")
REPOST_UNSEEN = ("drivers/plate_camera/read_gate.hpp", "if (seen.durable && now - seen.first <= limits_.repost_window) return Standing::duplicate;",
                 "if (seen.durable && now - seen.first <= limits_.repost_window) return Standing::fresh;")

PLANTS = [
    plant("open-before-commit", "commit before you act: the boom is asked without waiting for Committed", LANE, OPEN_BEFORE_COMMIT),
    plant("hold-ignored", "an officer's hold stops a release that waits", OFFICER,
          ("edge/lane/deciding.cpp", "const bool stopped = s.stopped || (s.held && s.verdict->decided_by == \"policy\");",
           "const bool stopped = s.held && s.verdict->decided_by == \"policy\" && !s.stopped;")),
    plant("hold-forgotten-at-restart", "who was held before a restart is held after it", LANE,
          ("edge/lane/conditions.cpp", "if (started.held || started.mode != \"in_service\") s.stayed = t.now.mono;",
           "if (started.mode != \"in_service\") s.stayed = t.now.mono;")),
    plant("green-in-doubt", "no green for a vehicle that the lane itself doubts", LANE,
          ("edge/lane/officer.cpp", "if (s.other_vehicle || s.assess_again) s.passage.halted = s.passage.expired = true;", "")),
    plant("green-while-out-of-service", "a lane out of service shows red, also where its boom stands open", LANE,
          ("edge/lane/officer.cpp", "for (const auto boom : booms(t.c)) t.light(boom, device::Aspect::red);", "")),
    plant("successor-gets-the-green", "a release is for the vehicle that stood there, not for the one that pulled up after it", LANE,
          ("edge/lane/passage.cpp", "    if (crosses) watch_successor(t);\n", "")),
    plant("boom-by-hand-alone", "the boom by hand needs a second person where a vehicle stands without a release", OFFICER,
          ("edge/lane/officer.cpp", "(unreleased && config.override_needs_second)", "(unreleased && config.manual_boom_needs_second)")),
    plant("ended-crossing-starts-free", "who is left standing when a crossing is ended is held", OFFICER,
          ("edge/lane/arrival.cpp", "s.held = s.stayed.has_value();", "s.held = s.held && s.stayed.has_value();")),
    plant("alarm-on-the-way-in", "what is learnt on the way into the port counts before the second boom opens", LANE,
          ("edge/lane/passage.cpp", "return found_something(t) || !s.verdict ?", "return !s.verdict ?")),
    plant("risen-after-it-came-down", "a boom that came down in spite of its reversal stays down", LANE,
          ("edge/lane/boom.cpp", "  if (came_down(t)) {", "  if (came_down(t) && !s.motion.reversal) {")),
    plant("officer-before-commit", "commit before you act: an officer's order is carried out before its record is durable", OFFICER,
          ("edge/lane/officer.cpp", "  if (decides(a.kind)) s.verdict_persist = s.order_persist;\n",
           "  if (decides(a.kind)) s.verdict_persist = s.order_persist;\n  (void)carry_out(t, a);\n")),
    plant("no-read-back", "an output is believed from the write's answer alone", IO,
          ("drivers/digital_io/output_bank.cpp", "  const auto back = map_.read(*output->channel);",
           "  if (written) {\n    output->believed = level;\n    return {device::Outcome::done, true, true, \"\"};\n  }\n"
           "  const auto back = map_.read(*output->channel);")),
    plant("no-feedback", "the lane takes 'done' for motion and does not look at the feedback contacts", LANE, NO_FEEDBACK),
    plant("stale-capture", "captures from before the arrival and of the next lorry are taken for this crossing", LANE,
          ("edge/lane/evidence.cpp", "at >= s.arrived.mono - back && !belongs_to_next(t, role);",
           "(at >= s.arrived.mono - back || !belongs_to_next(t, role) || alarm || !alarm);"),
          ("edge/lane/evidence.cpp", "if (capture.from.received.mono < s.arrived.mono - t.c.look_back) continue;",
           "if (capture.role.empty()) continue;")),
    plant("replay-not-recognised", "a read that the camera sent before counts again", LANE, REPLAY_UNSEEN),
    plant("no-freshness-check-zone", "closing_zone_free ignores the age of the inputs", GUARD, STALE_ZONE),
    plant("no-freshness-check", "inputs of any age and quality are believed", LANE,
          ("edge/lane/inputs.cpp", "if (p.quality != device::Quality::good || now - p.at > c.input_age_max) return Sense::unknown;",
           "if (now - p.at > c.input_age_max * 100'000) return Sense::unknown;")),
    plant("no-fdatasync", "the journal's files are never synced", CRASH, switch("no-fdatasync", "no_fdatasync")),
    plant("no-directory-fsync", "names of new files are never synced", CRASH, switch("no-directory-fsync", "no_dir_fsync")),
    plant("committed-before-sync", "Committed goes out before the group is durable", CRASH, switch("committed-before-sync", "ack_before_sync")),
    plant("failed-sync-ignored", "a failed fdatasync counts as done", IO_ERROR, switch("failed-sync-ignored", "ignore_eio")),
    plant("blob-after-record", "a record is durable before the picture that it names", CRASH, switch("blob-after-record", "blob_after_record")),
    plant("duplicate-not-recognised", "HQ takes a record that it has for a new one", RECEIVER,
          ("sync/hq/record_intake.cpp", "missing = stream.held.missing_in({first, last});", "missing{{first, last}};")),
    plant("one-post-stops-all", "what the database does not take of one post rolls back what all posts sent", RECEIVER,
          ("sync/hq/group_store.cpp", "if (!done && !of_the_place(done.error().code) && !rest.empty()) {",
           "if (!done && !of_the_place(done.error().code) && rest.empty()) {")),
    plant("fetch-without-bound", "a few fetches make HQ read and send without end", RECEIVER,
          ("sync/hq/receiver_desk.cpp", "      state.fetch_room -= bytes;\n", "      state.fetch_room -= bytes / 1'000'000;\n")),
    plant("twins-at-once", "equal chunks of a blob are all copied in one go", RECEIVER,
          ("sync/hq/transfer.cpp", "for (; !copies_.empty() && room.chunks > 0; copies_.pop_front())", "for (; !copies_.empty(); copies_.pop_front())")),
    plant("order-gone-before-commit", "an order is off the desk before what it did is committed", RECEIVER,
          ("sync/hq/receiver_desk.cpp", "    orders_done_.push_back(order.id);\n", "    desk_.remove_orders({order.id});\n")),
    plant("letter-hole", "a post waits for a letter that HQ does not know any more", RECEIVER,
          ("sync/hq/desk.cpp", "    fill_up_to(asked.count(0));\n", "")),
    plant("letter-number-taken", "a letter gets a number before the post said which ones it has", RECEIVER,
          ("sync/hq/receiver_desk.cpp", "  if (at_post == letters_at_post_.end()) return;",
           "  if (at_post == letters_at_post_.end()) state.letters = desk_.number_letters(name, 0);\n  if (at_post == letters_at_post_.end()) return;")),
    plant("epochs-without-end", "who has a post's certificate begins any number of journals", RECEIVER,
          ("sync/hq/receiver.cpp", "if (state.histories.size() >= epochs_max && ", "if (state.histories.size() >= epochs_max * 100 && ")),
    plant("lost-blob-unnoticed", "a blob that is gone from HQ's shelf is never wanted again", RECEIVER,
          ("sync/hq/receiver_desk.cpp", "    else if (size.error().code == ErrorCode::not_found) lose_blob(",
           "    else if (size.error().code == ErrorCode::not_found && held.empty()) lose_blob(")),
    plant("empty-messages-uncounted", "messages without payload wait at HQ in any number", RECEIVER,
          ("sync/hq/message_queue.hpp", "return payload.size() + message_overhead_bytes;", "return payload.size();")),
    plant("sent-is-received", "the cursor moves when a frame was handed to the broker, before HQ acknowledged", DRAIN,
          ("sync/drain.cpp", "  effects_.emplace_back(effect::Publish{attempt_, topic, std::move(payload)});\n  return Fill::went_out;\n",
           "  effects_.emplace_back(effect::Publish{attempt_, topic, std::move(payload)});\n"
           "  status_.cursor = (*read)[records.size() - 1].sequence;\n"
           "  effects_.emplace_back(effect::Acknowledged{status_.cursor});\n  return Fill::went_out;\n")),
    plant("duplicate-read-not-recognised", "the camera's repeated post is published again", CAMERA, REPOST_UNSEEN),
    plant("watchdog-not-read-back", "a module is armed without its watchdog having been read", IO,
          ("drivers/digital_io/arming.cpp", "    safe_value |= c.of == icd::CheckOf::safe_value;\n",
           "    safe_value |= c.of == icd::CheckOf::safe_value;\n    if (c.of == icd::CheckOf::watchdog) continue;\n")),
    plant("safe-value-not-read-back", "a module is armed without its safe values having been read", IO,
          ("drivers/digital_io/arming.cpp", "    safe_value |= c.of == icd::CheckOf::safe_value;\n",
           "    safe_value |= c.of == icd::CheckOf::safe_value;\n    if (c.of == icd::CheckOf::safe_value) continue;\n")),
    plant("permit-without-expiry", "Permit::allows ignores the time", GUARD,
          ("firmware-interfaces/device/commands.hpp", "command_ == command.id && now <= not_after_ && now <= command.not_after;",
           "command_ == command.id && (now <= not_after_ || now > not_after_);")),
    plant("permit-long-life", "the guard's permits live as long as the command", GUARD,
          ("edge/lane/guard.cpp", "std::min(command.not_after, now + config.permit_life)", "std::max(command.not_after, now + config.permit_life)")),
    plant("frozen-heartbeat-ignored", "a module whose heartbeat stands still is believed", IO, FROZEN_IGNORED),
    plant("bundle-threshold-of-the-root", "a root may lower the number of persons who sign", BUNDLE,
          ("sync/bundle/metadata.cpp", "  if (role.threshold < persons_min)", "  if (role.threshold + 8 < persons_min)")),
    plant("bundle-keys-for-persons", "two keys of one person are four eyes", BUNDLE,
          ("sync/bundle/trusted_state.cpp", "  if (persons.size() < role.threshold)", "  if (persons.empty())")),
    plant("bundle-signature-unchecked", "signatures are counted and not checked", BUNDLE,
          ("sync/bundle/trusted_state.cpp", "if (!verifies(envelope.signed_text, signature, key->second))",
           "if (!verifies(envelope.signed_text, signature, key->second) && id.empty())")),
    plant("bundle-never-expires", "expiry is not looked at", BUNDLE,
          ("sync/bundle/verify.cpp", "  if (expires > now) return {};", "  if (expires > now || !role.empty()) return {};")),
    plant("bundle-older-metadata", "metadata may go back to an older version", BUNDLE,
          ("sync/bundle/verify.cpp", "    if (version < trusted.version)", "    if (version + 1'000'000 < trusted.version)")),
    plant("bundle-mixed-publications", "snapshot and targets need not be those that were published together", BUNDLE,
          ("sync/bundle/verify.cpp", "    if (sha256(bytes) != said.hash) return", "    if (sha256(bytes) != said.hash && bytes.empty()) return")),
    plant("bundle-any-post", "another post's bundle is taken", BUNDLE,
          ("sync/bundle/verify.cpp", "    if (!for_this_post(t)) return", "    if (!for_this_post(t) && name.empty()) return")),
    plant("bundle-old-root-not-asked", "a new root needs only its own signatures", BUNDLE,
          ("sync/bundle/verify.cpp", "signed_by(*envelope, old, Reason::root_not_signed_by_old); !fine)",
           "signed_by(*envelope, old, Reason::root_not_signed_by_old); !fine && old.version == 0)")),
    plant("bundle-record-again", "a break-glass record counts more than once", BUNDLE,
          ("sync/bundle/verify.cpp", "    if (used == out.hash) return", "    if (used == out.hash && expires < now) return")),
    plant("bundle-clock-set-back", "a clock that was set back is not noticed", BUNDLE,
          ("sync/bundle/verify.cpp", "    if (now.ms + to_ms(clock_back_max) < state_.last_seen.ms)",
           "    if (now.ms + to_ms(clock_back_max) < state_.last_seen.ms && state_.generation == 0)")),
    plant("bundle-delta-result", "the set that a delta gives is not compared with the one that was signed", BUNDLE,
          ("sync/bundle/profile_table.cpp", "  if (out.hash_ != delta.result)", "  if (out.hash_ != delta.result && out.size() == 0)")),
    plant("bundle-not-synced", "what is renamed into its place was not synced before", BUNDLE_KILL,
          ("sync/bundle/install.cpp", "    if (auto ok = (*file)->sync(); !ok) return disk_failed(ok.error());\n", "")),
    plant("bundle-tidied-early", "sets that the old state needs are gone before the new state is there", BUNDLE_KILL,
          ("sync/bundle/install.cpp", "  const std::string reason = bundle.rollback ? bundle.rollback->reason : \"\";\n",
           "  const std::string reason = bundle.rollback ? bundle.rollback->reason : \"\";\n"
           "  for (const SetFile& old : before.state.active->files) (void)disk.unlink(path_of(directory, old));\n")),
    plant("learning-declined-counts-as-hit", "what declined counts as a hit of the profile", LEARNING,
          ("edge/risk/effectiveness.cpp", "        if (part.as != Part::As::hit) continue;", "        if (part.as == Part::As::shadow) continue;")),
    plant("learning-post-counted-twice", "a post that two files tell of is counted twice", LEARNING,
          ("edge/risk/effectiveness.cpp", "    for (const auto& [id, trace] : crossings) join(stores_[store][id], trace);",
           "    for (const auto& [id, trace] : crossings) join(stores_[{store.post + (stores_.contains(store) ? \" again\" : \"\"), store.epoch}][id], trace);")),
    plant("learning-disk-replaced", "what a new disk under the old name counts is taken for the old one's", LEARNING,
          ("edge/risk/effectiveness.cpp", "join(stores_[store][record.crossing.text], seen);", "join(stores_[{store.post, {}}][record.crossing.text], seen);")),
    plant("learning-time-without-median", "a false hit costs the whole stay, not what it adds to a green one", LEARNING,
          ("edge/risk/effectiveness.cpp", "lost = std::max<std::int64_t>(0, *took - median->second);", "lost = std::max<std::int64_t>(0, *took);")),
    plant("learning-interval-not-wilson", "the interval of a share is the normal one", LEARNING,
          ("edge/risk/wilson.hpp", "const double centre = p + z * z / (2 * n),", "const double centre = p,")),
    plant("api-criterion-told", "the API names the fact that a profile asks for", API,
          ("edge/api/assessment_view.cpp", "    if (field != \"facts\") sources.emplace(source_of(field, a.facts));", "    if (field != \"facts\") sources.emplace(source_of(field, a.facts).empty() ? std::string_view{} : field);")),
    plant("refusal-told-once", "what a letter named is refused once, and never again where the line breaks", DRAIN,
          ("sync/drain.cpp", "  for (ToldRefusal& told : letters_told_) letters_refused_.push_back(std::move(told.letter));\n", "")),
    plant("fetched-used-by-the-uplink", "what HQ sent is installed on the uplink's thread", DOWNLINK,
          ("edge/app/downlink.cpp", "  if (!trouble.empty()) not_to_be_had_[sha256] = trouble;\n  if (wake_) wake_();\n}\n",
           "  if (!trouble.empty()) not_to_be_had_[sha256] = trouble;\n  mutex_.unlock();\n  use_fetched();\n  mutex_.lock();\n}\n")),
    plant("built-list-not-kept", "a built list of HQ is gone after a restart", DOWNLINK,
          ("edge/app/hq_watch_lists.cpp", "if (auto moved = disk_->rename(file, path_of(name)); !moved) return moved;", "if (file.empty() || name.empty()) return {};")),
    plant("score-takes-no-capacity", "what the score sent to a channel takes none of its capacity", DOWNLINK,
          ("edge/risk/assess.cpp", "  return by_score && (a.channel", "  return by_score && a.score < 0 && (a.channel")),
    plant("urgent-one-person", "whoever proposed an urgent profile may confirm it", URGENT,
          ("edge/app/urgent_book.cpp", "if (second.empty() || same_person(second.text, p->proposed_by.text)) return", "if (second.empty()) return")),
    plant("bundle-letters-make-persons", "P dragan and p dragan are two persons", BUNDLE,
          ("sync/bundle/metadata.cpp", "persons.insert(folded_person(key->second.person));", "persons.insert(key->second.person);")),
    plant("officer-letters-make-persons", "L7 confirms what l7 ordered", OFFICER,
          ("edge/lane/officer.cpp", "same_person(a.second.text, a.officer.text)", "a.second == a.officer")),
    plant("urgent-withdrawn-by-one", "one person withdraws an active urgent profile", URGENT,
          ("edge/app/urgent_book.cpp", "p->state == UrgentState::active && (second.empty() || same_person(second.text, who.text))", "p->state == UrgentState::active && second.empty() && who.empty()")),
    plant("urgent-never-over", "an urgent profile's life is not looked at", URGENT,
          ("edge/app/urgent_book.cpp", "if (lives(p) && p.left <= Duration{}) ids", "if (lives(p) && p.left < Duration{}) ids"),
          ("edge/app/urgent_book.cpp", "p.state == UrgentState::active && p.left > Duration{}) out", "p.state == UrgentState::active) out")),
    plant("urgent-clock-back", "over a restart an urgent profile's life counts by the wall clock", URGENT,
          ("edge/app/urgent_book_text.cpp", "same_boot ? by_mono : by_wall", "same_boot && by_wall > year_ms ? by_mono : by_wall")),
    plant("urgent-lost-with-a-new-set", "a new set of HQ's is used without the post's urgent profiles", URGENT,
          ("edge/app/urgent_profiles.cpp", "  auto set = merged(base, book_);\n  if (!set) return tl::unexpected(set.error());\n  if (auto used = outside_.use(set->set",
           "  Result<LoadedProfiles> set = base;\n  if (auto used = outside_.use(set->set")),
    plant("urgent-lowers", "a set's urgent profiles may have any weight", URGENT,
          ("edge/risk/set_reader.cpp", "    if (p.weight != 0) fault(", "    if (p.weight > 999999) fault(")),
    plant("urgent-silent-no", "a lorry that shows neither trailer nor container is none that was meant", URGENT,
          ("edge/risk/urgent.cpp", "  any.push_back(group(Condition::Kind::all, std::move(silent)));", "  if (fields.empty()) any.push_back(group(Condition::Kind::all, std::move(silent)));")),
    plant("urgent-only-what-is-read", "a tip about a trailer is not compared with the declared one", URGENT,
          ("edge/risk/urgent.cpp", "plates{\"vehicle.plates\", \"declaration.tractor\", \"declaration.trailer\"};", "plates{\"vehicle.plates\", \"declaration.tractor\"};")),
    plant("urgent-before-the-lanes", "the set with urgent profiles is compiled at the usual priority while lanes work", URGENT,
          ("edge/app/urgent_profiles.hpp", "Priority priority = Priority::idle) const;", "Priority priority = Priority::usual) const;")),
    plant("urgent-set-of-a-start-not-kept", "a set that a start found no room for is never stored", URGENT,
          ("edge/app/urgent_profiles.cpp", "  if (!hangs) (void)fine(keep());\n", "  if (!hangs && state_due_) (void)fine(keep());\n")),
    plant("urgent-step-twice", "whoever did not hear that he confirmed is refused when he asks again", URGENT_API,
          ("edge/app/urgent_book.cpp", "p->confirmed_by == second && p->left > Duration{}) return {};", "p->confirmed_by == second && p->left > Duration{} && second.empty()) return {};")),
    plant("urgent-doubt-kept", "an unknown outcome is answered for ever under its key", URGENT_API,
          ("edge/api/urgent_endpoints.cpp", "return {failed(error, request), false}; }", "return {failed(error, request), error.code == ErrorCode::outcome_unknown}; }")),
    plant("urgent-ends-after-the-look", "a life is over only after a long look at a new set", WATCH,
          ("edge/app/profiles_watch.cpp", "    tick();  // a look may take long, and no urgent profile lives longer for it\n    before();\n    look();\n", "    before();\n    look();\n    tick();\n")),
    plant("idle-for-ever", "a thread that compiled stays at idle priority", WATCH,
          ("edge/app/lanes_first.cpp", "  if (before_ == SCHED_OTHER) priority(SCHED_OTHER);\n", "")),
    plant("risk-missing-not-looked-at", "profiles filed under a fact that is missing are not looked at", RISK_FUZZ,
          ("edge/risk/access_index.cpp", "    const bool missing = s.lacking[field / 64] >> field % 64 & 1;", "    const bool missing = s.keys_kept > 999999;")),
    plant("risk-guard-refuses-missing", "a guard refuses what is undetermined for a missing fact", RISK_FUZZ,
          ("edge/risk/access_index.cpp", "  std::fill_n(&s.sketches[source.first + 1u], width, ~0u);", "  std::fill_n(&s.sketches[source.first + 1u], width, 0u);")),
    plant("risk-week-over-midnight", "a weekly window over midnight never holds", RISK_FUZZ,
          ("edge/risk/set_reader.cpp", "minute >= w.from || minute <= w.to;", "minute >= w.from && minute <= w.to;")),
    plant("risk-items-mixed", "two conditions of one goods item may be met by two items", RISK_FUZZ,
          ("edge/risk/program.cpp", "if (of_item == (any ? Truth::yes : Truth::no)) return of_item;", "if (of_item == Truth::yes) return of_item;")),
    plant("risk-pair-over-items", "conditions over different items are filed as a pair of one item", RISK_FUZZ,
          ("edge/risk/access_builder.cpp", "if (a.group != 0 && b.group != 0 && a.group != b.group) continue;", "if (a.group > 999999 && a.group != b.group) continue;")),
    plant("risk-undetermined-greener", "what is undetermined raises nothing", RISK,
          ("edge/risk/decide.cpp", "return raise(head.open_in_full && c_.security_open_in_full ? head.channel : std::min(head.channel, SelectivityChannel::yellow));", "return raise(SelectivityChannel::green);")),
    plant("risk-security-withheld", "who withholds the fact of a security profile gets yellow for red", RISK,
          ("edge/risk/decide.cpp", "head.open_in_full && c_.security_open_in_full ? head.channel : ", "")),
    plant("risk-second-declaration-hides", "a list that one declaration lacks is whole", RISK,
          ("edge/risk/declared_facts.cpp", "if (count < said.size()) incomplete.push_back(name);", "")),
    plant("risk-tare-added-up", "the vehicle's tare counts once per declaration", RISK,
          ("edge/risk/declared_facts.cpp", "names{\"declaration.vehicle_tare_kg\", ", "names{")),
    plant("risk-security-reduced", "security profiles are reduced by green lists", RISK,
          ("edge/risk/decide.cpp", "const bool greened = green_ >= 0 && !head.security;", "const bool greened = green_ >= 0;")),
    plant("risk-cap-takes-security", "security profiles are declined for capacity", RISK,
          ("edge/risk/decide.cpp", "if (!head.security && over_cap(set_, c_, head.channel)) {", "if (over_cap(set_, c_, head.channel)) {")),
    plant("risk-stale-unnoticed", "a set out of date raises nothing", RISK,
          ("edge/risk/decide.cpp", "      raise(p.stale_floor);\n", "")),
    plant("risk-shadow-selects", "shadow profiles select", RISK,
          ("edge/risk/decide.cpp", "if (o.shadow || o.declined != Declined::no) return;", "if (o.declined != Declined::no) return;")),
    plant("risk-draw-without-key", "the draw does not depend on the set's secret", RISK,
          ("edge/risk/decide.cpp", "if (secret[0] != 0 || secret[1] != 0) {", "if (secret[0] == 1 && secret[1] == 1) {")),
    plant("risk-frozen-unnoticed", "a set that headquarters no longer confirms raises nothing", RISK,
          ("edge/risk/assess.cpp", "doubtful(set, a.facts) || frozen(set, a.facts) ? std::max", "doubtful(set, a.facts) ? std::max")),
    plant("risk-checklist-lost", "a hit does not bring its checklist", RISK,
          ("edge/risk/assess.cpp", "      hit.controls = set.control_lists[texts.controls];\n", "")),
    plant("risk-whole-set-not-judged", "many profiles that stop a little each are never too many", SIMULATE,
          ("edge/risk/explosive.cpp", "percent(judgement.stopped, now.tally.rows) > limit.set && (", "percent(judgement.stopped, now.tally.rows) > limit.set + 100 && (")),
    plant("risk-changed-under-its-version", "a profile's criterion changes and its version does not", PROFILE_TOOLS,
          ("edge/app/profiles_succession.cpp", "    if (a != b)\n", "    if (a != b && version == 0)\n")),
    plant("risk-converted-is-active", "what comes out of a decision table without a state selects at once", CONVERT,
          ("edge/app/profiles_convert.cpp", "  if (!p.contains(\"state\")) p[\"state\"] = \"draft\";\n", "")),
]
