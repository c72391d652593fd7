// The JSON of edge/api/API.md, as far as the terminal uses it.
export type Channel = 'green' | 'blue' | 'yellow' | 'red';
export type Quality = 'good' | 'suspect' | 'bad';
export type VerdictWord = 'release' | 'hold' | 'refer';
export type Role = 'officer' | 'shift_leader' | 'administrator';
export type Phase =
  | 'starting' | 'idle' | 'gathering' | 'scanning' | 'assessing' | 'deciding' | 'waiting_officer'
  | 'opening' | 'open' | 'closing' | 'faulted' | 'out_of_service' | 'emergency_stop';
export type ActionWord =
  | 'confirm' | 'override' | 'refer' | 'record_control' | 'hold' | 'raise_channel' | 'vehicle_gone' | 'open_boom' | 'close_boom'
  | 'out_of_service' | 'return_to_service' | 'reset_emergency_stop';

export interface Hit { profile: string; channel: Channel; instruction: string; instructions: Record<string, string> }
export interface ChecklistLine { control: string; what: string | null; where: string | null; with: string | null; evidence: string | null; profiles: string[] }
export interface Verdict {
  verdict: VerdictWord; channel: Channel; decided_by: string; second_officer: string | null; reason: string;
  overrides: boolean; audit_afterwards: boolean; decision_ms: number;
}
export interface Control { control: string; finding: string; officer: string; note: string }
export interface Lane {
  id: string;
  kind: 'cargo' | 'sally_port' | 'nii';
  direction: string;
  phase: Phase;
  mode: 'in_service' | 'out_of_service' | 'emergency_stop' | 'by_hand';
  fault: string | null;
  crossing: string | null;
  arrived_ms: number | null;
  plates: { role: string; text: string | null; country: string | null; confidence: number; position: string; heading: string; quality: Quality }[];
  weigh: { gross_kg: number; tare_kg: number; net_kg: number; motion: boolean; usable: boolean; quality: Quality } | null;
  radiation: { gamma_alarm: boolean; neutron_alarm: boolean; portal_fault: boolean; quality: Quality } | null;
  scan: { id: string; complete: boolean; width_px: number; height_px: number; aids: { name: string; result: 'nothing' | 'marked' | 'failed' }[] } | null;
  scanner: string | null;
  evidence: { role: string; required: boolean; state: 'good' | 'suspect' | 'bad' | 'waiting' | 'missing' | 'none' }[];
  channel: Channel | null;
  hits: Hit[];
  reasons: string[];
  watch_lists: { list: string; severity: 'yellow' | 'red'; instruction: Record<string, string> }[];
  checks_open: number;
  undetermined: string[]; // documents and devices that the open checks wait for
  ordered: string[];
  checklist: ChecklistLine[];
  profile_set: string | null;
  declarations: string[];
  verdict: Verdict | null;
  proposed: Verdict | null;
  controls: Control[];
  booms: { boom: 1 | 2; position: 'open' | 'closed' | 'between' | 'unknown' }[];
  presence: Record<string, boolean | null>;
  devices: { role: string; level: string; fault: string; detail: string }[];
  hq_answer: { answer: 'release' | 'hold' | 'control'; text: string; who: string; at_ms: number } | null; // to a referral; the officer decides
  attention: { level: 0 | 1 | 2 | 3; text: string };
  policy: { override_needs_second: boolean; manual_boom_needs_second: boolean };
  offers: ActionWord[];
  need_reason: ActionWord[];
}

export interface Status {
  now_ms: number;
  post: { id: string; name: string; simulated: boolean };
  version: string;
  link: {
    configured: boolean; up: boolean; since_ms: number | null; phase: string | null; line: string | null; reserve: boolean; metered: boolean; durability: string | null;
    backlog_records: number; oldest_waiting_ms: number | null; backlog: { verdicts: number; events: number; pictures: number } | null; fetches_waiting: number;
    refuses: boolean; trouble: string | null; trouble_since_ms: number | null; trouble_over: boolean; // trouble: in English, with the remedy
  };
  store: { writable: boolean; trouble: string; free_bytes: number; last_sequence: number; acknowledged: number; boot_id: string; picture_rebuilding: boolean; fdatasync_p99_us: number };
  profiles: { version: string | null; sha256: string | null; profiles: number; active_since_ms: number | null; doubt: string | null };
  lanes: { id: string; age_ms: number; inputs_age_ms: number | null }[];
  devices_not_ready: number;
  not_ready: string[];
}

export interface Notice { lane: string; level: 1 | 2 | 3; text: string; at_ms: number }

export interface Device {
  id: string; lane: string; role: string; product: string; maker_model: string | null; address: string;
  level: 'connecting' | 'checking' | 'ready' | 'suspect' | 'faulted'; fault: string; detail: string;
  since_ms: number | null; heard_age_ms: number | null;
}

export interface CrossingRow {
  id: string; lane: string; opened_ms: number; plate: string | null; trailer: string | null; gross_kg: number | null;
  channel: Channel | null; verdict: VerdictWord | null; decided_by: string | null; outcome: string | null;
  hits: string[]; decision_ms: number | null; paper: boolean; acknowledged: boolean;
}

export interface Blob { name: string; media_type: string; sha256: string; size_bytes: number }
export interface StoredRecord {
  sequence: number; kind: string; lane: string; at_ms: number; hash: string; erased: boolean; blobs: Blob[];
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any; // the record's own fields, by kind
}
export interface Declaration {
  reference: string; kind: string; plate: string | null; trailer: string | null; gross_kg: number;
  consignor: string | null; consignee: string | null; declarant: string | null; carrier: string | null; driver_name: string | null;
  goods: { hs_code: string; origin: string; gross_kg: number | null; value_eur: number | null; description: string }[];
}
export interface CrossingDetail { id: string; lane: string; records: StoredRecord[]; declarations: Declaration[] }

/** A picture that HQ sent to compare with; it is for one of three. */
export interface ReferenceImage {
  sha256: string; media_type: string; size_bytes: number; width_px: number; height_px: number; name: string; note: string; by: string; came_ms: number;
  for: { crossing?: string; container?: string; plate?: string };
}

export interface Officer { badge: string; name: string; role: Role; disabled?: boolean }
export interface SessionState {
  claimed: boolean; officer: Officer | null; locked: boolean; idle_lock_ms: number;
  post: { id: string; name: string; simulated: boolean };
}

export interface UrgentProfile {
  id: string; state: 'proposed' | 'active' | 'withdrawn' | 'expired' | 'lapsed'; channel: Channel;
  plates: string[]; trailers: string[]; containers: string[]; operators: string[]; documents: string[]; goods_prefixes: string[];
  instruction: string; reason: string; hours: number; left_ms: number;
  proposed_by: string; confirmed_by: string | null; ended_by: string | null; ended_second: string | null; end_reason: string | null;
  proposed_ms: number; confirmed_ms: number | null; ended_ms: number | null;
}
/** What a field of a tip is compared with: what lanes read, and what is declared. */
export interface UrgentMatching {
  field: 'plates' | 'trailers' | 'containers' | 'operators' | 'documents' | 'goods_prefixes';
  read: { what: 'plate_front' | 'plate_rear' | 'container_code'; lanes: string[] }[];
  declared: ('tractor' | 'trailer' | 'container' | 'parties' | 'reference' | 'goods')[];
}
export interface UrgentList { now_ms: number; hours_max: number; hours_default: number; trouble: string | null; matching: UrgentMatching[]; profiles: UrgentProfile[] }
