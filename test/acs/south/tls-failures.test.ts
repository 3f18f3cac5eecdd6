// Log lines of failed TLS handshakes.
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Server } from 'node:net';
import { logFailedHandshakes } from '../../../acs/south/http/tls-failures.ts';
import { VirtualClock } from '../../../shared/clock.ts';
import { createLog } from '../../../shared/log.ts';

describe('failed TLS handshakes', () => {
  it('logs address and reason of a failed handshake, once a minute for each address', async () => {
    const clock = new VirtualClock();
    const logged: Record<string, unknown>[] = [];
    const log = createLog({
      clock,
      level: 'info',
      write: line => logged.push(JSON.parse(line) as Record<string, unknown>),
    });
    const server = new EventEmitter() as Server;
    logFailedHandshakes(server, { clock, log });
    const fail = (remoteAddress: string | undefined, code: string): boolean =>
      server.emit('tlsClientError', Object.assign(new Error('no'), { code }), { remoteAddress });
    fail('::ffff:192.0.2.1', 'ERR_SSL_NO_SHARED_CIPHER');
    fail('192.0.2.1', 'ERR_SSL_NO_SHARED_CIPHER');
    fail('192.0.2.2', 'ERR_SSL_UNSUPPORTED_PROTOCOL');
    await clock.advance(60_000);
    fail('192.0.2.1', 'ECONNRESET');
    fail(undefined, 'ECONNRESET');
    assert.deepEqual(
      logged.map(({ msg, address, reason, suppressed }) => [msg, address, reason, suppressed]),
      [
        ['TLS handshake failed', '192.0.2.1', 'ERR_SSL_NO_SHARED_CIPHER', undefined],
        ['TLS handshake failed', '192.0.2.2', 'ERR_SSL_UNSUPPORTED_PROTOCOL', undefined],
        ['TLS handshake failed', '192.0.2.1', 'ECONNRESET', 1],
        ['TLS handshake failed', 'unknown', 'ECONNRESET', undefined],
      ],
    );
  });
});
