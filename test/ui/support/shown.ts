// Looks of most tests of pages: something is shown, and the browser has complained of nothing.
import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import type { Pages } from './pages-world.ts';

/** Waits until it is shown. */
export const shown = async (target: Locator): Promise<void> => await target.waitFor({ timeout: 20_000 });

export const assertQuiet = ({ complaints }: Pages): void => assert.deepEqual(complaints(), []);
