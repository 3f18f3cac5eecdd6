// The accessibility of a page, as axe-core finds its faults.
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';

interface Found {
  violations: { id: string; nodes: { html: string }[] }[];
}

/** All faults of the page as it is shown now, each with the first element that has it. */
export async function axeFaults(page: Page): Promise<string[]> {
  // A script element would be refused by the policy of the pages; what is evaluated is not.
  await page.evaluate(await readFile(new URL('../../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8'));
  return await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run: () => Promise<Found> } };
    return (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200)}`);
  });
}
