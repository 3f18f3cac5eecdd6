// Limits of data-model documents that come from outside, checked before anything is built from them: size, depth, number of elements,
// no DTD. The text is read in portions, so that other work of the process continues.
import { setImmediate as turn } from 'node:timers/promises';
import { SaxesParser } from 'saxes';
import { messageOf, UserError } from '../errors.ts';

/** The largest standard documents have 2.4 MB and 60,000 elements. */
export const MAX_DOCUMENT_BYTES = 8 * 1024 * 1024;
const MAX_DEPTH = 32;
const MAX_ELEMENTS = 300_000;
const MAX_ATTRIBUTES = 64;
const PORTION = 32 * 1024;

const bad = (message: string): UserError => new UserError(400, 'bad-model', `data model: ${message}`);

/** @returns the document as text @throws UserError 400 `bad-model` */
export async function checkDocument(source: Buffer): Promise<string> {
  if (source.length > MAX_DOCUMENT_BYTES) throw bad(`larger than ${MAX_DOCUMENT_BYTES} bytes`);
  const text = decoded(source);
  const parser = new SaxesParser();
  let depth = 0;
  let elements = 0;
  let problem: UserError | undefined;
  const refuse = (message: string): void => {
    problem ??= bad(message);
  };
  parser.on('doctype', () => refuse('a document type declaration is not taken'));
  parser.on('error', error => refuse(messageOf(error)));
  parser.on('opentag', ({ attributes }) => {
    if (++depth > MAX_DEPTH) refuse(`more than ${MAX_DEPTH} levels deep`);
    if (++elements > MAX_ELEMENTS) refuse(`more than ${MAX_ELEMENTS} elements`);
    if (Object.keys(attributes).length > MAX_ATTRIBUTES) refuse(`more than ${MAX_ATTRIBUTES} attributes`);
  });
  parser.on('closetag', () => {
    depth--;
  });
  for (let at = 0; at < text.length && !problem; at += PORTION) {
    parser.write(text.slice(at, at + PORTION));
    await turn();
  }
  if (!problem) parser.close();
  if (problem) throw problem;
  return text;
}

function decoded(source: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(source);
  } catch {
    throw bad('it is not UTF-8');
  }
}
