// What the appliance sends as text (attention lines, reasons, refusals), in the officer's language.
import en from '../sent/en.json';
import srLatn from '../sent/sr-Latn.json';
import { prefs, type Language } from './prefs.svelte';
import { SentPatterns } from './sent_patterns';
import { known } from './texts';

const patterns: Record<Language, SentPatterns> = { en: new SentPatterns(en, known), 'sr-Latn': new SentPatterns(srLatn, known) };

export const sentText = (text: string): string => patterns[prefs.language].say(text);
