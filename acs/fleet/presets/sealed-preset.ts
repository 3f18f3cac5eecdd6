// Presets as they are stored: their secrets are sealed.
import { UserError } from '../../errors.ts';
import type { StoredDocument } from '../../store/records.ts';
import type { FleetContext } from '../common/context.ts';
import { type SecretNames, templateOf } from '../common/secret-names.ts';
import { openedIfOwn, type Secrets, sealedText } from '../common/secrets.ts';
import { mapPreset, type Preset, pathOf } from './preset.ts';
import { soundPreset } from './preset-shape.ts';
import { parseTemplate, type Template, variablesOf } from './variables.ts';

export const sealPreset = (secrets: Secrets, preset: Preset): Preset =>
  mapPreset(preset, (name, text, table) =>
    sealedText(secrets, pathOf(name, table), text, secrecyOf(secrets.names, text)),
  );

/**
 * Opens the secrets of a stored preset, without its parts of a wrong shape. Those that were sealed with another key stay sealed, so that the
 * preset can still be viewed.
 */
export const openPreset = (secrets: Secrets, stored: Preset): Preset =>
  mapPreset(soundPreset(stored).preset, (_name, text) => openedIfOwn(secrets, text));

/** The parameters, with `{i}`, that the preset fills with secret site fields: what a device has there is secret too. */
export function filledPaths(preset: Preset, names: SecretNames): string[] {
  const found: string[] = [];
  mapPreset(preset, (name, text, table) => {
    if (variablesOf(templateIn(text)).some(names.isByItself)) found.push(templateOf(pathOf(name, table)));
    return text;
  });
  return found;
}

/** The rule for one text of a preset: its path is secret, or it holds the fallback of a secret variable. */
export function secrecyOf({ isByItself }: SecretNames, text: string): (path: string) => boolean {
  const holdsFallback = templateIn(text).some(part => 'variable' in part && part.fallback && isByItself(part.variable));
  return path => holdsFallback || isByItself(path);
}

/** A text without variables, or from another version, so that it does not resolve, has no parts. */
function templateIn(text: string): Template {
  if (!text.includes('{{')) return [];
  try {
    return parseTemplate(text);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [];
  }
}

/** Seals a document from a version that did not seal secrets. */
export async function sealOldDocument(
  { store, secrets }: Pick<FleetContext, 'store' | 'secrets'>,
  { name, body, generation }: StoredDocument<Preset>,
): Promise<void> {
  if (soundPreset(body).wrong !== undefined || !holdsPlainSecret(secrets, body)) return;
  try {
    await store.putDocument('preset', name, sealPreset(secrets, body), generation);
  } catch (error) {
    // Another writer was faster, or the store takes no writes now: the next reader tries again.
    if (!(error instanceof UserError)) throw error;
  }
}

function holdsPlainSecret(secrets: Secrets, preset: Preset): boolean {
  let found = false;
  mapPreset(preset, (name, text, table) => {
    found ||= sealedText(secrets, pathOf(name, table), text, secrecyOf(secrets.names, text)) !== text;
    return text;
  });
  return found;
}
