// Lets independent programs answer: build/debug/bin/cel_questions | node record.mjs, in a folder with
// npm install @bufbuild/cel@0.6.1 feelin@8.2.0. "yes" and "no" are theirs; CEL's errors become "undetermined".
import fs from 'fs';
import readline from 'readline';
import { celEnv, parse, plan } from '@bufbuild/cel';
import { unaryTest } from 'feelin';

const lists = Object.fromEntries(['tobacco_origins', 'high risk', 'in', 'a"b', 'x1', '1x'].map((name) => [name, ['24', 'A', 'TR']]));
const env = celEnv();
const value = (v) => (typeof v === 'number' ? BigInt(v) : v);
const cel = fs.createWriteStream('cel.jsonl'), feel = fs.createWriteStream('feel.jsonl');

for await (const line of readline.createInterface({ input: process.stdin })) {
  const row = JSON.parse(line);
  if (row.cell) {
    const answer = unaryTest(row.cell, { '?': row.fact, lists }).value;
    feel.write(JSON.stringify({ ...row, says: answer === true ? 'yes' : 'no' }) + '\n');
    continue;
  }
  const facts = { lists, vehicle: {}, evidence: {}, declaration: {}, time: {}, set: {}, goods: [] };
  for (let i = 0; i < row.facts['goods.count']; ++i) facts.goods.push({});
  for (const [name, v] of Object.entries(row.facts)) {
    const parts = name.split('.');
    if (parts.length === 3) facts.goods[Number(parts[1])][parts[2]] = value(v);
    else if (name !== 'goods.count') facts[parts[0]][parts[1]] = value(v);
  }
  const answer = plan(env, parse(row.cel))(facts);
  cel.write(JSON.stringify({ ...row, says: answer === true ? 'yes' : answer === false ? 'no' : 'undetermined' }) + '\n');
}
