// Entity tags (RFC 9110 8.8.3): made of the content, compared with the ones a client has.
import { createHash } from 'node:crypto';

/** The strong tag of a content. */
export const entityTag = (content: Uint8Array): string =>
  `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`;

/** True where an If-None-Match names the tag. RFC 9110 13.1.2: the comparison is weak. */
export function hasTag(ifNoneMatch: string | undefined, etag: string): boolean {
  const known = (ifNoneMatch ?? '').split(',').map(tag => tag.trim().replace(/^W\//, ''));
  return known.includes(etag) || known.includes('*');
}
