// Keyboard: single keys act only while nothing is being typed and no dialog is open, and can be switched off
// (WCAG 2.1.4). None of them does more than open something: what moves a boom is confirmed in a dialog.
import { prefs } from './prefs.svelte';

export interface Key { key: string; does: string; run: () => void }

const stack: Key[][] = [];

/** Adds keys while a view is shown; returns how to take them away. */
export function useKeys(keys: Key[]): () => void {
  stack.push(keys);
  return () => { stack.splice(stack.indexOf(keys), 1); };
}
export const activeKeys = (): Key[] => stack.flat();

export function startKeys(): void {
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    const target = event.target as HTMLElement;
    if (target.closest('input, textarea, select, [contenteditable]') || document.querySelector('dialog[open]')) return;
    if (prefs.keys === 'off' && event.key !== '?' && event.key !== 'Escape') return;
    for (const keys of [...stack].reverse()) {
      const found = keys.find((k) => k.key === event.key);
      if (!found) continue;
      event.preventDefault();
      found.run();
      return;
    }
  });
}
