// The answer to bytes that are no HTTP request. They never become one, so the answer is written to the socket.
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

/** An error of node:http's parser, or of its deadlines. */
export type UnreadableError = Error & { code?: string };

export interface UnreadableAnswer {
  type: string;
  body: string;
}

type Status = 400 | 408 | 431;

const statuses: Readonly<Record<string, Status>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

/**
 * Answers 400, 408 or 431 and closes the connection (RFC 9112 2.2, 5.2).
 * @param content makes the content of the answer; without it there is none
 * @returns the status; undefined when the peer has gone and nothing was sent
 */
export function answerUnreadable(
  error: UnreadableError,
  socket: Socket,
  content?: (status: Status) => UnreadableAnswer,
): Status | undefined {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return undefined;
  }
  const status = statuses[error.code ?? ''] ?? 400;
  const { type, body } = content?.(status) ?? { type: '', body: '' };
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n${type && `Content-Type: ${type}\r\n`}` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  return status;
}
