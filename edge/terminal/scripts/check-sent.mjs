// Every text that the lanes and the assessment send stands in src/sent, in every language but English. Fails when a text in
// the C++ sources has no translation, when a translation belongs to no text any more, and when a composed text is not put
// together right. Texts are cut at their variables: what stands in the sources as a literal is one piece of a pattern.
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformWithEsbuild } from 'vite';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const edge = join(root, '..');
const wrong = [];

/** String literals of C++ source; literals side by side are one, and one that is no sentence may be left out. */
function literals(source) {
  const tokens = source.matchAll(/\/\/[^\n]*|\/\*[\s\S]*?\*\/|#include[^\n]*|"((?:[^"\\\n]|\\.)*)"|'(?:[^'\\\n]|\\.)'|\s+|[^"\s]/g);
  const found = [];
  let last = false; // the token before was a literal
  for (const [token, text] of tokens) {
    if (text !== undefined) {
      const plain = text.replace(/\\(.)/g, '$1');
      if (last) found[found.length - 1] += plain;
      else found.push(plain);
      last = true;
    } else if (token.trim() && !token.startsWith('//')) last = false;
  }
  return found;
}
const statements = (source, start) => [...source.matchAll(new RegExp(`${start}[\\s\\S]*?;\\n`, 'g'))].map(([s]) => s).join('\n');
const isSentence = (text) => text.includes(' ') && /[a-z]/i.test(text);

const source = (path) => readFileSync(join(edge, path), 'utf8');
const sent = new Map(); // text -> where
const take = (where, texts) => { for (const text of texts) if (!sent.has(text)) sent.set(text, where); };
const known = new Set(); // also those that are no sentences: a pattern's pieces are looked for among all
// describe.cpp writes a lane's state for the simulation's logs.
for (const file of readdirSync(join(edge, 'lane')).filter((f) => (f.endsWith('.cpp') || f.endsWith('.hpp')) && f !== 'describe.cpp')) {
  const all = literals(source(`lane/${file}`));
  for (const text of all) known.add(text);
  take(`edge/lane/${file}`, all.filter(isSentence));
  take(`edge/lane/${file}`, literals(statements(source(`lane/${file}`), '\\battention\\(')).filter((text) => text !== '' && !/^[a-z_]+$/.test(text)));
}
for (const [file, start] of [['risk/assess.cpp', '\\breasons\\.(?:emplace_back|push_back)\\('], ['risk/assess.cpp', '\\w+_reason\\b(?:\\([^)]*\\) \\{| =)'],
  ['risk/watch_list.cpp', 'auto name = head_\\.name'],
  ['app/appliance.cpp', '\\breasons\\.push_back\\('], ['app/lanes_before.cpp', '\\bstarted\\.notice =']]) {
  const all = literals(statements(source(file), start));
  if (!all.length) wrong.push(`edge/${file}: no text is found any more where one was sent (${start}); look where it went and mend this check`);
  take(`edge/${file}`, all);
}
for (const text of sent.keys()) known.add(text);
if (process.argv[2] === '--list') {
  for (const [text, where] of sent) console.log(`${where}: ${JSON.stringify(text)}`);
  process.exit(0);
}

const pieces = (pattern) => pattern.split(/\{\w+(?::\w+)?\}/).filter((piece) => piece !== '');
const names = (pattern) => [...pattern.matchAll(/\{(\w+)(?::\w+)?\}/g)].map((m) => m[1]).sort().join();
for (const file of readdirSync(join(root, 'src/sent'))) {
  const table = JSON.parse(readFileSync(join(root, 'src/sent', file), 'utf8'));
  const all = { ...table.reasons, ...table.texts };
  const there = new Set(Object.keys(all).flatMap(pieces));
  if (file !== 'en.json') for (const [text, where] of sent) if (!there.has(text)) wrong.push(`${file}: no translation of ${JSON.stringify(text)} (${where})`);
  for (const [pattern, text] of Object.entries(all)) {
    for (const piece of pieces(pattern)) if (!known.has(piece)) wrong.push(`${file}: ${JSON.stringify(piece)} is sent by nobody any more (${pattern})`);
    for (const name of names(text).split(',')) if (name && !names(pattern).split(',').includes(name)) wrong.push(`${file}: {${name}} is not in the pattern ${pattern}`);
    if (!text) wrong.push(`${file}: ${pattern} is empty`);
  }
}

// The word of a device's condition.
const words = JSON.parse(readFileSync(join(root, 'src/texts/en.json'), 'utf8'));
const drivers = join(edge, '../drivers');
let faults = 0;
for (const file of readdirSync(drivers, { recursive: true }).filter((f) => f.endsWith('.cpp')))
  for (const [, word] of readFileSync(join(drivers, file), 'utf8').matchAll(/ConditionLevel::\w+,\s*"([a-z_]+)"/g))
    if (++faults && !(`fault.${word}` in words)) wrong.push(`texts: no fault.${word} (drivers/${file})`);
for (const [, word] of source('vision/image_health/camera_health.cpp').matchAll(/case ImageFault::\w+: return "([a-z_]+)"/g))
  if (++faults && !(`fault.${word}` in words)) wrong.push(`texts: no fault.${word} (image_health/camera_health.cpp)`);
if (faults < 10) wrong.push('drivers: hardly any fault words are found any more; look how they are told now and mend this check');

// Composed texts, as the lanes put them together.
const code = (await transformWithEsbuild(readFileSync(join(root, 'src/lib/sent_patterns.ts'), 'utf8'), 'sent_patterns.ts')).code;
const { SentPatterns } = await import(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`);
for (const { tag, samples } of JSON.parse(readFileSync(join(root, 'scripts/sent_samples.json'), 'utf8'))) {
  const texts = JSON.parse(readFileSync(join(root, 'src/texts', `${tag}.json`), 'utf8'));
  const patterns = new SentPatterns(JSON.parse(readFileSync(join(root, 'src/sent', `${tag}.json`), 'utf8')), (group, value) => texts[`${group}.${value}`]);
  for (const [text, expected] of Object.entries(samples)) {
    const got = patterns.say(text);
    if (got !== expected) wrong.push(`${tag}: "${text}" becomes "${got}", not "${expected}"`);
  }
}

if (wrong.length) {
  console.error(wrong.join('\n'));
  process.exit(1);
}
