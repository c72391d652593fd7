// What the appliance sends as English text, said in another wording: a table of patterns ("records cannot be written ({why}): the
// lane holds") beside its translations. It imports nothing, so that scripts/check-sent.mjs can try it.
//
// {name} takes any text as it is, {name:sent} a text that is itself looked up, {name:number} a number; any other kind is a group
// of the interface's words, one or several with ", " between them ({what:missing} takes "plate_front, scale").
export interface SentTable {
  /** Reasons of an assessment: a verdict's reason is several of them with ", " between them. */
  reasons: Record<string, string>;
  texts: Record<string, string>;
}
export type WordOf = (group: string, value: string) => string | undefined;

interface Pattern { form: RegExp; names: { name: string; kind: string }[]; text: string; length: number }

const kinds: Record<string, string> = { '': '([\\s\\S]*?)', sent: '([\\s\\S]*?)', number: '(-?\\d+)', channel: '(green|blue|yellow|red)' };
const words = '([a-z0-9_]+(?:, [a-z0-9_]+)*)';

function compiled(table: Record<string, string>): Pattern[] {
  return Object.entries(table).map(([pattern, text]) => {
    const names: Pattern['names'] = [];
    let length = 0;
    const form = pattern.split(/(\{\w+(?::\w+)?\})/).map((piece) => {
      const hole = /^\{(\w+)(?::(\w+))?\}$/.exec(piece);
      if (!hole) {
        length += piece.length;
        return piece.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
      }
      const kind = hole[2] ?? '';
      names.push({ name: hole[1]!, kind });
      return kinds[kind] ?? words;
    }).join('');
    return { form: new RegExp(`^${form}$`), names, text, length };
  }).sort((a, b) => b.length - a.length); // the pattern that says more of a text comes first
}

export class SentPatterns {
  private reasons: Pattern[];
  private all: Pattern[];

  constructor(table: SentTable, private wordOf: WordOf) {
    this.reasons = compiled(table.reasons);
    this.all = [...this.reasons, ...compiled(table.texts)].sort((a, b) => b.length - a.length);
  }

  /** A text that no pattern fits comes back as it was sent: an officer's own words, or a newer appliance's. */
  say(text: string): string {
    return (text.includes(', ') ? this.joined(text.split(', '), 0) : null) ?? this.one(this.all, text) ?? text;
  }

  private one(patterns: Pattern[], text: string): string | null {
    for (const { form, names, text: said } of patterns) {
      const found = form.exec(text);
      if (!found) continue;
      const values = Object.fromEntries(names.map(({ name, kind }, i) => [name, this.value(kind, found[i + 1] ?? '')]));
      return said.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
    }
    return null;
  }

  private value(kind: string, sent: string): string {
    if (kind === '' || kind === 'number') return sent;
    if (kind === 'sent') return this.say(sent);
    return sent.split(', ').map((one) => this.wordOf(kind, one) ?? one.replaceAll('_', ' ')).join(', ');
  }

  // Only where every part is a reason: a list of reasons, and not a text with a comma.
  private joined(parts: string[], from: number): string | null {
    if (from === parts.length) return '';
    for (let to = from + 1; to <= parts.length; ++to) {
      const first = this.one(this.reasons, parts.slice(from, to).join(', '));
      const rest = first === null ? null : this.joined(parts, to);
      if (rest !== null) return rest ? `${first}, ${rest}` : first;
    }
    return null;
  }
}
