// Screenshots of every page in every theme, to be looked at: node shots.mjs DEMO-BINARY DIST-FOLDER OUT-FOLDER [PICTURES]
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { call, startBrowser, startServer } from './harness.mjs';

const [binary, dist, out, pictures] = process.argv.slice(2);
mkdirSync(out, { recursive: true });
const server = await startServer(binary, ['--web', dist, ...(pictures ? ['--pictures', pictures] : [])]);
const browser = await startBrowser();
try {
  const page = browser.context.pages()[0];
  page.on('console', (m) => m.type() === 'error' && console.log('console:', m.text()));
  page.on('pageerror', (e) => console.log('pageerror:', e.message));
  const shot = (name) => page.screenshot({ path: join(out, `${name}.png`) });
  await page.goto(server.url);
  await page.getByLabel(/Claim code/).waitFor();
  await shot('claim');
  const admin = await call(server.url, '/api/v1/claim', { code: server.claimCode, badge: '1', name: 'Administrator', password: 'long enough pw' });
  for (const [badge, name, role] of [['1001', 'Ana Petrovic', 'officer'], ['1002', 'Marko Ilic', 'shift_leader']])
    await call(server.url, '/api/v1/officers', { badge, name, role, password: 'long enough pw' }, admin.cookie);
  await page.reload();
  await shot('sign-in');
  await page.getByLabel('Badge').fill('1001');
  await page.getByLabel('Password').fill('long enough pw');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('a.tile').first().waitFor();
  await page.waitForTimeout(2500);
  for (const theme of ['night', 'glare', 'day']) {
    await page.locator('#theme').selectOption(theme);
    await shot(`board-${theme}`);
  }
  for (const [name, hash] of [['lane-yellow', '#/lane/L1'], ['lane-nii', '#/lane/L4'], ['lane-idle', '#/lane/L2'], ['lane-fault', '#/lane/L5'], ['history', '#/history'], ['devices', '#/devices'], ['paper', '#/paper'], ['crossing', '#/crossing/L2-7-11']]) {
    await page.evaluate((h) => { location.hash = h; }, hash);
    await page.waitForTimeout(1200);
    await shot(name);
    if (name === 'lane-yellow') {
      await page.getByRole('button', { name: 'Override' }).click();
      await page.waitForTimeout(300);
      await shot('dialog-override');
      await page.keyboard.press('Escape');
      await page.locator('#language').selectOption('sr-Latn');
      await page.waitForTimeout(200);
      await shot('lane-sr');
      await page.locator('#language').selectOption('en');
    }
  }
  await page.locator('#language').selectOption('sr-Latn');
  for (const [name, hash] of [['board', '#/lanes'], ['devices', '#/devices'], ['crossing', '#/crossing/L4-7-3']]) {
    await page.evaluate((h) => { location.hash = h; }, hash);
    for (const [width, height] of [[1366, 768], [1280, 800], [390, 844]]) {
      await page.setViewportSize({ width, height });
      await page.waitForTimeout(500);
      await shot(`${name}-sr-${width}`);
    }
  }
  await page.setViewportSize({ width: 1366, height: 768 });
  await page.locator('#language').selectOption('en');
  await page.evaluate(() => { location.hash = '#/lanes'; });
  await page.waitForTimeout(500);
  server.pause();
  await page.waitForTimeout(7500);
  await shot('board-stale');
  server.resume();
} finally {
  await browser.stop();
  await server.stop();
}
