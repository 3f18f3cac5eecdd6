// Range requests (RFC 9110 14): the part of a file that a request asks for.
import type { IncomingHttpHeaders } from 'node:http';

export interface FilePart {
  status: 200 | 206 | 304 | 416;
  start: number;
  /** The first byte that is not sent. */
  end: number;
}

/** RFC 9110 13.2.2: the whole file where If-Range does not match, nothing where If-None-Match does. */
export function partOf(headers: IncomingHttpHeaders, size: number, etag: string): FilePart {
  if (headers['if-none-match'] === etag) return { status: 304, start: 0, end: 0 };
  const conditional = headers['if-range'];
  const range = conditional === undefined || conditional === etag ? rangeOf(headers.range, size) : undefined;
  if (range === undefined) return { status: 200, start: 0, end: size };
  if (range === 'unsatisfiable') return { status: 416, start: 0, end: 0 };
  return { status: 206, start: range.start, end: range.end + 1 };
}

/** RFC 9110 14.1.2: one range of bytes. @returns undefined for no range, and for a form that is not supported */
function rangeOf(
  header: string | undefined,
  size: number,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const found = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!found || (found[1] === '' && found[2] === '')) return undefined;
  const start = found[1] === '' ? Math.max(0, size - Number(found[2])) : Number(found[1]);
  const end = found[1] === '' || found[2] === '' ? size - 1 : Math.min(size - 1, Number(found[2]));
  return start > end || start >= size ? 'unsatisfiable' : { start, end };
}
