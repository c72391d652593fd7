// What is known of a crossing, in the live lane's form, read from its records: so one set of panels shows both.
import { inLanguage } from './texts';
import type { Channel, Hit, Lane, StoredRecord } from './types';

export type Facts = Pick<Lane, 'plates' | 'weigh' | 'radiation' | 'scan' | 'channel' | 'hits' | 'reasons' | 'watch_lists' | 'checks_open' | 'undetermined' | 'ordered' | 'checklist'
  | 'profile_set' | 'declarations' | 'verdict' | 'controls'>;

export function factsOf(records: StoredRecord[]): Facts {
  const facts: Facts = {
    plates: [], weigh: null, radiation: null, scan: null, channel: null, hits: [], reasons: [], watch_lists: [], checks_open: 0, undetermined: [], ordered: [], checklist: [],
    profile_set: null, declarations: [], verdict: null, controls: [],
  };
  const raised: { channel: Channel; control: string }[] = [];
  for (const { kind, body } of records) {
    if (kind === 'capture') {
      const c = body.body;
      const quality = body.from.quality;
      if (c.kind === 'plate') {
        const read = { role: body.role, text: c.text || null, country: c.country || null, confidence: c.confidence_percent, position: c.position, heading: c.heading, quality: c.uncertified && quality === 'good' ? 'suspect' as const : quality };
        facts.plates = [...facts.plates.filter((p) => p.role !== body.role), read];
      } else if (c.kind === 'weighing') {
        const usable = !c.motion && !c.over_range && !c.under_range;
        facts.weigh = { gross_kg: Math.trunc(c.gross_g / 1000), tare_kg: Math.trunc(c.tare_g / 1000), net_kg: Math.trunc(c.net_g / 1000), motion: c.motion, usable, quality };
      } else if (c.kind === 'radiation') {
        facts.radiation = { gamma_alarm: c.gamma_alarm, neutron_alarm: c.neutron_alarm, portal_fault: c.portal_fault, quality };
      } else if (c.kind === 'scan') {
        facts.scan = { id: c.scan_id, complete: c.complete, width_px: c.width_px, height_px: c.height_px, aids: [] };
      }
    } else if (kind === 'assessment') {
      const a = body.assessment;
      Object.assign(facts, { channel: a.channel, hits: a.hits, reasons: a.reasons, watch_lists: a.watch_lists, checks_open: a.checks_open, undetermined: a.undetermined, ordered: a.controls, checklist: a.checklist, profile_set: a.profile_set, declarations: body.declarations });
    } else if (kind === 'officer_action') {
      if (body.action === 'raise_channel' && body.accepted) raised.push(body);
    } else if (kind === 'verdict') {
      facts.verdict = body;
    } else if (kind === 'control') {
      facts.controls = [...facts.controls, body];
    } else if (kind === 'paper_crossing') {
      facts.plates = [
        { role: 'plate_front', text: body.plate || null, country: null, confidence: 0, position: 'front', heading: 'unknown', quality: 'good' },
        ...(body.trailer ? [{ role: 'plate_rear', text: body.trailer, country: null, confidence: 0, position: 'rear', heading: 'unknown', quality: 'good' as const }] : []),
      ];
      if (body.gross_kg !== null) facts.weigh = { gross_kg: body.gross_kg, tare_kg: 0, net_kg: body.gross_kg, motion: false, usable: true, quality: 'good' };
      if (body.declaration) facts.declarations = [body.declaration];
    }
  }
  // Beside what the assessment says, whichever came first.
  const order: Channel[] = ['green', 'blue', 'yellow', 'red'];
  for (const { channel, control } of raised) {
    if (!facts.channel || order.indexOf(channel) > order.indexOf(facts.channel)) facts.channel = channel;
    if (!facts.ordered.includes(control)) facts.ordered = [...facts.ordered, control];
  }
  return facts;
}

/** What the officer has to do, in the terminal's language where the set has it. */
export const instructionOf = (hit: Hit): string => inLanguage(hit.instructions, hit.instruction);

/** The lane's line, which quotes instructions in the set's language, with them in the terminal's. */
export function attentionOf(lane: Pick<Lane, 'attention' | 'hits'>): string {
  return lane.hits.reduce((text, hit) => (hit.instruction ? text.split(hit.instruction).join(instructionOf(hit)) : text), lane.attention.text);
}

const favourable = ['clear', 'nothing_found'];
/** Ordered controls without a favourable last outcome: releasing is an override until there are none. */
export function openControls(facts: Pick<Facts, 'ordered' | 'controls'>): string[] {
  return facts.ordered.filter((ordered) => {
    const last = facts.controls.filter((c) => c.control === ordered).at(-1);
    return !last || !favourable.includes(last.finding);
  });
}
