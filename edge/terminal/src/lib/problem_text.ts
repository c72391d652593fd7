import { Problem } from './api';
import en from '../texts/en.json';
import { sentText } from './sent';
import { t, type TextKey } from './texts';

/** A failure in the officer's language. */
export function problemText(error: unknown): string {
  if (!(error instanceof Problem)) return t('problem.other', { detail: error instanceof Error ? error.message : String(error) });
  const key = `problem.${error.word}`;
  return t((key in en ? key : 'problem.other') as TextKey, { detail: sentText(error.detail), s: error.retryAfterS ?? '?' });
}
