// The body of a form: read within bounds, as fields or as fields and files.
import type { IncomingMessage } from 'node:http';
import { UserError } from '../../../shared/errors.ts';
import type { UploadedFile } from './action.ts';
import { readMultipart } from './multipart.ts';

export interface Body {
  fields: URLSearchParams;
  files: Map<string, UploadedFile>;
}

/** Bytes of a form without files: the largest page of the model's own has some 200 kB. */
const MAX_FORM = 1_048_576;

/** @param maxUpload bytes that a form with files may have; absent: none is taken. @throws UserError 413, 415, 400 */
export async function readBody(request: IncomingMessage, maxUpload: number | undefined): Promise<Body> {
  const type = request.headers['content-type'] ?? '';
  if (/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) {
    const text = (await bytesOf(request, MAX_FORM)).toString('utf8');
    return { fields: new URLSearchParams(text), files: new Map() };
  }
  const boundary = /^multipart\/form-data\s*;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))\s*$/i.exec(type);
  if (!boundary || maxUpload === undefined)
    throw new UserError(415, 'wrong-form', 'This form is not one of this page.');
  return readMultipart(await bytesOf(request, maxUpload), boundary[1] ?? boundary[2] ?? '');
}

async function bytesOf(request: IncomingMessage, most: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > most) throw tooLong(most);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > most) throw tooLong(most);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const tooLong = (most: number): UserError =>
  new UserError(413, 'too-long', `What was sent is longer than ${most} bytes.`);
