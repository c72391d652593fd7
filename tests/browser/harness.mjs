// Starts the demonstration server and a browser, and ends both by what was started here.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const flags = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-default-apps', '--disable-extensions',
];

export async function startServer(binary, args) {
  const folder = mkdtempSync(join(tmpdir(), 'rampa-browser-'));
  const child = spawn(binary, ['--officers', join(folder, 'officers.json'), ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const first = await new Promise((resolve, reject) => {
    lines.once('line', resolve);
    child.once('exit', (code) => reject(new Error(`the server ended at once (${code})`)));
    child.once('error', reject);
  });
  const { url, claim_code } = JSON.parse(first);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  return {
    url,
    claimCode: claim_code,
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    async stop() {
      child.kill('SIGCONT');
      child.stdin.end(); // it runs until its standard input closes
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function startBrowser() {
  const profile = mkdtempSync(join(tmpdir(), 'rampa-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.RAMPA_CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: flags,
    viewport: { width: 1366, height: 768 },
    reducedMotion: 'reduce',
  });
  return {
    context,
    async stop() {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/** POST from outside the browser, as another person would. */
export async function call(url, path, body, cookie = '') {
  const answer = await fetch(new URL(path, url), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Rampa': '1', cookie },
    body: JSON.stringify(body),
  });
  return { status: answer.status, cookie: (answer.headers.get('set-cookie') ?? '').split(';')[0], body: await answer.text() };
}
