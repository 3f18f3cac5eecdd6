// The answer of an operation as an element: its result is checked against the schema that it was declared with.
import { UserError } from '../../errors.ts';
import { gathered } from '../bounded-bytes.ts';
import { statusOf } from '../carry-out.ts';
import { compile } from '../input.ts';
import type { Operation, OperationOutput } from '../operation.ts';
import { encodeAnswer } from './encode.ts';
import { messagesOf } from './messages.ts';
import { NAMESPACE } from './namespace.ts';

/** Bytes of an answer that carries a content. */
const MAX_CONTENT = 4 * 1024 * 1024;

/** @throws UserError 413 for a content that is too large; Error for a result that is not as declared */
export async function answerText(operation: Operation, output: OperationOutput): Promise<string> {
  const status = statusOf(output);
  const shape = operation.answers[status];
  const name = `${operation.name}Response`;
  const root = `${name} xmlns:t="${NAMESPACE}"`;
  const result = shape === 'nothing' ? undefined : await resultOf(operation, output);
  const { answer } = messagesOf(operation);
  const text = await encodeAnswer(name, answer, { result, etag: output.headers?.etag?.toString() });
  return text.replace(`<t:${name}`, `<t:${root}`);
}

async function resultOf(operation: Operation, output: OperationOutput): Promise<unknown> {
  const { body, bytes } = output;
  const shape = operation.answers[statusOf(output)];
  if (shape === 'bytes') return bytes ? await contentOf(operation, bytes) : body;
  if (shape === 'text') return String(body);
  if (shape === undefined || shape === 'nothing')
    throw new Error(`${operation.name} answers ${statusOf(output)}, which its row does not declare`);
  const validator = await compile(shape);
  if (!validator.Check(body)) {
    const [error] = validator.Errors(body);
    throw new Error(`the answer of ${operation.name} is not as declared: ${error?.instancePath} ${error?.message}`);
  }
  return body;
}

const contentOf = ({ name, path }: Operation, bytes: AsyncIterable<Buffer>): Promise<Buffer> =>
  gathered(bytes, MAX_CONTENT, () => {
    const reason = `${name}: the content has more than ${MAX_CONTENT} bytes; use GET ${path}`;
    return new UserError(413, 'too-large', reason);
  });
