// Texts by key. Every language has every key (scripts/check-texts.mjs). What the appliance sends as text: sent.ts.
import en from '../texts/en.json';
import srLatn from '../texts/sr-Latn.json';
import { prefs, type Language } from './prefs.svelte';

export type TextKey = keyof typeof en;
const catalogues: Record<Language, Record<string, string>> = { en, 'sr-Latn': srLatn };

export function t(key: TextKey, values: Record<string, string | number> = {}): string {
  const text = catalogues[prefs.language][key] ?? en[key];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

/** One of the texts by language that a profile set or a watch list has: the terminal's language, a relative of it, or the one to fall back to. */
export function inLanguage(texts: Record<string, string>, otherwise?: string): string {
  const base = (tag: string) => tag.split('-')[0];
  const relative = Object.keys(texts).find((tag) => base(tag) === base(prefs.language));
  return texts[prefs.language] ?? (relative && texts[relative]) ?? otherwise ?? texts.en ?? Object.values(texts)[0] ?? '';
}

/** The text of a word of the interface; undefined where there is none. */
export function known(group: string, value: string): string | undefined {
  const key = `${group}.${value}` as TextKey;
  return key in en ? t(key) : undefined;
}

/** A word of the interface ("waiting_officer") in the officer's language; an unknown one as it is, readable. */
export function word(group: string, value: string | null | undefined): string {
  if (!value) return '–';
  return known(group, value) ?? value.replaceAll('_', ' ');
}
