// A CPE that can be called: it takes connection requests with digest and opens a session for each.
import { createServer } from 'node:http';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { Verifier } from '../../../shared/net/verifier.ts';
import { informTemplate, PASSWORD } from './envelopes.ts';
import { createSessionClient, type SessionSettings } from './session.ts';

/** @returns the URL, once the ACS knows it */
export async function listenForRequests(
  settings: SessionSettings,
  number: number,
  demands: 'digest' | 'nothing',
): Promise<string> {
  const random = systemRandom();
  const verifier = new Verifier({ realm: 'CPE', clock: systemClock(), random, key: random.bytes(32) });
  let called: (() => void) | undefined;
  const server = createServer((request, response) => {
    const asked = { header: request.headers.authorization, method: request.method ?? '', passwords: () => [PASSWORD] };
    void verifier.verify(asked).then(({ ok }) => {
      if (!ok && demands === 'digest')
        response.writeHead(401, { 'www-authenticate': verifier.challenge(), 'content-length': 0 }).end();
      else {
        response.writeHead(200, { 'content-length': 0 }).end();
        called?.();
      }
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}/call`;
  const sayWhy = (event: string) =>
    createSessionClient({ ...settings, inform: informTemplate({ event, connectionRequestUrl: url }) });
  const answering = sayWhy('6 CONNECTION REQUEST');
  called = () => {
    // A session that fails shows at the bench: its API call is not confirmed.
    answering.session(number).catch(error => process.stderr.write(`reachable CPE: ${String(error)}\n`));
  };
  await sayWhy('2 PERIODIC').session(number);
  return url;
}
