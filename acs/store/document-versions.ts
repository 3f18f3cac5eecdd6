// Versions of documents: what was stored under a name, by whom and when. Each is kept in the commit of its change, and its number is the
// generation that the change has made.
import type { DocumentKind } from './records.ts';

/** Kinds whose documents keep their versions. */
const versionedKinds = ['preset', 'alert', 'enrolRule', 'setting', 'webhook'] as const satisfies DocumentKind[];
export type VersionedKind = (typeof versionedKinds)[number];

export const isVersioned = (kind: string): kind is VersionedKind =>
  (versionedKinds as readonly string[]).includes(kind);

/** Bounds of what is kept of one name: the newest version stays, whatever its size. */
export const MAX_VERSIONS = 100;
export const MAX_VERSION_BYTES = 8 * 1024 * 1024;
/** Names without a document of which versions are kept; beyond it those go that were deleted first. */
export const MAX_DELETED_NAMES = 200;

/** The author of a change, and what it says of it. */
export interface ChangeNote {
  author: string;
  comment?: string;
}

/** One version, without its body. */
export interface VersionEntry extends Partial<ChangeNote> {
  name: string;
  generation: number;
  /** Milliseconds. */
  changed: number;
  /** The document was deleted by this change. */
  deleted?: true;
}

export interface DocumentVersion<T = unknown> extends VersionEntry {
  /** Undefined where the document was deleted. */
  body: T | undefined;
}

/** The fields that a change has, for records that hold no undefined ones. */
export const noteOf = ({
  author,
  comment,
}: {
  author?: string | undefined;
  comment?: string | undefined;
} = {}): Partial<ChangeNote> => ({
  ...(author === undefined ? {} : { author }),
  ...(comment === undefined ? {} : { comment }),
});

/** @param versions the newest first @returns those beyond the bounds */
export function beyondBounds<T extends { size: number }>(versions: readonly T[]): T[] {
  let bytes = 0;
  return versions.filter(({ size }, at) => {
    bytes += size;
    return at > 0 && (at >= MAX_VERSIONS || bytes > MAX_VERSION_BYTES);
  });
}
