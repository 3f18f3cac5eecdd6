// The unsaved text of a preset: kept in this tab through reloads and sign-ins.

export interface Draft {
  text: string;
  /** The stored text that it began from; '' for a new preset. */
  base: string;
  /** The version that it began from; undefined for a new preset. */
  etag: string | undefined;
}

const keyOf = (name: string): string => `tandem.preset.${name}`;

export function keptDraft(name: string): Draft | undefined {
  const kept = sessionStorage.getItem(keyOf(name));
  return kept === null ? undefined : (JSON.parse(kept) as Draft);
}

export function keepDraft(name: string, draft: Draft): void {
  if (draft.text === draft.base) dropDraft(name);
  else sessionStorage.setItem(keyOf(name), JSON.stringify(draft));
}

export const dropDraft = (name: string): void => sessionStorage.removeItem(keyOf(name));
