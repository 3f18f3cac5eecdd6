// Actions of a page's forms that are no change of settings: a transfer, a start or stop of a service, a restart of the unit.
import type { View } from '../render/view.ts';

export interface UploadedFile {
  /** As the browser names it, without directories. */
  name: string;
  bytes: Buffer;
}

export interface ActionRequest {
  view: View;
  /** Fields of the form, without the token. */
  fields: URLSearchParams;
  /** Files by the names of their fields; only on pages with `maxUpload`. A field without a file is not there. */
  files: ReadonlyMap<string, UploadedFile>;
}

export type ActionResult =
  /** The page is shown again, with a sentence above it. */
  | { kind: 'said'; text: string; isError: boolean }
  /** Another page of the unit is shown: `/system/services`. */
  | { kind: 'go'; path: string }
  | { kind: 'file'; name: string; type: string; bytes: Buffer };

/**
 * Carried out for accounts that may change something; an action that is for an Admin alone asks `mayChange(view)`.
 * @throws UserError, CwmpFault whose message is shown above the page
 */
export type Action = (request: ActionRequest) => Promise<ActionResult>;

export const done = (text: string): ActionResult => ({ kind: 'said', text, isError: false });
export const refused = (text: string): ActionResult => ({ kind: 'said', text, isError: true });
