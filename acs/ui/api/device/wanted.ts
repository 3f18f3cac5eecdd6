// Calls about what is wanted of a device.
import type { Static } from 'typebox';
import type * as shapes from '../../../north/schemas/wanted.ts';
import { call } from '../call.ts';
import { devicePath } from '../devices.ts';
import { knownValue } from './parameters.ts';

export type Wanted = Static<typeof shapes.wanted>;
export type WantedValue = Wanted['set'][number];

export const wantedPath = (id: string): string => devicePath(id, '/wanted');

export const wantedOf = async (id: string, signal?: AbortSignal): Promise<Wanted> =>
  await call('GET', wantedPath(id), { signal });

/** The next session tries again. */
export const clearFault = async (fault: string): Promise<void> =>
  await call('DELETE', `/faults/${encodeURIComponent(fault)}`);

/** A value of a preset that is kept back as a whole, because a fault blocks it. */
export interface HeldBack {
  path: string;
  /** As the preset has it: variables are not resolved. */
  value: string;
  preset: string;
  known: string | null;
}

/** Values of one preset that are looked up. */
const MOST = 50;

/** The values of the presets that are blocked: they are not among the wanted ones as long as they are. */
export async function heldBackOf(id: string, presets: readonly string[], signal?: AbortSignal): Promise<HeldBack[]> {
  const found: HeldBack[] = [];
  for (const preset of presets) {
    const path = `/presets/${encodeURIComponent(preset)}`;
    const { set = {} } = await call<{ set?: Record<string, unknown> }>('GET', path, { signal });
    for (const [parameter, wish] of Object.entries(set).slice(0, MOST))
      found.push({
        ...{ path: parameter, value: textOf(wish), preset },
        known: (await knownValue(id, parameter)) ?? null,
      });
  }
  return found;
}

const textOf = (wish: unknown): string =>
  typeof wish === 'object' && wish !== null && 'value' in wish ? String(wish.value) : String(wish);
