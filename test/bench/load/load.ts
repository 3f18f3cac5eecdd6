// The load: a process of its own that simulates CPEs, so that its cost is not the server's. It takes requests of the bench one at a time.
import { seededRandom } from '../../../shared/clock.ts';
import { storm } from './boot-storm.ts';
import { listenForRequests } from './reachable.ts';
import { addResult, emptyReport, type LoadReport, type LoadRequest, participant } from './requests.ts';
import { createSessionClient, type SessionClient } from './session.ts';

async function one(
  client: SessionClient,
  number: number,
  began: number,
  report: LoadReport,
  parameterKey?: string,
): Promise<void> {
  try {
    const result = await client.session(number, { parameterKey });
    report.sessions++;
    addResult(report, result);
    report.times.push(performance.now() - began);
  } catch (error) {
    // Counted: the bench decides what a failure means.
    report.failed++;
    report.lastError = String(error);
  }
}

async function closed(
  client: SessionClient,
  request: LoadRequest & { kind: 'closed' },
  report: LoadReport,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < request.sessions) {
      const number = participant(request.devices, next++);
      await one(client, number, performance.now(), report, request.keys?.[number]);
    }
  };
  await Promise.all(Array.from({ length: request.concurrency }, worker));
}

async function open(client: SessionClient, request: LoadRequest & { kind: 'open' }, report: LoadReport): Promise<void> {
  const random = seededRandom(request.seed);
  const running: Promise<void>[] = [];
  let at = performance.now();
  for (let nth = 0; nth < request.sessions; nth++) {
    at += (-Math.log(1 - random.next()) * 1000) / request.perSecond;
    const wait = at - performance.now();
    if (wait > 0) await new Promise(resolve => setTimeout(resolve, wait));
    running.push(one(client, participant(request.devices, nth), at, report));
  }
  await Promise.all(running);
}

/** Clients of closed loops are kept between requests with the same settings, all of them: they hold nonces and TLS sessions. */
const clients = new Map<string, SessionClient>();

function clientFor({ kind, settings }: LoadRequest): SessionClient {
  if (kind !== 'closed') return createSessionClient(settings);
  const key = JSON.stringify(settings);
  const client = clients.get(key) ?? createSessionClient(settings);
  clients.set(key, client);
  return client;
}

async function runLoad(request: LoadRequest): Promise<LoadReport> {
  const client = clientFor(request);
  const report = emptyReport();
  const began = performance.now();
  if (request.kind === 'closed') await closed(client, request, report);
  else if (request.kind === 'open') await open(client, request, report);
  else if (request.kind === 'storm') await storm(client, request, report);
  else report.url = await listenForRequests(request.settings, request.number, request.demands);
  report.seconds = (performance.now() - began) / 1000;
  return report;
}

if (process.send) {
  process.on('message', (request: LoadRequest) => {
    void runLoad(request).then(report => process.send?.(report));
  });
}
