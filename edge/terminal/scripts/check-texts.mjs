// Every language has every key, with the same placeholders, and the sources ask for no key that is missing.
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const load = (tag) => JSON.parse(readFileSync(join(root, 'src/texts', `${tag}.json`), 'utf8'));
const en = load('en');
const placeholders = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort().join();
const wrong = [];
for (const file of readdirSync(join(root, 'src/texts'))) {
  const tag = file.replace('.json', '');
  const texts = load(tag);
  for (const key of Object.keys(en)) {
    if (!(key in texts)) wrong.push(`${tag}: ${key} is missing`);
    else if (placeholders(texts[key]) !== placeholders(en[key])) wrong.push(`${tag}: ${key} has other placeholders`);
  }
  for (const key of Object.keys(texts)) if (!(key in en)) wrong.push(`${tag}: ${key} is not in en`);
}
for (const file of readdirSync(join(root, 'src'), { recursive: true })) {
  if (!/\.(svelte|ts)$/.test(file)) continue;
  const source = readFileSync(join(root, 'src', file), 'utf8');
  for (const [, key] of source.matchAll(/\bt\(\s*'([^']+)'/g)) if (!(key in en)) wrong.push(`${file}: no text ${key}`);
  // Svelte drops a space at the start of an element or block: "nothing found1001".
  for (const [found] of source.matchAll(/(?:<(?:a|b|em|span|strong)\b[^<>]*["'}\w]>|\{#(?:if|each)[^{}]*\}|\{:else[^{}]*\}) [^\s].{0,30}/g))
    wrong.push(`${file}: the space is dropped in "${found}": write {' '} before the element`);
}
if (wrong.length) {
  console.error(wrong.join('\n'));
  process.exit(1);
}
