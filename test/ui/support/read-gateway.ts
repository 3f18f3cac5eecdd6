// A gateway of which all values are known, and a look at what the server holds of a device.
import type { Locator, Page } from 'playwright-core';
import { eventually } from '../../support/eventually.ts';
import { done } from '../../support/worlds/world.ts';
import type { Pages } from './pages-world.ts';

/** @returns the id of a gateway whose values are all read */
export async function readGateway({ world }: Pages, serial = '0090F8000001'): Promise<string> {
  const id = `0090F8-4102S-${serial}`;
  await (await world.gateway({ serial })).boot();
  await eventually(`${id} has come`, async () =>
    (await world.acs.fleet.devices.list({ limit: 10 })).items.some(({ view }) => view.id === id),
  );
  await done(world, id, { method: 'GetParameterValues', args: { ParameterNames: ['Device.'] } });
  return id;
}

/** The address of a part of a device. */
export const tabOf = (id: string, tab: string): string => `/devices/${encodeURIComponent(id)}/${tab}`;

/** The value that the server knows of a parameter. */
export async function knownTo({ call }: Pages, id: string, path: string): Promise<string | undefined> {
  const { items } = await call('GET', `/devices/${encodeURIComponent(id)}/parameters?path=${path}`);
  return (items as { path: string; value: string }[]).find(item => item.path === path)?.value;
}

/** The row of a parameter in the tree. */
export const rowOf = (page: Page, path: string): Locator => page.locator(`[data-path="${path}"]`);

/** Finds a value by its path, and begins to edit it with the keyboard. */
export async function editValue(page: Page, path: string): Promise<void> {
  await page.getByRole('treegrid').waitFor();
  await page.getByRole('searchbox').fill(path);
  const row = rowOf(page, path);
  await row.focus();
  await page.keyboard.press('Enter');
}
