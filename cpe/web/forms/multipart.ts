// The body of a form with files (RFC 7578), as browsers and curl send it: parts between boundaries, each with a name.
import { UserError } from '../../../shared/errors.ts';
import type { UploadedFile } from './action.ts';

const MAX_PARTS = 50;
/** Bytes of the head of one part. */
const MAX_HEAD = 4096;
const MAX_NAME = 255;

const broken = (): UserError => new UserError(400, 'broken-form', 'The form cannot be read.');

/** @throws UserError 400 */
export function readMultipart(
  body: Buffer,
  boundary: string,
): { fields: URLSearchParams; files: Map<string, UploadedFile> } {
  const fields = new URLSearchParams();
  const files = new Map<string, UploadedFile>();
  const mark = Buffer.from(`\r\n--${boundary}`);
  if (!body.subarray(0, mark.length - 2).equals(mark.subarray(2))) throw broken();
  let at = mark.length - 2;
  for (let count = 0; ; count++) {
    if (body.subarray(at, at + 2).toString('latin1') === '--') return { fields, files };
    if (count === MAX_PARTS || body.subarray(at, at + 2).toString('latin1') !== '\r\n') throw broken();
    const end = body.indexOf(mark, at);
    if (end < 0) throw broken();
    takePart(body.subarray(at + 2, end), fields, files);
    at = end + mark.length;
  }
}

function takePart(part: Buffer, fields: URLSearchParams, files: Map<string, UploadedFile>): void {
  const blank = part.subarray(0, MAX_HEAD).indexOf('\r\n\r\n');
  if (blank < 0) throw broken();
  const disposition = part
    .subarray(0, blank)
    .toString('utf8')
    .split('\r\n')
    .find(line => /^content-disposition:/i.test(line));
  const name = argument(disposition, 'name');
  if (name === undefined) throw broken();
  const bytes = part.subarray(blank + 4);
  const fileName = argument(disposition, 'filename');
  if (fileName === undefined) {
    fields.append(name, bytes.toString('utf8'));
    return;
  }
  // A file field that was left empty comes with an empty name.
  const bare = (fileName.split(/[\\/]/).at(-1) ?? '').slice(-MAX_NAME);
  if (bare !== '') files.set(name, { name: bare, bytes });
}

const named = /;\s*(name|filename)="([^"]*)"/gi;

/** `form-data; name="file"; filename="a.pem"`: browsers write a quote as %22. */
function argument(line: string | undefined, name: 'name' | 'filename'): string | undefined {
  const found = [...(line ?? '').matchAll(named)].find(([, key = '']) => key.toLowerCase() === name)?.[2];
  return found?.replaceAll('%22', '"').replaceAll('%0D%0A', ' ');
}
