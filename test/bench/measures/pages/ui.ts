// The operator's pages over all devices, in Chromium on the same machine: first rows, filters, facets, nodes, memory, and the sessions beside.
import type { Browser, Page } from 'playwright-core';
import { onFirstNode, type Sides, withSides } from '../../contest.ts';
import { makeRow, percentile, type Row } from '../../figures.ts';
import { type Bench, informedBy, pause, type Setting } from '../../measure.ts';
import type { AcsServer } from '../../servers/servers.ts';
import { p99Of } from '../beside.ts';
import { addUser, firstRows, heapOf, openBrowser, openLowBrowser, rowsAfter, signedIn, writePages } from './browser.ts';

/** Each finds another number of devices than the one before. */
const filters = [
  'tag = "pilot"',
  'firmware < "49"',
  'productClass = "C711"',
  'site.region = "R3"',
  'find "00000042"',
  'lost',
];
const TABS = 10;
const LIVE_SECONDS = 60;
/** Sessions a minute beside the tabs. */
const A_MINUTE = 1000;
const BESIDE_SECONDS = 60;

export const ui: Bench = {
  about: 'the operator’s pages in Chromium: rows, filters, facets, memory with live updates, sessions beside ten tabs',
  run: given => {
    const setting = onFirstNode(given);
    return withSides(setting, async sides => {
      await writePages(setting.servers.tree);
      await addUser(sides.first.ours);
      const { ours } = sides.first;
      const rows = await inBrowser(openBrowser, async browser => [
        ...(await startRows(setting, browser, ours)),
        ...(await listRows(setting, browser, ours)),
        ...(await liveRows(setting, browser, sides)),
      ]);
      const low = async (): Promise<Browser> => await openLowBrowser(setting.servers.folder);
      return [...rows, await inBrowser(low, async browser => await besideRow(setting, browser, sides))];
    });
  },
};

async function inBrowser<T>(open: () => Promise<Browser>, run: (browser: Browser) => Promise<T>): Promise<T> {
  const browser = await open();
  try {
    return await run(browser);
  } finally {
    await browser.close();
  }
}

const wall = 'ms, wall clock';

async function startRows({ rounds }: Setting, browser: Browser, ours: AcsServer): Promise<Row[]> {
  const [cold, warm]: [number[], number[]] = [[], []];
  // The server makes and compresses the files of the pages at their first use.
  await fetch(`${ours.base}/ui/`);
  for (let round = 0; round < rounds; round++) {
    const context = await signedIn(browser, ours);
    const page = await context.newPage();
    await page.goto(`${ours.base}/ui/devices`);
    cold.push(await firstRows(page));
    await page.reload();
    warm.push(await firstRows(page));
    await context.close();
  }
  return [
    makeRow({
      name: 'pages: first rows of all devices, nothing cached',
      unit: wall,
      ours: cold,
      goal: { limit: 1000, of: 'ours' },
    }),
    makeRow({ name: 'pages: first rows, files cached', unit: wall, ours: warm, goal: { limit: 300, of: 'ours' } }),
  ];
}

async function listRows({ rounds }: Setting, browser: Browser, ours: AcsServer): Promise<Row[]> {
  const context = await signedIn(browser, ours);
  const page = await context.newPage();
  await page.goto(`${ours.base}/ui/devices`);
  await firstRows(page);
  const [typed, counted]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    const times: number[] = [];
    await page.evaluate('performance.clearResourceTimings()');
    for (const filter of filters) {
      times.push(await rowsAfter(page, filter));
      // Facets and views are counted after the rows.
      await pause(1500);
    }
    typed.push(percentile(times, 0.95));
    const facets = (await page.evaluate(
      `performance.getEntriesByType('resource').filter(({ name }) => name.includes('/facets')).map(({ duration }) => duration)`,
    )) as number[];
    counted.push(percentile(facets, 0.95));
  }
  const size = await deepest(page);
  await context.close();
  return [
    makeRow({
      name: 'pages: filter used to its rows',
      unit: `${wall}, p95`,
      ours: typed,
      goal: { limit: 150, of: 'ours' },
    }),
    makeRow({
      name: 'pages: facets of a filter',
      unit: `${wall}, p95`,
      ours: counted,
      goal: { limit: 300, of: 'ours' },
    }),
    makeRow({
      name: 'pages: rows drawn in the middle of all devices',
      unit: 'rows',
      ours: [size.rows],
      goal: { limit: 60, of: 'ours' },
    }),
    makeRow({
      name: 'pages: nodes of the screen there',
      unit: 'nodes',
      ours: [size.nodes],
      goal: { limit: 2500, of: 'ours' },
    }),
  ];
}

/** Rows and nodes with the list scrolled to its middle. */
async function deepest(page: Page): Promise<{ rows: number; nodes: number }> {
  await rowsAfter(page, '');
  await page.evaluate(`{ const box = document.querySelector('.grid-box'); box.scrollTop = box.scrollHeight / 2; }`);
  await page.locator(`tr[aria-rowindex]:not(thead tr):not([aria-rowindex="2"]) a`).first().waitFor();
  await pause(500);
  const script = `({ rows: document.querySelectorAll('tr[aria-rowindex]').length - 1, nodes: document.querySelectorAll('*').length })`;
  return (await page.evaluate(script)) as { rows: number; nodes: number };
}

/** Informs of stored devices at a steady pace. */
const informs = (
  { servers }: Setting,
  { request, first }: Sides,
  { perSecond, seconds, seed }: { perSecond: number; seconds: number; seed: number },
) => {
  const { settings, devices } = request(first.ours);
  return informedBy(servers, {
    kind: 'open',
    settings,
    devices,
    sessions: Math.ceil(perSecond * seconds),
    perSecond,
    seed,
  });
};

async function liveRows(setting: Setting, browser: Browser, sides: Sides): Promise<Row[]> {
  const context = await signedIn(browser, sides.first.ours);
  const page = await context.newPage();
  await page.goto(`${sides.first.ours.base}/ui/devices?sort=-lastInform`);
  await firstRows(page);
  const { live = LIVE_SECONDS } = setting;
  // Caches are filled before the growth counts.
  await informs(setting, sides, { perSecond: 50, seconds: 10, seed: 1 });
  const before = await heapOf(page);
  await informs(setting, sides, { perSecond: 50, seconds: live, seed: 2 });
  const after = await heapOf(page);
  await context.close();
  const note = `${live} s with 50 Informs a second`;
  return [
    makeRow({
      name: 'pages: heap of the tab after live updates',
      unit: 'MB',
      ours: [after],
      goal: { limit: 80, of: 'ours' },
      note,
    }),
    makeRow({ name: 'pages: growth of that heap', unit: 'MB', ours: [Math.max(0, after - before)], note }),
  ];
}

/** Operators' tabs run on machines of their own: only what the server does for them counts. */
async function besideRow(setting: Setting, browser: Browser, sides: Sides): Promise<Row> {
  const pace = { perSecond: A_MINUTE / 60, seconds: BESIDE_SECONDS };
  const [quiet, busy]: [number[], number[]] = [[], []];
  for (let round = 0; round < Math.min(3, setting.rounds); round++) {
    quiet.push(p99Of(await informs(setting, sides, { ...pace, seed: round })));
    const contexts = await Promise.all(
      Array.from({ length: TABS }, async () => await signedIn(browser, sides.first.ours)),
    );
    for (const context of contexts) {
      const page = await context.newPage();
      await page.goto(`${sides.first.ours.base}/ui/devices?sort=-lastInform`);
      await firstRows(page);
    }
    await pause(2000);
    busy.push(p99Of(await informs(setting, sides, { ...pace, seed: round })));
    for (const context of contexts) await context.close();
  }
  return makeRow({
    name: `pages: p99 of sessions beside ${TABS} open tabs`,
    unit: 'ms',
    ours: busy,
    floor: quiet,
    goal: { limit: 1.1, of: 'ratio' },
    note: `floor: without tabs; ${A_MINUTE} sessions a minute; the tabs have the processor time that nothing else wants (SCHED_IDLE), as they run elsewhere`,
  });
}
