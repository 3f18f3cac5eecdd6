// Helpers of the cases about presets in the pages.
import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import type { Pages } from '../support/pages-world.ts';

export const severity = 'Device.X_0090F8_Cwmp.MinSeverity';
export const interval = 'Device.X_0090F8_Cwmp.PeriodicInformInterval';
export const level = 'Device.X_0090F8_Cwmp.TransportCertificateValidation';
export const dgws = 'oui = "0090F8"';

/** The text area of the preset. */
export const editorOf = (page: Page): Locator => page.getByRole('textbox', { name: 'Preset as JSON' });

export const textOf = (document: object): string => JSON.stringify(document, null, 2);

/** The stored preset without its name. */
export async function stored({ call }: Pages, name: string): Promise<Record<string, unknown>> {
  const { name: _name, ...fields } = await call('GET', `/presets/${name}`);
  return fields;
}

/** The numbers of its versions, the newest first. */
export async function versionsOf({ call }: Pages, name: string): Promise<number[]> {
  const { items } = (await call('GET', `/presets/${name}/versions`)) as { items: { version: number }[] };
  return items.map(({ version }) => version);
}

/** Puts the caret behind a part of the text. */
export async function caretBehind(editor: Locator, part: string): Promise<void> {
  await editor.evaluate((area, text) => {
    const { value, setSelectionRange } = area as HTMLTextAreaElement;
    const at = value.indexOf(text) + text.length;
    setSelectionRange.call(area, at, at);
    (area as HTMLTextAreaElement).focus();
  }, part);
}

/** The browser notes each refused call: nothing else may be there. */
export function onlyRefused(complaints: readonly string[], ...statuses: number[]): void {
  const others = complaints.filter(text => !statuses.some(status => text.includes(`status of ${status}`)));
  assert.deepEqual(others, []);
}
