// Errors of the driver: those that pass, so that the request is tried again, and those that a caller gets.
import {
  MongoDriverError,
  MongoError,
  MongoNetworkError,
  MongoServerError,
  MongoServerSelectionError,
  MongoSystemError,
} from 'mongodb';
import { UserError } from '../../errors.ts';

/** A write matched nothing although the majority holds the document that it replaces: another write is on its way. */
export class Unsettled extends Error {}

/** Codes by which a server refuses a request for what it says: it would be refused again. A server in trouble has many others. */
const lastingCodes: ReadonlySet<unknown> = new Set([
  2, 9, 13, 14, 18, 22, 26, 27, 28, 48, 52, 53, 56, 57, 59, 66, 67, 68, 72, 73, 85, 86, 115, 121, 10_334, 14_031,
  17_280, 17_419, 17_420, 40_324, 40_414, 40_415,
]);

/** Codes of a socket whose server or network goes in the middle of a request: the driver passes them on unchanged. */
const brokenSocket: ReadonlySet<unknown> = new Set([
  ...['EPIPE', 'ECONNRESET', 'ECONNREFUSED', 'ECONNABORTED', 'ETIMEDOUT', 'ERR_STREAM_DESTROYED'],
  ...['EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN', 'ENOTFOUND', 'EAI_AGAIN'],
]);

/** Errors of the driver that are no mistake of this program, by name: the classes of some are not exported. */
const passingNames: ReadonlySet<string> = new Set([
  'MongoWaitQueueTimeoutError',
  'MongoPoolClosedError',
  'MongoOperationTimeoutError',
  'MongoUnexpectedServerResponseError',
]);

/** The error that made a bulk write fail: the driver wraps it into one of a server, without a code. */
const innermost = (error: unknown): unknown =>
  error instanceof MongoServerError && (error.errorResponse as unknown) instanceof Error ? error.errorResponse : error;

export function isPassing(thrown: unknown): boolean {
  const error = innermost(thrown);
  if (error instanceof Unsettled || brokenSocket.has((error as NodeJS.ErrnoException | undefined)?.code)) return true;
  if (error instanceof MongoServerError) return !lastingCodes.has(error.code);
  if (error instanceof MongoNetworkError || error instanceof MongoSystemError) return true;
  return error instanceof MongoDriverError && passingNames.has(error.name);
}

/** True when the server answered, so that it can be reached. */
export const isAnswer = (thrown: unknown): boolean => innermost(thrown) instanceof MongoServerError;

/** False when the request of this error has certainly not been sent. */
export function mayBeSent(thrown: unknown): boolean {
  const error = innermost(thrown);
  if (error instanceof MongoServerSelectionError) return false;
  if (error instanceof MongoNetworkError) return !('beforeHandshake' in error && error.beforeHandshake === true);
  return !(error instanceof MongoError && error.name === 'MongoWaitQueueTimeoutError');
}

/** True when there already is a document with that `_id`. */
export const isDuplicate = (error: unknown): boolean => error instanceof MongoServerError && error.code === 11_000;

/** The error of a caller for one that no retry mends. */
export function lastingError(error: unknown, unavailable: (error: unknown) => UserError): unknown {
  if (!(error instanceof MongoServerError)) return error;
  if (error.code === 14_031)
    return new UserError(507, 'store-full', 'the disk of MongoDB is full; nothing was changed');
  // 13: not authorized; 18: authentication failed.
  return error.code === 13 || error.code === 18 ? unavailable(error) : error;
}
