// Presets as they are stored: their secrets are sealed.
import { UserError } from '../../errors.ts';
import type { StoredDocument } from '../../store/records.ts';
import type { FleetContext } from '../common/context.ts';
import { type SecretNames, templateOf } from '../common/secret-names.ts';
import { openedText, type Secrets, sealedText } from '../common/secrets.ts';
import { mapPreset, type Preset, pathOf } from './preset.ts';
import { parseTemplate, variablesOf } from './variables.ts';

export const sealPreset = (secrets: Secrets, preset: Preset): Preset =>
  mapPreset(preset, (name, text, table) => sealedText(secrets, pathOf(name, table), text, secrets.names.isByItself));

/** Opens the secrets of a preset. Those that were sealed with another key stay sealed, so that the preset can still be viewed. */
export const openPreset = (secrets: Secrets, preset: Preset): Preset =>
  mapPreset(preset, (_name, text) => {
    try {
      return openedText(secrets, text);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return text;
    }
  });

/** The parameters, with `{i}`, that the preset fills with secret site fields: what a device has there is secret too. */
export function filledPaths(preset: Preset, names: SecretNames): string[] {
  const found: string[] = [];
  mapPreset(preset, (name, text, table) => {
    if (text.includes('{{') && holdsSecretVariable(text, names)) found.push(templateOf(pathOf(name, table)));
    return text;
  });
  return found;
}

function holdsSecretVariable(text: string, names: SecretNames): boolean {
  try {
    return variablesOf(parseTemplate(text)).some(names.isByItself);
  } catch (error) {
    // A preset from another version, which does not resolve.
    if (!(error instanceof UserError)) throw error;
    return false;
  }
}

/** Seals a document from a version that did not seal secrets. */
export async function sealOldDocument(
  { store, secrets }: Pick<FleetContext, 'store' | 'secrets'>,
  { name, body, generation }: StoredDocument<Preset>,
): Promise<void> {
  if (!holdsPlainSecret(secrets, body)) return;
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
    found ||= sealedText(secrets, pathOf(name, table), text, secrets.names.isByItself) !== text;
    return text;
  });
  return found;
}
