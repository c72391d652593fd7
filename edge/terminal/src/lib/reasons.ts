// Reasons of an assessment in the officer's language; one that is not known here is shown as it was sent.
import { t } from './texts';

export function reasonText(reason: string): string {
  const possible = /^on watch list: (.+) \(possible: ([A-Z0-9]+)\)$/.exec(reason);
  if (possible) return t('reason.watch_possible', { list: possible[1] ?? '', plate: possible[2] ?? '' });
  const listed = /^on watch list: (.+)$/.exec(reason);
  if (listed) return t('reason.watch_list', { list: listed[1] ?? '' });
  if (/^score -?\d+$/.test(reason)) return t('reason.score');
  if (reason === 'random selection') return t('reason.random');
  if (reason === 'the profile set is out of date') return t('reason.stale_set');
  if (reason === 'the profile set is dated in the future') return t('reason.future_set');
  if (reason === 'profiles undetermined: facts are missing') return t('reason.undetermined');
  return reason;
}
