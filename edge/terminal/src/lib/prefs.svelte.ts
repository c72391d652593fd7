// What this terminal remembers: theme, language, single-key shortcuts.
export type Theme = 'day' | 'glare' | 'night';
export type Language = 'en' | 'sr-Latn';
export const themes: Theme[] = ['day', 'glare', 'night'];
export const languages: { tag: Language; name: string }[] = [
  { tag: 'en', name: 'English' },
  { tag: 'sr-Latn', name: 'Srpski' },
];

function stored<T extends string>(key: string, allowed: readonly T[], otherwise: T): T {
  const value = localStorage.getItem(key) as T | null;
  return value && allowed.includes(value) ? value : otherwise;
}

class Prefs {
  theme = $state<Theme>(stored('theme', themes, 'day'));
  language = $state<Language>(stored('language', languages.map((l) => l.tag), 'en'));
  keys = $state<'on' | 'off'>(stored('keys', ['on', 'off'] as const, 'on'));

  setTheme(theme: Theme): void { this.theme = theme; localStorage.setItem('theme', theme); this.apply(); }
  setLanguage(language: Language): void { this.language = language; localStorage.setItem('language', language); this.apply(); }
  setKeys(keys: 'on' | 'off'): void { this.keys = keys; localStorage.setItem('keys', keys); }
  apply(): void {
    document.documentElement.dataset.theme = this.theme;
    document.documentElement.lang = this.language;
  }
}

export const prefs = new Prefs();
