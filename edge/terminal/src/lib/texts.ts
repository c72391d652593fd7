// Texts by key. Every language has every key (scripts/check-texts.mjs); what the appliance sends as text is shown as sent.
import en from '../texts/en.json';
import srLatn from '../texts/sr-Latn.json';
import { prefs, type Language } from './prefs.svelte';

export type TextKey = keyof typeof en;
const catalogues: Record<Language, Record<string, string>> = { en, 'sr-Latn': srLatn };

export function t(key: TextKey, values: Record<string, string | number> = {}): string {
  const text = catalogues[prefs.language][key] ?? en[key];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

/** A word of the interface ("waiting_officer") in the officer's language; an unknown one as it is, readable. */
export function word(group: string, value: string | null | undefined): string {
  if (!value) return '–';
  const key = `${group}.${value}` as TextKey;
  return key in en ? t(key) : value.replaceAll('_', ' ');
}
