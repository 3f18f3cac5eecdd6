// Presets as they are stored: their secrets are sealed.
import { UserError } from '../../errors.ts';
import type { StoredDocument } from '../../store/records.ts';
import type { FleetContext } from '../common/context.ts';
import { isSealedText, isSecretName, openedText, type Secrets, sealedText } from '../common/secrets.ts';
import { mapPreset, type Preset } from './preset.ts';

export const sealPreset = (secrets: Secrets, preset: Preset): Preset =>
  mapPreset(preset, (name, text) => sealedText(secrets, name, text));

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

/** Seals a document from a version that did not seal secrets. */
export async function sealOldDocument(
  { store, secrets }: Pick<FleetContext, 'store' | 'secrets'>,
  { name, body, generation }: StoredDocument<Preset>,
): Promise<void> {
  if (!holdsPlainSecret(body)) return;
  try {
    await store.putDocument('preset', name, sealPreset(secrets, body), generation);
  } catch (error) {
    // Another writer was faster, or the store takes no writes now: the next reader tries again.
    if (!(error instanceof UserError)) throw error;
  }
}

function holdsPlainSecret(preset: Preset): boolean {
  let found = false;
  mapPreset(preset, (name, text) => {
    found ||= text !== '' && isSecretName(name) && !isSealedText(text);
    return text;
  });
  return found;
}
