// Request targets (RFC 9112 3.2).

/** Path and query of a request target: the origin form of an absolute one (RFC 9112 3.2.2, RFC 7616 3.4.6). */
export function originForm(target: string): string {
  const path = /^https?:\/\/[^/?#]*(.*)$/is.exec(target)?.[1] ?? target;
  const bare = path.split('#', 1)[0] ?? '';
  return bare.startsWith('/') ? bare : bare === '' || bare.startsWith('?') ? `/${bare}` : bare;
}
