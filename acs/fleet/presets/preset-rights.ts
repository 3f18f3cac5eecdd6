// The parameters that presets set, held against the rights of the caller.
import { UserError } from '../../errors.ts';
import type { Store } from '../../store/store.ts';
import type { Caller } from '../access/caller.ts';
import { presetOfTrial } from './compiled-preset.ts';
import type { Preset } from './preset.ts';
import { soundPreset } from './preset-shape.ts';

/** @throws UserError 403 for a preset that sets, or may set, parameters out of the rights */
export function assertSetsPreset(caller: Caller, preset: Preset): void {
  const { when, set = {}, objects = {}, certificates = [], script, firmware } = preset;
  if (when !== undefined && !caller.readsAll) caller.readable(when);
  if (caller.setsAll) return;
  const place = script ? 'script' : firmware ? 'firmware' : certificates.length > 0 ? 'certificates' : undefined;
  if (place)
    throw new UserError(
      403,
      'parameters-forbidden',
      `${place}: a file may set any parameter; your rights allow only some`,
    );
  const cells = Object.entries(objects).flatMap(([table, { keys, rows, exclusive }]) =>
    exclusive
      ? [table]
      : [...new Set([...keys, ...rows.flatMap(row => Object.keys(row))])].map(name => `${table}*.${name}`),
  );
  caller.assertSets([...Object.keys(set), ...cells]);
}

/** A stored preset that cannot be read whole sets any parameter, as far as can be told. @throws UserError 403 */
export async function assertReplaces(caller: Caller, name: string, store: Pick<Store, 'document'>): Promise<void> {
  const stored = caller.setsAll ? undefined : await store.document<unknown>('preset', name);
  if (!stored || soundPreset(stored.body).wrong === undefined) return;
  throw new UserError(
    403,
    'parameters-forbidden',
    `preset '${name}' is broken: it may set any parameter; your rights allow only some`,
  );
}

interface Tagging {
  /** Tags that a device gets. */
  tags: readonly string[];
  /** Those that it has already. */
  had?: readonly string[];
}

/** A tag by which a preset is tried sets what the preset sets. @throws UserError 403 as for the preset itself */
export async function assertTrials(
  caller: Caller,
  { tags, had = [] }: Tagging,
  presets: { find(name: string): Promise<Preset | undefined> },
): Promise<void> {
  if (caller.setsAll) return;
  for (const tag of tags) {
    const name = had.includes(tag) ? undefined : presetOfTrial(tag);
    const preset = name === undefined ? undefined : await presets.find(name);
    if (preset) assertSetsPreset(caller, preset);
  }
}
