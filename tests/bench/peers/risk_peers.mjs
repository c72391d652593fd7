// json-rules-engine and GoRules ZEN over the risk workload: node risk_peers.mjs FOLDER N DECLARATIONS
// Prints one JSON line per engine: microseconds per declaration (least of the passes), and how many answers differ from expected_N.jsonl.
import fs from 'node:fs';
import path from 'node:path';
import { Engine } from 'json-rules-engine';
import { ZenEngine } from '@gorules/zen-engine';

const [folder, n, count] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
if (!folder || !n || !count) {
  console.error('usage: node risk_peers.mjs FOLDER N DECLARATIONS');
  process.exit(2);
}
const lines = (name) => fs.readFileSync(path.join(folder, name), 'utf8').trim().split('\n').map((l) => JSON.parse(l));
const profiles = lines(`profiles_${n}.jsonl`);
const declarations = lines('decls.jsonl').slice(0, count);
const expected = lines(`expected_${n}.jsonl`).slice(0, count).map((e) => e.m);

function jsonRulesEngine() {
  const engine = new Engine([], { allowUndefinedFacts: true });
  engine.addOperator('prefix', (fact, starts) => starts.some((s) => fact.startsWith(s)));
  engine.addOperator('range', (fact, [least, most]) => fact >= least && fact <= most);
  const operator = { eq: 'equal', in: 'in', notin: 'notIn', prefix: 'prefix', ge: 'greaterThanInclusive', le: 'lessThanInclusive', range: 'range' };
  for (const p of profiles) {
    const all = p.all.map(({ f, op, v }) => ({ fact: f, operator: operator[op], value: v }));
    all.push({ fact: 'day', operator: 'range', value: [p.from, p.to] });
    engine.addRule({ conditions: { all }, event: { type: 'hit', params: { id: p.id } } });
  }
  return async (d) => (await engine.run(d)).events.map((e) => e.params.id);
}

function zen() {
  const fields = [...new Set(profiles.flatMap((p) => p.all.map((a) => a.f)))];
  const text = (v) => JSON.stringify(v);
  const cell = ({ op, v }) => {
    switch (op) {
      case 'eq': return text(v);
      case 'in': return v.map(text).join(', ');
      case 'notin': return `not in [${v.map(text).join(', ')}]`;
      case 'prefix': return v.map((s) => `startsWith($, ${text(s)})`).join(' or ');
      case 'ge': return `>= ${v}`;
      case 'le': return `<= ${v}`;
      default: return `[${v[0]}..${v[1]}]`;
    }
  };
  // A field may be asked twice by one profile: a column per field and turn.
  const columns = fields.flatMap((f) => [0, 1].map((turn) => ({ id: `${f}_${turn}`, field: f, name: `${f} ${turn}` })));
  columns.push({ id: 'day_0', field: 'day', name: 'day' });
  const rules = profiles.map((p) => {
    const rule = { _id: `r${p.id}`, id_out: String(p.id), day_0: `[${p.from}..${p.to}]` };
    for (const column of columns) rule[column.id] ??= '';
    const turn = {};
    for (const a of p.all) rule[`${a.f}_${(turn[a.f] = (turn[a.f] ?? -1) + 1)}`] = cell(a);
    return rule;
  });
  const content = {
    nodes: [
      { id: 'in', type: 'inputNode', name: 'in', position: { x: 0, y: 0 } },
      { id: 't', type: 'decisionTableNode', name: 'profiles', position: { x: 1, y: 0 },
        content: { hitPolicy: 'collect', inputs: columns, outputs: [{ id: 'id_out', field: 'id', name: 'id' }], rules } },
      { id: 'out', type: 'outputNode', name: 'out', position: { x: 2, y: 0 } },
    ],
    edges: [{ id: 'e1', type: 'edge', sourceId: 'in', targetId: 't' }, { id: 'e2', type: 'edge', sourceId: 't', targetId: 'out' }],
  };
  const decision = new ZenEngine().createDecision(Buffer.from(JSON.stringify(content)));
  return async (d) => (await decision.evaluate(d)).result.map((r) => r.id);
}

const percentile = (values, q) => values.sort((a, b) => a - b)[Math.floor(q * (values.length - 1))];
for (const [name, make] of [['json-rules-engine 7.3.1', jsonRulesEngine], ['GoRules ZEN 0.54.0', zen]]) {
  const match = make();
  const least = declarations.map(() => Infinity);
  let differ = 0;
  for (let pass = 0; pass < (n > 1000 ? 2 : 3); ++pass) {
    for (const [i, d] of declarations.entries()) {
      const start = process.hrtime.bigint();
      const ids = await match(d);
      least[i] = Math.min(least[i], Number(process.hrtime.bigint() - start) / 1000);
      if (pass === 0 && JSON.stringify([...ids].sort((a, b) => a - b)) !== JSON.stringify(expected[i])) ++differ;
    }
  }
  console.log(JSON.stringify({ engine: name, profiles: n, declarations: least.length, p50_us: percentile(least, 0.5), p99_us: percentile(least, 0.99), differ }));
}
