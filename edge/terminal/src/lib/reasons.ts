// Reasons of an assessment in the officer's language, where they ask him to compare something; the others as sent.
import { t } from './texts';

export function reasonText(reason: string): string {
  const possible = /^on watch list: (.+) \(possible: ([A-Z0-9]+)\)$/.exec(reason);
  if (possible) return t('reason.watch_possible', { list: possible[1], plate: possible[2] });
  const listed = /^on watch list: (.+)$/.exec(reason);
  if (listed) return t('reason.watch_list', { list: listed[1] });
  return reason;
}
