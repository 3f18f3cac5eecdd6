// Parts of the tests of the unit's own TFTP and FTP clients.
import assert from 'node:assert/strict';
import { systemClock } from '../../../shared/clock.ts';
import { type FileExchange, TransferError } from '../../../shared/transfer/exchange.ts';

/** The parts of an exchange on loopback that are the same for each of them. */
export const onLoopback = (): Pick<FileExchange, 'host' | 'clock' | 'localAddress' | 'signal'> => ({
  host: '127.0.0.1',
  clock: systemClock(),
  localAddress: '127.0.0.1',
  signal: new AbortController().signal,
});

/** The kind of the error with which a transfer fails. */
export async function kindOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => assert.fail('it succeeded'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof TransferError, String(error));
  return error.kind;
}
